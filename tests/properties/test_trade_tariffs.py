"""For every market and change: diversion nets to zero, nobody sells less than nothing; readers refuse or read."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rahdari.trade.rules.tariffs.effects import TariffEffects
from rahdari.trade.rules.tariffs.market import Diversion, Elasticities, TariffChange, simulate
from rahdari.trade.values import Amounts, Matrix
from rahdari.wire.errors import MalformedInput
from rahdari.wire.tariff_schedule import COLUMNS, Duty, DutyKind, TariffSchedule, read

ORIGINS, PRODUCTS = ("AAA", "BBB", "CCC", "DDD", "EEE"), ("01", "02")
SOLD = st.sampled_from([0.0, 0.0, 1.0, 3.0, 250.0, 1e6, 7e9])
RATES = st.sampled_from([-0.5, 0.0, 0.0, 0.05, 0.1, 0.1, 0.25, 1.0, 30.0])


def sides(values: st.SearchStrategy[float]) -> st.SearchStrategy[Amounts]:
    return arrays.arrays(np.float64, (5, 2), elements=values)


GIVEN = st.builds(
    Elasticities,
    demand=st.floats(-10, -0.01),
    substitution=st.sampled_from([0.01, 0.5, 1.5, 8.0, 1e4]),
    supply=st.sampled_from([0.5, 1.5, 99.0, math.inf]),
    diversion=st.sampled_from(Diversion),
)


def told(sold: Amounts, before: Amounts, after: Amounts, elasticities: Elasticities) -> TariffEffects:
    sold[0, 0] = max(sold[0, 0], 1.0)
    return simulate(TariffChange("JJJ", Matrix(ORIGINS, PRODUCTS, sold), before, after), elasticities)


@settings(deadline=None)
@given(sold=sides(SOLD), before=sides(RATES), after=sides(RATES), elasticities=GIVEN)
def test_diversion_nets_to_zero_in_every_product_and_nobody_sells_less_than_nothing(
    sold: Amounts, before: Amounts, after: Amounts, elasticities: Elasticities
) -> None:
    effects = told(sold, before, after, elasticities)
    total = sold.sum(axis=0)
    assert (np.abs(effects.diversion.sum(axis=0)) <= 1e-9 * np.maximum(total, 1)).all()
    assert (sold + effects.diversion >= -1e-9 * np.maximum(total, 1)).all()
    assert (sold + effects.diversion + effects.creation >= -1e-9 * np.maximum(total, 1)).all()
    for name in ("creation", "diversion", "price_change", "price_effect", "revenue_change", "welfare"):
        assert np.isfinite(getattr(effects, name)).all()


@settings(deadline=None)
@given(sold=sides(SOLD), before=sides(RATES), after=sides(RATES), elasticities=GIVEN)
def test_the_most_favoured_never_loses_and_the_least_favoured_never_gains(
    sold: Amounts, before: Amounts, after: Amounts, elasticities: Elasticities
) -> None:
    effects = told(sold, before, after, elasticities)
    ratios = (1 + after) / (1 + before)
    for column in range(2):
        sellers = np.flatnonzero(sold[:, column])
        if len(sellers):
            best = sellers[np.argmin(ratios[sellers, column])]
            worst = sellers[np.argmax(ratios[sellers, column])]
            slack = 1e-9 * sold[:, column].sum()
            assert effects.diversion[best, column] >= -slack
            assert effects.diversion[worst, column] <= slack


@settings(deadline=None)
@given(
    sold=sides(SOLD),
    before=sides(RATES),
    after=sides(RATES),
    elasticities=GIVEN,
    order=st.permutations(range(5)),
)
def test_the_order_of_origins_never_matters(
    sold: Amounts, before: Amounts, after: Amounts, elasticities: Elasticities, order: list[int]
) -> None:
    effects = told(sold, before, after, elasticities)
    names = [ORIGINS[place] for place in order]
    change = TariffChange("JJJ", Matrix(names, PRODUCTS, sold[order]), before[order], after[order])
    other = simulate(change, elasticities)
    np.testing.assert_allclose(other.diversion, effects.diversion[order], rtol=1e-7, atol=1e-9 * sold.sum())


@settings(deadline=None)
@given(sold=sides(SOLD), before=sides(RATES), elasticities=GIVEN)
def test_no_change_changes_nothing(sold: Amounts, before: Amounts, elasticities: Elasticities) -> None:
    effects = told(sold, before, before, elasticities)
    for name in ("creation", "diversion", "price_change", "revenue_change", "welfare"):
        assert not getattr(effects, name).any()


DUTIES = st.builds(
    Duty,
    st.sampled_from(["CHN", "PAK", "USA"]),
    st.sampled_from(["", "DEU", "VNM"]),
    st.sampled_from(["", "74", "7403", "740311", "01"]),
    st.floats(0, 3000),
    st.none(),
).map(lambda one: Duty(one.importer, one.exporter, one.prefix, one.rate_percent, _kind_of(one)))


def _kind_of(duty: Duty) -> DutyKind:
    return DutyKind.PREFERENCE if duty.exporter else DutyKind.MFN


@given(duties=st.lists(DUTIES, unique_by=lambda one: (one.importer, one.exporter, one.prefix)))
def test_a_schedule_that_is_written_out_reads_as_itself(duties: list[Duty]) -> None:
    rows = [
        f"{one.importer},{one.exporter},{one.prefix or '*'},{one.rate_percent!r},{one.kind}" for one in duties
    ]
    assert read("\n".join([",".join(COLUMNS), *rows]).encode()) == TariffSchedule(tuple(duties))


CELLS = st.text(alphabet='CHNPAK7403,*"%.+-e \r\n\x00', max_size=12)


@given(body=st.one_of(CELLS, st.lists(CELLS, max_size=12).map(",".join)), raw=st.binary(max_size=40))
def test_whatever_follows_the_header_is_read_or_refused_and_nothing_else_happens(
    body: str, raw: bytes
) -> None:
    for junk in (raw, (",".join(COLUMNS) + "\n" + body).encode()):
        said = refusal_of(junk)
        assert said is None or said.startswith(("line ", "the tariff schedule"))


def refusal_of(junk: bytes) -> str | None:
    try:
        read(junk)
    except MalformedInput as refused:
        return str(refused)
    return None
