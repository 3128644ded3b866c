"""Who is present in what, and what leaves the table."""

import itertools

import numpy as np
import pytest

from rahdari.trade.errors import BadParameter, BadTable, Degenerate, NothingTraded
from rahdari.trade.rules.complexity import (
    Absent,
    Conventions,
    Dropped,
    PresenceTest,
    Reason,
    Split,
    Untraded,
    find_presence,
    rca,
    rpop,
    rsca,
)
from rahdari.trade.rules.complexity.presence import connected_groups
from rahdari.trade.values import Matrix
from tests.unit.trade.complexity_worlds import GIVEN, STAIRS, drawn, named

ZERO_COLUMN = [[4.0, 1.0, 0.0], [1.0, 4.0, 0.0], [2.0, 2.0, 0.0]]


def test_advantage_is_the_share_at_home_over_the_share_in_the_world() -> None:
    # Country 0 sells 3 of its 4 in product 0, the world 4 of its 8: 0.75 / 0.5.
    found = rca(named([[3, 1], [1, 3]]))
    assert found.values.tolist() == [[1.5, 0.5], [0.5, 1.5]]


def test_advantage_keeps_the_names_of_its_table() -> None:
    table = Matrix(("PAK", "CHN"), ("5209|5211", "5210"), [[3, 1], [1, 3]])
    assert rca(table).columns == ("5209|5211", "5210")


def test_weighted_by_the_world_every_country_has_an_advantage_of_one() -> None:
    table = drawn()
    world = table.values.sum(axis=0) / table.values.sum()
    np.testing.assert_allclose(rca(table).values @ world, 1.0, rtol=1e-13)


def test_symmetric_advantage_lies_between_minus_one_and_one_with_zero_for_the_world_share() -> None:
    assert rsca(np.array([0.0, 1.0, 3.0])).tolist() == [-1.0, 0.0, 0.5]


def test_advantage_by_heads_divides_by_population() -> None:
    # 6 dollars for 2 heads against 8 dollars for 8: 3 over 1.
    found = rpop(named([[6], [2]]), [2, 6])
    np.testing.assert_allclose(found.values, [[3.0], [1 / 3]])


@pytest.mark.parametrize("heads", [[1.0], [1.0, 0.0], [1.0, float("nan")], [1.0, -1.0]])
def test_a_population_that_is_missing_or_not_above_zero_is_refused(heads: list[float]) -> None:
    with pytest.raises(BadParameter, match="populations above zero"):
        rpop(named([[6], [2]]), heads)


def test_a_threshold_on_heads_needs_the_heads() -> None:
    with pytest.raises(BadParameter, match="population of each country"):
        find_presence(drawn(), Conventions(presence=PresenceTest.RPOP))


def test_populations_that_do_not_fit_the_countries_are_refused() -> None:
    with pytest.raises(BadParameter, match="2 populations for 20 countries"):
        find_presence(drawn(), Conventions(), [1.0, 2.0])


def test_populations_stay_beside_their_countries_when_one_is_dropped() -> None:
    table = drawn().values.copy()
    table[0] = 0.0
    heads = np.random.default_rng(5).uniform(1, 100, 20)
    by_heads = Conventions(presence=PresenceTest.RPOP)
    found = find_presence(named(table), by_heads, heads)
    alone = find_presence(named(table[1:]), by_heads, heads[1:])
    assert found.exports.rows[0] == "C001"
    np.testing.assert_array_equal(found.advantage, alone.advantage)


def test_the_symmetric_threshold_of_zero_is_the_plain_one_of_one() -> None:
    plain = find_presence(drawn(), Conventions())
    symmetric = find_presence(drawn(), Conventions(presence=PresenceTest.RSCA, threshold=0.0))
    np.testing.assert_array_equal(plain.present, symmetric.present)


def test_given_presences_are_taken_as_they_are() -> None:
    found = find_presence(STAIRS, GIVEN)
    np.testing.assert_array_equal(found.present, STAIRS.values)
    assert found.diversity.tolist() == [3, 2, 1]
    assert found.ubiquity.tolist() == [3, 2, 1]


def test_a_given_presence_other_than_zero_and_one_is_refused() -> None:
    with pytest.raises(BadTable, match="0 and 1 only"):
        find_presence(named([[1, 2, 0], [1, 0, 1], [0, 1, 1]]), GIVEN)


def test_what_nobody_trades_is_dropped_and_named() -> None:
    found = find_presence(named(ZERO_COLUMN), Conventions())
    assert found.dropped_products == (Dropped("P00002", Reason.UNTRADED),)
    assert found.dropped_countries == ()
    assert found.exports.columns == ("P00000", "P00001")


def test_what_nobody_trades_is_refused_by_name_where_that_is_wanted() -> None:
    with pytest.raises(NothingTraded, match="P00002"):
        find_presence(named(ZERO_COLUMN), Conventions(untraded=Untraded.REFUSE))


def test_advantage_of_an_untraded_name_is_refused_rather_than_made_up() -> None:
    with pytest.raises(NothingTraded, match="P00002"):
        rca(named(ZERO_COLUMN))


def test_a_table_of_zeros_is_refused() -> None:
    with pytest.raises(NothingTraded, match="no amount above zero"):
        find_presence(named(np.zeros((3, 3))), Conventions())


def test_products_that_nobody_reaches_the_threshold_in_are_dropped_and_named() -> None:
    table = drawn(12, 15, seed=4)
    found = find_presence(table, Conventions(threshold=3.0, split=Split.LARGEST))
    gone = {one.code for one in found.dropped_products if one.reason is Reason.ABSENT}
    reached = rca(table).values.max(axis=0) >= 3.0
    assert gone == {code for code, is_reached in zip(table.columns, reached, strict=True) if not is_reached}
    assert gone


def test_what_is_absent_is_refused_by_name_where_that_is_wanted() -> None:
    with pytest.raises(Degenerate, match=r"threshold of 2\.5 no presence is left for C006, P00001;"):
        find_presence(drawn(12, 15, seed=4), Conventions(threshold=2.5, absent=Absent.REFUSE))


def test_a_threshold_that_nobody_reaches_is_refused_however_lenient_the_rest() -> None:
    with pytest.raises(Degenerate, match="and 22 more; lower the threshold"):
        find_presence(drawn(12, 15, seed=4), Conventions(threshold=1e9))


def test_trimming_computes_the_advantage_of_the_others_anew() -> None:
    table = drawn(30, 60, seed=4)
    trimmed = find_presence(table, Conventions(threshold=4.0, absent=Absent.TRIM))
    dropped = find_presence(table, Conventions(threshold=4.0))
    assert len(trimmed.dropped_products) == 3
    assert len(dropped.dropped_products) == 2
    np.testing.assert_array_equal(trimmed.advantage, rca(trimmed.exports).values)
    assert not np.array_equal(dropped.advantage, rca(dropped.exports).values)


def test_every_row_and_column_that_remains_has_a_presence() -> None:
    for absent in (Absent.DROP, Absent.TRIM):
        found = find_presence(drawn(30, 60, seed=4), Conventions(threshold=4.0, absent=absent))
        assert found.diversity.min() >= 1
        assert found.ubiquity.min() >= 1


def test_trimming_that_leaves_nothing_is_refused() -> None:
    spiral = Conventions(threshold=3.0, absent=Absent.TRIM, split=Split.LARGEST)
    with pytest.raises(Degenerate, match="lower the threshold"):
        find_presence(drawn(12, 15, seed=4), spiral)


TWO_WORLDS = named([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]])


def test_countries_without_a_product_in_common_are_refused_and_the_smaller_group_is_named() -> None:
    with pytest.raises(Degenerate, match=r"2 groups .* apart stand C003, C004\."):
        find_presence(TWO_WORLDS, GIVEN)


def test_the_largest_group_can_be_kept_and_the_others_are_named() -> None:
    found = find_presence(TWO_WORLDS, Conventions(presence=PresenceTest.MANUAL, split=Split.LARGEST))
    assert found.exports.rows == ("C000", "C001", "C002")
    assert found.exports.columns == ("P00000", "P00001")
    assert {one.code for one in found.dropped_countries} == {"C003", "C004"}
    assert {one.code for one in found.dropped_products} == {"P00002", "P00003"}
    assert {one.reason for one in found.dropped_products} == {Reason.ANOTHER_GROUP}


@pytest.mark.parametrize(("second", "kept"), [(9.0, ("C", "D")), (1.0, ("A", "B"))])
def test_of_equally_large_groups_that_of_more_trade_stays_whatever_the_order_of_rows(
    second: float, kept: tuple[str, ...]
) -> None:
    values = np.kron(np.diag([1.0, second]), np.ones((2, 2)))
    keep_largest = Conventions(split=Split.LARGEST)
    for order in itertools.permutations(range(4)):
        rows = ["ABCD"[at] for at in order]
        found = find_presence(Matrix(rows, ("p", "q", "r", "s"), values[list(order)]), keep_largest)
        assert tuple(sorted(found.exports.rows)) == kept


def test_groups_are_numbered_by_their_first_country() -> None:
    assert connected_groups(TWO_WORLDS.values == 1).tolist() == [0, 0, 0, 1, 1]


def test_a_long_chain_of_countries_is_one_group() -> None:
    chain = np.eye(30, dtype=bool) | np.eye(30, k=1, dtype=bool)
    assert connected_groups(chain).tolist() == [0] * 30


def test_a_share_that_equals_the_world_counts_as_present_in_any_currency() -> None:
    mix = np.array([3.0, 7.0, 11.0, 13.0])
    table = np.outer([1.0, 3.0, 7.0, 0.1], mix) * 1.1
    for rate in (1.0, 0.37, 1e-3, 277.77):
        assert find_presence(named(table * rate), Conventions()).present.min() == 1.0


def test_arrays_of_a_presence_cannot_be_written_to() -> None:
    found = find_presence(drawn(), Conventions())
    for array in (found.present, found.advantage, found.exports.values):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 5.0
