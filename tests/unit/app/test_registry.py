"""The counter: holders and cards, one transaction a request, and a bulk issue that may be killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import rahdari.credentials
from rahdari.app.clock import SystemClock
from rahdari.app.errors import BadFile
from rahdari.app.house import House, open_house
from rahdari.app.registry import BATCH
from rahdari.app.settings import read_settings
from rahdari.credentials import Act, CardNumber, HolderId, Portrait, Reason, Stage, local_text
from rahdari.credentials.errors import BadHolder, BadRows, NotAllowed, SameOfficer, UnknownCard, UnknownHolder
from rahdari.database import Full, Locked
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.unit.app.founding import founded, issued, officer, supervisor
from tests.unit.credentials.scene import PORTRAIT, person

HEADING = (
    "product,number,name.en,name.ur,guardian.en,guardian.ur,gender,date_of_birth,nationality,family_number,"
    "address.en,address.ur,permanent_address.en,permanent_address.ur,permanent_region,photo\n"
)


def row(holder: int, **changes: str) -> str:
    cells = {
        "product": "nic",
        "number": f"35202-{holder:07d}-1",
        "name.en": f"Sample Holder {holder}",
        "name.ur": "نمونہ حامل",
        "guardian.en": "Sample Guardian",
        "guardian.ur": "نمونہ سرپرست",
        "gender": "F",
        "date_of_birth": "1991-02-03",
        "nationality": "PAK",
        "family_number": "SAMPLE-2",
        "address.en": "1 Sample Street",
        "address.ur": "نمونہ گلی",
        "permanent_address.en": "1 Sample Street",
        "permanent_address.ur": "نمونہ گلی",
        "permanent_region": "PK-PB",
        "photo": "",
    } | changes
    return ",".join(cells.values()) + "\n"


def test_a_card_whose_pass_fits_no_code_does_not_hold_up_the_others(tmp_path: Path) -> None:
    products = tmp_path / "home" / "products"
    products.mkdir(parents=True)
    shipped = Path(rahdari.credentials.__file__).parent / "products" / "nic.toml"
    wordy = '"marks", "photo", "guardian", "address", "passport_number", "country_of_stay"]'
    text = shipped.read_text(encoding="utf-8").replace('"marks", "photo"]', wordy, 1)
    text = text.replace('compression = "zlib"', 'compression = "none"', 1)
    (products / "nic.toml").write_text(text, encoding="utf-8")
    house = founded(tmp_path / "home", {"RAHDARI_ISSUER": "urn:sample:" + "x" * 100})
    dice = SeededChance(1)
    noise = ["".join(chr(0x20000 + dice.below(40_000)) for _ in range(100)) for _ in range(6)]
    texts = [local_text(en=en, ur=ur) for en, ur in zip(noise[::2], noise[1::2], strict=True)]
    long = dict.fromkeys(
        ("family_number", "passport_number", "country_of_stay", "permanent_region"), "X" * 40
    )
    unfit = replace(person(2), name=texts[0], guardian=texts[1], address=texts[2], **long)  # type: ignore[arg-type]
    parties = [person(1), unfit, person(3), person(4)]
    made = house.registry.add_holders([(party, PORTRAIT, "nic") for party in parties], actor=officer(house))
    with pytest.raises(BadHolder, match=made[1][1].number):
        house.registry.issue_waiting(actor=officer(house))
    stages = [house.registry.get_card(card.number).stage for _, card in made]
    assert stages == [Stage.ACTIVE, Stage.APPLIED, Stage.ACTIVE, Stage.ACTIVE]
    house.close()


def photo_of(name: str) -> Portrait:
    if name != "here.webp":
        raise BadFile(f"there is no photograph {name}")
    return PORTRAIT


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = founded(tmp_path / "home")
    yield made
    made.close()


def test_a_file_of_holders_is_imported_whole(house: House) -> None:
    raw = (HEADING + row(1, photo="here.webp") + "\n" + row(2)).encode()
    assert house.registry.import_holders(raw, actor=officer(house), photo_of=photo_of) == 2
    found = house.registry.find_holder_by_number("35202-0000001-1")
    assert house.registry.get_portrait(found.id) == PORTRAIT
    assert len(house.registry.list_applied(product="nic")) == 2
    assert house.registry.issue_waiting(actor=officer(house)) == 2


def test_every_bad_row_is_told_by_line_and_column_and_nothing_is_imported(house: House) -> None:
    house.registry.add_holder(person(9), "nic", actor=officer(house))
    raw = (
        HEADING
        + row(1)
        + row(2, **{"name.en": ""})
        + row(3, gender="Q", date_of_birth="1991-02-30")
        + row(4, number="12")
        + row(5, product="passport")
        + row(6, photo="absent.webp")
        + row(1)
        + row(8, date_of_birth="2020-01-01")
        + row(9)
        + row(10, **{"guardian.ur": ""})
        + "too,few,cells\n"
    ).encode()
    with pytest.raises(BadRows, match="nothing was imported") as refused:
        house.registry.import_holders(raw, actor=officer(house), photo_of=photo_of)
    told = [(one.line, one.column) for one in refused.value.rows]
    assert told == [
        (3, "name.en"),
        (4, "date_of_birth"),
        (4, "gender"),
        (5, "number"),
        (6, "product"),
        (7, "photo"),
        (8, "number"),
        (9, "product"),
        (10, "number"),
        (11, "guardian.ur"),
        (12, "product"),
    ]
    assert all(one.message for one in refused.value.rows)
    assert len(house.registry.list_holders()) == 1


def test_holders_of_one_file_are_listed_in_the_order_of_the_file(house: House) -> None:
    raw = (HEADING + "".join(row(holder) for holder in range(40, 0, -1))).encode()
    house.registry.import_holders(raw, actor=officer(house), photo_of=lambda _: PORTRAIT)
    names = [one.party.name["en"] for one in house.registry.list_holders()]
    assert names == [f"Sample Holder {holder}" for holder in range(40, 0, -1)]


def test_every_fault_of_one_row_is_told_at_once(house: House) -> None:
    house.registry.add_holder(person(9), "nic", actor=officer(house))
    raw = (
        HEADING
        + row(9, gender="Q", photo="absent.webp", **{"guardian.ur": ""})
        + row(1, number="12", nationality="IND", date_of_birth="2020-01-01")
        + row(2, date_of_birth="then", product="passport")
        + row(2, number="", **{"name.ur": ""})
    ).encode()
    with pytest.raises(BadRows) as refused:
        house.registry.import_holders(raw, actor=officer(house), photo_of=photo_of)
    assert [(one.line, one.column) for one in refused.value.rows] == [
        (2, "gender"),
        (2, "guardian.ur"),
        (2, "number"),
        (2, "photo"),
        (3, "number"),
        (3, "product"),
        (3, "product"),
        (4, "date_of_birth"),
        (4, "product"),
        (5, "name.ur"),
        (5, "number"),
    ]


def test_one_officer_does_not_revoke_alone(house: House) -> None:
    card = issued(house)
    house.registry.act(card.number, Act.PROPOSE_REVOCATION, actor=officer(house))
    with pytest.raises(SameOfficer):
        house.registry.act(card.number, Act.REVOKE, actor=officer(house))
    assert house.registry.act(card.number, Act.REVOKE, actor=supervisor(house)).stage is Stage.REVOKED
    assert [one.event.act for one in house.registry.get_history(card.number)] == [
        "apply",
        "issue",
        "activate",
        "propose_revocation",
        "revoke",
    ]
    with pytest.raises(NotAllowed):
        house.registry.add_holder(person(2), "nic", actor=supervisor(house))


def test_a_replacement_is_issued_in_the_same_step(house: House) -> None:
    card = issued(house)
    old, new = house.registry.replace(card.number, actor=officer(house), reason=Reason.DAMAGED)
    assert (old.stage, new.stage, new.replaces) == (Stage.REPLACED, Stage.ACTIVE, old.number)
    assert set(house.registry.find_cards_of(card.holder)) == {old, new}
    assert house.registry.get_pass(new.number).text != house.registry.get_pass(old.number).text


def test_a_supervisor_who_is_no_issuer_replaces_a_suspended_card_and_leaves_the_issue_to_one(
    house: House,
) -> None:
    card = issued(house)
    house.registry.act(card.number, Act.SUSPEND, actor=officer(house), reason=Reason.FRAUD_SUSPECTED)
    old, new = house.registry.replace(card.number, actor=supervisor(house), reason=Reason.RENEWED)
    assert (old.stage, new.stage, new.replaces) == (Stage.REPLACED, Stage.APPLIED, card.number)
    assert house.registry.issue(new.number, actor=officer(house)).stage is Stage.ACTIVE


def test_cards_end_when_their_time_has_come(tmp_path: Path) -> None:
    clock = WoundClock()
    house = founded(tmp_path, clock=clock)
    card = issued(house)
    assert house.registry.expire_due() == 0
    assert card.expires is not None
    with house.foundation.database.transaction() as connection:
        # Ten years on, the audit key would have been rotated four times; the card's term is cut short instead.
        connection.exec_driver_sql(
            "UPDATE credentials_card SET expires = ?", (int(clock.now().timestamp() * 1_000_000),)
        )
    assert house.registry.expire_due() == 1
    assert house.registry.get_card(card.number).stage is Stage.EXPIRED
    house.close()


def test_what_is_not_there_is_refused_by_name(house: House) -> None:
    with pytest.raises(UnknownCard):
        house.registry.get_card(CardNumber("0000"))
    with pytest.raises(UnknownHolder):
        house.registry.get_holder(HolderId("nobody"))
    with pytest.raises(UnknownHolder):
        house.registry.find_holder_by_number("35202-0000001-1")


def test_a_bulk_issue_tells_its_progress_and_keeps_to_its_limit(house: House) -> None:
    house.registry.add_holders(
        [(person(number), None, "nic") for number in range(BATCH + 30)], actor=officer(house)
    )
    told: list[int] = []
    assert house.registry.issue_waiting(actor=officer(house), limit=10, progress=told.append) == 10
    assert house.registry.issue_waiting(actor=officer(house), product="poc") == 0
    assert house.registry.issue_waiting(actor=officer(house), progress=told.append) == BATCH + 20
    assert told == [10, BATCH, 20]
    assert house.authority.verify_log().is_intact


def test_a_locked_register_is_told_and_changes_nothing(tmp_path: Path) -> None:
    house = founded(tmp_path, {"RAHDARI_LOCK_WAIT_SECONDS": "0"})
    card = issued(house)
    with closing(sqlite3.connect(tmp_path / "rahdari.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Locked, match="nothing was changed"):
            house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
        other.rollback()
    assert house.registry.get_card(card.number).stage is Stage.ACTIVE
    house.close()


def test_a_full_disk_is_told_and_issues_nothing(house: House) -> None:
    house.registry.add_holders([(person(number), None, "nic") for number in range(200)], actor=officer(house))
    actor = officer(house)
    with house.foundation.database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        # SQLite answers a file that may not grow exactly as it answers a full disk.
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(Full, match="nothing was changed"):
        house.registry.issue_waiting(actor=actor)
    with house.foundation.database.reading() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert len(house.registry.list_applied(limit=999)) == 200
    assert house.registry.issue_waiting(actor=actor) == 200
    assert house.authority.verify_log().is_intact


BULK = """
import sys
from dataclasses import replace
from pathlib import Path
from rahdari.app.house import open_house
from rahdari.app.settings import read_settings
house = open_house(read_settings(Path(sys.argv[1]), {}))
actor = house.officers.authenticate_named("officer")
house.registry.issue_waiting(actor=actor, progress=lambda _: print("batch", flush=True))
"""


@pytest.mark.slow
@pytest.mark.parametrize("batches", [0, 1])
def test_after_a_kill_in_the_middle_of_a_bulk_issue_nothing_is_half_issued_lost_or_issued_twice(
    tmp_path: Path, batches: int
) -> None:
    total = BATCH * 2
    # The other process reads the machine's clock, so the keys must be in force by that one.
    house = founded(tmp_path / "home", clock=SystemClock())
    house.registry.add_holders(
        [(person(number), None, "nic") for number in range(total)], actor=officer(house)
    )
    house.close()
    running = subprocess.Popen(  # noqa: S603 - this test's own program
        [sys.executable, "-c", BULK, str(tmp_path / "home")], stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    for _ in range(batches):
        assert running.stdout.readline() == "batch\n"
    time.sleep(0.05 if batches else 0.9)
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    house = open_house(read_settings(tmp_path / "home", {}))
    waiting = len(house.registry.list_applied(limit=total * 2))
    assert waiting % BATCH == 0
    assert house.registry.issue_waiting(actor=officer(house)) == waiting
    with house.foundation.reading() as desk:
        everyone = list(desk.store.iterate_cards())
        passes = [
            desk.store.find_pass(one.number, feature) for one in everyone for feature in ("qr", "sd-jwt-vc")
        ]
    assert len(everyone) == total
    assert {one.stage for one in everyone} == {Stage.ACTIVE}
    assert len({one.place for one in passes if one is not None}) == total * 2
    assert house.authority.verify_log().is_intact
    house.close()
