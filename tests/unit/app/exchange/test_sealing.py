"""Bodies that gateways carry and cannot read: sealed file by file, opened whole or not at all."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.exchange.gateway_keys import GatewayKeys, make_keys
from rahdari.app.exchange.sealing import (
    PART_BYTES,
    find_recipient,
    open_file,
    read_opening_keys,
    seal_file,
    write_opening_keys,
)
from rahdari.app.exchange.secret_files import create_secrets
from rahdari.exchange import UnknownRecipient
from rahdari.exchange.rules.directory import build_directory
from rahdari.kernel import Refused
from rahdari.wire.sealed import Binding, Direction, Kem, OpeningKey, SealedToAnother
from rahdari.wire.xroad import SecurityServerId
from tests.fakes.chance import SeededChance
from tests.unit.exchange.exchange_scene import REGISTRY, configuration

CHANCE = SeededChance(3)
OURS = OpeningKey(Kem.X_WING, bytes(range(32)))
EXCHANGE = Binding(
    Direction.REQUEST, "m-1", "PK/COM/2002/loans", "PK/GOV/1001/registry/x", "lending", "text/plain"
)


def sealed(folder: Path, content: bytes) -> Path:
    (folder / "plain").write_bytes(content)
    seal_file(folder / "plain", folder / "sealed", OURS.public, binding=EXCHANGE, chance=CHANCE)
    return folder / "sealed"


@pytest.mark.parametrize("size", [0, 1, 65_536, PART_BYTES + 1, 3 * PART_BYTES])
def test_what_is_sealed_opens_to_the_very_bytes(tmp_path: Path, size: int) -> None:
    content = (b"salam " * (size // 6 + 1))[:size]
    raw = sealed(tmp_path, content)
    assert content[:6] not in raw.read_bytes() or size < 6
    assert open_file(raw, tmp_path / "opened", [OURS], binding=EXCHANGE) == size
    assert (tmp_path / "opened").read_bytes() == content


@pytest.mark.parametrize(
    "changes",
    [
        {"direction": Direction.RESPONSE},
        {"request_id": "m-2"},
        {"client": "PK/COM/2002/cards"},
        {"service": "PK/GOV/1001/registry/y"},
        {"purpose": "audit"},
        {"content_type": "text/html"},
    ],
)
def test_it_opens_in_no_other_exchange(tmp_path: Path, changes: dict[str, str]) -> None:
    raw = sealed(tmp_path, b"salam")
    other = replace(EXCHANGE, **changes)  # type: ignore[arg-type]
    with pytest.raises(Refused):
        open_file(raw, tmp_path / "opened", [OURS], binding=other)
    assert not (tmp_path / "opened").exists()


def test_nobody_else_opens_it(tmp_path: Path) -> None:
    raw = sealed(tmp_path, b"salam")
    with pytest.raises(SealedToAnother):
        open_file(raw, tmp_path / "opened", [OpeningKey(Kem.X_WING, bytes(32))], binding=EXCHANGE)


@pytest.mark.parametrize("left", [10, 1_000, -1, -17])
def test_a_shortened_body_leaves_nothing(tmp_path: Path, left: int) -> None:
    raw = sealed(tmp_path, b"x" * 200_000)
    raw.write_bytes(raw.read_bytes()[:left])
    with pytest.raises(Refused):
        open_file(raw, tmp_path / "opened", [OURS], binding=EXCHANGE)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["plain", "sealed"]


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FolderFailed, match="could not become"):
        open_file(tmp_path / "nothing", tmp_path / "opened", [OURS], binding=EXCHANGE)


def test_the_keys_leave_the_gateway_for_good_and_their_public_halves_stay(tmp_path: Path) -> None:
    secrets = create_secrets(tmp_path / "keys", {}, chance=CHANCE, scrypt_n=1 << 10)
    make_keys(secrets, "https://127.0.0.1:9001", at=datetime(2027, 3, 1, tzinfo=UTC), chance=CHANCE)
    gateway = SecurityServerId("PK", "GOV", "1001", "gw1")
    keys = GatewayKeys(secrets, gateway, "https://127.0.0.1:9001")
    before, kept = keys.as_gateway(gateway).recipients, tmp_path / "opening.json"
    write_opening_keys(kept, keys.opening_keys)
    keys.hand_over()
    again = GatewayKeys(secrets, gateway, "https://127.0.0.1:9001")
    assert again.opening_keys == ()
    assert again.as_gateway(gateway).recipients == before
    assert tuple(one.public for one in read_opening_keys(kept)) == before
    assert kept.stat().st_mode & 0o077 == 0


def test_keys_are_never_written_over(tmp_path: Path) -> None:
    write_opening_keys(tmp_path / "keys.json", [OURS])
    with pytest.raises(BadFile, match="there already"):
        write_opening_keys(tmp_path / "keys.json", [OURS])


@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"keys":[]}', '{"keys":[{"kem":"RSA","secret":"AAAA"}]}', '{"keys":[{"kem":"X25519"}]}'],
)
def test_a_file_that_holds_no_keys_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys.json").write_text(text)
    with pytest.raises(BadFile):
        read_opening_keys(tmp_path / "keys.json")


def test_a_member_without_a_key_cannot_be_sealed_to() -> None:
    bank, registry = configuration().members
    gateway = replace(registry.gateways[0], recipients=(OURS.public,))
    directory = build_directory(configuration(members=(bank, replace(registry, gateways=(gateway,)))))
    assert find_recipient(directory, REGISTRY.member, Kem.X_WING) == OURS.public
    with pytest.raises(UnknownRecipient):
        find_recipient(directory, bank.id, Kem.X_WING)
