"""The citizen's log in words for a person, in her language: as the page for citizens has them."""

# ruff: noqa: RUF001 - sentences in Urdu and Chinese end with their own signs

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from rich.console import RenderableType

from rahdari.cli.instants import instant
from rahdari.cli.terminal import Document, pairs
from rahdari.exchange import Told

Language = Literal["en", "ur", "zh"]
"""Languages in which a person is told."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in one language; ``came`` by outcome, ``kinds`` by kind of an order."""

    when: str
    who: str
    what: str
    why: str
    basis: str
    consent: str
    without: str
    outcome: str
    record: str
    was_withheld: str
    count: str
    nobody: str
    orders_now: str
    orders_ever: str
    no_orders: str
    came: Mapping[str, str]
    kinds: Mapping[str, str]


_ENGLISH: Final = Words(
    when="When",
    who="Who asked",
    what="Through which service",
    why="What for",
    basis="Law",
    consent="With your consent",
    without="Without a consent of yours.",
    outcome="What came of it",
    record="Record",
    was_withheld="Kept from you until {until} by an order that has ended: {kind}.",
    count="Questions about you: {count}. The newest first; times are UTC.",
    nobody="Nobody asked about you in this time.",
    orders_now="Orders to withhold, about all persons together, in force now:",
    orders_ever="Ever made:",
    no_orders="none",
    came={
        "answered": "It was answered.",
        "nothing-found": "Nothing was found.",
        "refused": "It was refused: nothing was told.",
        "failed": "It failed: nothing was told.",
    },
    kinds={
        "court_order": "order of a court",
        "criminal_investigation": "criminal investigation",
        "child_protection": "protection of a child",
        "national_security": "national security",
    },
)
_URDU: Final = Words(
    when="کب",
    who="کس نے پوچھا",
    what="کس خدمت کے ذریعے",
    why="کس لیے",
    basis="قانون",
    consent="آپ کی رضامندی سے",
    without="آپ کی رضامندی کے بغیر۔",
    outcome="نتیجہ",
    record="ریکارڈ",
    was_withheld="{until} تک آپ سے ایک حکم کے تحت روکا گیا جو اب ختم ہو چکا ہے: {kind}۔",
    count="آپ کے بارے میں سوالات: {count}۔ سب سے نیا پہلے؛ اوقات UTC میں ہیں۔",
    nobody="اس مدت میں کسی نے آپ کے بارے میں نہیں پوچھا۔",
    orders_now="نہ بتانے کے حکم، تمام افراد کے بارے میں، اب نافذ:",
    orders_ever="اب تک کل:",
    no_orders="کوئی نہیں",
    came={
        "answered": "جواب دیا گیا۔",
        "nothing-found": "کچھ نہیں ملا۔",
        "refused": "انکار کیا گیا: کچھ نہیں بتایا گیا۔",
        "failed": "ناکام رہا: کچھ نہیں بتایا گیا۔",
    },
    kinds={
        "court_order": "عدالت کا حکم",
        "criminal_investigation": "فوجداری تفتیش",
        "child_protection": "بچے کا تحفظ",
        "national_security": "قومی سلامتی",
    },
)
_CHINESE: Final = Words(
    when="何时",
    who="谁查询",
    what="通过哪项服务",
    why="为何",
    basis="法律",
    consent="经您同意",
    without="未经您同意。",
    outcome="结果",
    record="记录",
    was_withheld="曾依一项命令对您保密至 {until}，该命令现已结束：{kind}。",
    count="关于您的查询：{count} 次。最新的在前；时间为 UTC。",
    nobody="此期间没有人查询过您。",
    orders_now="不予告知的命令，所有人合计，现在有效：",
    orders_ever="历来总数：",
    no_orders="无",
    came={
        "answered": "已答复。",
        "nothing-found": "未查到。",
        "refused": "已拒绝：没有告知任何内容。",
        "failed": "失败：没有告知任何内容。",
    },
    kinds={
        "court_order": "法院命令",
        "criminal_investigation": "刑事侦查",
        "child_protection": "儿童保护",
        "national_security": "国家安全",
    },
)
WORDS: Final[Mapping[Language, Words]] = {"en": _ENGLISH, "ur": _URDU, "zh": _CHINESE}


def log_words(
    told: tuple[Told, ...], *, now: Mapping[str, int], ever: Mapping[str, int], language: Language
) -> Iterator[RenderableType]:
    """Tell a person her log: each question whole, then how many, then the orders of which nobody is told whom."""
    words = WORDS[language]
    for one in told:
        yield pairs(_question(one, words))
        yield ""
    yield words.count.format(count=len(told)) if told else words.nobody
    yield f"{words.orders_now} {_counted(now, words)}"
    yield f"{words.orders_ever} {_counted(ever, words)}"


def _question(one: Told, words: Words) -> Document:
    came = words.came.get(one.outcome, one.outcome)
    if one.was_withheld is not None:
        kind = words.kinds.get(one.was_withheld.kind, one.was_withheld.kind)
        until = instant(datetime.fromtimestamp(one.was_withheld.until, UTC))
        came += " " + words.was_withheld.format(kind=kind, until=until)
    return {
        words.when: instant(datetime.fromtimestamp(one.at / 1000, UTC)),
        words.who: _named(one.client_name, one.client),
        words.what: f"{_named(one.service_name, one.service)} {one.operation}",
        words.why: _named(one.purpose_title, one.purpose),
        words.basis: one.basis,
        words.consent: one.consent_id or words.without,
        words.outcome: came,
        words.record: f"{one.leaf}, {one.request_id}",
    }


def _named(name: str, code: str) -> str:
    return code if name == code else f"{name} ({code})"


def _counted(counts: Mapping[str, int], words: Words) -> str:
    return (
        ", ".join(f"{words.kinds.get(kind, kind)} {count}" for kind, count in counts.items())
        or words.no_orders
    )
