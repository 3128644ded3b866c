"""Relocation, ladders, substitution and screening hold for every input, and nothing undefined gets out."""

import contextlib
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rahdari.trade import Matrix
from rahdari.trade.errors import BadTradeFile, Degenerate, NothingTraded
from rahdari.trade.rules.concentration import lorenz
from rahdari.trade.rules.ladders import LadderTrade, climb, read_ladder
from rahdari.trade.rules.relocation import (
    Panel,
    RelocationConventions,
    RelocationStep,
    TrendState,
    log_trends,
    relocate,
    shift,
)
from rahdari.trade.rules.relocation.takers import gains_without
from rahdari.trade.rules.screening import ScreenTrade, screen
from rahdari.trade.rules.substitution import (
    Input,
    SubstitutionTest,
    SubstitutionVerdict,
    Technology,
    candidate,
    effective_protection,
    needed_protection,
)
from rahdari.trade.values import Amounts
from tests.unit.trade.test_ladders_reading import GOOD

COUNTRIES = ("AAA", "BBB", "CCC")
PRODUCTS = ("x", "y", "z", "w")
# Zeros are frequent in trade, and the largest flows are some 1e12 dollars.
AMOUNT = st.one_of(st.just(0.0), st.floats(1.0, 1e12), st.integers(0, 10**12).map(float))


def tables(*shape: int) -> st.SearchStrategy[Amounts]:
    return arrays.arrays(np.float64, shape, elements=AMOUNT)


def is_sound(frame: pl.DataFrame) -> bool:
    return all(
        frame[column].drop_nulls().is_finite().all()
        for column in frame.columns
        if frame[column].dtype.is_float()
    )


@given(tables(10, 3, 4))
def test_a_screen_of_any_panel_is_finite_and_says_why(values: Amounts) -> None:
    panel = Panel({2010 + at: Matrix(COUNTRIES, PRODUCTS, one) for at, one in enumerate(values)})
    settings = RelocationConventions(years_min=5, occasions_min=1)
    try:
        found = relocate(panel, donor="AAA", host="BBB", conventions=settings)
    except (NothingTraded, Degenerate):
        return
    assert is_sound(found.to_frame())
    assert ((found.host_chance >= 0) & (found.host_chance <= 1 + 1e-9)).all()
    assert (found.vacated_usd >= 0).all()
    for findings in found.findings:
        assert [one.test for one in findings] == list(RelocationStep)
        assert all(one.code and all(math.isfinite(value) for _, value in one.numbers) for one in findings)


@given(tables(8, 3, 4))
def test_gains_add_up(values: Amounts) -> None:
    panel = Panel({2010 + at: Matrix(COUNTRIES, PRODUCTS, one) for at, one in enumerate(values)})
    moved = shift(panel, 3)
    was_traded = (moved.start_usd.sum(axis=0) > 0) & (moved.end_usd.sum(axis=0) > 0)
    np.testing.assert_allclose(moved.gained[:, was_traded].sum(axis=0), 0.0, atol=1e-12)
    parts = gains_without(moved, 0)
    assert (parts[0] == 0).all()
    total = parts.sum(axis=0)
    assert (np.isclose(total, 1.0) | (total == 0)).all()


@given(arrays.arrays(np.float64, (12, 5), elements=AMOUNT), st.floats(1e-6, 1e6))
def test_a_trend_does_not_know_the_unit(values: Amounts, unit: float) -> None:
    one, other = log_trends(values, years_min=5), log_trends(values * unit, years_min=5)
    is_fitted = [
        {left, right} == {TrendState.FITTED} for left, right in zip(one.states, other.states, strict=True)
    ]
    np.testing.assert_allclose(one.slope, other.slope, atol=1e-9)
    np.testing.assert_allclose(one.t_value[is_fitted], other.t_value[is_fitted], rtol=1e-5, atol=1e-6)


@given(st.lists(AMOUNT, min_size=1, max_size=60), st.floats(0.01, 1.0))
def test_the_fewest_products_are_the_fewest(amounts: list[float], share: float) -> None:
    assume(sum(amounts) > 0)
    found = lorenz([f"p{at:02d}" for at in range(len(amounts))], np.array(amounts))
    count = found.fewest(share)
    ordered = sorted(amounts, reverse=True)
    assert math.fsum(ordered[:count]) >= (share - 1e-9) * math.fsum(amounts)
    assert math.fsum(ordered[: count - 1]) <= (share + 1e-9) * math.fsum(amounts)
    assert -1e-9 <= found.gini <= found.gini_of_all + 1e-9 <= 1.0
    assert 1 / len(amounts) - 1e-9 <= found.hhi <= 1 + 1e-9


@given(tables(6, 3, 4), tables(3, 4), tables(3, 4))
def test_a_first_look_at_anything_is_bounded(bought: Amounts, exports: Amounts, kilograms: Amounts) -> None:
    sides = (COUNTRIES, PRODUCTS)
    trade = ScreenTrade(
        bought=Panel({2010 + at: Matrix(*sides, one) for at, one in enumerate(bought)}),
        exports=Matrix(*sides, exports),
        weighed=(Matrix(*sides, bought[-1]), Matrix(*sides, kilograms)),
    )
    try:
        found = screen("AAA", "MMM", trade=trade)
    except NothingTraded:
        return
    assert is_sound(found.to_frame())
    assert -1e-9 <= found.complementarity_index <= 100 + 1e-9
    for row in found.rows:
        undefined = {name for name, _ in row.gaps}
        assert (row.share is None) == ("share" in undefined)
        assert (row.market_growth is None) == ("market_growth" in undefined)
        assert (row.trend_t is None) == ("trend_t" in undefined)
        assert (row.unit_value_ratio is None) == ("unit_value_ratio" in undefined)


@given(tables(3, 2), tables(3, 2), tables(2, 2), st.floats(0.01, 1.5), st.floats(0, 1))
def test_a_ladder_of_anything_is_finite_and_net_is_never_above_gross(
    exports: Amounts, imports: Amounts, weighed: Amounts, tonnes_out: float, imported: float
) -> None:
    text = GOOD.replace("yield = 0.25", f"yield = {tonnes_out!r}").replace(
        "imported_share = 0.05", f"imported_share = {imported!r}"
    )
    codes = ("260300", "740311")
    trade = LadderTrade(
        exports=Matrix(COUNTRIES, codes, exports),
        imports=Matrix(COUNTRIES, codes, imports),
        weighed=(Matrix(("2020",), codes, weighed[:1]), Matrix(("2020",), codes, weighed[1:])),
    )
    found = climb(read_ladder(text.encode(), name="x.toml"), exporter="AAA", market="BBB", trade=trade)
    assert is_sound(found.to_frame())
    assert is_sound(found.steps_frame())
    (step,) = found.steps
    if step.gross_usd_per_tonne is not None and step.net_usd_per_tonne is not None:
        assert step.net_usd_per_tonne <= step.gross_usd_per_tonne


@given(st.binary(max_size=400))
def test_any_bytes_are_a_ladder_or_refused(raw: bytes) -> None:
    with pytest.raises(BadTradeFile, match=r"x\.toml"):
        read_ladder(raw, name="x.toml")


@given(st.integers(0, len(GOOD) - 1), st.characters(codec="utf-8"))
def test_one_wrong_letter_is_read_or_refused_but_never_breaks(at: int, letter: str) -> None:
    with contextlib.suppress(BadTradeFile):
        read_ladder((GOOD[:at] + letter + GOOD[at + 1 :]).encode(), name="x.toml")


INPUT = st.builds(
    Input,
    name=st.just("part"),
    coefficient=st.floats(0, 0.4),
    tariff=st.floats(0, 1),
    imported_share=st.floats(0, 1),
    is_available=st.booleans(),
)
TECHNOLOGY = st.builds(
    Technology,
    inputs=st.lists(INPUT, max_size=4).map(tuple),
    tariff=st.floats(0, 1),
    attainable_share=st.floats(0, 1),
    scale_usd=st.none() | st.floats(0, 1e12),
    factor_cost=st.none() | st.floats(0, 2),
    social_factor_cost=st.none() | st.floats(0, 2),
    exports_from_year=st.none() | st.integers(0, 20),
)


@given(AMOUNT, AMOUNT, AMOUNT, st.none() | TECHNOLOGY, st.none() | st.floats(0, 1))
def test_every_product_gets_a_verdict_with_its_reasons(
    now: float, before: float, sold: float, technology: Technology | None, density: float | None
) -> None:
    found = candidate("x", (now, before, sold), technology=technology, density=density)
    assert [one.test for one in found.findings] == list(SubstitutionTest)
    assert (found.verdict is SubstitutionVerdict.REJECTED) == bool(found.reasons)
    assert found.verdict is not SubstitutionVerdict.ACCEPTED or technology is not None
    numbers = [found.growth, found.dependence, found.protection, found.protection_needed, found.resource_cost]
    assert all(math.isfinite(one) for one in numbers if one is not None)
    if found.saving:
        assert found.saving.net_usd <= found.saving.gross_usd * (1 + 1e-12)


@given(TECHNOLOGY)
def test_a_tariff_protects_enough_exactly_when_it_covers_the_cost(technology: Technology) -> None:
    assume(technology.inputs_share < 0.99 and technology.factor_cost is not None)
    needed = needed_protection(technology)
    assert needed is not None
    assert technology.factor_cost is not None
    # At home a dollar's worth sells for 1 + t and costs inputs with their duty, and factors.
    inputs = sum(one.coefficient * (1 + one.tariff) for one in technology.inputs)
    profit = 1 + technology.tariff - inputs - technology.factor_cost
    assume(abs(profit) > 1e-9)
    assert (effective_protection(technology) > needed) == (profit > 0)
