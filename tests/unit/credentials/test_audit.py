"""The log beside the register: every kind of alteration is found, made as an intruder would, by SQL."""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rahdari.app.house import House, found_house, open_house
from rahdari.app.settings import read_settings
from rahdari.credentials import Act, Channel, KeyRecord, KeyUse, Reason
from rahdari.credentials.errors import NoTrust, UnknownKey
from rahdari.credentials.rules.audit_chain import digest_of
from rahdari.credentials.service.audit import FAULTS_MAX
from rahdari.credentials.store import SqlStore
from rahdari.credentials.values.audit import AuditEntry
from rahdari.credentials.values.cards import Stage
from rahdari.wire import status_stream
from rahdari.wire.keys import SoftwareSigner
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.unit.credentials.scene import person

CARDS = 4


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority with a few cards, one of them suspended, one proposed to be revoked."""
    folder = tmp_path_factory.mktemp("authority") / "home"
    house, _ = found_house(read_settings(folder, {}), clock=WoundClock(), chance=SeededChance(), scrypt_n=2)
    officer = house.officers.authenticate_named("officer")
    made = house.registry.add_holders(
        [(person(number), None, "nic") for number in range(1, CARDS + 1)], actor=officer
    )
    house.registry.issue_waiting(actor=officer)
    house.registry.act(made[0][1].number, Act.SUSPEND, actor=officer, reason=Reason.LOST)
    supervisor = house.officers.authenticate_named("supervisor")
    house.registry.act(made[1][1].number, Act.PROPOSE_REVOCATION, actor=supervisor)
    for channel in (Channel.PAYMENTS, Channel.LOGIN):
        house.registry.lock(made[2][1].number, channel, actor=officer)
    house.registry.unlock(made[2][1].number, Channel.PAYMENTS, actor=officer)
    house.close()
    return folder


@pytest.fixture
def copied(home: Path, tmp_path: Path) -> Path:
    shutil.copytree(home, tmp_path / "home")
    return tmp_path / "home"


def opened(folder: Path) -> House:
    return open_house(read_settings(folder, {}), clock=WoundClock())


def faults(folder: Path) -> list[str]:
    house = opened(folder)
    found = house.authority.verify_log()
    house.close()
    assert found.is_intact == (not found.faults)
    return [fault.what for fault in found.faults]


def run(folder: Path, *statements: str) -> int:
    connection = sqlite3.connect(folder / "rahdari.db")
    changed = sum(connection.execute(one).rowcount for one in statements)
    connection.commit()
    connection.close()
    return changed


def read(folder: Path) -> list[AuditEntry]:
    house = opened(folder)
    with house.foundation.reading() as desk:
        log = list(desk.store.read_log())
    house.close()
    return log


def rewrite(folder: Path, log: list[AuditEntry]) -> None:
    """Put another log in the place of the one there is."""
    run(folder, "DELETE FROM credentials_audit")
    house = opened(folder)
    with house.foundation.database.transaction() as connection:
        SqlStore(connection).append(log)
    house.close()


def test_a_log_that_nobody_touched_is_whole(copied: Path) -> None:
    assert faults(copied) == []
    assert len(read(copied)) > 4 * CARDS


@pytest.mark.parametrize(
    "change",
    [
        "at = at + 1",
        "actor = 'somebody'",
        "act = 'reinstate'",
        "subject = 'AAAA-AAAA-AAAA'",
        "reason = 'cleared'",
        "reason = NULL",
        """details = '[["product","poc/1"]]'""",
        "details = '[]'",
        "digest = zeroblob(32)",
        "previous = zeroblob(32)",
        "sequence = sequence + 1000",
        "sequence = -5",
    ],
)
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_change_of_any_field_of_any_entry_is_found(copied: Path, change: str, place: str) -> None:
    log = read(copied)
    middle = next(one for one in log[8:] if one.event.details and one.event.act == "issue")
    chosen = {"first": log[0], "middle": middle, "last": log[-1]}[place]
    before = faults(copied)
    assert run(copied, f"UPDATE credentials_audit SET {change} WHERE sequence = {chosen.sequence}") == 1  # noqa: S608
    if read(copied) == log:
        assert place in ("first", "last"), "the change was none"
        assert change in ("details = '[]'", "previous = zeroblob(32)", "reason = NULL")
        return
    assert faults(copied) != before == []


@pytest.mark.parametrize("seal", ["seal = NULL", "seal = zeroblob(64)", "kid = zeroblob(8)", "kid = NULL"])
def test_a_change_of_the_last_seal_is_found(copied: Path, seal: str) -> None:
    last = read(copied)[-1].sequence
    run(copied, f"UPDATE credentials_audit SET {seal} WHERE sequence = {last}")  # noqa: S608
    assert faults(copied)


@pytest.mark.parametrize("at", [0, 7, -1])
def test_an_entry_that_was_deleted_is_found(copied: Path, at: int) -> None:
    sequence = read(copied)[at].sequence
    run(copied, f"DELETE FROM credentials_audit WHERE sequence = {sequence}")  # noqa: S608
    assert faults(copied)


def test_entries_that_were_swapped_are_found(copied: Path) -> None:
    log = read(copied)
    log[5], log[6] = replace(log[6], sequence=6), replace(log[5], sequence=7)
    rewrite(copied, log)
    assert faults(copied)


def test_an_entry_that_was_inserted_is_found(copied: Path) -> None:
    log = read(copied)
    forged = replace(log[4], event=replace(log[4].event, subject="AAAA-AAAA-AAAA"))
    rewrite(copied, [*log[:5], *(replace(one, sequence=one.sequence + 1) for one in [forged, *log[5:]])])
    assert faults(copied)


def rechained(log: list[AuditEntry], change: Callable[[AuditEntry], AuditEntry]) -> list[AuditEntry]:
    """The whole chain computed anew over changed events, as who lacks the key can do it."""
    previous, made = bytes(32), list[AuditEntry]()
    for one in map(change, log):
        digest = digest_of(one.sequence, one.event, previous)
        made.append(replace(one, previous=previous, digest=digest))
        previous = digest
    return made


def test_a_chain_that_was_computed_anew_without_the_key_is_found(copied: Path) -> None:
    def blame_another(one: AuditEntry) -> AuditEntry:
        return replace(one, event=replace(one.event, actor="somebody"))

    def unsealed(one: AuditEntry) -> AuditEntry:
        return replace(blame_another(one), seal=None, kid=None)

    log = read(copied)
    rewrite(copied, rechained(log, blame_another))
    assert "bears a seal that no audit key made" in faults(copied)
    rewrite(copied, rechained(log, unsealed))
    assert any("no seal" in what for what in faults(copied))
    last_seal = replace(log[-1], sequence=log[-1].sequence)
    rewrite(copied, [*rechained(log, unsealed)[:-1], last_seal])
    assert faults(copied)


def test_a_tail_that_was_cut_is_found_by_the_register_beside_it(copied: Path) -> None:
    log = read(copied)
    sealed = [at for at, one in enumerate(log) if one.seal is not None]
    rewrite(copied, log[: sealed[-2] + 1])
    assert any("than the log says" in what for what in faults(copied))
    rewrite(copied, log[: sealed[-6] + 1])
    assert any("the log says active" in what for what in faults(copied))
    rewrite(copied, log[: sealed[-1] - 2])
    assert faults(copied)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE credentials_card SET stage = 'active' WHERE stage = 'suspended'",
        "UPDATE credentials_card SET stage = 'revoked' WHERE stage = 'active'",
        "UPDATE credentials_card SET expires = expires + 1000000",
        "UPDATE credentials_card SET expires = NULL",
        "UPDATE credentials_card SET product = 'poc'",
        "UPDATE credentials_card SET version = 2",
        "UPDATE credentials_card SET revocation_proposed_by = 'somebody' WHERE revocation_proposed_by IS NOT NULL",
        "UPDATE credentials_card SET revocation_proposed_by = 'x', revocation_reason = 'deceased'",
        "UPDATE credentials_pass SET place = place + 1000",
        "UPDATE credentials_pass SET payload = x'00' WHERE feature = 'qr'",
        "UPDATE credentials_pass SET kid = x'0000000000000000'",
        "DELETE FROM credentials_pass WHERE feature = 'sd-jwt-vc'",
    ],
)
def test_a_card_that_was_changed_beside_the_log_is_found(copied: Path, change: str) -> None:
    assert run(copied, change) > 0
    assert faults(copied)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE credentials_key SET use = 'pass' WHERE use = 'status'",
        "UPDATE credentials_key SET withdrawn_at = not_before WHERE use = 'answer'",
        "DELETE FROM credentials_key WHERE use = 'answer'",
        "UPDATE credentials_key SET not_before = not_before - 315360000000000 WHERE use = 'pass'",
        "UPDATE credentials_key SET not_after = not_after + 315360000000000 WHERE use = 'pass'",
        "DELETE FROM credentials_trust_list",
        "UPDATE credentials_trust_list SET sequence = sequence + 1",
        "UPDATE credentials_audit SET act = 'create_key' WHERE act = 'enrol'",
    ],
)
def test_a_key_or_trust_list_that_was_changed_beside_the_log_is_found(copied: Path, change: str) -> None:
    assert run(copied, change) > 0
    if "DELETE FROM credentials_trust_list" in change:
        with pytest.raises(NoTrust):
            faults(copied)
    else:
        assert faults(copied)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE access_principal SET roles = '[\"auditor\",\"supervisor\"]' WHERE name = 'supervisor'",
        "UPDATE access_principal SET disabled_at = enrolled_at WHERE name = 'officer'",
        "UPDATE access_token SET digest = x'00'",
        "UPDATE access_token SET expires_at = expires_at + 1000000",
        "UPDATE access_token SET revoked_at = issued_at",
        "DELETE FROM access_token; DELETE FROM access_principal WHERE name = 'supervisor'",
    ],
)
def test_an_officer_or_token_that_was_changed_beside_the_log_is_found(copied: Path, change: str) -> None:
    assert sum(run(copied, one) for one in change.split(";")) > 0
    assert faults(copied)


def test_the_root_does_not_vouch_for_a_key_that_only_the_table_knows(copied: Path) -> None:
    stranger = SoftwareSigner.generate().public
    house = opened(copied)
    with house.foundation.writing() as desk:
        now = desk.clock.now()
        desk.store.add_key(
            KeyRecord(public=stranger, use=KeyUse.PASS, not_before=now, not_after=now + timedelta(days=9))
        )
    officer = house.officers.authenticate_named("officer")
    with pytest.raises(UnknownKey, match="audit verify"):
        house.authority.rotate(KeyUse.STATUS, actor=officer)
    house.close()
    assert any(stranger.kid.hex() in what for what in faults(copied))


@pytest.mark.parametrize("column", ["not_before = not_before - 1000000", "not_after = not_after + 1000000"])
@pytest.mark.parametrize("which", ["MIN", "MAX"])
def test_a_window_that_was_widened_beside_the_log_is_found_and_not_signed(
    copied: Path, column: str, which: str
) -> None:
    """Whoever holds a retired key could date a pass back, or go on signing."""
    house = opened(copied)
    officer = house.officers.authenticate_named("officer")
    for use in KeyUse:
        house.authority.rotate(use, actor=officer)
    house.close()
    assert faults(copied) == []
    chosen = f"SELECT {which}(row) FROM credentials_key WHERE use = 'pass'"  # noqa: S608
    assert run(copied, f"UPDATE credentials_key SET {column} WHERE row = ({chosen})") == 1  # noqa: S608
    assert [what.endswith("has another window than the log says") for what in faults(copied)] == [True]
    house = opened(copied)
    with pytest.raises(UnknownKey, match="audit verify"):
        house.authority.sign_trust_list(actor=officer)
    house.close()


def test_a_withdrawal_that_was_undone_beside_the_log_is_found_and_not_signed(copied: Path) -> None:
    house = opened(copied)
    officer = house.officers.authenticate_named("officer")
    kid = next(one.public.kid for one in house.authority.list_keys() if one.use is KeyUse.PASS)
    house.authority.withdraw(kid, actor=officer)
    house.close()
    assert faults(copied) == []
    run(copied, "UPDATE credentials_key SET withdrawn_at = NULL")
    assert faults(copied)
    house = opened(copied)
    with pytest.raises(UnknownKey):
        house.authority.sign_trust_list(actor=officer)
    house.close()


def test_two_cards_that_changed_hands_beside_the_log_are_found(copied: Path) -> None:
    first, second = [one.event for one in read(copied) if one.event.act == "apply"][:2]
    hands = dict(first.details)["holder"], dict(second.details)["holder"]
    # In three steps, since one holder cannot have two live cards of a product.
    run(
        copied,
        f"UPDATE credentials_card SET holder = '{hands[1]}', product = 'x' WHERE number = '{first.subject}'",  # noqa: S608
        f"UPDATE credentials_card SET holder = '{hands[0]}' WHERE number = '{second.subject}'",  # noqa: S608
        f"UPDATE credentials_card SET product = 'nic' WHERE number = '{first.subject}'",  # noqa: S608
    )
    assert sum("another holder" in what for what in faults(copied)) == 2


def test_a_card_that_was_added_or_taken_away_beside_the_log_is_found(copied: Path) -> None:
    run(
        copied,
        "INSERT INTO credentials_card SELECT 'AAAA-AAAA-AAAA', holder, 'poc', 1, 'active', applied_at, valid_from, "
        "expires, NULL, NULL, NULL FROM credentials_card LIMIT 1",
    )
    assert any("the log says nothing" in what for what in faults(copied))
    run(copied, "DELETE FROM credentials_pass", "DELETE FROM credentials_card WHERE stage = 'suspended'")
    assert any("stand in the log and not in the register" in what for what in faults(copied))


def test_a_register_that_was_rolled_back_whole_is_found_by_a_checkpoint_kept_elsewhere(
    home: Path, copied: Path, tmp_path: Path
) -> None:
    house = opened(copied)
    officer = house.officers.authenticate_named("officer")
    house.registry.add_holder(person(99), "nic", actor=officer)
    checkpoint = house.authority.write_checkpoint()
    assert checkpoint is not None
    assert house.authority.verify_log(checkpoint=checkpoint).is_intact
    house.close()
    shutil.copytree(home, tmp_path / "rolled-back")
    house = opened(tmp_path / "rolled-back")
    assert house.authority.verify_log().is_intact
    found = house.authority.verify_log(checkpoint=checkpoint)
    assert ["rolled back" in fault.what for fault in found.faults] == [True]
    house.close()
    house = opened(copied)
    assert not house.authority.verify_log(checkpoint=replace(checkpoint, digest=bytes(32))).is_intact
    house.close()


def test_a_log_of_nothing_but_faults_is_told_in_bounds(copied: Path) -> None:
    log = read(copied)
    many = [replace(log[0], sequence=number) for number in range(1, FAULTS_MAX)]
    rewrite(copied, many)
    assert len(faults(copied)) == FAULTS_MAX


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE credentials_standing SET status = 0 WHERE is_decoy = 0", "its status list says valid"),
        ("UPDATE credentials_standing SET status = 1", "not as the stream says"),
        ("DELETE FROM credentials_standing", "not as the stream says"),
        ("DELETE FROM credentials_delta", "its end was cut"),
        ("UPDATE credentials_delta SET message = zeroblob(130)", "delta 1 was altered"),
        ("UPDATE credentials_delta SET digest = zeroblob(16)", "delta 1 was altered"),
        ("UPDATE credentials_delta SET sequence = 2", "delta 2 was altered, or one before it is missing"),
        ("DELETE FROM credentials_outbox", "not all were told"),
        ("UPDATE credentials_outbox SET card = 'AAAA-AAAA-AAAA'", "not all were told"),
        ("UPDATE credentials_outbox SET position = 7", "not all were told"),
        ("DELETE FROM credentials_lock", "has other locks than the log says"),
        ("UPDATE credentials_lock SET channel = 'online'", "has other locks than the log says"),
        ("UPDATE credentials_standing SET is_decoy = 1", "place is marked as nobody's"),
        ("UPDATE credentials_status_list SET touched = 0", "the stream touched it in 1"),
        ("UPDATE credentials_status_list SET touched = 7", "the stream touched it in 1"),
        (
            """INSERT INTO credentials_standing SELECT shard, place, 2, 0 FROM credentials_pass
            WHERE card NOT IN (SELECT number FROM credentials_card WHERE stage = 'suspended')""",
            "is active, its status list says suspended",
        ),
    ],
)
def test_a_stream_or_a_list_that_was_altered_beside_the_log_is_found(
    copied: Path, statement: str, what: str
) -> None:
    assert run(copied, statement)
    assert any(what in fault for fault in faults(copied)), faults(copied)


def test_a_delta_that_another_key_of_the_authority_signed_is_found(copied: Path) -> None:
    house = opened(copied)
    with house.foundation.database.transaction() as connection:
        desk_store = SqlStore(connection)
        last = desk_store.find_last_delta()
        assert last is not None
        forged = status_stream.sign(SoftwareSigner.generate(), status_stream.decode(last.message).unverified)
    house.close()
    run(copied, f"UPDATE credentials_delta SET message = x'{forged.hex()}'")  # noqa: S608 - our own bytes
    assert any("delta 1 was altered" in fault for fault in faults(copied))


@pytest.mark.parametrize(
    "change",
    [
        "cwt = (SELECT cwt FROM before)",
        "jwt = (SELECT jwt FROM before)",
        "cwt = (SELECT cwt FROM before), jwt = (SELECT jwt FROM before)",
        "cwt = x'00'",
        "jwt = ''",
        "issued_at = issued_at + 5000000",
        "sequence = 0",
        "sequence = 9",
    ],
)
def test_a_signed_list_that_was_put_back_or_altered_is_found(copied: Path, change: str) -> None:
    house = opened(copied)
    officer = house.officers.authenticate_named("officer")
    house.authority.publish()
    run(copied, "CREATE TABLE before AS SELECT * FROM credentials_published_status")
    with house.foundation.reading() as desk:
        active = next(one.number for one in desk.store.iterate_cards() if one.stage is Stage.ACTIVE)
    house.registry.act(active, Act.SUSPEND, actor=officer)
    house.authority.publish()
    house.close()
    assert faults(copied) == []
    assert run(copied, f"UPDATE credentials_published_status SET {change}") == 1  # noqa: S608
    assert any("list 1" in fault for fault in faults(copied))


def test_the_old_list_with_its_old_number_is_found_by_what_the_stream_touched(copied: Path) -> None:
    """As it was served in a whole copy beside a fresh manifest: a new verifier would take the card for valid."""
    house = opened(copied)
    officer = house.officers.authenticate_named("officer")
    house.authority.publish()
    run(copied, "CREATE TABLE before AS SELECT * FROM credentials_published_status")
    with house.foundation.reading() as desk:
        active = next(one.number for one in desk.store.iterate_cards() if one.stage is Stage.ACTIVE)
    house.registry.act(active, Act.SUSPEND, actor=officer)
    house.authority.publish()
    house.close()
    run(
        copied,
        "DELETE FROM credentials_published_status",
        "INSERT INTO credentials_published_status SELECT * FROM before",
        "UPDATE credentials_status_list SET touched = 0",
    )
    assert any("the stream touched it in 2" in fault for fault in faults(copied))


def test_a_list_that_is_noted_as_untouched_is_signed_anew_all_the_same(copied: Path) -> None:
    """Whoever lowers the number beside the stream would have an old list served in a fresh whole copy."""
    house = opened(copied)
    officer = house.officers.authenticate_named("officer")
    house.authority.publish()
    with house.foundation.reading() as desk:
        active = next(one.number for one in desk.store.iterate_cards() if one.stage is Stage.ACTIVE)
    house.registry.act(active, Act.SUSPEND, actor=officer)
    run(copied, "UPDATE credentials_status_list SET touched = 0")
    manifest = status_stream.decode(house.authority.sign_manifest()).unverified
    assert isinstance(manifest, status_stream.Manifest)
    assert manifest.shards == (2,)
    assert house.authority.publish_stale() == 1
    house.close()
