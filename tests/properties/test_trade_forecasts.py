"""For every ledger and every alteration of it: it is found; for every forecast a score that is a number."""

import contextlib
import math
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from rahdari.trade.errors import BadTradeFile
from rahdari.trade.rules.forecast_chain import GENESIS, Head, chain, encode, read_chain
from rahdari.trade.rules.forecast_scores import Naive, crps, pinball, score
from rahdari.trade.rules.forecasts import Chance, Claim, Known, Quantiles

amounts = st.floats(0, 1e15)
words = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:|-]{0,20}", fullmatch=True)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
levels = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=9, unique=True).map(sorted)
quantiles = levels.flatmap(
    lambda at: st.lists(amounts, min_size=len(at), max_size=len(at)).map(
        lambda values: Quantiles(tuple(at), tuple(sorted(values)))
    )
)
chances = st.builds(Chance, st.floats(0, 1), amounts)
known = st.builds(
    lambda year, ago, last, earlier: Known(year, last, year - ago, earlier),
    st.integers(1970, 2030),
    st.integers(1, 30),
    amounts,
    st.none() | amounts,
)
claims = known.flatmap(
    lambda then: st.builds(
        Claim,
        exporter=words,
        market=words,
        what=words,
        target_year=st.integers(then.last_year + 1, then.last_year + 60),
        said=quantiles | chances,
        known=st.just(then),
        release_digest=digests,
        parameters_digest=digests,
    )
)
moments = st.integers(0, 10**16).map(lambda at: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=at))
ledgers = st.tuples(st.lists(claims, min_size=1, max_size=4), moments).map(
    lambda told: chain(told[0], Head(0, GENESIS), at=told[1])
)


@settings(max_examples=50)
@given(st.lists(claims, max_size=4), moments)
def test_what_is_written_is_read_to_the_last_digit(told: list[Claim], at: datetime) -> None:
    forecasts = chain(told, Head(0, GENESIS), at=at)
    assert read_chain(b"".join(map(encode, forecasts))).forecasts == forecasts


@settings(max_examples=100)
@given(ledgers, st.data())
def test_another_byte_anywhere_before_the_last_line_feed_is_found(
    ledger: tuple[object, ...], data: st.DataObject
) -> None:
    raw = b"".join(encode(forecast) for forecast in ledger)  # type: ignore[arg-type]
    at = data.draw(st.integers(0, len(raw) - 2))
    other = data.draw(st.integers(1, 255).filter(lambda byte: byte != raw[at]))
    try:
        held = read_chain(raw[:at] + bytes([other]) + raw[at + 1 :])
    except BadTradeFile:
        return
    raise AssertionError(held)


@settings(max_examples=50)
@given(ledgers, st.data())
def test_whatever_is_cut_off_at_the_end_leaves_whole_forecasts(
    ledger: tuple[object, ...], data: st.DataObject
) -> None:
    lines = [encode(forecast) for forecast in ledger]  # type: ignore[arg-type]
    raw = b"".join(lines)
    held = read_chain(raw[: data.draw(st.integers(0, len(raw)))])
    assert held.forecasts == ledger[: len(held.forecasts)]
    assert held.whole_bytes == sum(map(len, lines[: len(held.forecasts)]))


@given(st.binary(max_size=300))
def test_junk_is_refused_or_holds_nothing(raw: bytes) -> None:
    with contextlib.suppress(BadTradeFile):
        assert read_chain(raw).forecasts == ()


@settings(max_examples=50)
@given(ledgers, amounts)
def test_every_forecast_has_a_score_that_is_a_number(ledger: tuple[object, ...], outcome: float) -> None:
    for forecast in ledger:
        told = score(forecast, outcome)  # type: ignore[arg-type]
        numbers = [told.loss, told.pinball, told.inside_expected, *told.naive.values()]
        skills = [told.skill(rule) for rule in Naive]
        assert all(math.isfinite(one) for one in [*numbers, *skills] if one is not None)
        assert told.loss >= 0


@given(quantiles, amounts, amounts)
def test_a_loss_grows_with_the_distance_and_is_never_negative(
    said: Quantiles, one: float, other: float
) -> None:
    assert pinball(one, other, level=0.3) >= 0
    near, far = sorted([one, other])
    top = said.values_usd[-1]
    assert crps(said, min(top + near, 1e15)) <= crps(said, min(top + far, 1e15)) + 1e-6 * (1 + far)
