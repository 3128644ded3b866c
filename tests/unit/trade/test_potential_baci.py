"""The indicator on real flows: raw materials of CEPII's BACI, 2018 to 2022, Pakistan and China among all others."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rahdari.trade.rules.potential.conventions import STATIC, Terms
from rahdari.trade.rules.potential.groundwork import Groundwork, lay
from rahdari.trade.rules.potential.indicator import all_potentials, potential_of
from rahdari.trade.rules.potential.reasons import explain
from rahdari.trade.rules.potential.target import Route, explain_target
from rahdari.trade.rules.potential.world import World
from rahdari.trade.values import Matrix

FILE = "flows_baci_hs92_6d_rawmaterials_1995_2024.parquet"
CHINA = frozenset({"CHN"})


@pytest.fixture(scope="module")
def flows(shared_folder: Path) -> pl.DataFrame:
    """Mean yearly flows in dollars over five years."""
    file = shared_folder / "data" / "trade" / FILE
    if not file.is_file():
        pytest.skip(f"published vectors are absent: no {FILE}")
    sides = {"exporter_iso3": "exporter", "importer_iso3": "importer", "product_code": "product"}
    return (
        pl.scan_parquet(file)
        .filter(pl.col("year").is_between(2018, 2022), pl.col("exporter_iso3") != pl.col("importer_iso3"))
        .rename(sides)
        .group_by(*sides.values())
        .agg(pl.col("value_usd").sum() / 5)
        .collect()
    )


def table(flows: pl.DataFrame, rows: str, columns: str, codes: dict[str, tuple[str, ...]]) -> Matrix:
    values = np.zeros((len(codes[rows]), len(codes[columns])))
    places = {side: {code: at for at, code in enumerate(codes[side])} for side in (rows, columns)}
    for one, other, amount in flows.select(rows, columns, "value_usd").iter_rows():
        values[places[rows][one], places[columns][other]] += amount
    return Matrix(codes[rows], codes[columns], values)


@pytest.fixture(scope="module")
def world(flows: pl.DataFrame) -> World:
    countries = tuple(sorted({*flows["exporter"], *flows["importer"]}))
    codes = {"exporter": countries, "importer": countries, "product": tuple(sorted({*flows["product"]}))}
    return World(
        table(flows, "exporter", "product", codes),
        table(flows, "importer", "product", codes),
        table(flows, "exporter", "importer", codes),
    )


@pytest.fixture(scope="module")
def ground(world: World) -> Groundwork:
    return lay(world, STATIC)


def test_the_world_is_that_of_raw_materials(world: World) -> None:
    assert len(world.products) == 71  # three of the 74 codes were not traded in these years
    assert len(world.exporters) > 200
    assert 1e12 < world.exports.values.sum() < 5e12


def test_every_exporters_static_potential_sums_to_what_it_trades_with_every_market(
    ground: Groundwork, world: World
) -> None:
    for exporter, values in all_potentials(ground):
        np.testing.assert_allclose(values.sum(axis=1), world.bilateral.of_row(exporter), rtol=1e-9, atol=1e-3)


def test_what_pakistan_could_sell_to_china_is_told_with_its_reasons(
    ground: Groundwork, flows: pl.DataFrame, world: World
) -> None:
    codes = {"importer": world.importers, "product": world.products}
    actual = table(flows.filter(exporter="PAK"), "importer", "product", codes)
    frame = potential_of(ground, "PAK", actual).to_frame().filter(importer="CHN")
    best = frame["product"][0]
    told = explain(ground, "PAK", importer="CHN", product=best)
    assert told.potential_usd == pytest.approx(frame["potential_usd"][0])
    assert told.reasons
    assert frame["untapped_usd"].sum() > 0
    assert frame["potential_usd"].sum() == pytest.approx(
        float(world.bilateral.of_row("PAK")[world.importers.index("CHN")]), rel=1e-3
    )


def test_no_ease_of_trade_carries_pakistans_raw_materials_to_fifty_billion_in_china(
    ground: Groundwork,
) -> None:
    answer = explain_target(ground, "PAK", 50e9, importers=CHINA)
    assert 1e8 < answer.static_usd < 1e9
    needed = {one.route: one for one in answer.needed}
    assert needed[Route.EASE_QUANTILE].value is None
    assert needed[Route.EASE_QUANTILE].reached_usd < 50e9
    assert (needed[Route.MARKET_IMPORTS].value or 0) > 100


def test_the_net_importer_term_only_ever_takes_away(world: World, ground: Groundwork) -> None:
    corrected = dict(all_potentials(lay(world, Terms(net_importer=True))))
    for exporter, values in all_potentials(ground):
        assert (corrected[exporter] <= values * (1 + 1e-12)).all()
