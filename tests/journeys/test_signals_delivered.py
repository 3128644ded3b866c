"""An institution subscribes over HTTP, an officer suspends at the command line, the bank is told; and kill -9."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from rahdari.app.clock import SystemClock
from rahdari.app.dispatch import Dispatcher
from rahdari.app.house import open_house
from rahdari.app.settings import read_settings
from rahdari.wire import standard_webhooks
from tests.fakes.clock import WoundClock
from tests.fakes.programs import Program
from tests.fakes.receiver import Got, Handler, hang, receiving
from tests.journeys.commands import CommandLine

pytestmark = pytest.mark.loopback
SECONDS_MAX = 30
NETWORKS = {"RAHDARI_SIGNAL_NETWORKS": "127.0.0.0/8"}
API = "api/v1/signals"
WEBHOOK = "urn:rahdari:delivery:standard-webhooks"


@contextlib.contextmanager
def serving(home: Path) -> Iterator[tuple[str, Program]]:
    """The server as a program of its own: its address and its process."""
    environment = os.environ | NETWORKS
    with Program("rahdari.web", "--home", home, "--port", 0, environment=environment) as server:
        try:
            yield json.loads(server.stdout.readline())["address"], server
        finally:
            if server.poll() is None:
                server.terminate()
            server.stdout.read()


def enrol_bank(rahdari: CommandLine) -> dict[str, str]:
    told = rahdari.json("officer", "enrol", "Sample Bank", "--institution").document
    return {"authorization": f"Bearer {told['token']}"}


def subscribe(rahdari: CommandLine, address: str, url: str, bank: dict[str, str]) -> tuple[str, bytes]:
    """Open a stream of webhooks and show the pass of a card; gives the stream and its secret."""
    asked = {"delivery": {"method": WEBHOOK, "endpoint_url": url}}
    made = httpx.post(f"{address}{API}/streams", json=asked, headers=bank, timeout=SECONDS_MAX).json()
    shown = {"format": "rahdari_pass", "pass": rahdari.text(rahdari.card())}
    body = {"stream_id": made["stream_id"], "subject": shown}
    added = httpx.post(f"{address}{API}/subjects", json=body, headers=bank, timeout=SECONDS_MAX)
    assert added.status_code == 200, added.text
    return made["stream_id"], standard_webhooks.read_secret(made["delivery"]["secret"])


def told(got: Got) -> tuple[int, str]:
    body = json.loads(got.body)
    return body["data"]["order"], body["type"]


def test_the_bank_is_told_of_what_an_officer_does_in_another_process(rahdari: CommandLine) -> None:
    bank, card = enrol_bank(rahdari), rahdari.card()
    with receiving() as receiver, serving(rahdari.home) as (address, _):
        stream, secret = subscribe(rahdari, address, receiver.url, bank)
        assert rahdari("pass", "suspend", card.number, "--reason", "lost").code == 0
        receiver.wait_for(1)
        assert rahdari("pass", "reinstate", card.number, "--reason", "found").code == 0
        receiver.wait_for(2)
        assert [told(one) for one in receiver.got] == [(1, "card.suspended"), (2, "card.reinstated")]
        now = int(SystemClock().now().timestamp())
        for got in receiver.got:
            standard_webhooks.verify(got.headers, got.body, secrets=[secret], at=now)
        shown = rahdari.json("signal", "show", stream).document
        assert (shown["institution"], shown["last_order"], shown["subjects"]) == ("Sample Bank", 2, 1)
        assert rahdari.json("signal", "replay", stream, "--after", 1).document["replayed"] == 1
        receiver.wait_for(3)
        assert receiver.got[2].headers["webhook-id"] == receiver.got[1].headers["webhook-id"]


def test_a_server_that_is_killed_leaves_nothing_undelivered(rahdari: CommandLine) -> None:
    bank, card = enrol_bank(rahdari), rahdari.card()
    stuck = [True]

    def answer(handler: Handler) -> int | None:
        if stuck[0]:
            hang(handler)
            return None
        return 200

    with receiving(answer) as receiver:
        with serving(rahdari.home) as (address, server):
            subscribe(rahdari, address, receiver.url, bank)
            rahdari("pass", "suspend", card.number, "--reason", "lost")
            receiver.wait_for(1)
            # In the middle of a delivery, which is held by a lease.
            server.send_signal(signal.SIGKILL)
            server.wait(SECONDS_MAX)
        stuck[0] = False
        rahdari("pass", "reinstate", card.number, "--reason", "found")
        settings = read_settings(rahdari.home, NETWORKS)
        clock = WoundClock(SystemClock().now())
        house = open_house(settings, clock=clock)
        try:
            assert Dispatcher(house.signals).run_once().sent == 0, "the dead one still holds the stream"
            clock.wind(timedelta(seconds=15))
            assert Dispatcher(house.signals).run_once().sent == 2
        finally:
            house.close()
    assert [told(one) for one in receiver.got] == [
        (1, "card.suspended"),
        (1, "card.suspended"),
        (2, "card.reinstated"),
    ]
    assert receiver.got[0].headers["webhook-id"] == receiver.got[1].headers["webhook-id"]
    assert receiver.got[0].body == receiver.got[1].body


def test_an_operator_pauses_resumes_and_delivers_by_hand(rahdari: CommandLine) -> None:
    rahdari.environment |= NETWORKS
    card = rahdari.card()
    bank = enrol_bank(rahdari)
    with receiving() as receiver:
        with serving(rahdari.home) as (address, _):
            stream, _ = subscribe(rahdari, address, receiver.url, bank)
        paused = rahdari.json("signal", "pause", stream, "--reason", "maintenance").document
        assert (paused["status"], paused["reason"]) == ("paused", "maintenance")
        rahdari("pass", "suspend", card.number, "--reason", "lost")
        assert rahdari.json("signal", "deliver", "--once").document == {"sent": 1, "failed": 0}
        rahdari("signal", "resume", stream)
        assert rahdari.json("signal", "deliver", "--once").document == {"sent": 2, "failed": 0}
        assert [told(one) for one in receiver.got] == [
            (1, "stream.updated"),
            (2, "card.suspended"),
            (3, "stream.updated"),
        ]
    assert rahdari.json("signal", "deliver").problem == "cli.bad_usage"
    unknown = rahdari.json("signal", "show", "st_" + "a" * 16)
    assert (unknown.code, unknown.problem) == (4, "signals.unknown_stream")
    listed = rahdari.json("signal", "list").out
    assert "whsec_" not in listed
