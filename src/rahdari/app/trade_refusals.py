"""Refusals of the trade room in the visitor's words."""

from rahdari.app.countries import name_country
from rahdari.app.trade_words import words_of
from rahdari.kernel import Problem
from rahdari.trade import TradeRefused

_COUNTRIES = ("exporter", "market")


def refusal_words(refused: Problem, language: str) -> str | None:
    """Word why a question has no answer in these data; None where only the English sentence tells it.

    A refusal of the edge that says the same of a request, and names the room's as its cause, has that one's words.

    Example:
        >>> from rahdari.trade import BadParameter, Ground
        >>> refusal_words(BadParameter("-", ground=Ground.SAME_COUNTRY, values={"exporter": "PAK"}), "en")
        'Pakistan is exporter and market at once. Choose two countries.'
    """
    if not isinstance(refused, TradeRefused):
        return (
            refusal_words(cause, language) if isinstance(cause := refused.__cause__, TradeRefused) else None
        )
    if refused.ground is None:
        return None
    told = dict(refused.values)
    for name in _COUNTRIES:
        if name in told:
            told[name] = name_country(str(told[name]), language) or told[name]
    if "reason" in told:
        told["reason"] = words_of("dropped", str(told["reason"]), language)
    return words_of("refused", refused.ground.value, language, told)
