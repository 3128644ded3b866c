"""For every table: complexity keeps its identities, or is refused by name; there is no third way."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, event, given, reject, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rahdari.trade.errors import BadTable, Degenerate, NothingTraded, TradeRefused
from rahdari.trade.rules.complexity import (
    ECOMPLEXITY_0_5_3,
    ECONCOMPLEX_1_0_1,
    ECONOMIC_COMPLEXITY_0_3_0,
    RAHDARI,
    Absent,
    Complexity,
    Conventions,
    PresenceTest,
    Split,
    complementarity,
    find_presence,
    measure,
    rca,
)
from rahdari.trade.rules.complexity.space import find_space, sum_over_proximity
from rahdari.trade.values import Amounts, Matrix
from tests.unit.trade.complexity_worlds import Plain, named

MODES = (RAHDARI, ECOMPLEXITY_0_5_3, ECONCOMPLEX_1_0_1, ECONOMIC_COMPLEXITY_0_3_0)


def tables(most: int = 9) -> st.SearchStrategy[Amounts]:
    """Any amounts at all, of which many are zero: most such tables have an index, some are degenerate."""
    shapes = st.tuples(st.integers(3, 8), st.integers(3, 10))
    return shapes.flatmap(lambda shape: arrays(np.float64, shape, elements=st.integers(0, most).map(float)))


@st.composite
def sound_tables(draw: st.DrawFn) -> Amounts:
    """Amounts that leave nobody out: each product has a seller, each country a product, and all are joined."""
    table = draw(tables(99))
    table[0] += 1.0
    table[:, 0] += 1.0
    return table


def measured(table: Amounts, conventions: Conventions = RAHDARI) -> Complexity:
    """Measure, or turn to another example where the index does not exist."""
    try:
        world = measure(named(table), conventions=conventions)
    except TradeRefused:
        reject()
    # Where eigenvalues nearly meet, the digits of an index are its rounding.
    assume(world.diagnostics.gap > 1e-4 and world.diagnostics.second_eigenvalue > 1e-4)
    return world


def test_the_drawn_tables_reach_the_figures() -> None:
    reached = 0

    @settings(max_examples=100, database=None, derandomize=True)
    @given(sound_tables())
    def count(table: Amounts) -> None:
        nonlocal reached
        try:
            measure(named(table))
        except TradeRefused:
            return
        reached += 1

    count()
    assert reached >= 40


@given(tables(), st.sampled_from(MODES), st.sampled_from(Split))
def test_every_table_has_finite_figures_or_is_refused_by_name(
    table: Amounts, mode: Conventions, split: Split
) -> None:
    try:
        world = measure(named(table), conventions=replace(mode, split=split))
    except TradeRefused as refusal:
        event(refusal.code)
        return
    event(f"measured, {split}")
    for values in (world.eci, world.pci, world.coi, world.cog, world.density, world.indices.uncentred_pci):
        assert np.isfinite(values).all()


@given(sound_tables())
def test_a_country_is_as_complex_as_its_products_on_average(table: Amounts) -> None:
    world = measured(table)
    present = world.presence.present
    scale = np.abs(world.pci).max()
    np.testing.assert_allclose(present @ world.pci / world.presence.diversity, world.eci, atol=1e-8 * scale)


@given(sound_tables(), st.data())
def test_a_gain_is_the_outlook_after_less_the_outlook_before(table: Amounts, data: st.DataObject) -> None:
    world = measured(table)
    plain = Plain(world.presence.present)
    absent = np.argwhere(plain.present == 0)
    country, product = data.draw(st.sampled_from(absent.tolist()))
    phi = plain.phi()
    after = plain.with_product(country, product).outlook(phi, world.pci)[country]
    gained = after - plain.outlook(phi, world.pci)[country]
    assert world.cog[country, product] == pytest.approx(gained, abs=1e-9 * np.abs(world.pci).max())


@given(sound_tables())
def test_weighted_by_the_world_every_country_has_an_advantage_of_one(table: Amounts) -> None:
    world = table.sum(axis=0) / table.sum()
    np.testing.assert_allclose(rca(named(table)).values @ world, 1.0, rtol=1e-12)


@given(sound_tables())
def test_every_country_is_present_somewhere_at_a_threshold_of_one(table: Amounts) -> None:
    found = find_presence(named(table), Conventions(split=Split.LARGEST))
    assert found.diversity.min() >= 1
    assert not [one for one in found.dropped_countries if one.reason == "absent"]


@given(sound_tables(), st.sampled_from([1e-6, 0.37, 3.0, 277.77, 1e6]))
def test_another_currency_changes_nothing(table: Amounts, rate: float) -> None:
    one, other = measured(table), measured(table * rate)
    np.testing.assert_array_equal(one.presence.present, other.presence.present)
    np.testing.assert_array_equal(one.eci, other.eci)
    np.testing.assert_array_equal(one.cog, other.cog)


@given(sound_tables(), st.data())
def test_the_order_of_names_does_not_matter(table: Amounts, data: st.DataObject) -> None:
    rows = data.draw(st.permutations(range(table.shape[0])))
    columns = data.draw(st.permutations(range(table.shape[1])))
    first, places = named(table), np.ix_(rows, columns)
    other = Matrix([first.rows[at] for at in rows], [first.columns[at] for at in columns], table[places])
    one, two = measured(table), measure(other)
    assume(one.diagnostics.correlation > 1e-6)
    back = np.argsort([one.countries.index(name) for name in two.countries])
    np.testing.assert_allclose(two.eci[back], one.eci, atol=1e-6)
    frames = [world.cells_to_frame().sort("country", "product") for world in (one, two)]
    scale = np.abs(one.cog).max()
    np.testing.assert_allclose(
        frames[0]["cog"].fill_null(0).to_numpy(), frames[1]["cog"].fill_null(0).to_numpy(), atol=1e-6 * scale
    )


@given(
    arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 12)), elements=st.sampled_from([0.0, 1.0]))
)
def test_the_sums_that_avoid_proximity_are_the_sums_over_proximity(present: Amounts) -> None:
    present[0] = 1.0
    weights = np.arange(2.0 * present.shape[1]).reshape(2, -1) - 5.0
    np.testing.assert_allclose(
        sum_over_proximity(weights, present), weights @ Plain(present).phi(), atol=1e-10
    )
    density = find_space(present).density
    assert 0 <= density.min() <= density.max() <= 1


@given(sound_tables(), sound_tables())
def test_complementarity_lies_between_nothing_and_all(table: Amounts, other: Amounts) -> None:
    both = min(table.shape[1], other.shape[1])
    sells, buys = named(table[:, :both]), named(other[:, :both])
    values = complementarity(sells, buys).values
    assert 0 <= values.min() <= values.max() <= 100
    mirror = complementarity(buys, sells).values
    np.testing.assert_allclose(values, mirror.T, atol=1e-10)
    np.testing.assert_allclose(np.diag(complementarity(sells, sells).values), 100.0)


@given(sound_tables(), st.floats(0.2, 4.0), st.sampled_from([Absent.DROP, Absent.TRIM]))
def test_nobody_without_a_presence_remains_and_nobody_leaves_unnamed(
    table: Amounts, threshold: float, absent: Absent
) -> None:
    conventions = Conventions(threshold=threshold, absent=absent, split=Split.LARGEST)
    try:
        found = find_presence(named(table), conventions)
    except TradeRefused as refusal:
        event(refusal.code)
        return
    assert found.diversity.min() >= 1
    assert found.ubiquity.min() >= 1
    everybody = set(found.exports.rows) | {one.code for one in found.dropped_countries}
    everything = set(found.exports.columns) | {one.code for one in found.dropped_products}
    assert everybody == set(named(table).rows)
    assert everything == set(named(table).columns)


@given(arrays(np.float64, (5, 6), elements=st.integers(0, 3).map(float)))
def test_given_presences_are_zero_or_one_or_refused(table: Amounts) -> None:
    is_binary = bool(np.isin(table, (0.0, 1.0)).all())
    try:
        found = find_presence(named(table), Conventions(presence=PresenceTest.MANUAL, split=Split.LARGEST))
    except BadTable:
        assert not is_binary
        return
    except (NothingTraded, Degenerate):
        return
    assert is_binary
    assert set(np.unique(found.present)) <= {0.0, 1.0}
