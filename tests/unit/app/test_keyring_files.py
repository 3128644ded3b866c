"""Private keys in encrypted files: what is on the disk, and who may open it."""

import json
import os
from pathlib import Path

import pytest

from rahdari.app.keyring_files import FileKeyRing, create_store, find_passphrase
from rahdari.credentials.errors import KeyLocked, KeyStoreFailed, UnknownKey
from rahdari.wire.keys import Algorithm, PublicKey
from tests.fakes.chance import SeededChance


def ring(folder: Path, words: str = "sample") -> FileKeyRing:
    return FileKeyRing(folder, lambda: words)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_store(tmp_path / "keys", "sample", chance=SeededChance(), scrypt_n=2)
    return tmp_path / "keys"


@pytest.fixture
def public(folder: Path) -> PublicKey:
    return ring(folder).create(Algorithm.ES256)


def test_no_private_key_lies_on_the_disk_in_the_clear(folder: Path, public: PublicKey) -> None:
    secret = ring(folder).signer(public).as_private_jwk()["d"]
    for path in folder.iterdir():
        assert secret.encode() not in path.read_bytes()
        assert b'"d"' not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0


def test_the_passphrase_is_asked_for_at_the_first_signature_and_once(folder: Path, public: PublicKey) -> None:
    asked: list[int] = []

    def passphrase() -> str:
        asked.append(1)
        return "sample"

    lazy = FileKeyRing(folder, passphrase)
    assert asked == []
    lazy.signer(public)
    lazy.signer(public)
    lazy.create(Algorithm.EDDSA)
    assert asked == [1]


def test_a_store_is_not_made_twice(folder: Path) -> None:
    with pytest.raises(KeyStoreFailed, match="nothing was changed"):
        create_store(folder, "other", chance=SeededChance(), scrypt_n=2)


def test_a_file_that_was_altered_or_exchanged_is_refused(folder: Path, public: PublicKey) -> None:
    other = ring(folder).create(Algorithm.ES256)
    mine, theirs = (folder / f"{one.thumbprint().hex()}.jwe" for one in (public, other))
    kept = mine.read_bytes()
    mine.write_bytes(theirs.read_bytes())
    with pytest.raises(KeyStoreFailed, match="another key"):
        ring(folder).signer(public)
    for damaged in (b"", kept[:-10], kept[:-5] + b"AAAAA", b"junk", b"a.b.c.d.e"):
        mine.write_bytes(damaged)
        with pytest.raises(KeyLocked):
            ring(folder).signer(public)
    mine.unlink()
    with pytest.raises(UnknownKey, match="backup"):
        ring(folder).signer(public)


@pytest.mark.parametrize("change", [{"n": 1 << 40}, {"n": 1}, {"salt": "zz"}, {"salt": 5}, {"check": None}])
def test_a_damaged_description_of_the_store_is_refused(
    folder: Path, public: PublicKey, change: dict[str, object]
) -> None:
    path = folder / "store.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises((KeyStoreFailed, KeyLocked)):
        ring(folder).signer(public)
    path.write_text("{")
    with pytest.raises(KeyStoreFailed, match="damaged"):
        ring(folder).signer(public)
    path.unlink()
    with pytest.raises(KeyStoreFailed, match="run init"):
        ring(folder).signer(public)


def test_a_passphrase_is_the_one_given_else_the_one_in_a_file_of_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    assert find_passphrase("given", file) == "given"
    with pytest.raises(KeyLocked, match="RAHDARI_PASSPHRASE"):
        find_passphrase("", file)
    file.write_text("sample passphrase\n")
    file.chmod(0o600)
    assert find_passphrase("", file) == "sample passphrase"
    file.chmod(0o640)
    if os.name == "posix":
        with pytest.raises(KeyLocked, match="chmod 600"):
            find_passphrase("", file)
