"""The easel draws while the next answer is computed, keeps the words of what fails, and leaves nothing running."""

import threading
from collections.abc import Callable

import pytest
from typing_extensions import override

from rahdari.app.charts import Chart, ChartDrawer
from rahdari.app.errors import ChartFailed
from rahdari.app.roadmap_charts import Easel
from rahdari.app.roadmap_desk import Question
from rahdari.app.roadmap_view import View
from rahdari.trade.rules.answers import Answer
from tests.unit.app.test_roadmap_desk import desk


class Painter(ChartDrawer):
    """Draws a chart's name, when it is let."""

    def __init__(self, draw: Callable[[Chart], str]) -> None:
        super().__init__()
        self._draw = draw
        self.drawn: list[str] = []

    @override
    def svg(self, chart: Chart) -> str:
        told = self._draw(chart)
        self.drawn.append(told)
        return told


def answer(question: str) -> Answer:
    return desk().ask(Question(question), desk().settle(View()))


def easel(painter: Painter) -> Easel:
    return Easel(painter, "en", str)


def test_charts_are_drawn_while_the_next_question_is_asked() -> None:
    begun, asked = threading.Event(), threading.Event()

    def draw(chart: Chart) -> str:
        begun.set()
        # Were it drawn before the question, this would wait for ever.
        assert asked.wait(20)
        return chart.name

    with easel(Painter(draw)) as page:
        page.show("potential", answer("potential"))
        assert begun.wait(20)
        asked.set()
        assert [one.svg for one in page.pictures().values()] == ["levers", "markets"]


def test_a_chart_that_fails_leaves_its_words_and_the_others_stand() -> None:
    def draw(chart: Chart) -> str:
        if chart.name == "levers":
            raise ChartFailed("no ink")
        return chart.name

    with easel(Painter(draw)) as page:
        page.show("potential", answer("potential"))
        page.show("screen", answer("screen"))
        found = page.pictures()
    assert [one.svg for one in found.values()] == ["", "markets", "lorenz"]
    assert len(found["levers"].alt) > 10


def test_a_question_without_a_chart_begins_none() -> None:
    with easel(Painter(lambda chart: chart.name)) as page:
        page.show("relocate", answer("screen"))
        assert page.pictures() == {}


def test_where_the_page_fails_what_was_not_begun_is_not_drawn_and_no_thread_is_left() -> None:
    go, begun = threading.Event(), threading.Event()

    def draw(chart: Chart) -> str:
        begun.set()
        assert go.wait(20)
        return chart.name

    painter = Painter(draw)
    answers = [answer("potential"), answer("screen")]
    with pytest.raises(RuntimeError, match="page"):
        break_a_page(painter, answers, begun, go)
    assert painter.drawn == ["levers"]
    assert not [one for one in threading.enumerate() if one.name.startswith("easel")]


def break_a_page(
    painter: Painter, answers: list[Answer], begun: threading.Event, go: threading.Event
) -> None:
    with easel(painter) as page:
        page.show("potential", answers[0])
        page.show("screen", answers[1])
        assert begun.wait(20)
        threading.Timer(0.05, go.set).start()
        raise RuntimeError("the page broke")
