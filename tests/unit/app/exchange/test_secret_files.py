"""Secrets at rest: nobody without the passphrase reads one, and none stands in another's place."""

import json
import stat
from pathlib import Path

import pytest
from joserfc import jwe
from joserfc.jwk import OctKey

from rahdari.app.errors import AlreadyInitialised, NotInitialised
from rahdari.app.exchange.officer_keys import make_officer, open_officer
from rahdari.app.exchange.secret_files import _derive, create_secrets, open_secrets
from rahdari.exchange.errors import KeysLocked
from tests.fakes.chance import SeededChance
from tests.fakes.exchange_registry import QUICK

CHANCE = SeededChance(3)
GIVEN = {"RAHDARI_PASSPHRASE": "sample words for a test"}


def test_a_secret_is_read_back(tmp_path: Path) -> None:
    create_secrets(tmp_path / "keys", GIVEN, chance=CHANCE, scrypt_n=QUICK).keep("one", b"\x00\xffsecret")
    opened = open_secrets(tmp_path / "keys", GIVEN, chance=CHANCE)
    assert opened.read("one") == b"\x00\xffsecret"
    assert opened.names() == ("one",)
    opened.drop("one")
    assert opened.names() == ()
    with pytest.raises(KeysLocked, match="lack one"):
        opened.read("one")


def test_only_the_owner_may_look(tmp_path: Path) -> None:
    create_secrets(tmp_path / "keys", {}, chance=CHANCE, scrypt_n=QUICK).keep("one", b"secret")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    for file in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
        assert b"secret" not in file.read_bytes()


def test_without_a_passphrase_one_is_drawn_and_kept_beside(tmp_path: Path) -> None:
    create_secrets(tmp_path, {}, chance=CHANCE, scrypt_n=QUICK).keep("one", b"x")
    assert len((tmp_path / "passphrase").read_text()) == 64
    assert open_secrets(tmp_path, {}, chance=CHANCE).read("one") == b"x"


def test_another_passphrase_opens_nothing(tmp_path: Path) -> None:
    create_secrets(tmp_path, GIVEN, chance=CHANCE, scrypt_n=QUICK)
    assert not (tmp_path / "passphrase").exists()
    with pytest.raises(KeysLocked, match="does not open"):
        open_secrets(tmp_path, {"RAHDARI_PASSPHRASE": "other"}, chance=CHANCE)
    with pytest.raises(KeysLocked, match="no passphrase"):
        open_secrets(tmp_path, {}, chance=CHANCE)


def test_a_passphrase_that_others_may_read_is_refused(tmp_path: Path) -> None:
    create_secrets(tmp_path, {}, chance=CHANCE, scrypt_n=QUICK)
    (tmp_path / "passphrase").chmod(0o644)
    with pytest.raises(KeysLocked, match="chmod 600"):
        open_secrets(tmp_path, {}, chance=CHANCE)


def test_no_secret_stands_in_anothers_place(tmp_path: Path) -> None:
    secrets = create_secrets(tmp_path, {}, chance=CHANCE, scrypt_n=QUICK)
    secrets.keep("one", b"1")
    secrets.keep("two", b"2")
    (tmp_path / "one.jwe").write_bytes((tmp_path / "two.jwe").read_bytes())
    with pytest.raises(KeysLocked, match="another secret"):
        secrets.read("one")


@pytest.mark.parametrize("damage", [b"", b"....", b"a.b.c.d.e", b"\xff" * 50, b"e30..AAAA.AAAA.AAAA"])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: bytes) -> None:
    secrets = create_secrets(tmp_path, {}, chance=CHANCE, scrypt_n=QUICK)
    secrets.keep("one", b"1")
    (tmp_path / "one.jwe").write_bytes(damage)
    with pytest.raises(KeysLocked):
        secrets.read("one")


def test_one_altered_byte_is_seen(tmp_path: Path) -> None:
    secrets = create_secrets(tmp_path, {}, chance=CHANCE, scrypt_n=QUICK)
    secrets.keep("one", b"some secret")
    good = (tmp_path / "one.jwe").read_bytes()
    for place in range(0, len(good), 7):
        altered = bytearray(good)
        altered[place] = ord("A") if altered[place] != ord("A") else ord("B")
        (tmp_path / "one.jwe").write_bytes(bytes(altered))
        with pytest.raises(KeysLocked):
            secrets.read("one")


@pytest.mark.parametrize(
    "damage", ["", "[]", "{}", '{"n": 3, "salt": "00", "check": "x"}', '{"n": 1073741824}']
)
def test_a_damaged_description_is_refused(tmp_path: Path, damage: str) -> None:
    create_secrets(tmp_path, {}, chance=CHANCE, scrypt_n=QUICK)
    described = json.loads((tmp_path / "store.json").read_text())
    changed = json.dumps({**described, **json.loads(damage)}) if damage.startswith('{"') else damage
    (tmp_path / "store.json").write_text(changed)
    with pytest.raises(KeysLocked):
        open_secrets(tmp_path, {}, chance=CHANCE)


def test_there_is_one_store_in_a_folder(tmp_path: Path) -> None:
    with pytest.raises(NotInitialised):
        open_secrets(tmp_path, {}, chance=CHANCE)
    create_secrets(tmp_path, {}, chance=CHANCE, scrypt_n=QUICK)
    with pytest.raises(AlreadyInitialised):
        create_secrets(tmp_path, {}, chance=CHANCE, scrypt_n=QUICK)


def test_another_implementation_reads_the_files(tmp_path: Path) -> None:
    """RFC 7516: joserfc, which this module does not use, decrypts them."""
    create_secrets(tmp_path, GIVEN, chance=CHANCE, scrypt_n=QUICK).keep("one", b"a secret")
    salt = bytes.fromhex(json.loads((tmp_path / "store.json").read_text())["salt"])
    key = OctKey.import_key(_derive(GIVEN["RAHDARI_PASSPHRASE"], salt, QUICK))
    assert jwe.decrypt_compact((tmp_path / "one.jwe").read_bytes(), key).plaintext == b"a secret"


def test_an_officer_has_a_folder_and_a_passphrase_of_her_own(tmp_path: Path) -> None:
    environment = {"RAHDARI_OFFICER_PASSPHRASE": "words of an officer", **GIVEN}
    public = make_officer(tmp_path, environment, chance=CHANCE, scrypt_n=QUICK)
    assert open_officer(tmp_path, environment, chance=CHANCE).public == public
    with pytest.raises(KeysLocked):
        open_officer(tmp_path, GIVEN, chance=CHANCE)
