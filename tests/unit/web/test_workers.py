"""Workers beside the requests: begun, begun anew, ended."""

import threading
import time

from rahdari.web import workers
from rahdari.web.workers import working


class Busy:
    """Works until it is told to stop."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.ended = threading.Event()

    def run(self, stop: threading.Event) -> None:
        self.begun.set()
        stop.wait(10)
        self.ended.set()


class Clumsy:
    """Breaks the first time."""

    def __init__(self) -> None:
        self.times = 0
        self.again = threading.Event()

    def run(self, stop: threading.Event) -> None:
        self.times += 1
        if self.times == 1:
            raise ValueError("sample defect")
        self.again.set()
        stop.wait(10)


class Deaf:
    """Does not hear that it should stop."""

    def run(self, _stop: threading.Event) -> None:
        time.sleep(1)


def test_workers_work_for_the_time_of_the_block() -> None:
    first, second = Busy(), Busy()
    with working((first, second)):
        assert first.begun.wait(5)
        assert second.begun.wait(5)
        assert not first.ended.is_set()
    assert first.ended.is_set()
    assert second.ended.is_set()


def test_one_that_breaks_is_noted_and_begun_anew_and_the_other_does_not_feel_it() -> None:
    noted: list[BaseException] = []
    clumsy, busy = Clumsy(), Busy()
    with working((clumsy, busy), note=noted.append):
        assert clumsy.again.wait(5)
        assert not busy.ended.is_set()
    assert [str(one) for one in noted] == ["sample defect"]
    assert clumsy.times == 2


def test_a_worker_that_does_not_end_does_not_hold_up_the_end() -> None:
    before, workers.END_SECONDS = workers.END_SECONDS, 0.05
    try:
        began = time.monotonic()
        with working((Deaf(),)):
            pass
        assert time.monotonic() - began < 0.9
    finally:
        workers.END_SECONDS = before
