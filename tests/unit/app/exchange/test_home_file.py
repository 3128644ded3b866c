"""``gateway.toml`` of a gateway at work: clients are taken over, broken files are told, restarts are asked for."""

import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from rahdari.app.errors import BadSettings
from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.app.exchange.home import (
    FILE_NAME,
    GatewayHome,
    GatewaySettings,
    Listener,
    open_keys,
    write_gateway_file,
)
from rahdari.app.exchange.home_file import HomeFile
from rahdari.exchange.values.services import ClientProof, LocalClient
from rahdari.wire.xroad import SubsystemId
from tests.fakes.chance import SeededChance
from tests.fakes.exchange_registry import BEGIN, clock, make_gateway, make_registry

CLIENT = SubsystemId("PK", "GOV", "1001", "registry")


@pytest.fixture
def made(tmp_path: Path) -> tuple[GatewayHome, GatewayKeys]:
    time = clock()
    return make_gateway(tmp_path / "gw", make_registry(tmp_path / "registry", time), time)


@pytest.fixture
def home(made: tuple[GatewayHome, GatewayKeys]) -> GatewayHome:
    return made[0]


def write(home: GatewayHome, text: str = "") -> None:
    path = home.folder / FILE_NAME
    path.write_text(text or write_gateway_file(home), encoding="utf-8")
    # A stamp of its own, however coarse the clock of the disk is.
    os.utime(path, ns=(0, path.stat().st_mtime_ns + len(path.read_bytes())))


def with_client(home: GatewayHome) -> GatewayHome:
    digest = sha256(b"token").digest()
    return replace(
        home, clients={CLIENT: LocalClient(CLIENT, ClientProof.TOKEN, secret_digests=frozenset({digest}))}
    )


def test_clients_are_taken_over_once_the_file_changed(home: GatewayHome) -> None:
    file = HomeFile(home)
    assert not file.refresh()
    write(with_client(home))
    with capture_logs() as logs:
        assert file.refresh()
    assert logs[0]["event"] == "clients_read"
    assert logs[0]["clients"] == {"PK/GOV/1001/registry": "token"}
    assert file.clients == with_client(home).clients
    assert not file.refresh()


def test_a_broken_file_is_told_once_and_the_clients_stay(home: GatewayHome) -> None:
    file = HomeFile(home)
    write(with_client(home))
    file.refresh()
    write(home, "gateway = [")
    with capture_logs() as logs:
        assert not file.refresh()
        assert not file.refresh()
    assert [(one["event"], one["log_level"]) for one in logs] == [("gateway_file_not_read", "error")]
    assert FILE_NAME in file.fault
    assert file.clients == with_client(home).clients
    write(home)
    assert file.refresh()
    assert (file.fault, file.clients) == ("", {})


def test_what_is_only_read_at_the_start_is_named(home: GatewayHome) -> None:
    file = HomeFile(home)
    write(
        replace(
            home, edge=Listener("127.0.0.1", 1), settings=GatewaySettings(vouching_seconds=5), subsystems=()
        )
    )
    with capture_logs() as logs:
        assert not file.refresh()
    (told,) = logs
    assert (told["event"], told["log_level"]) == ("restart_needed", "warning")
    assert told["changed"] == ["subsystems", "edge", "settings.vouching_seconds"]


def test_clients_do_not_count_before_the_handshake_knows_their_certificates(home: GatewayHome) -> None:
    def refuse(files: tuple[str, ...]) -> None:
        raise BadSettings(f"no certificate in {files}")

    file = HomeFile(home)
    write(with_client(home))
    assert not file.refresh(know=refuse)
    assert file.clients == {}
    assert file.refresh(always=True)


def test_keys_that_another_process_made_are_taken_as_they_are(
    made: tuple[GatewayHome, GatewayKeys],
) -> None:
    home, keys = made
    beside = open_keys(home, {}, chance=SeededChance(3))
    message, held = beside.renew(BEGIN)
    assert not keys.holds(beside.as_gateway(home.id))
    assert keys.take_new()
    assert keys.messages[-1].key == message.key
    assert keys.held_certificates[-1].certificate == held.certificate
    assert keys.holds(beside.as_gateway(home.id))
    assert not keys.take_new()
    assert len(keys.messages) == len(keys.held_certificates) == 2
