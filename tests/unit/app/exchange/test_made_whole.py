"""Homes are made whole, or not at all: where the disk is full midway, nothing stands in the way of a second try."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rahdari.app.errors import FolderFailed
from rahdari.app.exchange.citizen_door import DoorAddress, create_door, read_door
from rahdari.app.exchange.home import Listener, create_home, read_home
from rahdari.app.exchange.registry_founding import Founding, found_registry, open_registry
from rahdari.app.exchange.timestamper import TimestampingAuthority, create_timestamper
from rahdari.wire.keys import Algorithm, SoftwareSigner
from tests.fakes.chance import SeededChance
from tests.fakes.exchange_registry import BEGIN, OFFICERS, QUICK, clock, planned_home

TRIES_MAX = 60
PUBLIC = SoftwareSigner.generate(Algorithm.EDDSA).public


def _gateway(folder: Path) -> None:
    planned = planned_home(folder, PUBLIC, "http://127.0.0.1:8470/configuration.jws")
    create_home(planned, {}, at=BEGIN, chance=SeededChance(1), scrypt_n=QUICK)
    read_home(folder)


def _registry(folder: Path) -> None:
    founding = Founding("PK", OFFICERS)
    found_registry(folder, founding, {}, clock=clock(), chance=SeededChance(1), scrypt_n=QUICK)
    open_registry(folder, {}, clock=clock(), chance=SeededChance(2))


def _timestamper(folder: Path) -> None:
    create_timestamper(folder, {}, name="court", clock=clock(), chance=SeededChance(1), scrypt_n=QUICK)
    TimestampingAuthority(folder, {}, clock=clock(), chance=SeededChance(2))


def _door(folder: Path) -> None:
    gateway = folder.parent / "gateway"
    if not gateway.exists():
        _gateway(gateway)
    address = DoorAddress(Listener("127.0.0.1", 8319), "http://127.0.0.1:8319")
    create_door(folder, gateway, {}, address=address, chance=SeededChance(1), scrypt_n=QUICK)
    read_door(folder)


def _is_made(make: Callable[[], object], files: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Make it on a disk that has room for so many files and no more; tell whether it was made."""
    assert files < TRIES_MAX
    left, flush = [files], os.fsync

    def fsync(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        try:
            make()
        except FolderFailed:
            return False
    return True


@pytest.mark.parametrize("make", [_gateway, _registry, _timestamper, _door])
def test_wherever_the_disk_is_full_the_second_try_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None]
) -> None:
    _gateway(tmp_path / "gateway")
    folder = tmp_path / "home"
    (folder / "keys").mkdir(parents=True)
    (folder / "keys" / "note.txt").write_text("somebody's")
    files = 0
    while not _is_made(lambda: make(folder), files, monkeypatch):
        files += 1
        assert sorted(folder.rglob("*")) == [folder / "keys", folder / "keys" / "note.txt"]
    assert files > 0
    assert (folder / "keys" / "note.txt").read_text() == "somebody's"


def test_where_no_folder_can_be_made_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    _gateway(tmp_path / "gateway")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "mkdir", full)
        for make in (_gateway, _registry, _timestamper, _door):
            with pytest.raises(FolderFailed, match="No space left"):
                make(tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_an_officers_key_is_made_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    founding = Founding("PK", OFFICERS)
    chance = SeededChance(1)
    registry = found_registry(
        tmp_path / "registry", founding, {}, clock=clock(), chance=chance, scrypt_n=QUICK
    )
    files = 0
    while not _is_made(lambda: registry.make_officer("Sample Three", {}, scrypt_n=QUICK), files, monkeypatch):
        files += 1
    assert files > 0
