"""A score that knows tells; one that does not, does not; and none may look ahead."""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from rahdari.trade.errors import BadParameter, BadTable, UnknownYear
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.backtest import (
    Asked,
    KnownThen,
    Scores,
    Simple,
    Trial,
    Undefined,
    Verdict,
    amounts,
    back_test,
    to_frame,
)
from rahdari.trade.rules.backtest.trials import midpoint_growth, revealed_advantage, score_current_size
from rahdari.trade.rules.backtest.verdicts import Cells, draw_products, judge
from rahdari.trade.values import CountryCode, Level, Matrix, ProductCode
from tests.fakes.past_flows import FrameBook

PLANTED = np.random.default_rng(42).normal(0, 1, (30, 40))


def book(*, years: Sequence[int] = range(2000, 2021), effect: float = 1.0) -> FrameBook:
    """Thirty exporters, forty products, two markets; each cell grows by what was planted from 2010 on."""
    generator = np.random.default_rng(7)
    start = generator.lognormal(10, 1.5, (30, 40)) * (generator.random((30, 40)) > 0.3)
    rows = []
    for year in years:
        grown = start * np.exp(
            effect * 0.1 * PLANTED * max(0, year - 2010) + generator.normal(0, 0.1, (30, 40))
        )
        rows += [
            (year, f"C{i:02d}", market, f"P{k:02d}", share * grown[i, k])
            for i in range(30)
            for k in range(40)
            for market, share in (("M01", 0.7), ("M02", 0.3))
            if grown[i, k] > 0
        ]
    schema = ["year", "exporter", "importer", "product", "value_usd"]
    return FrameBook(pl.DataFrame(rows, schema=schema, orient="row"))


WORLD = book()
TRIAL = Trial(2010, 10, Level.HS6)


def knowing(flows: FlowBook, trial: Trial) -> Scores:
    now = amounts(flows, trial, trial.origin)
    values = np.zeros(now.values.shape)
    # The markets are countries too, without exports.
    values[:30, :] = PLANTED
    return Scores(now.rows, now.columns, values, np.ones(values.shape, dtype=bool))


def guessing(flows: FlowBook, trial: Trial) -> Scores:
    now = amounts(flows, trial, trial.origin)
    values = np.random.default_rng(3).random(now.values.shape)
    return Scores(now.rows, now.columns, values, np.ones(values.shape, dtype=bool))


def judged(**scorers: object) -> dict[tuple[Asked, str], Verdict]:
    verdicts = back_test(WORLD, scorers, [TRIAL], generator=np.random.default_rng(1), at=(10, 50))  # type: ignore[arg-type]
    return {(one.asked, one.scorer): one for one in verdicts}


def test_a_score_that_knows_tells_and_leads_for_sure() -> None:
    told = judged(knowing=knowing)
    growth = told[Asked.GROWTH, "knowing"]
    assert (growth.figures["spearman"].value or 0) > 0.95
    assert (growth.figures["lead"].low or 0) > 0.5
    assert growth.figures["precision_at_50"].value == pytest.approx(1.0, abs=0.05)
    entered = told[Asked.ENTERED, "knowing"]
    assert (entered.figures["auc"].low or 0) > 0.6
    assert (entered.figures["lead"].value or 0) > 0


def test_a_score_that_guesses_tells_nothing_and_is_said_to() -> None:
    told = judged(guessing=guessing)
    growth, entered = told[Asked.GROWTH, "guessing"], told[Asked.ENTERED, "guessing"]
    for figure, nothing in ((growth.figures["spearman"], 0.0), (entered.figures["auc"], 0.5)):
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low < nothing < figure.high
    assert growth.hit_share == pytest.approx(0.1, abs=0.01)


def test_the_simple_scores_always_take_part_on_the_same_cells() -> None:
    told = judged(knowing=knowing)
    assert {scorer for _, scorer in told} == {"current_size", "past_growth", "knowing"}
    for asked in Asked:
        assert len({one.cells for (which, _), one in told.items() if which is asked}) == 1
    assert told[Asked.GAIN, "current_size"].products == 40


def test_the_simple_scores_lead_over_each_other_alone() -> None:
    told = judged()
    size, growth = (told[Asked.GAIN, simple.value].figures for simple in Simple)
    assert (size["lead"].value or 0) == pytest.approx(-(growth["lead"].value or 0))


def test_the_lead_over_an_equal_is_nothing_in_every_draw() -> None:
    told = judged(same=score_current_size)
    lead, own = (told[Asked.ENTERED, name].figures["lead"] for name in ("same", "current_size"))
    # It is the better of the two simple ones here, so it is the one to be compared with.
    assert (own.value or 0) > 0
    assert (lead.value, lead.low, lead.high) == (0.0, 0.0, 0.0)


def test_intervals_hold_their_value_and_the_same_generator_gives_the_same() -> None:
    first, second = judged(knowing=knowing), judged(knowing=knowing)
    assert first == second
    figure = first[Asked.GAIN, "knowing"].figures["spearman"]
    assert (figure.low or 0) < (figure.value or 0) < (figure.high or 0)


def test_intervals_are_as_wide_as_products_make_them_not_cells() -> None:
    # All cells of a product move as one: forty things were seen, not eight hundred.
    generator = np.random.default_rng(5)
    product = np.repeat(np.arange(40), 20)
    outcomes = generator.normal(0, 1, 40)[product] + generator.normal(0, 0.01, 800)
    cells = Cells(Asked.GROWTH, outcomes, outcomes > 1, product)
    columns = {"by_product": generator.normal(0, 1, 40)[product]}
    drawn = draw_products(product, generator, 2000)
    figure = judge(TRIAL, cells, columns, drawn, at=[10])[0].figures["spearman"]
    # Forty independent pairs: +- 1.96/sqrt(40) = 0.31; eight hundred would make it +- 0.07.
    assert (figure.high or 0) - (figure.low or 0) == pytest.approx(0.62, abs=0.15)


def test_cells_that_a_score_does_not_cover_are_left_out_for_all() -> None:
    def half(flows: FlowBook, trial: Trial) -> Scores:
        told = knowing(flows, trial)
        known = np.zeros(told.values.shape, dtype=bool)
        known[:, :20] = True
        return Scores(told.rows, told.columns, np.where(known, told.values, np.nan), known)

    whole, part = judged(), judged(half=half)
    assert part[Asked.GAIN, "current_size"].cells < 0.6 * whole[Asked.GAIN, "current_size"].cells
    assert part[Asked.GAIN, "half"].products == 20


def test_a_score_that_covers_nothing_says_so_and_spoils_nothing() -> None:
    def nothing(flows: FlowBook, trial: Trial) -> Scores:
        told = knowing(flows, trial)
        return Scores(told.rows, told.columns, told.values, np.zeros(told.values.shape, dtype=bool))

    told = judged(nothing=nothing)
    assert {figure.why for figure in told[Asked.GAIN, "nothing"].figures.values()} == {Undefined.NO_SCORE}
    assert told[Asked.GAIN, "current_size"].cells == judged()[Asked.GAIN, "current_size"].cells


def test_in_the_first_year_of_the_data_no_past_growth_is_known() -> None:
    verdicts = back_test(WORLD, {}, [Trial(2000, 10)], generator=np.random.default_rng(1))
    told = {(one.asked, one.scorer): one for one in verdicts}
    assert told[Asked.GAIN, "past_growth"].figures["spearman"].why is Undefined.NO_SCORE
    assert told[Asked.GAIN, "current_size"].figures["spearman"].value is not None
    assert told[Asked.GAIN, "current_size"].figures["lead"].why is Undefined.NO_RIVAL


def test_a_world_in_which_nothing_happens_is_told_without_a_number() -> None:
    rows = [
        (year, exporter, "M01", product, 100.0)
        for year in (2000, 2005)
        for exporter in ("AAA", "BBB", "CCC")
        for product in ("01", "02", "03")
    ]
    still = FrameBook(
        pl.DataFrame(rows, schema=["year", "exporter", "importer", "product", "value_usd"], orient="row")
    )
    verdicts = back_test(still, {}, [Trial(2000, 5)], generator=np.random.default_rng(1), at=(3, 100))
    frame = to_frame(verdicts)
    assert frame["value"].is_nan().sum() == 0
    by_size = [one for one in verdicts if one.scorer == "current_size" and one.asked is not Asked.ENTERED]
    assert {one.figures["kendall"].why for one in by_size} == {Undefined.SCORES_ALIKE}
    assert {one.figures["precision_at_100"].why for one in by_size} == {Undefined.FEWER_THAN_K}
    # Everybody is as good at everything: nobody is below 1, so nobody can enter.
    entered = [one for one in verdicts if one.scorer == "current_size" and one.asked is Asked.ENTERED]
    assert {one.cells for one in entered} == {0}
    assert {one.figures["auc"].why for one in entered} == {Undefined.TOO_FEW}
    assert {one.hit_share for one in entered} == {None}


def test_one_exporters_markets_can_be_tried_too() -> None:
    trial = Trial(2010, 10, exporter=CountryCode("C03"), entry_usd=20_000)
    verdicts = back_test(WORLD, {}, [trial], generator=np.random.default_rng(1))
    by_asked = {one.asked: one for one in verdicts if one.scorer == "current_size"}
    # Two markets of each product that it sold.
    assert by_asked[Asked.GAIN].cells == 2 * int((WORLD.exports([2010], Level.HS6).values[3] > 0).sum())
    assert 0 < by_asked[Asked.ENTERED].cells < by_asked[Asked.GAIN].cells
    assert set(to_frame(verdicts)["exporter"]) == {"C03"}


def test_means_of_several_years_are_taken_on_both_sides() -> None:
    trial = Trial(2010, 10, mean_years=3)
    mean = amounts(WORLD, trial, 2010).values
    singles = [WORLD.exports([year], Level.HS6).values for year in (2008, 2009, 2010)]
    assert mean == pytest.approx(np.mean(singles, axis=0))


@pytest.mark.parametrize("trial", [Trial(2015, 10), Trial(1999, 5), Trial(2001, 5, mean_years=3)])
def test_years_that_the_data_do_not_hold_are_told(trial: Trial) -> None:
    with pytest.raises(UnknownYear, match="the data hold 2000 to 2020"):
        back_test(WORLD, {}, [trial], generator=np.random.default_rng(1))


def test_a_score_that_looks_ahead_is_refused_whatever_it_asks() -> None:
    then = KnownThen(WORLD, 2010)
    assert then.years == tuple(range(2000, 2011))
    here, what = CountryCode("C01"), ProductCode("P01")
    asks: list[Callable[[Sequence[int]], object]] = [
        lambda years: then.exports(years, Level.HS6),
        lambda years: then.imports(years, Level.HS6),
        then.bilateral,
        lambda years: then.sold_by(here, years, Level.HS6),
        lambda years: then.bought_by(CountryCode("M01"), years, Level.HS6),
        lambda years: then.of_product(what, years),
        lambda years: then.quantities(years, Level.HS6),
    ]
    for ask in asks:
        ask([2009, 2010])
        with pytest.raises(UnknownYear, match="2011 was not known at the end of 2010"):
            ask([2010, 2011])
    assert (then.source, then.countries, then.products(Level.HS6)) == (
        WORLD.source,
        WORLD.countries,
        WORLD.products(Level.HS6),
    )


def test_a_scorer_gets_no_book_but_that_of_its_time() -> None:
    def ahead(flows: FlowBook, trial: Trial) -> Scores:
        return knowing(flows, Trial(trial.origin + trial.horizon, 1))

    with pytest.raises(UnknownYear, match="the data hold 2000 to 2010"):
        judged(ahead=ahead)


def test_scores_of_other_cells_are_refused() -> None:
    def fewer(flows: FlowBook, trial: Trial) -> Scores:
        return Scores(("C01",), ("P01",), np.ones((1, 1)), np.ones((1, 1), dtype=bool))

    with pytest.raises(BadTable, match="the score fewer has other rows"):
        judged(fewer=fewer)


def test_scores_with_holes_that_are_said_to_be_known_are_refused() -> None:
    with pytest.raises(BadTable, match="not finite"):
        Scores(("A",), ("P",), np.array([[np.nan]]), np.ones((1, 1), dtype=bool))
    with pytest.raises(BadTable, match="for a table of"):
        Scores(("A",), ("P",), np.ones((2, 1)), np.ones((1, 1), dtype=bool))


def test_a_scorer_may_not_take_the_name_of_a_simple_one() -> None:
    with pytest.raises(BadParameter, match="current_size"):
        judged(current_size=guessing)


@pytest.mark.parametrize("draws", [10, 10**6])
def test_draws_have_limits(draws: int) -> None:
    with pytest.raises(BadParameter, match="draws"):
        back_test(WORLD, {}, [TRIAL], generator=np.random.default_rng(1), draws=draws)


@pytest.mark.parametrize(
    "wrong",
    [
        {"horizon": 0},
        {"horizon": 2.5},
        {"mean_years": 0},
        {"mean_years": 11},
        {"top_share": 0.0},
        {"top_share": 1.0},
        {"entry_usd": 0.0},
        {"entry_usd": float("nan")},
    ],
)
def test_trials_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadParameter):
        Trial(**{"origin": 2010, "horizon": 10, **wrong})  # type: ignore[arg-type]


def test_the_growth_over_the_mean_is_defined_for_what_begins_and_ends() -> None:
    told = midpoint_growth(np.array([0.0, 5.0, 5.0, 0.0, 1.0]), np.array([5.0, 0.0, 5.0, 0.0, 3.0]))
    assert told.tolist() == [2.0, -2.0, 0.0, 0.0, 1.0]


def test_advantage_of_what_nobody_trades_is_nothing() -> None:
    table = Matrix(("A", "B"), ("x", "y", "z"), [[1.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
    assert revealed_advantage(table).tolist() == [[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
