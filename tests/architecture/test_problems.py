"""Problem codes: one a refusal, of one shape, never two alike."""

import re
import runpy
from collections import Counter

from rahdari.kernel import Problem
from tests.conftest import REPOSITORY


def all_problems() -> list[type[Problem]]:
    runpy.run_path(str(REPOSITORY / "docs" / "generate.py"))
    found: list[type[Problem]] = []
    todo: list[type[Problem]] = [Problem]
    while todo:
        one = todo.pop()
        todo.extend(one.__subclasses__())
        if one.__module__.startswith("rahdari."):
            found.append(one)
    return found


def test_no_two_refusals_share_a_code() -> None:
    twice = [code for code, count in Counter(one.code for one in all_problems()).items() if count > 1]
    assert twice == []


def test_codes_say_room_and_what_happened() -> None:
    for one in all_problems():
        assert re.fullmatch(r"[a-z]+\.[a-z0-9]+(_[a-z0-9]+)*", one.code), one
        room = one.__module__.split(".")[1]
        assert one.code.startswith(f"{room}."), one
