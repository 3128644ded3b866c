"""Why a question has no answer is told in the visitor's words wherever the room names its ground."""

import pytest

from rahdari.app.trade_refusals import refusal_words
from rahdari.app.trade_words import LANGUAGES
from rahdari.kernel import Problem
from rahdari.trade import BadParameter, Degenerate, Ground, NothingTraded, TradeRefused


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "South Sudan exported nothing in 1995, so no path leads on from there. Choose another year."),
        ("ur", "جنوبی سوڈان نے 1995 میں کچھ برآمد نہیں کیا،"),
        ("zh", "南苏丹 在 1995 年没有出口，因此没有起点。"),
    ],
)
def test_a_ground_is_worded_with_its_country_and_its_year(language: str, told: str) -> None:
    refused = NothingTraded("-", ground=Ground.NO_START, values={"exporter": "SSD", "year": 1995})
    assert (refusal_words(refused, language) or "").startswith(told)


@pytest.mark.parametrize(
    ("language", "reason"), [("en", "(not traded)"), ("ur", "(تجارت نہیں)"), ("zh", "（没有贸易）")]
)
def test_a_reason_inside_the_words_is_worded_too(language: str, reason: str) -> None:
    values: dict[str, str | int | float] = {"exporter": "SSD", "countries": 180, "reason": "untraded"}
    refused = Degenerate("-", ground=Ground.NOT_MEASURED, values=values)
    assert reason in (refusal_words(refused, language) or "")
    assert "180" in (refusal_words(refused, language) or "")


def test_a_country_without_a_name_keeps_its_code() -> None:
    refused = BadParameter("-", ground=Ground.SAME_COUNTRY, values={"exporter": "QQQ"})
    assert (refusal_words(refused, "en") or "").startswith("QQQ is ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_without_a_ground_is_left_to_its_sentence(language: str) -> None:
    assert refusal_words(TradeRefused("a sentence"), language) is None
    assert refusal_words(Problem("a sentence"), language) is None


def test_a_refusal_keeps_its_sentence_for_programs() -> None:
    refused = BadParameter("a sentence", ground=Ground.OUT_OF_TIME)
    assert (refused.message, str(refused), refused.ground, dict(refused.values)) == (
        "a sentence",
        "a sentence",
        Ground.OUT_OF_TIME,
        {},
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_of_the_edge_has_the_words_of_its_cause(language: str) -> None:
    cause = BadParameter("-", ground=Ground.TWICE, values={"name": "year"})
    edge = Problem("a sentence")
    edge.__cause__ = cause
    assert refusal_words(edge, language) == refusal_words(cause, language) is not None


def test_dollars_in_a_refusal_are_counted_as_the_language_counts() -> None:
    refused = NothingTraded("-", ground=Ground.NOTHING_TO_CHOOSE, values={"gain_min_usd": 10_000.0})
    assert "1 万美元" in (refusal_words(refused, "zh") or "")
