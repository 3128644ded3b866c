"""Why a product does not even stand for the choice: nothing is to be gained with it, or less than is counted."""

from collections.abc import Mapping, Sequence

from rahdari.trade.errors import Ground, UnknownTradeProduct
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Scope
from rahdari.trade.rules.choice import Reason, WhyNot
from rahdari.trade.service.menus import GAIN_USD_MIN, Offer, Origin


def explain_no_candidate(
    book: FlowBook, scope: Scope, offers: Sequence[Offer], found: Mapping[Origin, Answer], candidate: str
) -> WhyNot | None:
    """Tell why something is no candidate, with its amounts; None where it is one.

    Raises:
        UnknownTradeProduct: neither is it among what was looked at, nor do the data hold such a product.
    """
    gains = {one.key: one.gain_usd for one in offers}
    gain = gains.get(candidate)
    if gain is not None and gain >= GAIN_USD_MIN:
        return None
    known = {str(one.code) for one in book.products(scope.level)}
    if gain is None and candidate.removesuffix(":relocate") not in known:
        raise UnknownTradeProduct(
            f"the data hold no product {candidate[:40]!r} of level {scope.level.value}, and no candidate has "
            "this name",
            ground=Ground.UNKNOWN_CANDIDATE,
            values={"candidate": candidate[:40]},
        )
    if gain:
        return _absent(candidate, Reason.TOO_SMALL, gain, {"gain_least_usd": GAIN_USD_MIN})
    if Origin.POTENTIAL not in found:
        return _absent(candidate, Reason.NO_GAIN, 0.0, {})
    return _of_potential(candidate, found[Origin.POTENTIAL])


def _of_potential(candidate: str, found: Answer) -> WhyNot:
    codes = found.table["product_code"].to_list()
    if candidate not in codes:
        # Only what has a potential, or is sold there already, has a row.
        is_other = ":" in candidate
        return _absent(candidate, Reason.NO_GAIN if is_other else Reason.NO_POTENTIAL, 0.0, {})
    columns = ("potential_usd", "actual_usd", "baseline_usd")
    names: list[str] = [one for one in columns if one in found.table.columns]
    row = codes.index(candidate)
    told: dict[str, float] = {name: float(found.table[name][row]) for name in names}
    if told["actual_usd"] >= told["potential_usd"]:
        return _absent(candidate, Reason.SOLD_ALREADY, 0.0, told)
    return _absent(candidate, Reason.NO_LEVER, 0.0, told)


def _absent(candidate: str, reason: Reason, gain: float, amounts: Mapping[str, float]) -> WhyNot:
    return WhyNot(candidate, reason, gain, 0.0, 0.0, 0.0, None, (), (), (), (), amounts)
