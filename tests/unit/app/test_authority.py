"""Keys, lists, answers and the log, as the authority's office handles them."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from rahdari.app.errors import RegisterBehind
from rahdari.app.files import write_whole
from rahdari.app.house import House, open_house
from rahdari.credentials import Act, KeyUse, VerdictKind, examine
from rahdari.credentials.errors import NotAllowed
from rahdari.credentials.schema import trust_list
from rahdari.credentials.service import status
from rahdari.database import Locked
from rahdari.kernel import Actor, ActorKind
from rahdari.wire import status_stream
from tests.fakes.clock import WoundClock
from tests.unit.app.founding import founded, issued, officer, supervisor

BANK = Actor("bank", ActorKind.INSTITUTION, frozenset({"verifier"}))


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def house(tmp_path: Path, clock: WoundClock) -> Iterator[House]:
    made = founded(tmp_path, clock=clock)
    yield made
    made.close()


def test_a_suspended_card_is_refused_online_at_the_very_instant(house: House) -> None:
    card = issued(house)
    for feature in ("qr", "sd-jwt-vc"):
        assert house.authority.examine(house.registry.get_pass(card.number, feature).text).verdict == "valid"
    house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
    for feature in ("qr", "sd-jwt-vc"):
        report = house.authority.examine(house.registry.get_pass(card.number, feature).text)
        assert report.verdict is VerdictKind.SUSPENDED
    house.registry.act(card.number, Act.REINSTATE, actor=officer(house))
    assert house.authority.examine(house.registry.get_pass(card.number).text).verdict == "valid"


def test_the_same_trust_list_is_accepted_once_and_its_expiry_still_counts(
    house: House, clock: WoundClock
) -> None:
    text = house.registry.get_pass(issued(house).number).text
    assert house.authority.examine(text).verdict is VerdictKind.VALID
    clock.wind(timedelta(days=90))
    assert house.authority.examine(text).verdict is VerdictKind.STALE
    # So does a process that starts after the expiry and has never accepted the list.
    again = open_house(house.settings, clock=clock)
    assert again.authority.examine(text).verdict is VerdictKind.STALE
    assert again.authority.verify_log().is_intact
    again.authority.sign_trust_list(actor=officer(again))
    assert again.authority.examine(text).verdict is VerdictKind.VALID
    again.close()


def test_a_rotated_key_leaves_old_passes_good_and_a_withdrawn_one_kills_them(
    house: House, clock: WoundClock
) -> None:
    first = house.registry.get_pass(issued(house, 1).number).text
    clock.wind(timedelta(days=1))
    house.authority.rotate(KeyUse.PASS, actor=officer(house))
    second = house.registry.get_pass(issued(house, 2).number).text
    assert [house.authority.examine(one).verdict for one in (first, second)] == ["valid", "valid"]
    old = next(key for key in house.authority.list_keys() if key.use is KeyUse.PASS)
    withdrawn, _ = house.authority.withdraw(old.public.kid, actor=officer(house))
    assert [one.public for one in withdrawn] == [old.public]
    assert [house.authority.examine(one).verdict for one in (first, second)] == ["unknown_issuer", "valid"]
    assert house.authority.verify_log().is_intact


def test_the_log_stays_whole_when_its_own_key_is_rotated_and_withdrawn(house: House) -> None:
    old = next(key for key in house.authority.list_keys() if key.use is KeyUse.AUDIT)
    house.authority.rotate(KeyUse.AUDIT, actor=officer(house))
    issued(house)
    assert house.authority.verify_log().is_intact
    house.authority.withdraw(old.public.kid, actor=officer(house))
    assert house.authority.verify_log().is_intact


def test_who_is_no_key_officer_changes_no_key(house: House) -> None:
    for forbidden in (
        house.authority.rotate,
        lambda _use, actor: house.authority.sign_trust_list(actor=actor),
    ):
        with pytest.raises(NotAllowed):
            forbidden(KeyUse.PASS, actor=supervisor(house))
    assert len(house.authority.list_keys()) == len(KeyUse)


def test_what_is_published_is_what_is_kept_and_the_checkpoint_fits_the_log(house: House) -> None:
    suspended = issued(house)
    house.registry.act(suspended.number, Act.SUSPEND, actor=officer(house))
    (one,) = house.authority.publish()
    assert house.authority.publish() == (), "what did not change is not signed anew"
    folder = house.authority.public_folder
    assert (folder / "s" / "1.cwt").read_bytes() == one.cwt
    assert house.authority.find_published(1) == one
    assert house.authority.find_published(2) is None
    assert house.authority.list_status_uris() == (one.uri,)
    checkpoint = house.authority.write_checkpoint()
    assert checkpoint is not None
    issued(house, 2)
    assert house.authority.verify_log(checkpoint=checkpoint).is_intact


def test_an_institution_is_answered_from_the_register(house: House) -> None:
    card = issued(house)
    text = house.registry.get_pass(card.number, "sd-jwt-vc").text
    given = house.authority.answer(text, asker=BANK, asked=["genuine", "age_over:18"], nonce="n" * 16)
    assert given.answers == {"genuine": True, "age_over:18": True}
    house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
    given = house.authority.answer(text, asker=BANK, asked=["genuine", "age_over:18"], nonce="n" * 16)
    assert given.answers == {"genuine": True, "age_over:18": None}
    with pytest.raises(NotAllowed):
        house.authority.answer(text, asker=officer(house), asked=["genuine"], nonce="n" * 16)


def test_what_is_said_of_a_state_is_said_as_of_an_instant_that_is_not_after_it(house: House) -> None:
    """A transaction that began before a suspension may still say valid, and says as of when."""
    card, clock = issued(house), house.foundation.clock
    assert isinstance(clock, WoundClock)
    text, before = house.registry.get_pass(card.number).text, clock.now()
    with house.foundation.reading() as desk:
        assert desk.store.find_trust_list(), "the first question fixes the state"
        clock.wind(timedelta(seconds=30))
        house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
        manifest = status_stream.decode(status.sign_manifest(desk), size_bytes_max=1 << 20).unverified
        head = status_stream.decode(status.sign_head(desk)).unverified
        report = examine(text, by=house.authority._verifier(desk), at=clock.now())
    assert (manifest.sequence, head.sequence) == (0, 0)
    assert manifest.at == head.at == int(before.timestamp())
    assert report.as_of == before
    assert house.authority.examine(text).verdict is VerdictKind.SUSPENDED


def test_the_published_checkpoint_is_what_the_log_is_held_against(house: House) -> None:
    issued(house)
    house.authority.publish()
    path = house.authority.public_folder / "audit-checkpoint.json"
    noted = json.loads(path.read_text())
    assert house.authority.verify_log().is_intact
    path.write_text(json.dumps(noted | {"sequence": noted["sequence"] + 1}))
    (fault,) = house.authority.verify_log().faults
    assert "rolled back" in fault.what
    path.write_text(json.dumps(noted | {"digest": "00" * 32}))
    assert not house.authority.verify_log().is_intact
    path.unlink()
    assert house.authority.verify_log().is_intact


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "[]",
        "{}",
        '{"sequence": "1", "digest": "00"}',
        '{"sequence": 1, "digest": 5}',
        "[" * 4000,
        "x" * 9000,
    ],
)
def test_a_published_checkpoint_that_cannot_be_read_is_a_fault(house: House, junk: str) -> None:
    (house.authority.public_folder / "audit-checkpoint.json").write_text(junk)
    (fault,) = house.authority.verify_log().faults
    assert "checkpoint unreadable" in fault.what


def test_an_older_trust_list_is_never_written_over_a_newer_one(house: House, tmp_path: Path) -> None:
    path = tmp_path / "public" / "trust.jwt"
    first = path.read_text()
    house.authority.sign_trust_list(actor=officer(house))
    second = house.authority.sign_trust_list(actor=officer(house))
    assert path.read_text() == second
    with house.foundation.database.transaction() as connection:
        connection.execute(delete(trust_list).where(trust_list.c.sequence > 1))
    house.authority._write_trust()
    assert path.read_text() == second
    path.write_text("damaged")
    house.authority._write_trust()
    assert path.read_text() == first


def test_what_is_published_is_written_while_the_register_is_locked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    other = open_house(replace(house.settings, lock_wait_seconds=0), clock=house.foundation.clock)

    def noting(path: Path, content: bytes) -> None:
        with pytest.raises(Locked), other.foundation.writing():
            pass
        written.append(path.name)
        write_whole(path, content)

    monkeypatch.setattr("rahdari.app.authority.write_whole", noting)
    house.authority.publish(every=True)
    house.authority.sign_trust_list(actor=officer(house))
    other.close()
    assert written == ["1.cwt", "1.jwt", "lists", "manifest", "audit-checkpoint.json", "trust.jwt"]


def restored(house: House, tmp_path: Path, *, then_published: bool = True) -> House:
    """The house on a backup of its database, taken before a card was suspended and that was published."""
    card = issued(house)
    house.authority.publish()
    backup = tmp_path / "backup.db"
    with closing(sqlite3.connect(tmp_path / "rahdari.db")) as live, closing(sqlite3.connect(backup)) as copy:
        live.backup(copy)
    house.registry.act(card.number, Act.SUSPEND, actor=officer(house))
    if then_published:
        house.authority.publish()
    house.close()
    for name in ("rahdari.db-wal", "rahdari.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    backup.replace(tmp_path / "rahdari.db")
    return open_house(house.settings, clock=house.foundation.clock)


def test_nothing_is_signed_from_a_register_that_lacks_what_was_published(
    house: House, tmp_path: Path
) -> None:
    """A suspended card would come back, and the checkpoint that proves it would be gone."""
    again = restored(house, tmp_path)
    checkpoint = tmp_path / "public" / "audit-checkpoint.json"
    noted, listed = checkpoint.read_bytes(), (tmp_path / "public" / "s" / "1.cwt").read_bytes()
    issued(again, 77)  # the log grows beyond the number of the checkpoint
    office = again.authority
    for sign in (
        office.publish,
        office.sign_head,
        office.sign_manifest,
        office.make_bundle,
        office.write_checkpoint,
    ):
        with pytest.raises(RegisterBehind, match="not in the register"):
            sign()
    with pytest.raises(RegisterBehind):
        office.require_known()
    assert not office.verify_log().is_intact
    assert (checkpoint.read_bytes(), (tmp_path / "public" / "s" / "1.cwt").read_bytes()) == (noted, listed)
    checkpoint.unlink()
    with pytest.raises(RegisterBehind, match="delta 1 of the status stream"):
        office.publish()
    (tmp_path / "public" / "s" / "manifest").unlink()
    office.publish()
    office.require_known()
    assert office.verify_log().is_intact
    again.close()


def test_a_register_that_knows_all_that_was_published_goes_on(house: House, tmp_path: Path) -> None:
    again = restored(house, tmp_path, then_published=False)
    again.authority.require_known()
    again.authority.publish()
    again.close()


@pytest.mark.parametrize("junk", [b"", b"junk", b"\xd2" * 200_000])
def test_a_manifest_that_cannot_be_read_says_nothing(house: House, tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "public" / "s" / "manifest").write_bytes(junk)
    house.authority.require_known()
