"""The JSON bodies of questions of trade: shapes alone, no decisions."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from rahdari.app.roadmap_rows import Candidate
from rahdari.app.trade_words import words_of
from rahdari.trade import Limit, WhyNot


class TradeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: ``tables`` by name, the one to read first is ``table``; each row maps column to value.

    ``rows`` tells how many rows a table has in all. ``manifest`` holds what is needed to make the figures again.
    """

    question: str
    scope: dict[str, str | list[int]]
    source: dict[str, str]
    figures: dict[str, float | str | bool | None]
    notes: list[dict[str, str | dict[str, float | str | bool | None]]]
    rows: dict[str, int]
    tables: dict[str, list[dict[str, float | str | bool | None]]]
    manifest: Annotated[object, Meta(extra_json_schema={"type": "object"})]


class TradeLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of the choice: its kind, whom it is about (a resource, sector, market or product), and its number."""

    kind: str
    name: str
    amount: float


class TradeCharge(msgspec.Struct, frozen=True, kw_only=True):
    """What a candidate pays for one scarce limit at its relaxed price; ``share`` is its part of the whole limit."""

    limit: TradeLimit
    share: float
    charge_usd: float


class TradeWhyNot(msgspec.Struct, frozen=True, kw_only=True):
    """Why a candidate is not chosen; amounts are dollars a year.

    ``reason`` is a code, ``words`` tells it in English. The best choice with it is worse by ``cost_usd``, for
    certain between ``cost_low_usd`` and ``cost_high_usd``; above ``threshold_usd`` it would be chosen (null: no
    gain would help). ``displaced`` would leave the choice, and ``joined`` come in. ``contradiction`` holds limits
    that it contradicts, ``amounts_usd`` what says so where it is no candidate at all.
    """

    candidate: str
    product_code: str
    product_name: str
    origin: str
    reason: str
    words: str
    gain_usd: float
    cost_usd: float
    cost_low_usd: float
    cost_high_usd: float
    threshold_usd: float | None
    charges: list[TradeCharge]
    displaced: list[str]
    joined: list[str]
    contradiction: list[TradeLimit]
    amounts_usd: dict[str, float]


def why_not_body(candidate: str, named: Candidate, why: WhyNot) -> TradeWhyNot:
    """Write an answer of the choice as a body; its numbers may be NumPy's, which JSON does not know."""
    return TradeWhyNot(
        candidate=candidate,
        product_code=named.product,
        product_name=named.name,
        origin=named.origin,
        reason=why.reason.value,
        words=words_of("choice", why.reason.value, values=why.amounts_usd),
        gain_usd=float(why.gain_usd),
        cost_usd=float(why.cost_usd),
        cost_low_usd=float(why.cost_low_usd),
        cost_high_usd=float(why.cost_high_usd),
        threshold_usd=None if why.threshold_usd is None else float(why.threshold_usd),
        charges=[
            TradeCharge(limit=_limit(one.limit), share=float(one.share), charge_usd=float(one.usd))
            for one in why.charges
        ],
        displaced=list(why.displaced),
        joined=list(why.joined),
        contradiction=_limits(why.contradiction),
        amounts_usd=dict(why.amounts_usd),
    )


def _limits(limits: Iterable[Limit]) -> list[TradeLimit]:
    return [_limit(one) for one in limits]


def _limit(limit: Limit) -> TradeLimit:
    return TradeLimit(kind=limit.kind.value, name=limit.name, amount=float(limit.amount))
