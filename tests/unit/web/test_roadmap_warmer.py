"""The roadmap's first view is made ready beside the requests, once, and only where the settings ask for it."""

import threading
from dataclasses import replace
from typing import cast

import pytest

from rahdari.app.roadmap_door import RoadmapDoor
from rahdari.app.roadmap_view import View
from rahdari.app.roadmap_warmer import RoadmapWarmer
from rahdari.trade import DataMissing
from rahdari.web.server import make_workers
from tests.unit.web.conftest import Stage


class Desk:
    """Notes what it is asked to show, and lets whoever waits go on."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.shown: list[tuple[View, str]] = []
        self.done = threading.Event()
        self._refusal = refusal

    def desk(self) -> "Desk":
        self.done.set()
        if self._refusal is not None:
            raise self._refusal
        return self

    def settle(self, view: View) -> View:
        return replace(view, year="2024")

    def show(self, view: View, language: str, _: object) -> None:
        self.shown.append((view, language))


def warmer(desk: Desk, *, after_seconds: float = 0.0) -> RoadmapWarmer:
    return RoadmapWarmer(cast("RoadmapDoor", desk), "ur", after_seconds=after_seconds)


def stopped() -> threading.Event:
    stop = threading.Event()
    stop.set()
    return stop


def run_until_done(one: RoadmapWarmer, desk: Desk) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=one.run, args=(stop,))
    thread.start()
    assert desk.done.wait(5)
    assert thread.is_alive()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_the_default_view_is_shown_in_the_houses_language_and_the_worker_stays() -> None:
    desk = Desk()
    run_until_done(warmer(desk), desk)
    assert desk.shown == [(View(year="2024"), "ur")]


def test_a_server_that_stops_before_it_has_begun_computes_nothing() -> None:
    desk = Desk()
    warmer(desk, after_seconds=60).run(stopped())
    assert not desk.done.is_set()


def test_data_that_are_not_there_are_told_to_the_visitor_alone() -> None:
    desk = Desk(DataMissing("no release"))
    run_until_done(warmer(desk), desk)
    assert desk.shown == []


def test_what_broke_is_told_once_and_not_tried_again() -> None:
    desk = Desk(ZeroDivisionError())
    one = warmer(desk)
    with pytest.raises(ZeroDivisionError):
        one.run(threading.Event())
    desk.done.clear()
    stop = threading.Event()
    again = threading.Thread(target=one.run, args=(stop,))
    again.start()
    assert not desk.done.wait(0.2)
    stop.set()
    again.join(5)


@pytest.mark.parametrize("wish", [0, 1])
def test_only_a_house_that_asks_for_it_has_this_worker(stage: Stage, wish: int) -> None:
    house = replace(stage.house, settings=replace(stage.house.settings, roadmap_at_start=wish))
    assert sum(isinstance(one, RoadmapWarmer) for one in make_workers(house)) == wish
