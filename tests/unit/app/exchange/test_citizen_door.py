"""The door for citizens has the one key that it needs, and reads the log as the gateway's own desk does."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rahdari.app.errors import AlreadyInitialised, BadSettings, NotInitialised
from rahdari.app.exchange.citizen_door import (
    FILE_NAME,
    PASSPHRASE_VARIABLE,
    DoorAddress,
    DoorHome,
    OpenDoor,
    create_door,
    read_door,
)
from rahdari.app.exchange.home import Listener
from rahdari.app.exchange.secret_files import open_secrets
from rahdari.exchange.errors import KeysLocked
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.fakes.gateway_homes import ENVIRONMENT
from tests.unit.app.exchange.test_citizens_log import AT, DAY, ME, OTHER, Place, place

__all__ = ["place"]

# The homes of gateways look for free ports.
pytestmark = pytest.mark.loopback
DOOR = {PASSPHRASE_VARIABLE: "words of the door"}


def made_door(place: Place, folder: Path, url: str = "https://mylog.example.pk") -> DoorHome:
    return create_door(
        folder,
        place.made.home.folder,
        {**ENVIRONMENT, **DOOR},
        address=DoorAddress(Listener("127.0.0.1", 8319), url),
        chance=SeededChance(),
        scrypt_n=2,
    )


@pytest.fixture
def door(place: Place, tmp_path: Path) -> DoorHome:
    place.write()
    return made_door(place, tmp_path / "door")


def test_its_home_is_read_as_it_was_made(door: DoorHome) -> None:
    assert read_door(door.folder) == door
    assert door.origin == "https://mylog.example.pk"
    assert (door.folder / FILE_NAME).stat().st_mode & 0o077 == 0


def test_of_the_gateways_keys_it_holds_one_and_no_other(door: DoorHome, place: Place) -> None:
    secrets = open_secrets(door.folder / "keys", DOOR, chance=SeededChance(), variable=PASSPHRASE_VARIABLE)
    assert secrets.names() == ("openings", "subjects")
    assert secrets.read("subjects") == place.made.keys.subjects_key
    # Nor does its passphrase open the gateway's.
    with pytest.raises(KeysLocked):
        open_secrets(
            place.made.home.keys_folder,
            {"RAHDARI_PASSPHRASE": DOOR[PASSPHRASE_VARIABLE]},
            chance=SeededChance(),
        )


def test_it_answers_without_the_gateways_passphrase(door: DoorHome, place: Place) -> None:
    place.write(place.asked(), place.asked(OTHER, at=AT + DAY))
    opened = OpenDoor(door, DOOR, clock=place.clock, chance=SeededChance())
    try:
        (told,) = opened.log.answer(ME, since=AT - DAY, until=AT + DAY, language="zh")
        assert (told.client_name, told.purpose_title) == ("Member 2002", "了解客户")
        assert not (place.made.home.folder / "index.db").exists()
    finally:
        opened.close()


def test_it_writes_nothing_into_the_gateways_home(door: DoorHome, place: Place) -> None:
    place.write(place.asked())
    folder = place.made.home.folder
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    opened = OpenDoor(door, DOOR, clock=place.clock, chance=SeededChance())
    opened.log.answer(ME, since=AT - DAY, until=AT + DAY)
    opened.close()
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before


def test_another_passphrase_does_not_open_it(door: DoorHome, place: Place) -> None:
    with pytest.raises(KeysLocked):
        OpenDoor(door, {PASSPHRASE_VARIABLE: "others"}, clock=place.clock, chance=SeededChance())


def test_there_is_one_in_a_folder_and_only_beside_a_gateway(
    door: DoorHome, place: Place, tmp_path: Path
) -> None:
    with pytest.raises(AlreadyInitialised):
        made_door(place, door.folder)
    with pytest.raises(NotInitialised):
        read_door(tmp_path)
    with pytest.raises(NotInitialised):
        create_door(
            tmp_path / "other",
            tmp_path / "nowhere",
            ENVIRONMENT,
            address=DoorAddress(Listener("127.0.0.1", 1), "http://127.0.0.1"),
            chance=SeededChance(),
        )


@pytest.mark.parametrize("url", ["", "mylog", "https://mylog.example.pk/log", "ftp://mylog.example.pk"])
def test_its_address_is_an_origin(place: Place, tmp_path: Path, url: str) -> None:
    with pytest.raises(BadSettings):
        made_door(place, tmp_path / "door", url)
    assert not (tmp_path / "door").exists()


@pytest.mark.parametrize(
    "line",
    [
        "unknown = 1",
        "port = 70000",
        'log_keys = ["a+b+c"]',
        "not toml",
        "trusted_proxy = 7",
        'trusted_proxy = "proxy"',
    ],
)
def test_a_damaged_home_is_refused_with_the_name_of_what_is_wrong(door: DoorHome, line: str) -> None:
    path = door.folder / FILE_NAME
    name = line.partition(" ")[0]
    kept = [one for one in path.read_text(encoding="utf-8").splitlines() if not one.startswith(f"{name} =")]
    path.write_text("\n".join([*kept, line]), encoding="utf-8")
    with pytest.raises(BadSettings):
        read_door(door.folder)


def test_a_proxy_is_believed_where_the_home_names_one(door: DoorHome) -> None:
    path = door.folder / FILE_NAME
    told = path.read_text(encoding="utf-8").replace('trusted_proxy = ""', 'trusted_proxy = "192.0.2.7"')
    path.write_text(told, encoding="utf-8")
    assert read_door(door.folder).trusted_proxy == "192.0.2.7"


def test_the_log_of_another_gateway_is_not_believed(door: DoorHome, place: Place) -> None:
    path = door.folder / FILE_NAME
    told = path.read_text(encoding="utf-8").replace(json.dumps(door.log.origin), '"ndel/PK/GOV/1001/gw2"')
    path.write_text(told, encoding="utf-8")
    place.write(place.asked())
    opened = OpenDoor(
        read_door(door.folder), DOOR, clock=WoundClock(datetime.now(UTC)), chance=SeededChance()
    )
    try:
        with pytest.raises(Exception, match="not one that"):
            opened.log.answer(ME, since=AT - DAY, until=AT + DAY)
    finally:
        opened.close()
