"""The registry's server, asked without a network: what it gives, what it takes, and how much of it."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rahdari.app.errors import FolderFailed
from rahdari.app.exchange import registry_desk
from rahdari.app.exchange.joining import make_request
from rahdari.app.exchange.public_configuration import PublicConfiguration
from rahdari.app.exchange.registry import Registry
from rahdari.web.exchange import registry as module
from rahdari.web.exchange.registry import (
    CONFIGURATION_TYPE,
    GETS_PER_MINUTE,
    POSTS_PER_MINUTE,
    RegistryApp,
    main,
)
from rahdari.wire.ndel.acts import Suspend
from rahdari.wire.ndel.configuration import decode
from rahdari.wire.ndel.joining import TEXT_CHARS_MAX, RenewalRequest, sign_renewal
from tests.fakes.clock import WoundClock
from tests.fakes.exchange_registry import OFFICERS, clock, decide, enter, make_gateway, make_registry


@dataclass(frozen=True)
class Got:
    """An answer as it was sent."""

    status: int
    fields: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401
        return json.loads(self.body)


class Visitor:
    """Asks an application without a server."""

    def __init__(self, registry: Registry, time: WoundClock) -> None:
        self.registry, self.time = registry, time
        self.ticks = 0.0
        self.app = RegistryApp(registry, tick=lambda: self.ticks)

    def ask(
        self,
        method: str,
        path: str,
        body: Iterable[bytes] = (b"",),
        *,
        fields: tuple[tuple[bytes, bytes], ...] = (),
        address: str = "192.0.2.1",
    ) -> Got:
        scope: dict[str, object] = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": list(fields), "client": (address, 1234),
        }  # fmt: skip
        parts = list(body)
        sent: list[Mapping[str, Any]] = []

        async def receive() -> Mapping[str, object]:
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(event: Mapping[str, Any]) -> None:
            sent.append(event)

        asyncio.run(self.app(scope, receive, send))
        lines = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Got(sent[0]["status"], lines, b"".join(one["body"] for one in sent[1:]))

    def post(self, path: str, text: str, address: str = "192.0.2.1") -> Got:
        return self.ask("POST", path, (text.encode(),), address=address)


@pytest.fixture
def visitor(tmp_path: Path) -> Visitor:
    time = clock()
    return Visitor(make_registry(tmp_path / "registry", time), time)


def test_the_configuration_is_given_with_its_tag(visitor: Visitor) -> None:
    got = visitor.ask("GET", "/configuration.jws")
    assert got.status == 200
    assert got.fields["content-type"] == CONFIGURATION_TYPE.decode()
    assert decode(got.body.decode()).verify_with([visitor.registry.public]).version == 1
    again = visitor.ask(
        "GET", "/configuration.jws", fields=((b"if-none-match", got.fields["etag"].encode()),)
    )
    assert (again.status, again.body) == (304, b"")
    for tags in (b'W/"x", ' + got.fields["etag"].encode(), b"W/" + got.fields["etag"].encode()):
        assert visitor.ask("GET", "/configuration.jws", fields=((b"if-none-match", tags),)).status == 304
    assert visitor.ask("GET", "/configuration.jws", fields=((b"if-none-match", b'"other"'),)).status == 200


def test_another_configuration_has_another_tag(visitor: Visitor) -> None:
    before = visitor.ask("GET", "/configuration.jws").fields["etag"]
    visitor.registry.publish(is_forced=True)
    assert visitor.ask("GET", "/configuration.jws").fields["etag"] != before


def test_a_head_has_no_body(visitor: Visitor) -> None:
    got = visitor.ask("HEAD", "/configuration.jws")
    assert (got.status, got.body) == (200, b"")


def test_before_the_first_configuration_there_is_none(visitor: Visitor) -> None:
    visitor.registry.public_file.unlink()
    got = visitor.ask("GET", "/configuration.jws")
    assert (got.status, got.document["code"]) == (503, "web.busy")


def test_a_gateway_asks_and_is_told_where_its_request_stands(visitor: Visitor, tmp_path: Path) -> None:
    home, keys = make_gateway(tmp_path / "gw", visitor.registry, visitor.time)
    text = make_request(home, keys, visitor.time)
    got = visitor.post("/join", text)
    assert (got.status, got.document["state"]) == (202, "waiting")
    path = f"/join/{got.document['id']}"
    for name, state in zip(OFFICERS, ("proposed", "entered"), strict=True):
        visitor.registry.approve_any(got.document["id"], *visitor.registry.officer(name, {}))
        assert visitor.ask("GET", path).document == {"id": got.document["id"], "state": state}
    assert visitor.post("/join", text).document["state"] == "entered"


@pytest.mark.parametrize(
    ("path", "text", "status"),
    [
        ("/join", "a.b.c", 422),
        ("/join", "", 422),
        ("/join", "é", 422),
        ("/renew", "a.b.c", 422),
        ("/other", "", 404),
    ],
)
def test_what_is_no_request_is_refused(visitor: Visitor, path: str, text: str, status: int) -> None:
    got = visitor.post(path, text)
    assert got.status == status
    assert got.fields["content-type"] == "application/problem+json"
    assert got.document["status"] == status
    assert visitor.registry.waiting() == ()


@pytest.mark.parametrize("path", ["/", "/join/", "/join/../x", "/join/" + "g" * 16, "/acts/journal"])
def test_there_is_nothing_else(visitor: Visitor, path: str) -> None:
    assert visitor.ask("GET", path).status == 404


def test_an_unknown_request_is_not_found(visitor: Visitor) -> None:
    got = visitor.ask("GET", "/join/" + "0" * 16)
    assert (got.status, got.document["code"]) == (404, "exchange.unknown_act")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_is_done_by_other_methods(visitor: Visitor, method: str) -> None:
    assert visitor.ask(method, "/join").status == 404


def test_a_body_has_a_size_wherever_it_is_cut(visitor: Visitor) -> None:
    piece = b"A" * (TEXT_CHARS_MAX // 2)
    assert visitor.ask("POST", "/join", (piece, piece, b"A")).status == 413
    assert visitor.ask("POST", "/join", (piece, piece)).status == 422


def test_one_address_asks_so_often_and_another_is_not_kept_waiting(visitor: Visitor) -> None:
    for _ in range(POSTS_PER_MINUTE):
        assert visitor.post("/join", "x").status == 422
    got = visitor.post("/join", "x")
    assert (got.status, got.fields["retry-after"]) == (429, "6")
    assert visitor.post("/join", "x", address="192.0.2.2").status == 422
    assert visitor.ask("GET", "/health").status == 200
    visitor.ticks += 6
    assert visitor.post("/join", "x").status == 422


def test_configurations_are_asked_for_more_often(visitor: Visitor) -> None:
    for _ in range(GETS_PER_MINUTE):
        visitor.app._gets.take("address:192.0.2.1")
    assert visitor.ask("GET", "/configuration.jws").status == 429


def test_a_gateway_renews_its_keys_by_itself(visitor: Visitor, tmp_path: Path) -> None:
    home, keys = make_gateway(tmp_path / "gw", visitor.registry, visitor.time)
    enter(visitor.registry, home, keys, visitor.time)
    signer = keys.messages[-1].signer
    message, held = keys.renew(visitor.time.now())
    asked = RenewalRequest(int(visitor.time.now().timestamp()), home.id, message.key, held.certificate.der)
    text = sign_renewal(asked, signer, message=message.signer, tls=held.signer)
    assert visitor.post("/renew", text).document == {"state": "entered"}
    assert visitor.post("/renew", text).status == 200
    listed = decode(visitor.ask("GET", "/configuration.jws").body.decode()).unverified
    assert message.key in listed.members[0].gateways[0].keys
    assert listed.version == 3
    decide(visitor.registry, Suspend(home.member))
    assert visitor.post("/renew", text).document["code"] == "exchange.join_refused"


def test_while_it_serves_it_publishes_what_others_decided(visitor: Visitor, tmp_path: Path) -> None:
    home, keys = make_gateway(tmp_path / "gw", visitor.registry, visitor.time)
    enter(visitor.registry, home, keys, visitor.time)
    visitor.registry.public_file.unlink()
    told: list[str] = []

    async def live() -> None:
        events: asyncio.Queue[Mapping[str, object]] = asyncio.Queue()

        async def send(event: Mapping[str, Any]) -> None:
            told.append(event["type"])

        task = asyncio.create_task(visitor.app({"type": "lifespan"}, events.get, send))
        await events.put({"type": "lifespan.startup"})
        for _ in range(100):
            await asyncio.sleep(0.02)
            if visitor.registry.public_file.is_file():
                break
        await events.put({"type": "lifespan.shutdown"})
        await task

    asyncio.run(live())
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    text = visitor.registry.read_public()
    assert text is not None
    assert decode(text).unverified.version == 3


def test_a_folder_without_a_registry_is_not_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path)]) == 2
    assert "holds no registry" in capsys.readouterr().err


def test_it_begins_though_nothing_can_be_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was published is served while the disk is full."""

    def full(*_: object) -> None:
        raise FolderFailed("cannot write it: No space left on device; nothing was changed")

    folder = make_registry(tmp_path / "registry", clock()).folder
    monkeypatch.setattr(PublicConfiguration, "prepare", full)
    monkeypatch.setattr(module, "SystemClock", lambda: WoundClock(clock().now() + timedelta(hours=7)))
    monkeypatch.setattr(module, "run_announced", lambda *_: 0)
    assert main(["--home", str(folder)]) == 0


async def _publishing(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_desk, "PAUSE_SECONDS", 0.0)
    tried = 0

    def full(*_: object) -> None:
        nonlocal tried
        tried += 1
        raise FolderFailed("cannot write it: No space left on device; nothing was changed")

    task = asyncio.create_task(registry_desk.keep_publishing(registry))
    with monkeypatch.context() as patched:
        patched.setattr(PublicConfiguration, "prepare", full)
        while tried < 3:  # noqa: ASYNC110 - nothing else tells of it
            await asyncio.sleep(0.01)
    while registry.is_publication_due():  # noqa: ASYNC110 - nor of this
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_full_disk_is_told_once_and_published_once_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    time = clock()
    registry = make_registry(tmp_path / "registry", time)
    journal = registry.folder / "acts" / "journal"
    lines = len(journal.read_bytes().splitlines())
    time.wind(timedelta(hours=7))
    asyncio.run(asyncio.wait_for(_publishing(registry, monkeypatch), 30))
    assert capsys.readouterr().out.count("configuration_not_published") == 1
    assert len(journal.read_bytes().splitlines()) == lines + 1
