"""Every question, on the extract that the package carries: what its answer holds, and what it refuses."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rahdari.app.analyst import Analyst, open_analyst
from rahdari.app.manifests import csv_bytes, digest_of
from rahdari.trade import (
    Answer,
    BadParameter,
    Budgets,
    CapacityLever,
    Charged,
    DataMissing,
    DiversifyWish,
    EaseLever,
    Infeasible,
    LadderWish,
    Level,
    Levers,
    Limits,
    MirrorWish,
    Need,
    Needs,
    NotChosenReason,
    NothingTraded,
    Origin,
    PathWish,
    PotentialWish,
    Project,
    Rates,
    RelocateWish,
    ScreenWish,
    SelectWish,
    SubstituteWish,
    TariffLever,
    TariffWish,
    Technology,
    Terms,
    UnknownCountry,
    UnknownTradeProduct,
    UnknownYear,
)
from rahdari.trade.service.menus import GAIN_USD_MIN

QUESTIONS = ("screen", "complexity", "potential", "diversify", "tariff", "relocate", "ladder", "substitute",
             "select", "path")  # fmt: skip


@pytest.fixture(scope="module")
def analyst(tmp_path_factory: pytest.TempPathFactory) -> Analyst:
    return open_analyst(tmp_path_factory.mktemp("no-releases"))


@pytest.fixture(scope="module")
def answers(analyst: Analyst) -> Mapping[str, Answer]:
    return {question: analyst.ask(question, {}) for question in QUESTIONS}


def codes(answer: Answer) -> set[str]:
    return {one.code for one in answer.notes}


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_answers_on_a_fresh_machine_without_any_option(
    answers: Mapping[str, Answer], question: str
) -> None:
    answer = answers[question]
    assert answer.question == question
    assert len(answer.table)
    assert (answer.scope.exporter, answer.scope.market, answer.scope.years[-1]) == ("PAK", "CHN", 2024)
    assert "part_of_trade" in codes(answer)
    assert "BACI" in answer.source.attribution


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_table_and_no_figure_holds_what_is_no_number(answers: Mapping[str, Answer], question: str) -> None:
    answer = answers[question]
    for table in (answer.table, *answer.tables.values()):
        for name, kind in table.schema.items():
            if kind.is_float():
                values = table[name].drop_nulls()
                assert bool(values.is_finite().all()), name
    assert all(np.isfinite(one) for one in answer.figures.values() if isinstance(one, float))


@pytest.mark.parametrize("question", QUESTIONS)
def test_codes_have_names_beside_them(answers: Mapping[str, Answer], question: str) -> None:
    for table in (answers[question].table, *answers[question].tables.values()):
        for side in ("exporter", "importer", "market", "country", "product"):
            assert side not in table.columns
            if f"{side}_code" in table.columns:
                assert table.columns.index(f"{side}_name") == table.columns.index(f"{side}_code") + 1


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_manifest_makes_the_same_bytes_again(
    analyst: Analyst, answers: Mapping[str, Answer], question: str
) -> None:
    told = json.loads(analyst.manifest(answers[question]).to_json())
    again = analyst.again(told)
    tables = {"table": again.table, **again.tables}
    for name, table in tables.items():
        assert digest_of(csv_bytes(table)) == told["outputs_sha256"][name], name
    assert analyst.manifest(again).outputs == analyst.manifest(answers[question]).outputs


def test_the_static_potential_shares_out_what_is_traded_and_says_so(answers: Mapping[str, Answer]) -> None:
    answer = answers["potential"]
    assert answer.figures["potential_usd"] == pytest.approx(answer.figures["traded_usd"], rel=1e-12)
    assert "static_reallocates" in codes(answer)
    # Comtrade and BACI agree on what Pakistan sold to China of these codes in 2024: 0.32 bn.
    assert answer.figures["traded_usd"] == 322_329_186


def test_levers_add_and_are_told_apart(analyst: Analyst) -> None:
    wish = PotentialWish(
        levers=Levers(
            ease=(EaseLever(quantile=1.0, importers=frozenset({"CHN"})),),
            capacity=(CapacityLever(product="260300", value_usd=2e9),),
        ),
        target_usd=1e9,
    )
    answer = analyst.potential(wish)
    steps = answer.tables["levers"]
    assert steps["step"].to_list() == ["baseline", "ease", "capacity", "supposed"]
    added = steps["joint_usd"].sum()
    assert added == pytest.approx(answer.figures["levers_add_usd"])
    assert answer.table["gain_usd"].to_list() == sorted(answer.table["gain_usd"], reverse=True)
    for could, did, without, gain in answer.table.select(
        "potential_usd", "actual_usd", "baseline_usd", "gain_usd"
    ).iter_rows():
        assert gain == pytest.approx(max(could - max(did, without), 0.0))
    assert "gains_above_sales" in codes(answer)
    # All of the mine's copper together, in every market, is today's and what was built and eased.
    copper = answer.tables["products"].filter(pl.col("product_code") == "260300")["potential_usd"].item()
    eased = analyst.potential(PotentialWish(levers=Levers(ease=wish.levers.ease))).tables["products"]
    without = eased.filter(pl.col("product_code") == "260300")["potential_usd"].item()
    assert copper - without <= 2e9 * (1 + 1e-9)
    assert {"capacity_wins_share", "target_reached"} < codes(answer)
    assert answer.tables["target"]["route"].to_list() == ["ease_quantile", "market_imports", "capacity"]


def test_an_ease_below_the_exporters_own_adds_nothing_and_the_routes_are_told(analyst: Analyst) -> None:
    wish = PotentialWish(levers=Levers(ease=(EaseLever(quantile=0.5),)), target_usd=5e9)
    there = analyst.potential(wish, market="CHN")
    assert "route_ease_quantile_too_short" in codes(there)
    near = PotentialWish(levers=Levers(ease=(EaseLever(quantile=0.5, importers=frozenset({"CHN"})),)))
    assert "ease_is_higher_already" in codes(analyst.potential(near))


def test_a_tariff_lever_without_tariffs_asks_for_them(analyst: Analyst) -> None:
    wish = PotentialWish(levers=Levers(tariffs=(TariffLever(rate_percent=0.0),)))
    with pytest.raises(DataMissing, match="suppose one rate"):
        analyst.potential(wish)


def test_a_supposed_tariff_is_called_an_assumption(analyst: Analyst) -> None:
    wish = PotentialWish(
        levers=Levers(tariffs=(TariffLever(rate_percent=0.0),)), rates=Rates(supposed_percent=10.0)
    )
    answer = analyst.potential(wish)
    assert "rates_supposed" in codes(answer)
    assert answer.figures["supposed_usd"] == pytest.approx(1.1 * float(answer.figures["potential_usd"] or 0))


def test_growth_that_is_asked_for_and_not_given_is_missing_data(analyst: Analyst) -> None:
    with pytest.raises(DataMissing, match="growth"):
        analyst.potential(PotentialWish(terms=Terms(growth=True)))


def test_what_the_exporter_itself_buys_is_scaled_down(analyst: Analyst) -> None:
    plain = analyst.potential().table.filter(pl.col("product_code") == "270900")["potential_usd"].item()
    net = analyst.potential(PotentialWish(terms=Terms(net_importer=True)))
    scaled = net.table.filter(pl.col("product_code") == "270900")["potential_usd"].item()
    assert scaled < plain / 10


def test_reasons_come_strongest_first(answers: Mapping[str, Answer]) -> None:
    reasons = answers["potential"].tables["reasons"]
    first = reasons.filter(pl.col("place") == 1)
    assert first["product_code"].n_unique() == len(first) > 10


def test_diversion_moves_trade_and_makes_none(analyst: Analyst) -> None:
    answer = analyst.tariff(TariffWish(rates=Rates(supposed_percent=8.0)))
    assert answer.tables["cells"]["diversion_usd"].sum() == pytest.approx(0.0, abs=1e-3)
    assert float(answer.figures["exporter_gain_usd"] or 0) > 0
    others = answer.tables["origins"].filter(pl.col("exporter_code") != "PAK")
    assert float(others["gain_usd"].sum()) <= 0


def test_what_the_exporter_loses_to_others_has_a_minus(analyst: Analyst) -> None:
    answer = analyst.tariff(TariffWish(rates=Rates(supposed_percent=5.0), rate_percent=20.0))
    own = answer.tables["origins"].filter(pl.col("exporter_code") == "PAK")
    assert answer.figures["diverted_usd"] == pytest.approx(own["diversion_usd"][0])
    assert float(answer.figures["diverted_usd"] or 0) < 0 < float(answer.figures["moved_usd"] or 0)


def test_a_rate_for_everybody_diverts_nothing(analyst: Analyst) -> None:
    answer = analyst.tariff(TariffWish(charged=Charged.EVERYBODY))
    assert answer.figures["diverted_usd"] == 0.0
    assert float(answer.figures["creation_usd"] or 0) > 0


def test_the_donor_is_the_market_unless_another_is_named(analyst: Analyst) -> None:
    assert analyst.relocate().figures["donor"] == "CHN"
    assert analyst.relocate(RelocateWish(donor="zaf", history_years=12)).figures["donor"] == "ZAF"


def test_relocation_needs_years(analyst: Analyst) -> None:
    with pytest.raises(BadParameter, match="needs 6 years"):
        analyst.relocate(year=1998)


def test_a_chain_is_asked_for_by_its_name(analyst: Analyst) -> None:
    answer = analyst.ladder(LadderWish(chains=("copper",)))
    assert set(answer.table["ladder"]) == {"copper"}
    assert {"sample_yields", "tiers_without_data"} <= codes(answer)
    with pytest.raises(BadParameter, match="copper"):
        analyst.ladder(LadderWish(chains=("silk",)))


def test_without_technologies_every_verdict_stays_open(answers: Mapping[str, Answer]) -> None:
    assert set(answers["substitute"].table["verdict"]) == {"open"}
    assert answers["substitute"].figures["net_saving_usd"] is None


def test_a_technology_is_judged(analyst: Analyst) -> None:
    made = Technology((), factor_cost=0.9, social_factor_cost=0.9, exports_from_year=3, scale_usd=1e6)
    answer = analyst.substitute(SubstituteWish(technologies={"270112": made}))
    assert answer.figures["net_saving_usd"] is not None
    assert "no_technologies" not in codes(answer)


def test_a_choice_keeps_its_limits_and_names_its_proof(answers: Mapping[str, Answer]) -> None:
    answer = answers["select"]
    used = answer.tables["limits"]
    assert bool((used["used"] <= used["budget"] * (1 + 1e-6)).all())
    assert answer.figures["is_proven"] is True
    assert "sample_needs" in codes(answer)
    assert answer.figures["chosen"] == answer.table["is_chosen"].sum()


def test_what_comes_in_whole_numbers_is_priced_by_one_more(answers: Mapping[str, Answer]) -> None:
    prices = answers["select"].tables["prices"]
    slots = prices.filter(pl.col("resource") == "programme_slots").row(0, named=True)
    assert slots["step"] == 1.0
    assert slots["step_gain_usd"] > 10_000


def test_own_needs_and_budgets_carry_no_sample_note(analyst: Analyst) -> None:
    wish = SelectWish(
        origins=(Origin.POTENTIAL,),
        needs=Needs(rows=(Need(resource="berths", fixed=1.0),), name="ours"),
        budgets=Budgets(amounts={"berths": 2.0}, is_sample=False),
        draws=0, redraws=0, front_points=0,
    )  # fmt: skip
    answer = analyst.select(wish)
    assert answer.figures["chosen"] == 2
    assert not codes(answer) & {"sample_needs", "shocks_supposed"}
    assert "odds" not in answer.tables


def test_a_product_and_its_relocation_are_not_chosen_together(answers: Mapping[str, Answer]) -> None:
    chosen = answers["select"].table.filter(pl.col("is_chosen"))
    assert chosen["product_code"].n_unique() == len(chosen)


def test_limits_that_contradict_are_named(analyst: Analyst) -> None:
    with pytest.raises(Infeasible, match="gain"):
        analyst.select(SelectWish(limits=Limits(gain_min_usd=1e12)))


def test_why_a_candidate_is_not_chosen(analyst: Analyst, answers: Mapping[str, Answer]) -> None:
    left = answers["select"].table.filter(~pl.col("is_chosen"))["candidate"][-1]
    found = analyst.why_not(left)
    assert found.code == left
    assert found.cost_usd >= 0
    with pytest.raises(UnknownTradeProduct):
        analyst.why_not("999999")


def test_a_year_too_early_for_substitution_is_refused_with_those_that_can_be_asked_about(
    analyst: Analyst,
) -> None:
    with pytest.raises(
        BadParameter, match=r"begins with 1995: from (\d{4}) to 2024 can be asked about"
    ) as refused:
        analyst.substitute(year=1999)
    first = int(refused.value.message.rpartition("--year ")[2].rstrip(")"))
    assert analyst.substitute(year=first).scope.years[-1] == first
    with pytest.raises(BadParameter):
        analyst.substitute(year=first - 1)


def test_why_a_product_is_no_candidate_is_told_with_its_amounts(
    analyst: Analyst, answers: Mapping[str, Answer]
) -> None:
    sold = analyst.potential(SelectWish().potential).table
    above = sold.filter((pl.col("actual_usd") >= pl.col("potential_usd")) & (pl.col("actual_usd") > 0))
    found = analyst.why_not(above["product_code"][0])
    assert found.reason is NotChosenReason.SOLD_ALREADY
    assert found.amounts_usd["actual_usd"] == above["actual_usd"][0] >= found.amounts_usd["potential_usd"]
    strange = {one.code for one in analyst.book.products(Level.HS6)} - set(sold["product_code"])
    assert analyst.why_not(min(strange)).reason is NotChosenReason.NO_POTENTIAL
    small = sold.filter((pl.col("untapped_usd") > 0) & (pl.col("untapped_usd") < GAIN_USD_MIN))
    assert analyst.why_not(small["product_code"][0]).reason is NotChosenReason.TOO_SMALL


def test_limits_that_leave_nothing_to_choose_are_named_and_no_odds_are_told(analyst: Analyst) -> None:
    none = Budgets(amounts={**Budgets().amounts, "land_acres": 0.0, "capital_usd": 0.0})
    answer = analyst.select(SelectWish(budgets=none, front_points=0, redraws=0, draws=100))
    assert answer.figures["chosen"] == 0
    assert answer.figures["target_probability_share"] is None
    told = {one.code: one.values for one in answer.notes}
    assert "no_goal" in told
    assert "budget capital_usd 0" in str(told["nothing_chosen"]["limits"])


def test_thirty_to_a_hundred_and_fifty_needs_seventeen_and_a_half_per_cent(analyst: Analyst) -> None:
    answer = analyst.path(PathWish(start_usd=30e9, target_usd=150e9))
    assert answer.figures["growth_share_per_year"] == pytest.approx(0.1746, abs=1e-4)
    assert answer.figures["published_reached_share"] == 0.083
    assert answer.table["value_usd"][-1] == 150e9


def test_another_horizon_has_no_published_rate_beside_it(analyst: Analyst) -> None:
    answer = analyst.path(PathWish(years=7))
    assert "published_of_other_length" in codes(answer)
    assert "published_reached_share" not in answer.figures


def test_projects_close_the_gap_and_a_met_target_says_so(analyst: Analyst) -> None:
    built = Project("smelter", 2025, 1e9)
    with_it = analyst.path(PathWish(projects=(built,)))
    assert float(with_it.figures["missing_usd"] or 0) < float(analyst.path().figures["missing_usd"] or 0)
    assert "already_met" in codes(analyst.path(PathWish(target_usd=1e6)))


def test_exports_to_one_market_start_from_there(analyst: Analyst) -> None:
    assert analyst.path(PathWish(is_to_market=True)).figures["start_usd"] == 322_329_186


def test_excluded_products_are_out_with_their_reason(analyst: Analyst) -> None:
    answer = analyst.diversify(DiversifyWish(excluded=("27",)))
    assert not any(code.startswith("27") for code in answer.table["product_code"])
    assert "excluded" in set(answer.tables["bars"]["why"])


def test_a_release_is_no_mirror_of_itself(analyst: Analyst) -> None:
    with pytest.raises(BadParameter, match="itself"):
        analyst.mirror(analyst.book, MirrorWish())


@pytest.mark.parametrize(
    ("written", "offered"), [("Pakist", "PAK"), ("PKI", "PAK"), ("Viet", "VNM"), ("Chinaa", "CHN")]
)
def test_another_way_to_write_a_country_is_answered_with_its_code(
    analyst: Analyst, written: str, offered: str
) -> None:
    with pytest.raises(UnknownCountry, match=offered):
        analyst.screen(exporter=written, market="JPN")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Pakistan", "PAK"),
        (" pakistan ", "PAK"),
        ("pk", "PAK"),
        ("Viet Nam", "VNM"),  # as BACI names it
        ("Vietnam", "VNM"),  # as CLDR does
        ("South Korea", "KOR"),
        ("Rep. of Korea", "KOR"),
    ],
)
def test_a_whole_name_or_two_letters_are_taken_for_the_one_country_they_stand_for(
    analyst: Analyst, written: str, code: str
) -> None:
    assert analyst.scope(exporter=written, market="JPN").exporter == code


def test_small_letters_are_taken(analyst: Analyst) -> None:
    assert analyst.scope(exporter="pak", market="chn", level="HS4").exporter == "PAK"


@pytest.mark.parametrize(
    ("where", "refusal"),
    [
        ({"exporter": "CHN"}, BadParameter),
        ({"year": 1900}, UnknownYear),
        ({"level": "hs8"}, BadParameter),
        ({"exporter": ""}, UnknownCountry),
        ({"exporter": "x" * 500}, UnknownCountry),
    ],
)
def test_a_scope_that_cannot_be_is_refused(
    analyst: Analyst, where: dict[str, object], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal) as told:
        analyst.screen(**where)  # type: ignore[arg-type]
    assert len(str(told.value)) < 400


def test_an_exporter_of_nothing_is_told_so(analyst: Analyst) -> None:
    silent = next(
        one.code
        for one in analyst.book.countries
        if not analyst.book.exports([2024], analyst.scope().level).of_row(one.code).any()
    )
    with pytest.raises(NothingTraded):
        analyst.path(exporter=silent)


@pytest.mark.parametrize(
    ("question", "parameters"),
    [
        ("augury", {}),
        ("screen", {"no_such": 1}),
        ("screen", {"window_years": "three"}),
        ("screen", {"window_years": 90}),
        ("path", {"multiple": -1.0}),
        ("potential", {"rates": {"supposed_percent": -3.0}}),
        ("select", {"origins": []}),
    ],
)
def test_parameters_that_cannot_be_are_refused(
    analyst: Analyst, question: str, parameters: dict[str, object]
) -> None:
    with pytest.raises(BadParameter):
        analyst.ask(question, parameters)


def test_a_manifest_of_other_data_is_refused(analyst: Analyst, answers: Mapping[str, Answer]) -> None:
    told = analyst.manifest(answers["screen"]).document()
    told["source"] = {"sha256": "0" * 64}
    with pytest.raises(BadParameter, match="other data"):
        analyst.again(told)
    with pytest.raises(BadParameter, match="no manifest"):
        analyst.again({"format": "rahdari-run-1"})


def test_coarser_products_are_answered_too(analyst: Analyst) -> None:
    assert set(
        analyst.screen(ScreenWish(window_years=1), level="hs2").table["product_code"].str.len_chars()
    ) == {2}
    assert set(analyst.potential(level="hs4").table["product_code"].str.len_chars()) == {4}


def test_a_folder_without_releases_falls_back_on_what_is_carried(tmp_path: Path) -> None:
    assert open_analyst(tmp_path).book.source.name.startswith("CEPII BACI")
    with pytest.raises(DataMissing):
        open_analyst(tmp_path, release="202501")
