"""Founding a house, opening it, and what stands in its folder."""

import fcntl
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from rahdari.app.catalogue import read_catalogue
from rahdari.app.errors import AlreadyInitialised, BadSettings, NotInitialised
from rahdari.app.foundation import open_keyring
from rahdari.app.house import House, found_house, is_initialised, migrate_house, open_gate, open_house
from rahdari.app.settings import read_settings
from rahdari.app.status_sources import FolderSource
from rahdari.credentials import Act, KeyUse, VerdictKind
from rahdari.credentials.errors import BadProduct, KeyLocked
from rahdari.credentials.schema import trust_list
from rahdari.credentials.service import keys
from tests.fakes.clock import WoundClock
from tests.unit.app.founding import founded_anew as founded
from tests.unit.app.founding import issued, officer
from tests.unit.credentials.scene import PRODUCT_FOLDER


def test_a_house_that_was_founded_is_opened_again_with_all_it_holds(tmp_path: Path) -> None:
    clock = WoundClock()
    house = founded(tmp_path / "home", clock=clock)
    card = issued(house)
    text = house.registry.get_pass(card.number).text
    house.close()
    again = open_house(read_settings(tmp_path / "home", {}), clock=clock)
    assert again.authority.examine(text).verdict is VerdictKind.VALID
    assert again.registry.get_card(card.number) == card
    assert [one.ref.id for one in again.products] == ["juvenile", "nic", "nicop", "poc"]
    assert not migrate_house(again.settings)
    again.close()


def test_what_the_world_may_see_lies_apart_from_what_it_may_not(tmp_path: Path) -> None:
    house, told = found_house(read_settings(tmp_path, {}), clock=WoundClock(), scrypt_n=2)
    public = {path.relative_to(tmp_path / "public").as_posix() for path in (tmp_path / "public").rglob("*.*")}
    assert public == {"root.jwk", "trust.jwt", "audit-checkpoint.json", "s/1.cwt", "s/1.jwt"}
    for secret in ("keys/passphrase", "root/passphrase", "officers/officer.token", "rahdari.db"):
        assert (tmp_path / secret).stat().st_mode & 0o077 == 0, secret
    assert "d" not in json.loads((tmp_path / "public" / "root.jwk").read_text())
    assert told.officers == ("officer", "supervisor")
    assert len(told.root_fingerprint.split()) == 8
    house.close()


def test_a_second_founding_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    founded(tmp_path).close()
    before = {path: path.read_bytes() for path in (tmp_path / "public").rglob("*") if path.is_file()}
    with pytest.raises(AlreadyInitialised, match="nothing was changed"):
        founded(tmp_path)
    assert before == {path: path.read_bytes() for path in before}


def test_a_database_that_holds_another_folders_authority_is_left_alone(tmp_path: Path) -> None:
    founded(tmp_path / "one").close()
    shared = f"sqlite:///{tmp_path / 'one' / 'rahdari.db'}"
    settings = replace(read_settings(tmp_path / "other", {}), database=shared)
    with pytest.raises(AlreadyInitialised, match=r"already initialised.*nothing was changed"):
        found_house(settings, scrypt_n=2)
    assert not (tmp_path / "other").exists()


def test_a_founding_that_broke_off_is_finished_by_the_next_one(tmp_path: Path) -> None:
    founded(tmp_path).close()
    (tmp_path / "public" / "trust.jwt").unlink()
    assert not is_initialised(read_settings(tmp_path, {}))
    house = founded(tmp_path)
    assert house.authority.verify_log().is_intact
    assert len(house.authority.list_keys()) == len(KeyUse)
    assert len(house.officers.list()) == 2
    assert house.gate.trust().listed.sequence == 2
    house.close()


def broken_off(house: House) -> None:
    """Make a house look as if its founding had been killed before it signed a trust list."""
    home = house.settings.home
    with house.foundation.database.transaction() as connection:
        connection.execute(delete(trust_list))
    house.close()
    (home / "public" / "trust.jwt").unlink()
    shutil.rmtree(home / "verifier")


def test_a_founding_that_broke_off_leaves_nothing_of_its_settings_behind(tmp_path: Path) -> None:
    broken_off(
        founded(tmp_path, {"RAHDARI_PUBLIC_URL": "https://old.sample.example", "RAHDARI_PASSPHRASE": "a"})
    )
    house = founded(tmp_path, {"RAHDARI_PUBLIC_URL": "https://new.sample.example", "RAHDARI_PASSPHRASE": "b"})
    assert house.authority.list_status_uris() == ("https://new.sample.example/s/1",)
    assert house.gate.trust().listed.sequence == 1
    assert len(house.authority.list_keys()) == len(KeyUse)
    assert house.authority.verify_log().is_intact
    house.close()


def test_a_founding_that_broke_off_after_signing_goes_on_with_the_same_address_only(tmp_path: Path) -> None:
    founded(tmp_path, {"RAHDARI_PUBLIC_URL": "https://old.sample.example"}).close()
    (tmp_path / "public" / "trust.jwt").unlink()
    with pytest.raises(BadSettings, match="public_url"):
        founded(tmp_path, {"RAHDARI_PUBLIC_URL": "https://new.sample.example"})
    founded(tmp_path, {"RAHDARI_PUBLIC_URL": "https://old.sample.example"}).close()


def test_a_register_with_cards_is_never_cleared_away(tmp_path: Path) -> None:
    house = founded(tmp_path)
    card = issued(house)
    broken_off(house)
    house = founded(tmp_path)
    assert house.registry.get_card(card.number) == card
    house.close()


@pytest.mark.parametrize(
    "changed", [{"public_url": "http://evil.example"}, {"name": "a\nb"}, {"pkcs11_module": "/nowhere.so"}]
)
def test_settings_that_cannot_be_are_refused_before_anything_is_written(
    tmp_path: Path, changed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pkcs11", None)
    monkeypatch.delitem(__import__("sys").modules, "rahdari.app.keyring_pkcs11", raising=False)
    settings = replace(read_settings(tmp_path / "home", {}), **changed)  # type: ignore[arg-type]
    with pytest.raises(BadSettings):
        found_house(settings, clock=WoundClock(), scrypt_n=2)
    assert not (tmp_path / "home").exists()


def test_of_two_foundings_at_once_one_wins_and_the_other_is_refused(tmp_path: Path) -> None:
    def found(_: int) -> str:
        try:
            founded(tmp_path).close()
        except AlreadyInitialised as refused:
            return refused.code
        return "made"

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(found, range(4)))
    assert told == ["app.already_initialised"] * 3 + ["made"]
    house = open_house(read_settings(tmp_path, {}), clock=WoundClock())
    assert house.authority.verify_log().is_intact
    assert len(house.officers.list()) == 2
    house.close()


def test_a_founding_under_way_in_another_process_is_told(tmp_path: Path) -> None:
    with (tmp_path / ".init.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(AlreadyInitialised, match="under way"):
            founded(tmp_path)
    founded(tmp_path).close()


def test_the_settings_that_are_written_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'other.db'}"
    founded(tmp_path / "home", {"RAHDARI_DATABASE": database}).close()
    file = tmp_path / "home" / "rahdari.toml"
    assert database in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_was_never_founded_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(NotInitialised, match="rahdari init"):
        open_house(read_settings(tmp_path / "nowhere", {}))


def test_a_gate_needs_no_authority_and_no_secret(tmp_path: Path) -> None:
    clock = WoundClock()
    house = founded(tmp_path / "home", clock=clock)
    card = issued(house)
    house.authority.publish()
    gate = open_gate(read_settings(tmp_path / "gate", {}), clock=clock)
    gate.pin_root((tmp_path / "home" / "public" / "root.jwk").read_bytes())
    gate.import_trust((tmp_path / "home" / "public" / "trust.jwt").read_text())
    assert gate.sync(FolderSource(tmp_path / "home" / "public")).failed == ()
    assert gate.examine(house.registry.get_pass(card.number).text).verdict is VerdictKind.VALID
    assert {path.name for path in (tmp_path / "gate" / "verifier").iterdir()} == {
        "lock",
        "root.jwk",
        "trust.jwt",
        "status",
    }
    house.close()


def test_a_product_in_the_home_takes_the_place_of_the_shipped_one_of_its_version(tmp_path: Path) -> None:
    (tmp_path / "products").mkdir()
    shipped = (PRODUCT_FOLDER / "nic.toml").read_text(encoding="utf-8")
    (tmp_path / "products" / "nic.toml").write_text(shipped.replace("years = 10", "years = 5"))
    (tmp_path / "products" / "nic2.toml").write_text(shipped.replace("version = 1", "version = 2"))
    catalogue = read_catalogue(tmp_path)
    assert catalogue.get_current("nic").ref.version == 2
    assert catalogue.get(replace(catalogue.get_current("nic").ref, version=1)).validity.years == 5
    (tmp_path / "products" / "twin.toml").write_text(shipped)
    with pytest.raises(BadProduct, match="two files"):
        read_catalogue(tmp_path)
    (tmp_path / "products" / "twin.toml").write_text("id = 5")
    with pytest.raises(BadProduct, match=r"twin[.]toml"):
        read_catalogue(tmp_path)


def test_the_root_may_lie_on_another_disk_and_everything_but_signing_trust_works_without_it(
    tmp_path: Path,
) -> None:
    house = founded(tmp_path / "home", {"RAHDARI_ROOT_PASSPHRASE": "sample root"})
    (tmp_path / "home" / "root").rename(tmp_path / "disk")
    card = issued(house)
    assert house.authority.publish(every=True)
    assert house.registry.act(card.number, Act.SUSPEND, actor=officer(house)).stage == "suspended"
    house.close()
    away = read_settings(tmp_path / "home", {"RAHDARI_ROOT_FOLDER": str(tmp_path / "disk")})
    house = open_house(away, clock=WoundClock())
    with pytest.raises(KeyLocked, match="passphrase"):
        house.authority.rotate(KeyUse.PASS, actor=officer(house))
    house.close()
    with_root = {"RAHDARI_ROOT_FOLDER": str(tmp_path / "disk"), "RAHDARI_ROOT_PASSPHRASE": "sample root"}
    house = open_house(read_settings(tmp_path / "home", with_root), clock=WoundClock())
    assert house.authority.sign_trust_list(actor=officer(house), life=keys.TRUST_LIFE - timedelta(days=1))
    house.close()


def test_without_the_passphrase_nothing_is_signed_and_much_is_still_read(tmp_path: Path) -> None:
    house = founded(tmp_path, {"RAHDARI_PASSPHRASE": "sample words"})
    card = issued(house)
    text = house.registry.get_pass(card.number).text
    house.close()
    house = open_house(read_settings(tmp_path, {}), clock=WoundClock())
    assert house.authority.examine(text).verdict is VerdictKind.VALID
    assert house.authority.verify_log().is_intact
    with pytest.raises(KeyLocked):
        house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
    assert house.authority.examine(text).verdict is VerdictKind.VALID
    house.close()


def test_a_pkcs11_module_without_its_library_is_a_bad_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pkcs11", None)
    monkeypatch.delitem(__import__("sys").modules, "rahdari.app.keyring_pkcs11", raising=False)
    settings = read_settings(tmp_path, {"RAHDARI_PKCS11_MODULE": "/nowhere.so"})
    with pytest.raises(BadSettings, match=r"rahdari\[pkcs11\]"):
        open_keyring(settings)


def test_a_clock_that_is_set_back_makes_no_status_younger_for_the_gate_of_the_house(tmp_path: Path) -> None:
    clock = WoundClock()
    house = founded(tmp_path, clock=clock)
    clock.wind(timedelta(hours=1))
    seen = house.gate.now()
    clock.wind(timedelta(hours=-1))
    assert house.gate.now() >= seen
    assert house.foundation.clock.now() < seen, "the register's own time is the machine's"
    house.close()
