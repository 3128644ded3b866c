"""Every note, reason and outcome that an answer can hold is worded in English, Urdu and Chinese."""

import ast
import re
from enum import StrEnum
from pathlib import Path
from string import Formatter

import pytest

import rahdari.trade
from rahdari.app.trade_places import Remark
from rahdari.app.trade_words import LANGUAGES, amount_of, catalogue, has_words, note_words, words_of
from rahdari.trade import (
    Barred,
    Because,
    Caution,
    DroppedReason,
    Ground,
    LimitKind,
    NotChosenReason,
    Note,
    Outcome,
    RelocationStep,
    SubstitutionTest,
    SubstitutionVerdict,
    Why,
)
from rahdari.trade.rules.ladders import StepTest
from rahdari.trade.rules.mirror import ToldBy
from rahdari.trade.rules.potential.target import Route
from rahdari.trade.rules.relocation import Basis
from rahdari.trade.service.menus import Origin
from rahdari.trade.service.needs import Budgets

SERVICE = Path(rahdari.trade.__file__).parent / "service"
SECTIONS: dict[str, tuple[type[StrEnum], ...]] = {
    "why": (Why,), "because": (Because,), "barred": (Barred,), "choice": (NotChosenReason,), "limit": (LimitKind,),
    "dropped": (DroppedReason,), "outcome": (Outcome,), "verdict": (SubstitutionVerdict,),
    "step": (RelocationStep,), "test": (StepTest, SubstitutionTest), "told_by": (ToldBy,), "complexity": (Caution,),
    "origin": (Origin,), "data": (Remark,), "refused": (Ground,),
}  # fmt: skip
# Codes of notes that are put together from parts.
MADE = {
    "relocate": {f"chance_{one.value}" for one in Basis},
    "potential": {f"route_{one.value}{end}" for one in Route for end in ("", "_too_short")},
    "resource": set(Budgets().amounts),
    # Of an answer that was made again (`app/made_again.py`).
    "every": {"made_the_same", "made_otherwise"},
}
# Notes that one module makes for several questions are worded for every answer.
SHARED = {"asking", "rates", "given", "decades"}


def written() -> list[tuple[str, str]]:
    """Every code that stands in a ``Note("...")`` of a question, with the question."""
    found = []
    for path in sorted(SERVICE.glob("*.py")):
        section = "every" if path.stem in SHARED else path.stem
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Note":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.append((section, str(first.value)))
        # Codes in tables of (code, whether it applies), as the screen of relocation has them.
        text = path.read_text(encoding="utf-8")
        found += [(section, code) for code in re.findall(r'\("((?:no|nothing)_[a-z_]+)", ', text)]
    return found + [(section, code) for section, codes in MADE.items() for code in sorted(codes)]


CODES = written() + [
    (section, one.value) for section, kinds in SECTIONS.items() for kind in kinds for one in kind
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_is_worded_in_every_language(language: str) -> None:
    assert len(CODES) > 180
    assert [f"{section}.{code}" for section, code in CODES if not has_words(section, code, language)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_are_kept_for_codes_that_nothing_produces(language: str) -> None:
    produced = set(CODES) | {("every", code) for _, code in CODES}
    # Each language has words for the orders that it counts in.
    told = {section: words for section, words in catalogue(language).items() if section != "units"}
    kept = {(section, code) for section, words in told.items() for code in words}
    assert kept - produced == set()


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", ["ur", "zh"])
def test_translations_name_the_same_numbers(language: str) -> None:
    for section, words in catalogue("en").items():
        for code, text in words.items() if section != "units" else ():
            assert names_in(catalogue(language)[section][code]) == names_in(text), f"{section}.{code}"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("value_usd", 1_239_483_920.12, "1.24 bn USD"),
        ("value_usd", 0.0, "0 USD"),
        ("value_usd", -45_600_000.0, "-45.6 m USD"),
        ("value_usd", 2.7e12, "2.7 tn USD"),
        ("value_usd", 999_950.0, "1 m USD"),
        ("reached_share", 0.083, "8.3 %"),
        ("share", 0.8, "80 %"),
        ("growth_share_per_year", 0.1746, "17.5 %"),
        ("growth_percent", 17.46, "17.5 %"),
        ("windows", 2256, "2,256"),
        ("first_year", 1986, "1986"),
        ("eci", 0.46924, "0.469"),
        ("donor", "CHN", "CHN"),
        ("is_proven", True, "yes"),
        ("share", None, "-"),
    ],
)
def test_numbers_are_written_for_people_with_their_unit(
    name: str, value: float | str | None, told: str
) -> None:
    assert amount_of(name, value) == told


def test_a_note_is_worded_with_its_numbers() -> None:
    note = Note("windows_overlap", {"windows": 2256, "disjoint": 279, "countries": 158})
    assert note_words("path", note).startswith(
        "The base rate counts 2,256 windows of 158 countries; only 279"
    )
    assert "2,256" in note_words("path", note, "zh")


def test_a_code_that_nobody_worded_is_shown_as_it_is_and_another_language_is_english() -> None:
    assert words_of("path", "no_such_code") == "no such code"
    assert words_of("outcome", "met", "fr") == "passes"


@pytest.mark.parametrize(
    ("value", "urdu", "chinese"),
    [
        (1_239_483_920.12, "1.24 ارب ڈالر", "12.4 亿美元"),
        (12_345.0, "12.3 ہزار ڈالر", "1.23 万美元"),
        (9_999.0, "10 ہزار ڈالر", "1 万美元"),
        (1_230.0, "1.23 ہزار ڈالر", "1230 美元"),
        (-2.7e12, "-2.7 ٹریلین ڈالر", "-2.7 万亿美元"),
        (0.001, "0 ڈالر", "0 美元"),
    ],
)
def test_dollars_are_counted_as_the_language_counts(value: float, urdu: str, chinese: str) -> None:
    assert amount_of("gain_usd", value, "ur") == urdu
    assert amount_of("gain_usd", value, "zh") == chinese
