"""Whatever the links and the amounts: weights add up to one, and totals stay."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rahdari.trade.rules.concordance import (
    chain,
    convert,
    convert_flows,
    equal_concordance,
    share_out,
    weigh_by_value,
)
from rahdari.trade.values import Matrix, Revision

CODES = tuple(f"{number:06}" for number in range(10101, 10109))
CODE = st.sampled_from(CODES)


@st.composite
def links(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Every code leads somewhere."""
    more = draw(st.lists(st.tuples(CODE, CODE), max_size=20))
    return [(code, draw(CODE)) for code in CODES] + more


WHOLE = st.lists(st.integers(0, 2**50), min_size=8, max_size=8)


@given(links(), WHOLE, st.lists(st.floats(0, 1e15), min_size=8, max_size=8))
def test_whole_amounts_keep_their_total_to_the_dollar(
    pairs: list[tuple[str, str]], amounts: list[int], sizes: list[float]
) -> None:
    plain = equal_concordance(Revision.HS07, Revision.HS12, pairs)
    for one in (plain, weigh_by_value(plain, dict(zip(CODES, sizes, strict=True)))):
        assert all(sum(targets.values()) == pytest.approx(1, abs=1e-12) for targets in one.weights.values())
        turned = convert(Matrix(["x"], CODES, [amounts]), one).matrix.values
        assert sum(int(value) for value in turned[0]) == sum(amounts)
        assert (turned == np.floor(turned)).all()


@given(links(), links(), WHOLE)
def test_a_chain_gives_what_two_steps_give(
    first: list[tuple[str, str]], second: list[tuple[str, str]], amounts: list[int]
) -> None:
    one = equal_concordance(Revision.HS07, Revision.HS12, first)
    two = equal_concordance(Revision.HS12, Revision.HS17, second)
    # Halves are no whole dollars: no rounding comes between.
    table = Matrix(["x"], CODES, [[amount + 0.5 for amount in amounts]])
    at_once = convert(table, chain(one, two)).matrix
    # The second step must not round either, so the first one's result is moved off the whole numbers it may hit.
    by_hand = dict.fromkeys(at_once.columns, 0.0)
    for code, amount in zip(CODES, table.values[0], strict=True):
        for between, share in one.weights[code].items():
            for other, weight in two.weights[between].items():
                by_hand[other] += amount * share * weight
    assert at_once.values[0].tolist() == pytest.approx(list(by_hand.values()), rel=1e-9)


@given(
    st.integers(0, 2**52),
    st.lists(st.floats(0, 1e6), min_size=1, max_size=30).filter(lambda held: sum(held) > 0),
)
def test_parts_add_up_and_none_is_more_than_one_from_its_share(total: int, weights: list[float]) -> None:
    parts = share_out(total, weights)
    assert sum(parts) == total
    assert min(parts) >= 0
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - total * (weight / sum(weights))) <= 1 + 1e-12 * total * len(weights)


@given(links(), st.lists(st.tuples(st.integers(0, 3), CODE, st.integers(0, 2**50)), max_size=30))
def test_flows_are_turned_as_tables_are(
    pairs: list[tuple[str, str]], told: list[tuple[int, str, int]]
) -> None:
    turner = equal_concordance(Revision.HS07, Revision.HS12, pairs)
    rows = {(2020, 586, importer, int(code)): value for importer, code, value in told}
    flows = pl.DataFrame(
        [(*key, value, -1) for key, value in rows.items()],
        schema=["year", "exporter", "importer", "product", "value_usd", "quantity_kg"],
        orient="row",
    ).cast(pl.Int64)
    turned = convert_flows(flows, turner).frame
    table = np.zeros((4, len(CODES)))
    for (_, _, importer, code), value in rows.items():
        table[importer, CODES.index(f"{code:06}")] = value
    same = convert(Matrix([str(at) for at in range(4)], CODES, table), turner).matrix
    by_table = {
        (row, column): value for row, values in zip(same.rows, same.values, strict=True)
        for column, value in zip(same.columns, values, strict=True) if value
    }  # fmt: skip
    by_flow = {
        (str(importer), f"{code:06}"): value
        for importer, code, value in turned.select("importer", "product", "value_usd").rows() if value
    }  # fmt: skip
    assert by_flow == by_table
