"""Why a product is not chosen: what forcing it in would cost, what it would displace, what it pays for scarcity."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, Ground
from rahdari.trade.rules.choice.conflict import contradiction, refusal
from rahdari.trade.rules.choice.menu import Candidate, Limit, LimitKind, Menu
from rahdari.trade.rules.choice.model import model_of
from rahdari.trade.rules.choice.optimum import USUAL, Choice, find_best
from rahdari.trade.rules.choice.solver import Effort, Relaxed, relax


class Reason(StrEnum):
    """Why it is not chosen; the pages word it."""

    CANNOT = "cannot"
    """No choice with it keeps the limits: see ``contradiction``."""
    BARRED = "barred"
    """It, or what it cannot be without, is barred."""
    VARIANT = "variant"
    """Another variant of it is chosen."""
    OUTBID = "outbid"
    """What it needs brings more elsewhere."""
    NO_WORSE = "no_worse"
    """A choice with it is as good within the proof gap: it was a matter of taste."""
    SOLD_ALREADY = "sold_already"
    """No candidate: as much is sold as its potential, or more."""
    NO_LEVER = "no_lever"
    """No candidate: its potential is above what is sold, but no lever adds to it."""
    NO_POTENTIAL = "no_potential"
    """No candidate: the exporter does not sell it, or the market does not buy it."""
    NO_GAIN = "no_gain"
    """No candidate: this way nothing is to be gained with it."""
    TOO_SMALL = "too_small"
    """No candidate: its gain is below what is counted."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What a product pays for one scarce limit at its dual price; ``share`` is its part of the whole limit."""

    limit: Limit
    share: float
    usd: float


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The answer for one product that is not chosen.

    Attributes:
        code: The product.
        reason: Why, in one word.
        gain_usd: What it would bring.
        cost_usd: By how much the best choice with it is worse; below 0 only where it is barred.
        cost_low_usd, cost_high_usd: Between these the cost lies for certain, given the proof gaps.
        threshold_usd: With a gain above this it would be chosen, all else equal. Only a guide where caps on shares
            of the gain hold, since they move with it.
        charges: What it pays for each scarce limit at the relaxed prices, most first. Their sum less the gain is
            what the relaxed programme would lose a unit of it.
        displaced, joined: What would leave the choice, and what else would come in.
        contradiction: Where it cannot be chosen at all: limits that it contradicts.
        amounts_usd: Where it is no candidate: the amounts that say so, by name.
    """

    code: str
    reason: Reason
    gain_usd: float
    cost_usd: float
    cost_low_usd: float
    cost_high_usd: float
    threshold_usd: float | None
    charges: tuple[Charge, ...]
    displaced: tuple[str, ...]
    joined: tuple[str, ...]
    contradiction: tuple[Limit, ...] = ()
    amounts_usd: Mapping[str, float] = field(default_factory=dict)

    @property
    def missing_usd(self) -> float | None:
        """Tell by how much its gain would have to be higher; None where no gain would help."""
        return None if self.threshold_usd is None else max(0.0, self.threshold_usd - self.gain_usd)


def explain_absence(choice: Choice, code: str, effort: Effort = USUAL) -> WhyNot:
    """Explain why a candidate is not in a choice, by making the choice again with it in.

    Raises:
        UnknownTradeProduct: there is no such candidate.
        BadParameter: it is chosen.
    """
    menu = choice.menu
    closure = menu.closure(code)
    if code in choice.codes:
        raise BadParameter(
            f"{code} is chosen; ask about one that is not",
            ground=Ground.CHOSEN_ALREADY,
            values={"candidate": code},
        )
    candidate = next(one for one in menu.candidates if one.code == code)
    bars = tuple(one for one in menu.limits.barred if one not in closure)
    limits = replace(menu.limits, barred=bars, required=(*menu.limits.required, code))
    forced = find_best(menu.within(limits), effort)
    charges = _charges(menu, code)
    if forced is None:
        against = contradiction(menu.within(limits))
        gain = candidate.gain_usd
        return WhyNot(code, Reason.CANNOT, gain, 0.0, 0.0, 0.0, None, charges, (), (), against)
    return _compared(choice, forced, candidate, charges)


def explain_absences(choice: Choice) -> pl.DataFrame:
    """Give a quick word on every candidate that is not chosen, from one linear programme.

    Columns: ``product_code``, ``gain_usd``, ``charges_usd`` (its needs at relaxed prices), ``cost_low_usd`` (a
    choice with it is worse by at least this; 0 where only a new choice could tell), ``scarcest`` (the budget that
    it alone exceeds, most of all; else that a variant of it is chosen; else the limit that it pays most for).
    """
    menu = choice.menu
    model = model_of(menu)
    relaxed = _relaxed(menu)
    net = relaxed.net_gains[: model.count] * model.unit_usd
    ceiling = relaxed.value * model.unit_usd
    # A column that rests at 0 with a negative net gain: every choice with it is at most ceiling + net gain.
    low = np.maximum(0.0, np.where(net < 0, choice.gain_usd - (ceiling + net), 0.0))
    scarce = np.flatnonzero(relaxed.row_prices > 0)
    prices = relaxed.row_prices[scarce, None] * model.unit_usd
    paid = model.matrix[scarce].toarray()[:, : model.count] * prices
    names = [str(model.rows[at].limit) for at in scarce]
    most = paid.argmax(axis=0) if len(scarce) else ()
    paying = [names[at] if paid[at, which] > 0 else None for which, at in enumerate(most)]
    # No price matters to what one budget rules out by itself, nor to what is chosen already in another way.
    scarcest = [
        over or taken or price
        for over, taken, price in zip(
            _beyond(menu), _taken(choice), paying or [None] * model.count, strict=True
        )
    ]
    frame = pl.DataFrame(
        {
            "product_code": menu.codes,
            "gain_usd": menu.gains_usd,
            "charges_usd": paid.sum(axis=0),
            "cost_low_usd": low,
            "scarcest": pl.Series(scarcest, dtype=pl.String),
        }
    )
    return frame.filter(pl.Series(~choice.picks)).sort("gain_usd", "product_code", descending=[True, False])


def _taken(choice: Choice) -> list[str | None]:
    """Name for each candidate the limit that keeps it out because a variant of it is chosen; None for others."""
    candidates = choice.menu.candidates
    chosen = {one.variant_of for one, is_in in zip(candidates, choice.picks, strict=True) if is_in}
    return [
        str(Limit(LimitKind.VARIANTS, one.variant_of, 1))
        if one.variant_of is not None and one.variant_of in chosen
        else None
        for one in candidates
    ]


def _beyond(menu: Menu) -> list[str | None]:
    """Name for each candidate the budget that it alone exceeds, the one by most; None where it exceeds none."""
    worst, found = np.ones(len(menu.candidates)), np.full(len(menu.candidates), None, dtype=object)
    for resource, amount in menu.limits.budgets.items():
        needs = menu.needs_of(resource)
        # Of nothing, every need is beyond measure.
        parts = needs / amount if amount > 0 else np.where(needs > 0, np.inf, 0.0)
        is_over = parts > worst
        found[is_over], worst[is_over] = str(Limit(LimitKind.BUDGET, resource, amount)), parts[is_over]
    return list(found)


def _compared(choice: Choice, forced: Choice, candidate: Candidate, charges: tuple[Charge, ...]) -> WhyNot:
    before, after = set(choice.codes), set(forced.codes)
    cost = choice.gain_usd - forced.gain_usd
    is_barred = bool(forced.menu.limits.barred != choice.menu.limits.barred)
    if not is_barred:
        # The old choice was the best known: one with it that is better by less than the gap costs nothing.
        cost = max(0.0, cost)
    return WhyNot(
        candidate.code,
        _reason(choice, candidate, cost, is_barred=is_barred),
        candidate.gain_usd,
        cost,
        choice.gain_usd - forced.bound_usd if is_barred else max(0.0, choice.gain_usd - forced.bound_usd),
        max(cost, choice.bound_usd - forced.gain_usd),
        None if is_barred else candidate.gain_usd + cost,
        charges,
        tuple(code for code in choice.codes if code not in after),
        tuple(code for code in forced.codes if code not in before and code != candidate.code),
    )


def _reason(choice: Choice, candidate: Candidate, cost: float, *, is_barred: bool) -> Reason:
    if is_barred:
        return Reason.BARRED
    chosen = [one for one, is_in in zip(choice.menu.candidates, choice.picks, strict=True) if is_in]
    if candidate.variant_of is not None and any(one.variant_of == candidate.variant_of for one in chosen):
        return Reason.VARIANT
    return Reason.OUTBID if cost > choice.bound_usd - choice.gain_usd else Reason.NO_WORSE


def _relaxed(menu: Menu) -> Relaxed:
    found = relax(model_of(menu))
    if found is None:
        raise refusal(menu)
    return found


def _charges(menu: Menu, code: str) -> tuple[Charge, ...]:
    """Split what the relaxed programme charges a product over the limits it touches."""
    model, relaxed = model_of(menu), _relaxed(menu)
    place = menu.codes.index(code)
    found: dict[Limit, Charge] = {}
    for row, price in zip(model.rows, relaxed.row_prices, strict=True):
        share = float(row.values[row.columns == place].sum())
        if share > 0 and price > 0:
            before = found.get(row.limit, Charge(row.limit, 0.0, 0.0))
            usd = before.usd + price * share * model.unit_usd
            found[row.limit] = Charge(row.limit, before.share + share, usd)
    return tuple(sorted(found.values(), key=lambda one: (-one.usd, str(one.limit))))


def to_frame(answer: WhyNot, names: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Give the charges of an answer as a table: a row a limit."""
    return pl.DataFrame(
        {
            "product_code": [answer.code] * len(answer.charges),
            "product_name": pl.Series(
                [(names or {}).get(answer.code)] * len(answer.charges), dtype=pl.String
            ),
            "limit_kind": [str(one.limit.kind) for one in answer.charges],
            "limit_name": [one.limit.name for one in answer.charges],
            "limit_share": [one.share for one in answer.charges],
            "charge_usd": [one.usd for one in answer.charges],
        }
    )
