"""Two reports of each flow: the gap is shown, the freight taken off, and the unreliable found out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from rahdari.trade.errors import BadParameter, BadTable, Degenerate, NothingTraded
from rahdari.trade.rules.mirror import (
    Freight,
    FreightRules,
    Mirror,
    ReliabilityRules,
    Reports,
    estimate_freight,
    join_reports,
    rate_reporters,
    reconcile,
    reports_of,
)
from rahdari.trade.rules.mirror.reconciliation import add_fob
from rahdari.trade.values import Matrix

Grid = npt.NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """A world whose true trade and freight are known, and in which one country errs wildly as an exporter."""

    codes: tuple[str, ...]
    true_usd: Grid
    true_share: Grid
    distance: Matrix
    border: Matrix
    reports: Reports


def world(
    *, liar: int = 3, noise: float = 0.08, lies: float = 0.8, seed: int = 7, countries: int = 24
) -> World:
    draw = np.random.default_rng(seed)
    codes = tuple(f"C{at:02}" for at in range(countries))
    places = draw.uniform(0, 12_000, size=(countries, 2))
    km = np.linalg.norm(places[:, None] - places[None, :], axis=2)
    km = np.maximum(km, 150) * (1 - np.eye(countries))
    near = ((km < 1800) & (km > 0)).astype(float)
    true = np.exp(draw.normal(19, 1.2, size=km.shape)) * (km > 0)
    share = np.expm1(-0.14 + 0.025 * np.log(np.where(km > 0, km, 1)) - 0.03 * near) * (km > 0)
    sold = true * np.exp(draw.normal(0, noise, size=km.shape))
    sold[liar] = true[liar] * np.exp(draw.normal(0, lies, size=countries))
    bought = true * (1 + share) * np.exp(draw.normal(0, noise, size=km.shape))
    told = reports_of(Matrix(codes, codes, sold), Matrix(codes, codes, bought), year=2020)
    return World(
        codes, true, np.clip(share, 0, 0.2), Matrix(codes, codes, km), Matrix(codes, codes, near), told
    )


def truth(of: World, frame: pl.DataFrame) -> Grid:
    at = {code: place for place, code in enumerate(of.codes)}
    return np.array([of.true_usd[at[i], at[j]] for i, j in frame.select("exporter", "importer").rows()])


def error(of: World, mirror: Mirror, column: str) -> float:
    """The typical log error of a column against the truth."""
    known = mirror.frame.filter(pl.col("told_by").str.starts_with("both"))
    return float(np.abs(np.log(known[column].to_numpy() / truth(of, known))).mean())


def flows(*rows: tuple[int, str, str, str, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["year", "exporter", "importer", "product", "value_usd"], orient="row")


def test_both_reports_the_gap_and_the_ratio_are_shown() -> None:
    told = reconcile(
        join_reports(
            flows((2016, "PAK", "CHN", "7403", 100.0), (2016, "PAK", "USA", "7403", 7.0)),
            flows((2016, "PAK", "CHN", "7403", 165.0), (2016, "PAK", "IND", "7403", 11.0)),
        ),
        freight_share=0.1,
    )
    rows = {row["importer"]: row for row in told.to_frame().iter_rows(named=True)}
    china = rows["CHN"]
    assert (china["exporter_usd"], china["importer_usd"], china["gap_usd"]) == (100.0, 165.0, -65.0)
    assert china["ratio"] == 1.65
    assert china["log_ratio"] == pytest.approx(np.log(1.65))
    assert china["importer_fob_usd"] == pytest.approx(150.0)
    assert china["reconciled_usd"] == pytest.approx(125.0)
    assert china["told_by"] == "both_unrated"


def test_a_flow_that_one_side_tells_alone_has_its_value_and_no_invented_ratio() -> None:
    told = reconcile(
        join_reports(flows((2016, "PAK", "USA", "x", 7.0)), flows((2016, "PAK", "IND", "x", 11.0))),
        freight_share=0.1,
    ).to_frame()
    by = {row["importer"]: row for row in told.iter_rows(named=True)}
    assert (by["USA"]["told_by"], by["USA"]["reconciled_usd"], by["USA"]["ratio"]) == (
        "exporter_only",
        7.0,
        None,
    )
    assert by["IND"]["told_by"] == "importer_only"
    assert by["IND"]["reconciled_usd"] == pytest.approx(10.0)
    assert by["IND"]["log_ratio"] is None
    floats = told.select(pl.col(pl.Float64))
    assert floats.select(pl.all().drop_nulls().is_finite().all()).row(0) == (True,) * floats.width


def test_matrices_and_tidy_tables_say_the_same() -> None:
    matrix = reports_of(
        Matrix(["PAK", "CHN"], ["PAK", "CHN"], [[0, 3], [4, 9]]),
        Matrix(["PAK", "CHN"], ["PAK", "CHN"], [[0, 5], [0, 9]]),
        year=2020,
    )
    tidy = join_reports(
        flows((2020, "PAK", "CHN", "all", 3), (2020, "CHN", "PAK", "all", 4), (2020, "CHN", "CHN", "all", 9)),
        flows((2020, "PAK", "CHN", "all", 5), (2020, "CHN", "CHN", "all", 9)),
    )
    assert matrix.frame.equals(tidy.frame)
    assert matrix.domestic == tidy.domestic == 1
    assert len(matrix) == 2


def test_numbers_of_a_flow_table_serve_as_codes() -> None:
    told = join_reports(
        flows((2020, "586", "156", "740311", 3.0)).with_columns(pl.col("product", "exporter").cast(pl.Int32)),
        flows((2020, "586", "156", "740311", 5.0)),
    )
    assert told.frame.row(0) == (2020, "586", "156", "740311", 3.0, 5.0)


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (flows((2020, "A", "B", "x", 1.0), (2020, "A", "B", "x", 2.0)), "tell 2020 A B x twice"),
        (flows((2020, "A", "B", "x", -1.0)), "no number of 0 or more"),
        (flows((2020, "A", "B", "x", float("nan"))), "no number of 0 or more"),
        (flows((2020, "A", "B", "x", float("inf"))), "no number of 0 or more"),
        (flows((2020, "A", "B", "x", 1.0)).with_columns(pl.lit(None).alias("product")), "a hole"),
        (flows((2020, "A", "B", "x", 1.0)).drop("product"), "no column product"),
        (flows((2020, "A", "B", "x", 1.0)).with_columns(pl.lit("two").alias("value_usd")), "another kind"),
    ],
)
def test_what_is_no_report_is_refused(frame: pl.DataFrame, told: str) -> None:
    with pytest.raises(BadTable, match=told):
        join_reports(frame, flows((2020, "A", "B", "x", 1.0)))


def test_nothing_told_is_nothing_to_compare() -> None:
    empty = reports_of(Matrix(["A"], ["B"], [[0]]), Matrix(["A"], ["B"], [[0]]), year=2020)
    with pytest.raises(NothingTraded):
        reconcile(empty, freight_share=0.0)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_of_freight_is_a_share(share: float) -> None:
    with pytest.raises(BadParameter):
        reconcile(world().reports, freight_share=share)


def test_the_freight_that_was_put_in_is_found() -> None:
    of = world(lies=0.08, countries=60)
    found = estimate_freight(of.reports, of.distance, of.border)
    assert found.by_log_km == pytest.approx(0.025, abs=0.006)
    assert found.by_contiguity == pytest.approx(-0.03, abs=0.02)
    assert found.pairs_used == 60 * 59
    assert np.abs(found.shares - of.true_share).max() < 0.015
    assert ((found.shares >= 0) & (found.shares <= 0.2)).all()
    assert not found.shares.flags.writeable


def test_a_pair_without_a_distance_has_the_typical_share() -> None:
    of = world()
    km = of.distance.values.copy()
    km[0, 1] = 0
    found = estimate_freight(of.reports, Matrix(of.codes, of.codes, km), of.border)
    unknown = found.of(pl.Series(["C00", "XXX", "C00"]), pl.Series(["C01", "C01", "C02"]))
    assert unknown[:2].tolist() == [found.typical_share] * 2
    assert unknown[2] == found.shares[0, 2]
    assert found.to_frame().filter(~pl.col("is_known")).height == len(of.codes) + 1


def test_estimates_beyond_the_bounds_are_clipped_and_counted() -> None:
    of = world()
    found = estimate_freight(of.reports, of.distance, of.border, FreightRules(share_max=0.05))
    assert found.shares.max() == 0.05
    assert found.pairs_clipped > 0


def test_too_few_pairs_tell_nothing_about_freight() -> None:
    of = world(countries=5)
    with pytest.raises(Degenerate, match="20 pairs tell about freight, 30"):
        estimate_freight(of.reports, of.distance, of.border, FreightRules(ratio_max=1e6))


def test_pairs_of_one_distance_tell_nothing_about_freight() -> None:
    of = world()
    same = Matrix(of.codes, of.codes, np.full(of.distance.values.shape, 500.0))
    with pytest.raises(Degenerate, match="of different distances"):
        estimate_freight(of.reports, same, of.border)


def test_distances_of_other_countries_are_refused() -> None:
    of = world()
    with pytest.raises(BadTable, match="other countries"):
        estimate_freight(of.reports, of.distance, Matrix(["A"], ["B"], [[1]]))


@pytest.mark.parametrize("seed", range(5))
def test_the_country_that_errs_is_the_least_reliable_exporter_and_no_worse_an_importer(seed: int) -> None:
    of = world(seed=seed)
    rated = rate_reporters(add_fob(of.reports.both(), 0.08))
    worst = max(rated.as_exporter, key=lambda code: rated.as_exporter[code])
    assert worst == "C03"
    assert rated.as_exporter["C03"] > 3 * np.median(list(rated.as_exporter.values()))
    assert rated.as_importer["C03"] < 2 * np.median(list(rated.as_importer.values()))
    weight = rated.exporter_weight("C03", "C04")
    assert weight is not None
    assert weight < 0.3
    assert rated.exporter_weight("C03", "nobody") is None


@pytest.mark.parametrize("seed", range(5))
def test_the_reconciled_value_is_nearer_to_the_truth_than_either_report_or_their_mean(seed: int) -> None:
    of = world(seed=seed)
    freight = estimate_freight(of.reports, of.distance, of.border)
    rated = rate_reporters(add_fob(of.reports.both(), freight))
    weighed = reconcile(of.reports, freight_share=freight, reliability=rated)
    halved = reconcile(of.reports, freight_share=freight)
    errors = [error(of, weighed, name) for name in ("exporter_usd", "importer_fob_usd", "importer_usd")]
    assert error(of, weighed, "reconciled_usd") < min(*errors, error(of, halved, "reconciled_usd"))


def test_the_fixed_point_is_one() -> None:
    """Both lines of the model hold at what is returned, and both sides have the same geometric mean."""
    of = world()
    pairs = add_fob(of.reports.both(), 0.08)
    rules = ReliabilityRules()
    rated = rate_reporters(pairs, rules)
    d = pairs.with_columns(
        (pl.col("importer_fob_usd") / pl.col("exporter_usd")).log().abs()
        .clip(rules.equal_below, rules.differ_at_most).alias("d")
    )  # fmt: skip
    for exporter, a in rated.as_exporter.items():
        mine = d.filter(pl.col("exporter") == exporter)
        b = np.array([rated.as_importer[code] for code in mine["importer"]])
        assert (mine["d"].to_numpy() / b).mean() == pytest.approx(a, rel=1e-8)
    means = [np.log(list(side.values())).mean() for side in (rated.as_exporter, rated.as_importer)]
    assert means[0] == pytest.approx(means[1])


def test_who_agrees_perfectly_is_as_reliable_as_customs_can_be() -> None:
    codes = [f"C{at}" for at in range(8)]
    same = Matrix(codes, codes, 5e6 * (1 - np.eye(8)))
    rated = rate_reporters(add_fob(reports_of(same, same, year=2020).both(), 0.0))
    assert list(rated.as_exporter.values()) == pytest.approx([np.sqrt(0.05)] * 8)
    assert rated.rounds <= 3


def test_worlds_that_do_not_trade_with_each_other_are_rated_apart() -> None:
    one, other = world(seed=1, countries=8), world(seed=2, countries=8)
    second = other.reports.frame.with_columns(
        pl.concat_str(pl.lit("D"), name).alias(name) for name in ("exporter", "importer")
    )
    both = rate_reporters(add_fob(pl.concat([one.reports.frame, second]), 0.08))
    alone = rate_reporters(add_fob(one.reports.frame, 0.08))
    assert {code: both.as_exporter[code] for code in alone.as_exporter} == pytest.approx(
        dict(alone.as_exporter)
    )


def test_too_few_partners_are_not_rated() -> None:
    with pytest.raises(Degenerate, match="5 partners"):
        rate_reporters(add_fob(world(countries=5).reports.both(), 0.0))


def test_a_flow_of_who_is_not_rated_has_equal_weights_and_says_so() -> None:
    of = world(countries=12)
    rated = rate_reporters(add_fob(of.reports.both(), 0.08))
    more = join_reports(flows((2020, "C00", "NEW", "all", 10.0)), flows((2020, "C00", "NEW", "all", 20.0)))
    row = reconcile(more, freight_share=0.0, reliability=rated).frame.row(0, named=True)
    assert (row["told_by"], row["exporter_weight"], row["reconciled_usd"]) == ("both_unrated", 0.5, 15.0)


def test_names_stand_behind_the_codes_and_totals_tell_who_is_alone() -> None:
    told = reconcile(
        join_reports(
            flows((2020, "PAK", "CHN", "x", 4.0)),
            flows((2020, "PAK", "CHN", "x", 4.0), (2020, "CHN", "PAK", "x", 8.0)),
        ),
        freight_share=0.0,
    )
    named = told.to_frame({"PAK": "Pakistan", "CHN": "China"})
    assert named.columns[:5] == ["year", "exporter", "exporter_name", "importer", "importer_name"]
    assert named.filter(pl.col("exporter") == "PAK")["exporter_name"].item() == "Pakistan"
    assert told.totals().rows() == [
        (2020, "both_unrated", 1, 4.0, 4.0, 4.0),
        (2020, "importer_only", 1, 0.0, 8.0, 8.0),
    ]


@pytest.mark.parametrize(
    "wrong", [{"equal_below": 0.0}, {"equal_below": 5.0}, {"differ_at_most": 1e9}, {"partners_min": 0}]
)
def test_bounds_of_reliability_are_bounds(wrong: dict[str, float]) -> None:
    with pytest.raises(BadParameter):
        ReliabilityRules(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"ratio_max": 1.0}, {"value_usd_min": -1.0}, {"share_max": 2.0}])
def test_bounds_of_freight_are_bounds(wrong: dict[str, float]) -> None:
    with pytest.raises(BadParameter):
        FreightRules(**wrong)


@pytest.fixture(scope="module")
def trade_folder(shared_folder: Path) -> Path:
    folder = shared_folder / "data" / "trade"
    if not folder.is_dir():
        pytest.skip("published vectors are absent: no data/trade in the shared folder")
    return folder


def real_reports(folder: Path) -> Reports:
    years = pl.read_parquet(folder / "bilateral_totals_wits_1962_2016.parquet").filter(pl.col("year") >= 2012)
    sides = []
    for value, sold, bought in (
        ("exports_usd", "reporter_iso3", "partner_iso3"),
        ("imports_usd", "partner_iso3", "reporter_iso3"),
    ):
        sides.append(
            years.select(
                "year", pl.col(sold).alias("exporter"), pl.col(bought).alias("importer"),
                pl.lit("all").alias("product"), pl.col(value).fill_null(0.0).alias("value_usd"),
            )
        )  # fmt: skip
    return join_reports(sides[0], sides[1])


def real_freight(folder: Path, reports: Reports) -> Freight:
    pairs = pl.read_parquet(folder / "gravity_dist_cepii.parquet").filter(pl.col("dist").is_finite())
    codes = sorted(set(pairs["iso_o"]) & set(pairs["iso_d"]))
    at = {code: place for place, code in enumerate(codes)}
    km, border = np.zeros((len(codes),) * 2), np.zeros((len(codes),) * 2)
    for one, other, far, near in pairs.select("iso_o", "iso_d", "dist", "contig").rows():
        if one in at and other in at:
            km[at[one], at[other]], border[at[one], at[other]] = far, near
    return estimate_freight(reports, Matrix(codes, codes, km), Matrix(codes, codes, border))


def test_pakistan_and_china_tell_two_stories_of_one_trade(trade_folder: Path) -> None:
    reports = real_reports(trade_folder)
    freight = real_freight(trade_folder, reports)
    assert 0.01 < freight.by_log_km < 0.1
    assert freight.explained_share < 0.1
    rated = rate_reporters(add_fob(reports.both(), freight))
    told = reconcile(reports, freight_share=freight, reliability=rated).to_frame()

    def of(exporter: str, importer: str, year: int) -> dict[str, float]:
        row = told.filter(
            (pl.col("exporter") == exporter) & (pl.col("importer") == importer) & (pl.col("year") == year)
        )
        return row.row(0, named=True)

    sold = of("PAK", "CHN", 2013)
    assert (round(sold["exporter_usd"] / 1e7), round(sold["importer_usd"] / 1e7)) == (263, 320)
    # What China says it sold to Pakistan is far more than Pakistan says it bought: freight is no part of it.
    bought = of("CHN", "PAK", 2013)
    assert (round(bought["exporter_usd"] / 1e9, 1), round(bought["importer_usd"] / 1e9, 1)) == (11.0, 6.6)
    assert bought["importer_fob_usd"] < bought["reconciled_usd"] < bought["exporter_usd"]
    # Hong Kong reports what it passes on as its own exports, its customers name the country of origin.
    assert rated.as_exporter["HKG"] > 2 * rated.as_exporter["PAK"] > 2 * rated.as_exporter["DEU"]
