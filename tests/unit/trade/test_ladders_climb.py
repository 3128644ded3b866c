"""A ladder read for an exporter and a market: every number of the first test is worked by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rahdari.app.ladder_files import carried_ladders
from rahdari.trade import Matrix
from rahdari.trade.errors import BadParameter, BadTable
from rahdari.trade.rules.findings import Outcome
from rahdari.trade.rules.ladders import (
    Climb,
    Ladder,
    LadderConventions,
    LadderTrade,
    StepTest,
    climb,
    read_ladder,
)
from tests.unit.trade.test_ladders_reading import GOOD

PRODUCTS = ("260300", "740311", "999999")
COUNTRIES = ("PAK", "CHN", "CHL", "ZMB")


@dataclass(frozen=True)
class Numbers:
    """The hand-made world: ore 100 of 1,000 by PAK; refined metal by CHL and ZMB alone."""

    dollars: tuple[float, float, float] = (1000.0, 900.0, 1.0)
    kilograms: tuple[float, float, float] = (500.0, 100.0, 1.0)
    refined: tuple[float, float, float, float] = (0.0, 0.0, 600.0, 400.0)
    complexity: Mapping[str, float] = field(default_factory=lambda: {"2603": -2.0, "7403": -1.48})
    tariff: Mapping[str, float] = field(default_factory=lambda: {"260300": 0.0, "7403": 2.0})
    shipped: Mapping[str, float] = field(default_factory=dict)
    bought: bool = True

    def trade(self) -> LadderTrade:
        ore = (100.0, 0.0, 600.0, 300.0)
        exports = [[ore[at], self.refined[at], 5.0] for at in range(4)]
        imports = [[1.0, 20.0, 0.0], [800.0, 700.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
        bought = [[90.0, 0.0, 0.0], [0.0, 0.0, 0.0], [500.0, 400.0, 0.0], [210.0, 300.0, 0.0]]
        return LadderTrade(
            exports=Matrix(COUNTRIES, PRODUCTS, exports),
            imports=Matrix(COUNTRIES, PRODUCTS, imports),
            weighed=(
                Matrix(("2023",), PRODUCTS, [self.dollars]),
                Matrix(("2023",), PRODUCTS, [self.kilograms]),
            ),
            bought=Matrix(COUNTRIES, PRODUCTS, bought) if self.bought else None,
            complexity=self.complexity,
            tariff_percent=self.tariff,
            shipped_kg=self.shipped,
        )


def metal() -> Ladder:
    return read_ladder(GOOD.encode(), name="metal.toml")


def read(numbers: Numbers | None = None, *, absorbed: float = 0.1) -> Climb:
    trade = (numbers or Numbers()).trade()
    settings = LadderConventions(absorbed_share=absorbed)
    return climb(metal(), exporter="PAK", market="CHN", trade=trade, conventions=settings)


def test_the_tiers_worked_by_hand() -> None:
    ore, refined = read().tiers
    assert ore.codes == ("260300",)
    assert (ore.world_usd, ore.exports_usd, ore.imports_usd, ore.market_imports_usd) == (1000, 100, 1, 800)
    assert ore.market_from_exporter_usd == 90
    assert ore.unit_value_usd_per_kg == 2.0
    # 0.1^2 + 0.6^2 + 0.3^2
    assert ore.concentration == pytest.approx(0.46)
    assert ore.refiners == (("CHL", 0.6), ("ZMB", 0.3), ("PAK", 0.1))
    assert ore.complexity == -2.0
    assert (refined.unit_value_usd_per_kg, refined.tariff_percent) == (9.0, 2.0)
    assert refined.refiners == (("CHL", 0.6), ("ZMB", 0.4))
    assert ore.gaps == refined.gaps == ()


def test_the_step_worked_by_hand() -> None:
    (step,) = read().steps
    # A kilogram of ore at 2 becomes 0.25 kg at 9: 2.25, of which 5 % are paid abroad: 2.1375.
    assert step.uplift_ratio == pytest.approx(1.125)
    assert step.gross_usd_per_tonne == pytest.approx(250.0)
    assert step.net_usd_per_tonne == pytest.approx(137.5)
    # 100 dollars of ore are 50 kg, and a plant of 12.5 kg a year.
    assert step.raw_tonnes == pytest.approx(0.05)
    assert step.capacity_tonnes == pytest.approx(0.0125)
    assert step.is_volume_estimated
    assert step.extra_gross_usd == pytest.approx(12.5)
    assert step.extra_net_usd == pytest.approx(6.875)
    # The Atlas's figures of 2023 for copper ore and refined copper: a step of 0.52.
    assert step.complexity_step == pytest.approx(0.52)
    assert step.escalation_percent_points == pytest.approx(2.0)


def test_each_step_says_why() -> None:
    (step,) = read(absorbed=0.2).steps
    told = {one.test: (one.outcome, one.code) for one in step.findings}
    assert told == {
        StepTest.GROSS: (Outcome.MET, "adds_value"),
        StepTest.NET: (Outcome.MET, "adds_value"),
        StepTest.COMPLEXITY: (Outcome.MET, "climbs"),
        StepTest.ESCALATION: (Outcome.NOT_MET, "escalates"),
        StepTest.DEMAND: (Outcome.MET, "room_enough"),
        StepTest.REFINERS: (Outcome.NOT_MET, "few"),
        StepTest.SOURCES: (Outcome.NOT_JUDGED, "sample_to_be_checked"),
    }
    # 112.5 dollars of metal beside a world of 1,000.
    assert step.finding(StepTest.DEMAND).number("share_of_world") == pytest.approx(0.1125)
    assert read().steps[0].finding(StepTest.DEMAND).code == "too_large_for_the_world"


def test_a_step_can_lose_value_net_though_it_gains_gross() -> None:
    text = GOOD.replace("imported_share = 0.05", "imported_share = 0.5")
    ladder = read_ladder(text.encode(), name="metal.toml")
    (step,) = climb(ladder, exporter="PAK", market="CHN", trade=Numbers().trade()).steps
    assert step.finding(StepTest.GROSS).code == "adds_value"
    assert step.finding(StepTest.NET).code == "loses_value"
    assert step.extra_net_usd == pytest.approx(50 * 1.125 - 100)


def test_the_exporters_own_weight_is_taken_where_it_is_known() -> None:
    (step,) = read(Numbers(shipped={"260300": 80.0})).steps
    assert not step.is_volume_estimated
    assert step.raw_tonnes == pytest.approx(0.08)
    # 80 kg become 20 kg at 9, in place of ore that brings 100 today, whatever the world gets for it.
    assert step.extra_gross_usd == pytest.approx(80.0)


def test_a_tier_without_weights_has_no_prices_but_a_reason() -> None:
    found = read(Numbers(kilograms=(500.0, 0.0, 1.0)))
    assert found.tiers[1].unit_value_usd_per_kg is None
    assert dict(found.tiers[1].gaps)["unit_value_usd_per_kg"] == "no_weight_known"
    (step,) = found.steps
    assert step.uplift_ratio is step.net_usd_per_tonne is step.extra_net_usd is None
    assert step.capacity_tonnes == pytest.approx(0.0125)
    assert step.finding(StepTest.GROSS).code == "no_unit_value"
    assert step.finding(StepTest.DEMAND).outcome is Outcome.NOT_JUDGED


def test_an_ore_without_weights_has_no_volume() -> None:
    (step,) = read(Numbers(kilograms=(0.0, 100.0, 1.0))).steps
    assert step.raw_tonnes is step.capacity_tonnes is step.extra_gross_usd is None


def test_what_is_not_given_is_named() -> None:
    found = read(Numbers(complexity={}, tariff={}, bought=False))
    assert dict(found.tiers[0].gaps) == {
        "complexity": "no_complexity_given",
        "tariff_percent": "no_tariff_given",
        "market_from_exporter_usd": "no_bilateral_flows",
    }
    (step,) = found.steps
    assert step.finding(StepTest.COMPLEXITY).code == "no_complexity_given"
    assert step.finding(StepTest.ESCALATION).code == "no_tariff_given"


def test_a_product_nobody_sells_is_told() -> None:
    found = read(Numbers(refined=(0.0, 0.0, 0.0, 0.0)))
    assert dict(found.tiers[1].gaps)["concentration"] == "nobody_exports"
    (step,) = found.steps
    assert step.finding(StepTest.REFINERS).code == "nobody_exports"
    assert step.finding(StepTest.DEMAND).code == "nobody_trades_it"


def test_a_tier_that_the_numbers_do_not_hold_is_told() -> None:
    sides = (COUNTRIES, ("260300",))
    trade = LadderTrade(
        exports=Matrix(*sides, [[1.0], [0.0], [0.0], [0.0]]),
        imports=Matrix(*sides, [[0.0], [1.0], [0.0], [0.0]]),
        weighed=(Matrix(("2023",), ("260300",), [[1.0]]), Matrix(("2023",), ("260300",), [[1.0]])),
    )
    found = climb(metal(), exporter="PAK", market="CHN", trade=trade)
    assert found.tiers[1].codes == ()
    assert dict(found.tiers[1].gaps)["codes"] == "not_in_the_numbers"
    assert found.to_frame()["unit_value_usd_per_kg"].to_list() == [1.0, None]


def test_escalation_is_weighted_by_what_the_market_imports() -> None:
    products = ("740311", "740319")
    sides = (("PAK", "CHN"), products)
    trade = LadderTrade(
        exports=Matrix(*sides, [[1.0, 1.0], [0.0, 0.0]]),
        imports=Matrix(*sides, [[0.0, 0.0], [30.0, 10.0]]),
        weighed=(Matrix(("2023",), products, [[1.0, 1.0]]), Matrix(("2023",), products, [[1.0, 1.0]])),
        tariff_percent={"740311": 2.0, "740319": 6.0},
    )
    found = climb(metal(), exporter="PAK", market="CHN", trade=trade)
    assert found.tiers[1].tariff_percent == pytest.approx(3.0)
    alone = climb(metal(), exporter="PAK", market="PAK", trade=trade)
    assert alone.tiers[1].tariff_percent == pytest.approx(4.0)


def test_the_frames_are_tidy() -> None:
    found = read()
    tiers, steps = found.to_frame(), found.steps_frame()
    assert tiers["tier"].to_list() == ["ore", "refined"]
    assert tiers["largest_exporters"][0] == "CHL:0.600 ZMB:0.300 PAK:0.100"
    assert steps["extra_net_value_usd"].to_list() == pytest.approx([6.875])
    assert steps["tariff_escalation_code"].to_list() == ["escalates"]
    assert {"exporter_code", "market_code", "unit_value_usd_per_kg"} < set(tiers.columns)


def test_questions_that_make_no_sense_are_refused() -> None:
    trade = Numbers().trade()
    with pytest.raises(BadTable, match="'XXX'"):
        climb(metal(), exporter="XXX", market="CHN", trade=trade)
    with pytest.raises(BadParameter, match="0 or more kilograms"):
        read(Numbers(shipped={"260300": -1.0}))
    with pytest.raises(BadTable, match="same products"):
        LadderTrade(
            exports=trade.exports,
            imports=Matrix(COUNTRIES, ("x",), [[0.0]] * 4),
            weighed=trade.weighed,
        )


def test_real_minerals_are_read_and_stay_finite(shared_folder: Path) -> None:
    path = shared_folder / "data" / "trade" / "flows_baci_hs92_6d_rawmaterials_1995_2024.parquet"
    if not path.is_file():
        pytest.skip(f"published vectors are absent: no {path.name} among them")
    rows = pl.read_parquet(path).filter(year=2023)
    countries = sorted(set(rows["exporter_iso3"]) | set(rows["importer_iso3"]))
    products = sorted(rows["product_code"].unique())

    def table(side: str) -> Matrix:
        values = np.zeros((len(countries), len(products)))
        sums = rows.group_by(side, "product_code").agg(pl.col("value_usd").sum())
        for country, product, amount in sums.iter_rows():
            values[countries.index(country), products.index(product)] = amount
        return Matrix(countries, products, values)

    known = rows.filter(pl.col("quantity_tonnes") > 0).group_by("product_code").agg(
        pl.col("value_usd").sum(), pl.col("quantity_tonnes").sum() * 1000
    )  # fmt: skip
    weights = {code: (usd, kilograms) for code, usd, kilograms in known.iter_rows()}
    both = np.array([weights.get(code, (0.0, 0.0)) for code in products]).T
    trade = LadderTrade(
        exports=table("exporter_iso3"),
        imports=table("importer_iso3"),
        weighed=(Matrix(("2023",), products, both[:1]), Matrix(("2023",), products, both[1:])),
    )
    copper = next(ladder for ladder in carried_ladders() if ladder.id == "copper")
    ore = climb(copper, exporter="PAK", market="CHN", trade=trade).tiers[0]
    # China bought 58.5 bn of copper ore in 2023; a concentrate brings some two dollars a kilogram.
    assert ore.market_imports_usd == pytest.approx(58.5e9, rel=0.01)
    assert ore.unit_value_usd_per_kg is not None
    assert 1.5 < ore.unit_value_usd_per_kg < 3.5
    assert ore.refiners[0][0] == "CHL"
    # The extract holds raw materials alone, so the rungs above are named as absent and no step is reckoned.
    cathode = climb(copper, exporter="PAK", market="CHN", trade=trade).tiers[2]
    assert dict(cathode.gaps)["codes"] == "not_in_the_numbers"


@pytest.mark.parametrize(
    ("tonnes_out", "imported", "gross", "net"),
    [
        # Per tonne of ore at 2 dollars a kilogram; a kilogram of metal brings 9.
        (0.25, 0.0, 250.0, 250.0),
        (0.2, 0.0, -200.0, -200.0),
        (0.5, 0.5, 2500.0, 250.0),
        (1.0, 1.0, 7000.0, -2000.0),
        (1.5, 0.25, 11500.0, 8125.0),
    ],
)
def test_yield_and_imported_share_worked_by_hand(
    tonnes_out: float, imported: float, gross: float, net: float
) -> None:
    text = GOOD.replace("yield = 0.25", f"yield = {tonnes_out}")
    text = text.replace("imported_share = 0.05", f"imported_share = {imported}")
    ladder = read_ladder(text.encode(), name="metal.toml")
    (step,) = climb(ladder, exporter="PAK", market="CHN", trade=Numbers().trade()).steps
    assert step.gross_usd_per_tonne == pytest.approx(gross)
    assert step.net_usd_per_tonne == pytest.approx(net)
    assert (step.finding(StepTest.GROSS).outcome is Outcome.MET) == (gross > 0)
    assert (step.finding(StepTest.NET).outcome is Outcome.MET) == (net > 0)


def test_a_sourced_step_is_told_from_a_sample() -> None:
    text = GOOD.replace("sample, to be checked: a guess", "a plant's accounts")
    ladder = read_ladder(text.encode(), name="metal.toml")
    (step,) = climb(ladder, exporter="PAK", market="CHN", trade=Numbers().trade()).steps
    assert step.finding(StepTest.SOURCES).code == "sourced"


def test_an_exporter_that_ships_nothing_needs_no_plant() -> None:
    (step,) = climb(metal(), exporter="CHN", market="PAK", trade=Numbers().trade()).steps
    assert step.raw_tonnes == step.capacity_tonnes == step.extra_net_usd == 0.0


def test_what_the_world_sells_more_of_leaves_more_room() -> None:
    small = read(Numbers(refined=(0.0, 0.0, 600.0, 400.0))).steps[0]
    large = read(Numbers(refined=(0.0, 0.0, 6000.0, 4000.0))).steps[0]
    assert small.finding(StepTest.DEMAND).outcome is Outcome.NOT_MET
    assert large.finding(StepTest.DEMAND).outcome is Outcome.MET


def test_many_refiners_are_told_from_few() -> None:
    even = read(Numbers(refined=(100.0, 100.0, 100.0, 100.0))).steps[0]
    # Four equal parts are a quarter each, and the threshold is a quarter.
    assert even.finding(StepTest.REFINERS).code == "many"


def test_flat_and_falling_tariffs_do_not_escalate() -> None:
    for raw, refined in ((2.0, 2.0), (5.0, 1.0)):
        (step,) = read(Numbers(tariff={"2603": raw, "7403": refined})).steps
        assert step.finding(StepTest.ESCALATION).code == "does_not_escalate"
        assert step.escalation_percent_points == pytest.approx(refined - raw)


def test_a_step_that_is_less_complex_does_not_climb() -> None:
    (step,) = read(Numbers(complexity={"2603": 1.0, "7403": 0.5})).steps
    assert step.finding(StepTest.COMPLEXITY).outcome is Outcome.NOT_MET
