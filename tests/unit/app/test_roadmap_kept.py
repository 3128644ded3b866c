"""Answers that are kept: within their bytes, made once, and never mixed up."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from rahdari.app.roadmap_kept import KeptAnswers
from rahdari.trade import Level, NothingTraded
from rahdari.trade.rules.answers import Answer
from tests.unit.app.roadmap_scene import carried_analyst


def answer(name: str, *, rows: int = 10) -> Answer:
    analyst = carried_analyst()
    scope = analyst.scope(exporter="PAK", market="CHN", level=Level.HS6)
    table = pl.DataFrame({"number": range(rows)}, schema={"number": pl.Int64})
    return Answer(question=name, scope=scope, source=analyst.book.source, parameters={}, table=table)


def test_what_is_kept_is_made_once() -> None:
    kept, made = KeptAnswers(1 << 20), list[str]()

    def make() -> Answer:
        made.append("once")
        return answer("screen")

    first = kept.get("a", make)
    assert kept.get("a", make) is first
    assert made == ["once"]
    assert kept.get("b", lambda: answer("path")).question == "path"


def test_a_refusal_is_kept_too_and_told_anew_each_time() -> None:
    kept, made = KeptAnswers(1 << 20), list[str]()

    def refuse() -> Answer:
        made.append("once")
        raise NothingTraded("nothing is sold")

    for _ in range(3):
        with pytest.raises(NothingTraded, match="nothing is sold"):
            kept.get("a", refuse)
    assert made == ["once"]


def test_a_fault_of_ours_is_not_kept() -> None:
    kept = KeptAnswers(1 << 20)

    def break_off() -> Answer:
        raise KeyError

    with pytest.raises(KeyError):
        kept.get("a", break_off)
    assert len(kept) == 0
    assert kept.get("a", lambda: answer("screen")).question == "screen"


def test_the_least_used_is_forgotten_before_the_bytes_run_out() -> None:
    kept = KeptAnswers(40_000)
    for name in "abc":
        kept.get(name, lambda: answer("screen", rows=1_000))
    assert len(kept) == 3
    kept.get("a", lambda: pytest.fail("it is kept"))
    kept.get("d", lambda: answer("screen", rows=1_000))
    assert kept.bytes_held <= 40_000
    kept.get("a", lambda: pytest.fail("it was used last"))
    assert kept.get("b", lambda: answer("made anew")).question == "made anew"


def test_an_answer_larger_than_all_is_kept_alone() -> None:
    kept = KeptAnswers(10_000)
    for name in "abc":
        kept.get(name, lambda: answer("screen", rows=5_000))
    assert len(kept) == 1


def test_who_asks_for_the_same_meanwhile_waits_for_it() -> None:
    kept, made, may_end = KeptAnswers(1 << 20), list[str](), threading.Event()

    def make() -> Answer:
        made.append("once")
        may_end.wait(10)
        return answer("screen")

    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(kept.get, "a", make) for _ in range(8)]
        while not made:
            time.sleep(0.001)
        # Another answer is not held up by it.
        assert kept.get("b", lambda: answer("path")).question == "path"
        may_end.set()
        assert len({id(one.result(10)) for one in asked}) == 1
    assert made == ["once"]


def test_an_answer_may_ask_for_others_on_its_way() -> None:
    kept = KeptAnswers(1 << 20)

    def choose() -> Answer:
        return answer(f"select after {kept.get('potential', lambda: answer('potential')).question}")

    assert kept.get("select", choose).question == "select after potential"
    assert len(kept) == 2
