"""Lorenz curve, Gini's coefficient and the fewest products that give a share, worked by hand."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rahdari.trade.errors import BadParameter, NothingTraded
from rahdari.trade.rules.concentration import lorenz
from rahdari.trade.values import Amounts


def of(*amounts: float) -> Amounts:
    return np.array(amounts)


def test_four_products_worked_by_hand() -> None:
    found = lorenz(("a", "b", "c", "d"), of(10, 60, 0, 30))
    assert found.codes == ("b", "d", "a", "c")
    assert found.running_share.tolist() == pytest.approx([0.6, 0.9, 1.0, 1.0])
    assert found.traded == 3
    # Rising 10, 30, 60 of three: (-2 x 10 + 0 x 30 + 2 x 60)/(3 x 100); with the 0 of four: -3, -1, 1, 3.
    assert found.gini == pytest.approx(1 / 3)
    assert found.gini_of_all == pytest.approx((-1 * 10 + 1 * 30 + 3 * 60) / 400)
    assert found.hhi == pytest.approx(0.46)


@pytest.mark.parametrize(
    ("share", "count"), [(0.1, 1), (0.6, 1), (0.61, 2), (0.8, 2), (0.9, 2), (0.95, 3), (1.0, 3)]
)
def test_the_fewest_products_that_give_a_share(share: float, count: int) -> None:
    assert lorenz(("a", "b", "c", "d"), of(10, 60, 0, 30)).fewest(share) == count


def test_a_share_that_is_reached_but_for_rounding_is_reached() -> None:
    found = lorenz([str(at) for at in range(10)], np.full(10, 0.1))
    assert found.fewest(0.8) == 8
    assert found.fewest(1.0) == 10


def test_equal_amounts_are_equal_and_one_alone_has_all() -> None:
    even = lorenz([str(at) for at in range(50)], np.full(50, 7.0))
    assert even.gini == pytest.approx(0.0, abs=1e-12)
    assert even.hhi == pytest.approx(1 / 50)
    alone = lorenz([str(at) for at in range(50)], np.eye(50)[3])
    assert alone.gini == 0.0
    assert alone.gini_of_all == pytest.approx(1 - 1 / 50)
    assert alone.fewest() == 1


def test_ties_go_by_code_so_that_the_order_of_the_input_does_not_matter() -> None:
    assert lorenz(("b", "a"), of(1, 1)).codes == lorenz(("a", "b"), of(1, 1)).codes == ("a", "b")


def test_the_frame_is_the_pareto_curve() -> None:
    frame = lorenz(("a", "b"), of(1, 3)).to_frame(names={"a": "Apples"})
    assert frame["product_code"].to_list() == ["b", "a"]
    assert frame["share"].to_list() == [0.75, 0.25]
    assert frame["products_share"].to_list() == [0.5, 1.0]
    assert frame["product_name"].to_list() == [None, "Apples"]


def test_what_is_no_amount_is_refused() -> None:
    with pytest.raises(NothingTraded, match="all amounts are 0"):
        lorenz(("a",), of(0))
    with pytest.raises(NothingTraded):
        lorenz((), of())
    for wrong in (of(-1, 2), of(np.nan, 1), of(np.inf, 1)):
        with pytest.raises(BadParameter, match="negative or no number"):
            lorenz(("a", "b"), wrong)
    with pytest.raises(BadParameter, match="2 codes"):
        lorenz(("a", "b"), of(1))
    for share in (0.0, -1.0, 1.1, float("nan")):
        with pytest.raises(BadParameter, match="a share of"):
            lorenz(("a",), of(1)).fewest(share)


def test_eighty_per_cent_of_real_exports_are_few_products(shared_folder: Path) -> None:
    path = shared_folder / "data" / "trade" / "exports_country_hs92_4d_2016_atlas.parquet"
    if not path.is_file():
        pytest.skip(f"published vectors are absent: no {path.name} among them")
    rows = pl.read_parquet(path)
    for country, fewest, traded in (("PAK", 50, 1128), ("CHN", 175, 1231)):
        one = rows.filter(exporter_iso3=country)
        found = lorenz(one["product_code"].to_list(), one["value_usd"].to_numpy())
        assert (found.fewest(), found.traded) == (fewest, traded)
