"""A gateway's keys on a disk that is full, may not be written to, or hangs."""

import os
import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from rahdari.app.errors import FolderFailed
from rahdari.app.exchange.gateway_keys import LIFE, GatewayKeys
from rahdari.app.exchange.home import GatewayHome, create_home
from rahdari.app.exchange.tls import ServerTls
from rahdari.exchange.rules.directory import build_directory
from rahdari.wire.keys import Algorithm, SoftwareSigner
from tests.fakes.chance import SeededChance
from tests.fakes.exchange_registry import BEGIN, QUICK, planned_home
from tests.unit.app.exchange.test_home import directory_of

REGISTRY = SoftwareSigner.generate(Algorithm.EDDSA).public


@pytest.fixture
def home(tmp_path: Path) -> GatewayHome:
    return planned_home(tmp_path, REGISTRY, "file:/x")


@pytest.fixture
def keys(home: GatewayHome) -> GatewayKeys:
    return create_home(home, {}, at=BEGIN, chance=SeededChance(), scrypt_n=QUICK)


def lose_the_disk(home: GatewayHome) -> None:
    home.keys_folder.rename(home.keys_folder.with_name("aside"))
    home.keys_folder.write_text("a file where the folder belongs")


def without_files_in_memory(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    def refused(name: str) -> int:
        raise OSError(name)

    if how == "absent":
        monkeypatch.delattr(os, "memfd_create")
    else:
        monkeypatch.setattr(os, "memfd_create", refused)


def load(keys: GatewayKeys) -> None:
    held = keys.held_certificates[-1]
    keys.load_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), held.certificate.der, held.private)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no files in memory")
def test_tls_gets_its_key_without_the_disk(home: GatewayHome, keys: GatewayKeys) -> None:
    lose_the_disk(home)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        load(keys)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("how", ["absent", "refused"])
def test_without_files_in_memory_the_disk_is_used_and_left_as_it_was(
    home: GatewayHome, keys: GatewayKeys, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    without_files_in_memory(monkeypatch, how)
    before = set(home.keys_folder.iterdir())
    load(keys)
    assert set(home.keys_folder.iterdir()) == before
    lose_the_disk(home)
    with pytest.raises(FolderFailed, match="cannot write"):
        load(keys)


def test_a_pair_of_ours_that_cannot_be_shown_keeps_no_new_member_out(
    home: GatewayHome, keys: GatewayKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = keys.as_gateway(home.id)
    directory = build_directory(directory_of(own))
    tls = ServerTls(keys, directory, ())
    without_files_in_memory(monkeypatch, "absent")
    lose_the_disk(home)
    with pytest.raises(FolderFailed):
        tls.follow(directory, [own])
    assert tls.context.cert_store_stats()["x509"] == 1


def test_an_old_key_that_the_disk_does_not_let_go_of_is_dropped_another_time(
    home: GatewayHome, keys: GatewayKeys
) -> None:
    old = keys.messages[0].key
    keys.renew(BEGIN + timedelta(days=60))
    file = home.keys_folder / f"message-{old.keyid}.jwe"
    file.rename(file.with_suffix(".aside"))
    file.mkdir()
    at = int((BEGIN + LIFE).timestamp())
    keys.forget(at)
    assert len(keys.messages) == 2
    file.rmdir()
    keys.forget(at)
    assert len(keys.messages) == len(keys.certificates) == 1


def test_what_the_configuration_has_of_us_is_not_forgotten(home: GatewayHome, keys: GatewayKeys) -> None:
    named = keys.as_gateway(home.id)
    keys.renew(BEGIN + timedelta(days=60))
    at = int((BEGIN + 9 * LIFE).timestamp())
    keys.forget(at, named=named)
    assert len(keys.messages) == len(keys.certificates) == 2
    keys.forget(at, named=keys.as_gateway(home.id))
    assert len(keys.messages) == len(keys.certificates) == 1
