"""Whatever two sides report: the reconciled value lies between them, and the unit of money does not matter."""

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as shaped

from rahdari.trade.errors import NothingTraded
from rahdari.trade.rules.mirror import Reports, rate_reporters, reconcile, reports_of
from rahdari.trade.rules.mirror.reconciliation import add_fob
from rahdari.trade.values import Matrix

CODES = tuple("ABCDEFG")
Grid = npt.NDArray[np.float64]
AMOUNTS = shaped.arrays(
    np.float64, (7, 7), elements=st.just(0.0) | st.floats(1.0, 1e12, allow_subnormal=False), fill=st.nothing()
)
POSITIVE = shaped.arrays(np.float64, (7, 7), elements=st.floats(1.0, 1e12), fill=st.nothing())


def told(sold: Grid, bought: Grid) -> Reports:
    return reports_of(Matrix(CODES, CODES, sold), Matrix(CODES, CODES, bought), year=2020)


@given(AMOUNTS, AMOUNTS, st.floats(0, 1))
def test_the_reconciled_value_lies_between_the_two_reports(sold: Grid, bought: Grid, share: float) -> None:
    reports = told(sold, bought)
    if not len(reports):
        with pytest.raises(NothingTraded):
            reconcile(reports, freight_share=share)
        return
    frame = reconcile(reports, freight_share=share).frame
    both = frame.filter(pl.col("told_by") == "both_unrated")
    low, high = (
        both.select(find("exporter_usd", "importer_fob_usd")).to_series()
        for find in (pl.min_horizontal, pl.max_horizontal)
    )
    assert (both["reconciled_usd"] >= low * (1 - 1e-12)).all()
    assert (both["reconciled_usd"] <= high * (1 + 1e-12)).all()
    alone = frame.filter(pl.col("told_by") == "exporter_only")
    assert (alone["reconciled_usd"] == alone["exporter_usd"]).all()
    gaps, sold_all, bought_all = (
        frame[name].to_numpy().sum() for name in ("gap_usd", "exporter_usd", "importer_usd")
    )
    assert gaps == pytest.approx(sold_all - bought_all, abs=1e2)


@settings(max_examples=30)
@given(POSITIVE, POSITIVE, st.sampled_from([1e-3, 0.5, 1e3]))
def test_neither_the_unit_of_money_nor_the_order_of_countries_changes_who_is_reliable(
    sold: Grid, bought: Grid, unit: float
) -> None:
    assume(len(told(sold, bought).both()) == 42)
    one = rate_reporters(add_fob(told(sold, bought).both(), 0.05))
    scaled = rate_reporters(add_fob(told(sold * unit, bought * unit).both(), 0.05))
    turned = told(sold[::-1, ::-1], bought[::-1, ::-1])
    named = dict(zip(CODES, reversed(CODES), strict=True))
    other = rate_reporters(add_fob(turned.both(), 0.05))
    for code in CODES:
        assert scaled.as_exporter[code] == pytest.approx(one.as_exporter[code], rel=1e-6)
        assert other.as_importer[named[code]] == pytest.approx(one.as_importer[code], rel=1e-6)


@given(POSITIVE, POSITIVE)
def test_exporters_and_importers_change_places_when_the_reports_do(sold: Grid, bought: Grid) -> None:
    one = rate_reporters(add_fob(told(sold, bought).both(), 0.0))
    other = rate_reporters(add_fob(told(bought.T, sold.T).both(), 0.0))
    assert dict(one.as_exporter) == pytest.approx(dict(other.as_importer), rel=1e-6)
