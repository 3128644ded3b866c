"""Many callers at once: what strangers do keeps no officer from suspending, and no work keeps all threads."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import pytest
from litestar.types import ASGIApp
from typing_extensions import override

from rahdari.app.card_sheets import Paper
from rahdari.app.press import Press
from rahdari.credentials import CardNumber
from rahdari.web.server import build_app
from tests.unit.web.conftest import Stage, make_stage

CHECKS, SHEETS = "/api/v1/checks", "/api/v1/sheets"
ADDRESSES = ("192.0.2.1", "192.0.2.2", "192.0.2.3")


@dataclass
class Call:
    """One request to an application, and what was answered."""

    path: str
    body: bytes
    address: str = "192.0.2.99"
    token: str = ""
    is_whole: bool = True
    answered: list[Mapping[str, object]] = field(default_factory=list)

    @property
    def status(self) -> int:
        return int(str(self.answered[0]["status"])) if self.answered else 0

    @property
    def code(self) -> str:
        return str(json.loads(bytes(self.answered[1]["body"]))["code"])  # type: ignore[call-overload]

    async def run(self, app: ASGIApp) -> None:
        sent = [{"type": "http.request", "body": self.body, "more_body": not self.is_whole}]

        async def receive() -> Mapping[str, object]:
            if not sent:
                await anyio.sleep_forever()
            return sent.pop()

        async def send(message: Mapping[str, object]) -> None:
            self.answered.append(message)

        await app(self._scope(), receive, send)  # type: ignore[arg-type]

    def _scope(self) -> dict[str, object]:
        headers = [(b"content-type", b"application/json")]
        if self.token:
            headers.append((b"authorization", f"Bearer {self.token}".encode()))
        return {
            "type": "http",
            "method": "POST",
            "path": self.path,
            "raw_path": self.path.encode(),
            "root_path": "",
            "query_string": b"",
            "scheme": "http",
            "headers": headers,
            "client": (self.address, 1),
            "server": ("127.0.0.1", 1),
            "state": {},
            "http_version": "1.1",
        }


async def among(app: ASGIApp, crowd: Sequence[Call], asked: Sequence[Call], *, seconds: float = 5) -> None:
    """Begin a crowd's requests, ask, and send the crowd away again."""
    async with anyio.create_task_group() as group:
        for call in crowd:
            group.start_soon(call.run, app)
        await anyio.sleep(0.3)
        with anyio.move_on_after(seconds):
            for call in asked:
                await call.run(app)
        group.cancel_scope.cancel()


def endless(count: int, addresses: Sequence[str] = ADDRESSES) -> list[Call]:
    return [
        Call(CHECKS, b"{", address=addresses[nth % len(addresses)], is_whole=False) for nth in range(count)
    ]


def suspending(stage: Stage, act: str, reason: str) -> Call:
    body = json.dumps({"act": act, "reason": reason}).encode()
    return Call(f"/api/v1/cards/{stage.cards[0].number}/acts", body, token=stage.tokens["officer"])


def check(stage: Stage, address: str = "192.0.2.99") -> Call:
    return Call(CHECKS, json.dumps({"pass": stage.text(stage.cards[1])}).encode(), address=address)


def test_bodies_that_never_end_keep_no_officer_from_suspending_and_no_other_address_from_asking(
    stage: Stage,
) -> None:
    suspension, checked = suspending(stage, "suspend", "lost"), check(stage)
    asked = [suspension, checked, suspending(stage, "reinstate", "found")]
    anyio.run(among, build_app(stage.house), endless(258), asked)
    assert [call.status for call in asked] == [200, 200, 200]


def test_strangers_who_fill_every_place_of_strangers_leave_the_officers_theirs(stage: Stage) -> None:
    crowd = endless(400, [f"198.51.100.{last}" for last in range(200)])
    asked = [check(stage), suspending(stage, "suspend", "lost"), suspending(stage, "reinstate", "found")]
    anyio.run(among, build_app(stage.house), crowd, asked)
    assert [call.status for call in asked] == [503, 200, 200]
    assert asked[0].code == "web.busy"


def test_one_address_holds_a_quarter_of_the_strangers_places_and_no_more(stage: Stage) -> None:
    crowd = endless(30, ["192.0.2.1"])
    here, elsewhere = check(stage, "192.0.2.1"), check(stage, "192.0.2.2")
    anyio.run(among, build_app(stage.house), crowd, [here, elsewhere])
    assert (here.status, here.code, elsewhere.status) == (503, "web.busy", 200)
    assert [call.status for call in crowd].count(503) == 6


def test_an_institution_whose_bodies_never_end_keeps_no_officer_from_suspending(stage: Stage) -> None:
    crowd = [
        Call("/api/v1/verifications", b"{", token=stage.tokens["bank"], is_whole=False) for _ in range(300)
    ]
    asked = [suspending(stage, "suspend", "lost"), suspending(stage, "reinstate", "found")]
    anyio.run(among, build_app(stage.house), crowd, asked)
    assert [call.status for call in asked] == [200, 200]


class HeldPress(Press):
    """A press that draws no sheet before it may."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.house.foundation)
        self.may_draw = threading.Event()

    @override
    def sheets_pdf(self, numbers: Sequence[CardNumber], paper: Paper = Paper.A4) -> bytes:
        self.may_draw.wait(10)
        return b"%PDF-"


def test_forty_sheets_that_wait_for_one_printer_keep_no_thread_from_a_check(stage: Stage) -> None:
    press, checked = HeldPress(stage), check(stage)
    app = build_app(replace(stage.house, press=press))
    body = json.dumps({"cards": [stage.cards[0].number]}).encode()
    sheets = [Call(SHEETS, body, token=stage.tokens["issuer"]) for _ in range(30)]
    sheets += [Call(SHEETS, body, token=stage.tokens["officer"]) for _ in range(30)]

    async def story() -> None:
        async with anyio.create_task_group() as group:
            for call in sheets:
                group.start_soon(call.run, app)
            await anyio.sleep(0.5)
            with anyio.move_on_after(3):
                await checked.run(app)
            press.may_draw.set()

    anyio.run(story)
    assert checked.status == 200
    # One was drawn while three waited.
    assert sorted(call.status for call in sheets) == [200] * 4 + [503] * 56
    assert {call.code for call in sheets if call.status == 503} == {"web.busy"}
    assert dict(next(call for call in sheets if call.status == 503).answered[0]["headers"])[  # type: ignore[call-overload]
        b"retry-after"
    ]


@pytest.mark.parametrize("ceremony", ["sign-ins", "enrolments"])
def test_one_address_begins_few_passkey_ceremonies_a_minute(tmp_path: Path, ceremony: str) -> None:
    own = make_stage(tmp_path, rate_per_minute=18)
    path = f"/api/v1/holder/{ceremony}/options"
    with own.client:
        begun = [own.client.post(path, json={}).status_code for _ in range(4)]
        assert 429 not in begun[:3]
        assert begun[3] == 429
        assert own.client.post(path, json={}, headers=own.headers("officer")).status_code == 429
        assert own.client.get("/").status_code == 200, "the pages are not counted with the ceremonies"
        own.ticker.seconds += 20
        assert own.client.post(path, json={}).status_code != 429
    own.house.close()
