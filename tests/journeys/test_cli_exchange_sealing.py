"""A body that gateways carry and cannot read: sealed to a member, opened by its information system alone."""

import io
from pathlib import Path

import pytest

from rahdari.app.clock import SystemClock
from tests.fakes.exchange_registry import enter, make_gateway, make_registry
from tests.journeys.commands import CommandLine, Ended

EXCHANGE = (
    "--id", "m-1", "--client", "PK/GOV/1001/app", "--service", "PK/GOV/1001/registry/persons", "--purpose", "kyc",
)  # fmt: skip


def told_the_identity_services(gateway: CommandLine, monkeypatch: pytest.MonkeyPatch, token: str) -> Ended:
    monkeypatch.setattr("sys.stdin", io.StringIO(token))
    return gateway.json(
        "exchange", "service", "identity", "--server", "http://127.0.0.1:8440", "--subsystem", "registry",
        "--purpose", "kyc", "--grant", "PK/COM/2002/loans", "--token-from-stdin",
    )  # fmt: skip


def test_the_identity_authoritys_services_are_offered_once(
    gateway: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told_the_identity_services(gateway, monkeypatch, "rah_sample0123456789").code == 0
    listed = gateway.json("exchange", "service", "list").document["services"]
    assert isinstance(listed, list)
    assert len(listed) == 3
    again = told_the_identity_services(gateway, monkeypatch, "rah_another0123456789")
    assert again.code != 0
    assert "registry/person-status" in again.out
    assert (gateway.home / "identity.token").read_text() == "rah_sample0123456789"


OTHER = """# Ours.
[[service]]
id = "PK/GOV/1001/registry/other"
title = { en = "Other" }
base_url = "http://127.0.0.1:9000"

[rates]
"PK/COM/2002/loans" = { per_second = 1, burst = 1 }
"""


def test_the_identity_authoritys_services_stand_beside_what_is_offered_already(
    gateway: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (gateway.home / "services.toml").write_text(OTHER, encoding="utf-8")
    assert told_the_identity_services(gateway, monkeypatch, "rah_sample0123456789").code == 0
    listed = gateway.json("exchange", "service", "list").document["services"]
    assert isinstance(listed, list)
    names = {one["service"].rpartition("/")[2] for one in listed}
    assert names == {"other", "person-status", "attribute-match", "age-over"}
    assert (gateway.home / "services.toml").read_text(encoding="utf-8").startswith(OTHER)


def test_an_offer_that_is_broken_already_is_left_as_it_is(
    gateway: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (gateway.home / "services.toml").write_text("[[service]", encoding="utf-8")
    told = told_the_identity_services(gateway, monkeypatch, "rah_sample0123456789")
    assert told.problem == "exchange.offer_refused"
    assert (gateway.home / "services.toml").read_text(encoding="utf-8") == "[[service]"


def test_an_offer_that_no_gateway_could_read_is_not_left_behind(
    gateway: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told_the_identity_services(gateway, monkeypatch, "no token at all").code != 0
    assert not (gateway.home / "services.toml").exists()


@pytest.fixture
def gateway(tmp_path: Path) -> CommandLine:
    registry = make_registry(tmp_path / "registry", SystemClock())
    home, keys = make_gateway(tmp_path / "gateway", registry, SystemClock())
    enter(registry, home, keys, SystemClock())
    run = CommandLine(tmp_path / "gateway")
    assert run("exchange", "status", "--fetch").code == 0
    return run


def test_what_is_sealed_to_a_member_its_own_keys_open(gateway: CommandLine, tmp_path: Path) -> None:
    plain, sealed, keys, opened = (tmp_path / name for name in ("plain", "sealed", "keys.json", "opened"))
    plain.write_bytes(b'{"name":"a secret of tests"}')
    told = gateway.json("exchange", "seal", plain, sealed, *EXCHANGE).document
    assert (told["kem"], told["sealed_to"]) == ("X_WING", "PK/GOV/1001")
    assert b"secret" not in sealed.read_bytes()
    handed = gateway.json("exchange", "sealing-keys", "hand-over", "--out", keys)
    assert handed.document["keys"] == ["X25519", "X_WING"]
    assert gateway("exchange", "sealing-keys", "hand-over", "--out", tmp_path / "again").code != 0
    assert gateway("exchange", "open", sealed, opened, "--keys", keys, *EXCHANGE).code == 0
    assert opened.read_bytes() == plain.read_bytes()


def test_it_opens_in_no_other_exchange(gateway: CommandLine, tmp_path: Path) -> None:
    plain, sealed, keys, opened = (tmp_path / name for name in ("plain", "sealed", "keys.json", "opened"))
    plain.write_bytes(b"a secret of tests")
    gateway.json("exchange", "seal", plain, sealed, "--strength", "classical", *EXCHANGE)
    gateway.json("exchange", "sealing-keys", "hand-over", "--out", keys)
    other = [word if word != "m-1" else "m-2" for word in EXCHANGE]
    refused = gateway.json("exchange", "open", sealed, opened, "--keys", keys, *other)
    assert refused.code != 0
    assert "wire.seal_broken" in refused.out + refused.err
    assert not opened.exists()
