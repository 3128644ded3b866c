"""Which key signs a status message: the one whose window holds the message's own instant, and never none."""

from datetime import timedelta
from pathlib import Path

import pytest

from rahdari.credentials import Act, KeyUse, VerdictKind
from rahdari.credentials.errors import UnknownKey
from rahdari.credentials.service import keys
from rahdari.credentials.values.keys import KeyRecord
from rahdari.wire.keys import Algorithm
from tests.unit.app.streaming import Server, gate_of, import_trust
from tests.unit.credentials.scene import OFFICER, Office, person

SECOND = timedelta(seconds=1)


@pytest.fixture
def office() -> Office:
    return Office()


def status_keys(office: Office) -> list[KeyRecord]:
    with office.writing() as desk:
        return [one for one in desk.store.list_keys() if one.use is KeyUse.STATUS]


def rotate(office: Office) -> None:
    with office.writing() as desk:
        keys.rotate(desk, KeyUse.STATUS, algorithm=Algorithm.ES256, actor=OFFICER)
    office.sign_trust_list()


def withdraw(office: Office) -> None:
    newest = status_keys(office)[-1]
    with office.writing() as desk:
        keys.withdraw(desk, newest.public.kid, actor=OFFICER)
    office.sign_trust_list()


def outlive_keys(office: Office) -> None:
    """Let the status key grow overdue; the others are rotated in time."""
    office.clock.wind(keys.KEY_LIFE + timedelta(days=60))
    with office.writing() as desk:
        for use in set(KeyUse) - {KeyUse.STATUS}:
            keys.rotate(desk, use, algorithm=Algorithm.ES256, actor=OFFICER)
    office.sign_trust_list()


def test_a_card_is_suspended_also_while_the_status_key_is_overdue(office: Office, tmp_path: Path) -> None:
    card = office.issued()
    text = office.text(card)
    outlive_keys(office)
    gate = gate_of(tmp_path / "gate", office)
    office.act(card, Act.SUSPEND)
    assert gate.sync(Server(office)).failed
    assert gate.examine(text).verdict is not VerdictKind.VALID
    rotate(office)
    import_trust(gate, office)
    assert not gate.sync(Server(office)).failed
    assert gate.examine(text).verdict is VerdictKind.SUSPENDED


def test_a_gate_that_held_the_stream_goes_on_after_an_overdue_key_was_rotated(
    office: Office, tmp_path: Path
) -> None:
    card = office.issued()
    text = office.text(card)
    gate = gate_of(tmp_path / "gate", office)
    assert not gate.sync(Server(office)).failed
    outlive_keys(office)
    import_trust(gate, office)
    office.act(card, Act.SUSPEND)
    assert gate.sync(Server(office)).failed
    assert gate.examine(text).verdict is VerdictKind.STALE
    office.clock.wind(SECOND)
    rotate(office)
    import_trust(gate, office)
    assert not gate.sync(Server(office)).failed
    assert gate.examine(text).verdict is VerdictKind.SUSPENDED


def test_a_clock_that_was_set_back_to_before_a_key_began_stops_no_suspension(
    office: Office, tmp_path: Path
) -> None:
    card = office.issued()
    text = office.text(card)
    office.clock.wind(timedelta(days=1))
    withdraw(office)
    gate = gate_of(tmp_path / "gate", office)
    office.clock.wind(-5 * SECOND)
    office.act(card, Act.SUSPEND)
    assert not gate.sync(Server(office)).failed
    assert gate.examine(text).verdict is VerdictKind.SUSPENDED


def test_a_clock_that_is_set_back_after_a_rotation_makes_no_gate_deaf(office: Office, tmp_path: Path) -> None:
    one, other = office.issued(), office.issued(person(2))
    gate = gate_of(tmp_path / "gate", office)
    gate.sync(Server(office))
    office.clock.wind(timedelta(days=1))
    rotate(office)
    import_trust(gate, office)
    office.clock.wind(2 * SECOND)
    office.act(one, Act.SUSPEND)
    assert not gate.sync(Server(office)).failed
    office.clock.wind(-3 * SECOND)
    office.act(other, Act.SUSPEND)
    assert not gate.sync(Server(office)).failed
    assert gate.examine(office.text(other)).verdict is VerdictKind.SUSPENDED
    assert not gate_of(tmp_path / "new", office).sync(Server(office)).failed


def test_what_the_old_key_signed_stays_good_where_the_clock_was_set_back_before_the_rotation(
    office: Office, tmp_path: Path
) -> None:
    card = office.issued()
    gate = gate_of(tmp_path / "gate", office)
    gate.sync(Server(office))
    office.clock.wind(timedelta(days=1))
    office.act(card, Act.SUSPEND)
    office.clock.wind(-10 * SECOND)
    rotate(office)
    import_trust(gate, office)
    assert not gate.sync(Server(office)).failed
    assert gate.examine(office.text(card)).verdict is VerdictKind.SUSPENDED


def test_two_rotations_around_a_clock_that_is_set_back_leave_windows_that_verifiers_take(
    office: Office,
) -> None:
    rotate(office)
    office.clock.wind(-5 * SECOND)
    rotate(office)
    assert all(one.not_before < one.not_after for one in status_keys(office))
    assert office.head()


def test_an_overdue_key_that_is_withdrawn_has_a_successor(office: Office) -> None:
    outlive_keys(office)
    withdraw(office)
    card = office.issued()
    office.act(card, Act.SUSPEND)
    assert office.examine(office.text(card)).verdict is VerdictKind.SUSPENDED


def test_the_successor_of_a_key_stays_the_one_when_an_older_key_is_withdrawn(office: Office) -> None:
    rotate(office)
    office.clock.wind(2 * SECOND)
    old, new = status_keys(office)
    with office.writing() as desk:
        keys.withdraw(desk, old.public.kid, actor=OFFICER)
    assert status_keys(office)[1:] == [new]


@pytest.mark.parametrize("use", [KeyUse.PASS, KeyUse.ANSWER])
def test_an_overdue_key_signs_neither_passes_nor_answers(office: Office, use: KeyUse) -> None:
    office.clock.wind(keys.KEY_LIFE)
    with pytest.raises(UnknownKey), office.writing() as desk:
        desk.signer(use)
