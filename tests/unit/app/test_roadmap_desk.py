"""The desk of the roadmap's page: what a view asks, what stands in its table, and what its charts leave out."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import pytest

from rahdari.app.roadmap_charts import SPACE_PRODUCTS_MAX, neighbourhood_of
from rahdari.app.roadmap_desk import Question, RoadmapDesk, Shown
from rahdari.app.roadmap_rows import REASONS_MAX, ROWS_MAX, candidates_of, rank
from rahdari.app.roadmap_view import View
from rahdari.app.roadmap_wishes import levers_of, potential_wish, select_wish
from rahdari.trade import BadParameter, FlowBook, NothingTraded, UnknownTradeProduct
from rahdari.trade.rules.answers import Answer, Scope
from rahdari.trade.rules.choice import Effort
from rahdari.trade.rules.ladders import Ladder
from rahdari.trade.service.menus import Origin
from rahdari.trade.service.potential import ask_potential, laid
from rahdari.trade.service.select import Asked, SelectWish, ask_select
from tests.unit.app.roadmap_scene import carried_analyst


@cache
def desk() -> RoadmapDesk:
    return RoadmapDesk(carried_analyst())


@cache
def usual() -> View:
    return desk().settle(View())


@cache
def shown() -> Shown:
    return desk().show(usual(), "en", lambda code: code)


def test_the_choice_is_made_among_gains_of_every_origin() -> None:
    choice = desk().ask(Question.SELECT, usual())
    assert set(choice.table["origin"]) == {"potential", "relocate"} | (
        {"ladder"} if "ladder" in set(choice.table["origin"]) else set()
    )
    wish = select_wish(usual(), tuple(Origin))
    again = ask_select(
        desk().analyst.book, choice.scope, desk().analyst.ladders, replace(wish, front_points=0, draws=0)
    )
    assert choice.table.equals(again.table), "answers that were kept make the choice that fresh ones make"


def test_a_budget_that_moves_asks_nothing_but_the_choice_anew() -> None:
    fresh, asked = RoadmapDesk(carried_analyst()), list[Question]()
    answer = fresh._answer

    def watched(question: Question, view: View) -> object:
        asked.append(question)
        return answer(question, view)

    fresh._answer = watched  # type: ignore[method-assign,assignment]
    view = fresh.settle(View())
    fresh.ask(Question.SELECT, view)
    assert asked == [Question.SELECT, Question.POTENTIAL, Question.RELOCATE, Question.LADDER]
    del asked[:]
    fresh.ask(Question.SELECT, replace(view, slots=5.0))
    assert asked == [Question.SELECT]
    del asked[:]
    fresh.ask(Question.SELECT, replace(view, ease=50.0))
    assert asked == [Question.SELECT, Question.POTENTIAL]


def test_where_no_choice_was_found_in_time_a_rougher_one_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rahdari.app.roadmap_desk.EFFORTS", (Effort(1e-3, 1e-9), Effort(1e-2, 5.0)))
    tried = list[float]()

    def ask(
        book: FlowBook, scope: Scope, ladders: Sequence[Ladder], wish: SelectWish, *, asked: Asked
    ) -> Answer:
        tried.append(wish.effort.seconds_max)
        if wish.effort.seconds_max < 1:
            raise BadParameter("no choice was found within 0 seconds; allow more")
        return ask_select(book, scope, ladders, wish, asked=asked)

    monkeypatch.setattr("rahdari.app.roadmap_desk.ask_select", ask)
    # Slots that no other test asks for.
    assert desk().ask(Question.SELECT, replace(usual(), slots=7.0)).figures["chosen"] == 7
    assert tried == [1e-9, 5.0]


def test_the_table_has_what_is_chosen_first_each_with_its_origin_and_its_reasons() -> None:
    rows = shown().rows()
    assert 0 < len(rows) <= ROWS_MAX
    order = [(row.is_chosen is not True, -row.gain_usd) for row in rows]
    assert order == sorted(order)
    assert {row.origin for row in rows} >= {"potential", "relocate"}
    for row in rows:
        assert len(row.reasons) <= REASONS_MAX
        assert {section for section, _ in row.reasons} <= {"why", "step", "test"}
        assert row.candidate.startswith(row.code) or row.origin == "ladder"
    assert any(row.reasons for row in rows if row.origin == "relocate")
    assert all(row.reasons for row in rows if row.origin == "potential")


def test_without_a_choice_the_potential_is_ranked_by_gain_alone() -> None:
    answers = {name: one for name, one in shown().answers.items() if name != "select"}
    rows = rank(answers)
    assert {row.is_chosen for row in rows} == {None}
    gains = [row.gain_usd for row in rows]
    assert gains == sorted(gains, reverse=True)
    assert rank({}) == ()


def test_every_candidate_has_a_name_of_its_own_and_a_product() -> None:
    choice = desk().ask(Question.SELECT, usual())
    found = candidates_of(choice)
    assert len(found) == len(choice.table)
    known = {one.code for one in desk().choices(usual()).products}
    assert {one.product for one in found.values()} <= known
    assert {one.origin for one in found.values()} <= {one.value for one in Origin}


@pytest.mark.parametrize("origin", ["potential", "relocate"])
def test_why_not_is_answered_for_gains_of_every_origin(origin: str) -> None:
    choice = desk().ask(Question.SELECT, usual())
    left = choice.table.filter(~choice.table["is_chosen"] & (choice.table["origin"] == origin))
    answer = desk().why_not(usual(), left["candidate"][0])
    assert answer.code == left["candidate"][0]
    names = desk().candidates(usual())
    assert set(answer.displaced) | set(answer.joined) <= set(names)
    with pytest.raises(UnknownTradeProduct):
        desk().why_not(usual(), "999999:relocate")


def test_what_a_country_needs_itself_counts_only_where_it_is_asked_for() -> None:
    net, whole = (desk().ask(Question.POTENTIAL, replace(usual(), counts=one)) for one in ("net", "all"))
    assert float(str(net.figures["supposed_usd"])) < float(str(whole.figures["supposed_usd"]))
    assert potential_wish(usual()).terms.net_importer
    assert potential_wish(replace(usual(), counts="all")).terms.is_static


def test_a_lever_at_rest_is_no_lever() -> None:
    still = View(cut=0.0, ease=0.0, growth=0.0, capacity=0.0)
    assert not levers_of(still).pulled
    assert not levers_of(replace(still, capacity=5.0)).pulled, "capacity in no product is none"
    assert levers_of(replace(still, product="260300", capacity=5.0)).capacity[0].value_usd == 5e6
    assert levers_of(replace(still, tariff=0.0, cut=100.0)).tariffs == ()


def test_the_product_space_tells_how_many_products_it_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, products = shown().space
    assert 0 < drawn == products <= SPACE_PRODUCTS_MAX
    monkeypatch.setattr("rahdari.app.roadmap_charts.SPACE_PRODUCTS_MAX", 20)
    near = neighbourhood_of(desk().analyst.book, desk().analyst.scope())
    assert (len(near.space.codes), near.products) == (20, products)
    traded = desk().analyst.book.exports((2022, 2023, 2024), desk().analyst.scope().level)
    sums = dict(zip(traded.columns, traded.values.sum(axis=0).tolist(), strict=True))
    left = max(value for code, value in sums.items() if code not in near.space.codes)
    assert min(sums[code] for code in near.space.codes) >= left * 0.8, "the most traded are drawn"


def test_a_country_is_not_its_own_market_and_a_product_is_of_the_data() -> None:
    with pytest.raises(BadParameter):
        desk().settle(View(market="PAK"))
    with pytest.raises(UnknownTradeProduct):
        desk().settle(View(product="999999"))


def test_who_sells_nothing_is_told_so_and_the_page_is_there() -> None:
    book = desk().analyst.book
    sold = book.exports((2024,), desk().analyst.scope().level).values.sum(axis=1)
    codes = [str(one.code) for one in book.countries]
    silent = next((code for code, value in zip(codes, sold, strict=True) if value == 0), "")
    assert silent, "the data hold a country that sold nothing in 2024"
    found = desk().show(desk().settle(View(exporter=silent)), "en", lambda code: code)
    assert isinstance(found.refused["potential"], NothingTraded)
    assert silent in found.refused["potential"].message
    assert found.rows() == ()


def test_views_that_come_at_once_are_answered_as_if_one_by_one() -> None:
    views = [replace(usual(), ease=float(ease)) for ease in (10, 20, 30, 40)]
    ready = threading.Barrier(8)

    def ask(view: View) -> object:
        ready.wait(10)
        return desk().ask(Question.POTENTIAL, view).figures["supposed_usd"]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(ask, views + views))
    assert found[:4] == found[4:]
    fresh = RoadmapDesk(carried_analyst())
    assert found[:4] == [fresh.ask(Question.POTENTIAL, one).figures["supposed_usd"] for one in views]


def test_five_hundred_views_are_answered_from_bounded_memory() -> None:
    small = RoadmapDesk(carried_analyst(), kept_bytes_max=300_000)
    view = small.settle(View())
    for years in range(1, 31):
        for multiple in (2.0, 3.0, 4.0):
            small.ask(Question.PATH, replace(view, years=float(years), multiple=multiple))
            assert small._kept.bytes_held <= 300_000
    assert len(small._kept) < 30


@pytest.mark.parametrize("counts", ["net", "all"])
def test_a_groundwork_that_is_laid_once_gives_the_same_potential_as_one_laid_anew(counts: str) -> None:
    view = replace(usual(), counts=counts, tariff=7.0, cut=50.0, ease=70.0)
    fresh = RoadmapDesk(carried_analyst())
    fresh.ask(Question.POTENTIAL, replace(view, tariff=3.0, ease=90.0))
    kept = fresh.ask(Question.POTENTIAL, view)
    anew = ask_potential(fresh.analyst.book, kept.scope, potential_wish(view))
    assert dict(kept.figures) == dict(anew.figures)
    assert kept.table.equals(anew.table)
    assert all(kept.tables[name].equals(table) for name, table in anew.tables.items())


def test_a_groundwork_of_other_terms_is_our_own_mistake() -> None:
    book, scope = desk().analyst.book, desk().ask(Question.POTENTIAL, usual()).scope
    with pytest.raises(AssertionError, match="of the wish's terms"):
        ask_potential(book, scope, potential_wish(usual()), ground=laid(book, scope))
