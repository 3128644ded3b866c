"""kill -9 in the middle of a bulk issue: no pass is half-issued, none issued twice, none lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rahdari.app.house import House, open_house
from rahdari.app.settings import read_settings
from rahdari.credentials import Card, Stage
from tests.journeys.commands import CommandLine, found, people

CARDS = 1500
WAIT_SECONDS_MAX = 120


def _cards(house: House) -> list[Card]:
    cards: list[Card] = []
    page = house.registry.list_holders(limit=1000)
    while page:
        for holder in page:
            cards += house.registry.find_cards_of(holder.id)
        page = house.registry.list_holders(after=page[-1].id, limit=1000)
    return cards


def _issue_and_kill(home: Path, house: House) -> None:
    """Start ``rahdari pass issue --all`` as a program and kill it once the first batch is in the register."""
    words = [sys.executable, "-m", "rahdari", "pass", "issue", "--all", "--home", str(home)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        until = time.monotonic() + WAIT_SECONDS_MAX
        while len(house.registry.list_applied(limit=CARDS)) == CARDS and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL, "it ended before it could be killed"


@pytest.mark.slow
def test_a_bulk_issue_that_is_killed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    house = found(tmp_path)
    house.registry.add_holders(people(CARDS), actor=house.officers.authenticate_named("officer"))
    _issue_and_kill(tmp_path, house)
    house.close()

    house = open_house(read_settings(tmp_path, {}))
    left = _cards(house)
    issued = [card for card in left if card.stage is Stage.ACTIVE]
    assert len(left) == CARDS
    assert 0 < len(issued) < CARDS
    assert {card.stage for card in left} == {Stage.ACTIVE, Stage.APPLIED}
    for card in issued[:: len(issued) // 20]:
        assert house.registry.get_pass(card.number).text
        assert house.registry.get_pass(card.number, "sd-jwt-vc").text
    house.close()
    rahdari = CommandLine(tmp_path)
    assert rahdari("audit", "verify").code == 0

    again = rahdari.json("pass", "issue", "--all")
    assert again.document == {"issued": CARDS - len(issued)}

    house = open_house(read_settings(tmp_path, {}))
    whole = _cards(house)
    assert len(whole) == CARDS
    assert {card.stage for card in whole} == {Stage.ACTIVE}
    assert {card.number for card in whole} == {card.number for card in left}
    for card in whole[::50]:
        acts = [entry.event.act for entry in house.registry.get_history(card.number)]
        assert acts == ["apply", "issue", "activate"]
    house.close()
    assert rahdari("audit", "verify").code == 0
    assert rahdari.json("pass", "issue", "--all").document == {"issued": 0}
