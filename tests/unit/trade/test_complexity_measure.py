"""All figures at once: under which conventions, as which frames."""

import time
import tracemalloc
from dataclasses import fields, replace

import numpy as np
import polars as pl
import pytest

from rahdari.trade.errors import BadTable, Degenerate
from rahdari.trade.rules.complexity import (
    ECOMPLEXITY_0_5_3,
    ECONCOMPLEX_1_0_1,
    ECONOMIC_COMPLEXITY_0_3_0,
    RAHDARI,
    Complexity,
    Conventions,
    PresenceTest,
    measure,
)
from rahdari.trade.values import Matrix
from tests.unit.trade.complexity_worlds import GIVEN, STAIRS, drawn, named

MODES = (RAHDARI, ECOMPLEXITY_0_5_3, ECONCOMPLEX_1_0_1, ECONOMIC_COMPLEXITY_0_3_0)
EVERY_MODE = pytest.mark.parametrize("mode", MODES)


def figures(world: Complexity) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    return [world.eci, world.pci, world.coi, world.cog, world.density, world.distance, world.proximity()]


@EVERY_MODE
def test_no_figure_is_ever_undefined(mode: Conventions) -> None:
    for seed in range(10):
        for values in figures(measure(drawn(seed=seed), conventions=mode)):
            assert np.isfinite(values).all()


@EVERY_MODE
def test_density_and_distance_are_shares_that_add_to_one(mode: Conventions) -> None:
    world = measure(drawn(), conventions=mode)
    scale = 100 if mode is ECONCOMPLEX_1_0_1 else 1
    np.testing.assert_allclose(world.density / scale + world.distance, 1.0)
    assert 0 <= world.distance.min() <= world.distance.max() <= 1


def test_the_order_of_countries_and_products_in_the_table_does_not_matter() -> None:
    table = drawn()
    rows, columns = np.random.default_rng(2).permutation(20), np.random.default_rng(3).permutation(35)
    shuffled = Matrix(
        [table.rows[at] for at in rows],
        [table.columns[at] for at in columns],
        table.values[np.ix_(rows, columns)],
    )
    for mode in MODES:
        one, other = measure(table, conventions=mode), measure(shuffled, conventions=mode)
        np.testing.assert_allclose(other.eci, one.eci[rows], atol=1e-10)
        np.testing.assert_allclose(other.cog, one.cog[np.ix_(rows, columns)], atol=1e-10)


def test_ours_is_the_default() -> None:
    np.testing.assert_array_equal(measure(drawn()).cog, measure(drawn(), conventions=RAHDARI).cog)


def test_every_convention_is_documented() -> None:
    documentation = Conventions.__doc__ or ""
    for field in fields(Conventions):
        assert f"        {field.name}: " in documentation, field.name


def test_countries_come_as_a_tidy_frame_with_the_most_complex_first() -> None:
    frame = measure(drawn()).to_frame({"C000": "Sampleland"})
    assert frame.columns == ["country", "country_name", "value_usd", "diversity", "eci", "eci_rank", "coi"]
    assert frame["eci"].is_sorted(descending=True)
    assert frame["eci_rank"].to_list() == list(range(1, 21))
    assert frame.filter(pl.col("country") == "C000")["country_name"].item() == "Sampleland"
    assert frame.drop("country_name").null_count().sum_horizontal().item() == 0
    assert frame["value_usd"].sum() == pytest.approx(drawn().values.sum())


def test_products_come_as_a_tidy_frame_with_the_most_complex_first() -> None:
    frame = measure(drawn()).products_to_frame({"P00001": "Samples"})
    assert frame.columns == ["product", "product_name", "value_usd", "ubiquity", "pci", "pci_rank"]
    assert frame["pci"].is_sorted(descending=True)
    assert frame.filter(pl.col("product") == "P00001")["product_name"].item() == "Samples"


def test_equal_figures_share_the_better_rank() -> None:
    twins = named([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 1], [1, 1, 0, 0]])
    ranks = measure(twins, conventions=GIVEN).to_frame().sort("country")
    assert ranks["eci_rank"][1] == ranks["eci_rank"][3]
    assert ranks["eci_rank"].max() == 4


def test_each_country_and_product_has_a_row_and_only_what_is_lacking_has_a_gain() -> None:
    world = measure(drawn())
    frame = world.cells_to_frame()
    assert len(frame) == 20 * 35
    assert frame["cog"].null_count() == int(world.presence.present.sum())
    assert frame.filter(pl.col("is_present"))["cog"].null_count() == int(world.presence.present.sum())
    one = frame.filter((pl.col("country") == "C004") & (pl.col("product") == "P00010")).row(0, named=True)
    assert one["advantage"] == world.presence.advantage[4, 10]
    assert one["density_share"] == world.density[4, 10]
    assert one["value_usd"] == drawn().values[4, 10]


def test_one_country_gives_the_same_rows_as_all() -> None:
    world = measure(drawn())
    names = {"C004": "Sampleland", "P00010": "Samples"}
    alone = world.cells_to_frame(names, country="C004")
    assert alone.equals(world.cells_to_frame(names).filter(pl.col("country") == "C004"))
    assert alone["country_name"].unique().to_list() == ["Sampleland"]


def test_a_country_that_left_the_table_has_no_rows() -> None:
    with pytest.raises(BadTable, match="'XYZ' is not among the 20 countries"):
        measure(drawn()).cells_to_frame(country="XYZ")


def test_densities_of_a_frame_are_shares_in_every_mode() -> None:
    frame = measure(drawn(), conventions=ECONCOMPLEX_1_0_1).cells_to_frame()
    assert frame["density_share"].max() == pytest.approx(
        measure(drawn(), conventions=ECONCOMPLEX_1_0_1).density.max() / 100
    )


def test_a_peer_that_gives_gains_everywhere_keeps_them_in_the_frame() -> None:
    frame = measure(drawn(), conventions=ECONOMIC_COMPLEXITY_0_3_0).cells_to_frame()
    assert frame["cog"].null_count() == 0


def test_given_presences_have_no_amounts_in_their_frames() -> None:
    world = measure(STAIRS, conventions=GIVEN)
    assert world.to_frame()["value_usd"].null_count() == 3
    assert world.products_to_frame()["value_usd"].null_count() == 3
    assert world.cells_to_frame()["advantage"].null_count() == 9


def test_codes_that_were_merged_are_a_name_like_any_other() -> None:
    table = drawn()
    merged = Matrix(table.rows, ["5209|5211", *table.columns[1:]], table.values)
    assert "5209|5211" in measure(merged).products_to_frame()["product"].to_list()


def test_the_parts_that_are_asked_for_later_fit_the_world_they_belong_to() -> None:
    world = measure(drawn())
    assert world.nearest_density(5).shape == (20, 35)
    assert world.fitness().countries == world.countries
    assert len(world.relative_relatedness().countries) == 20
    assert world.proximity().shape == (35, 35)


def test_presence_by_heads_goes_through() -> None:
    heads = np.random.default_rng(5).uniform(1, 100, 20)
    world = measure(drawn(), conventions=Conventions(presence=PresenceTest.RPOP), population=heads)
    assert world.diagnostics.second_eigenvalue < 1


def test_a_mode_whose_peer_answers_with_holes_refuses_by_name() -> None:
    for mode in (ECOMPLEXITY_0_5_3, ECONOMIC_COMPLEXITY_0_3_0):
        with pytest.raises(Degenerate, match="no presence is left for C006, P00001;"):
            measure(drawn(12, 15, seed=4), conventions=replace(mode, threshold=2.5))


def test_a_world_at_the_finest_level_takes_little_time_and_memory() -> None:
    """The benchmark tells how little; this only sees that nobody brings a table of products by products back."""
    world = drawn(224, 5_000)
    tracemalloc.start()
    try:
        began = time.process_time()
        measure(world)
        seconds = time.process_time() - began
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seconds < 5
    assert peak < 195e6, "a table of 5,000 by 5,000 is 200 MB alone"


def test_figures_cannot_be_written_to() -> None:
    world = measure(drawn())
    for values in (world.eci, world.pci, world.coi, world.cog, world.density):
        with pytest.raises(ValueError, match="read-only"):
            values[...] = 0.0
