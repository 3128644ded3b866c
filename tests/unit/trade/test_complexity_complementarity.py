"""Does what one sells fit what another buys?"""

import numpy as np
import pytest

from rahdari.trade.errors import BadTable, NothingTraded
from rahdari.trade.rules.complexity import complementarity
from rahdari.trade.values import Matrix
from tests.unit.trade.complexity_worlds import drawn

PRODUCTS = ("01", "02", "03")


def side(values: list[list[float]], name: str = "X") -> Matrix:
    return Matrix([f"{name}{at}" for at in range(len(values))], PRODUCTS, values)


def test_the_published_form_on_shares_by_hand() -> None:
    found = complementarity(side([[0.5, 0.3, 0.2]]), side([[0.2, 0.3, 0.5]]))
    assert found.values[0, 0] == pytest.approx(70.0)


def test_equal_shares_fit_wholly_and_disjoint_ones_not_at_all() -> None:
    found = complementarity(side([[5, 3, 2], [7, 0, 0]]), side([[10, 6, 4], [0, 1, 1]], "M"))
    assert found.values[0, 0] == pytest.approx(100.0)
    assert found.values[1, 1] == 0.0


def test_it_is_the_formula_with_absolute_differences() -> None:
    exports, imports = drawn(8, 20, seed=1), drawn(9, 20, seed=2)
    supply = exports.values / exports.values.sum(axis=1, keepdims=True)
    demand = imports.values / imports.values.sum(axis=1, keepdims=True)
    expected = 100 * (1 - 0.5 * np.abs(supply[:, None] - demand[None]).sum(axis=2))
    np.testing.assert_allclose(complementarity(exports, imports).values, expected, atol=1e-11)


def test_who_trades_nothing_is_named_and_left_out() -> None:
    found = complementarity(side([[1, 2, 3], [0, 0, 0]]), side([[1, 1, 1], [0, 0, 0]], "M"))
    assert found.exporters == ("X0",)
    assert found.importers == ("M0",)
    assert found.silent == ("X1", "M1")


def test_a_side_that_trades_nothing_at_all_is_refused() -> None:
    with pytest.raises(NothingTraded, match="trades nothing"):
        complementarity(side([[0, 0, 0]]), side([[1, 1, 1]]))


def test_products_that_differ_are_refused() -> None:
    other = Matrix(("M0",), ("01", "02", "04"), [[1, 1, 1]])
    with pytest.raises(BadTable, match="not the same in the same order"):
        complementarity(side([[1, 1, 1]]), other)


def test_the_frame_has_one_row_a_pair_with_names_where_known() -> None:
    found = complementarity(side([[5, 3, 2], [7, 0, 0]]), side([[10, 6, 4], [0, 1, 1]], "M"))
    frame = found.to_frame({"X1": "Sampleland"})
    assert frame.columns == [
        "exporter",
        "exporter_name",
        "importer",
        "importer_name",
        "complementarity_percent",
    ]
    assert frame["exporter"].to_list() == ["X0", "X0", "X1", "X1"]
    assert frame["importer"].to_list() == ["M0", "M1", "M0", "M1"]
    assert frame["exporter_name"].to_list() == [None, None, "Sampleland", "Sampleland"]
    assert frame["complementarity_percent"][0] == pytest.approx(100.0)
    assert frame["complementarity_percent"][3] == 0.0
