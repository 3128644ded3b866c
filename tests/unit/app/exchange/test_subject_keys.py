"""The months' keys on a disk that does not take them: one failure with a name, told once; and made ahead."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from rahdari.app.exchange.subject_keys import SubjectKeys
from rahdari.exchange.errors import SubjectKeyDamaged
from rahdari.kernel import Refused
from tests.fakes.chance import SeededChance

AT = datetime(2027, 3, 20, 9, 0, tzinfo=UTC)
LAST_DAY = datetime(2027, 3, 31, 9, 0, tzinfo=UTC)
PERSON = "35202-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "subjects"


def opened(folder: Path) -> SubjectKeys:
    return SubjectKeys(folder, bytes(32), SeededChance())


def lose_the_disk(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("a file where the folder belongs")


def test_a_key_that_cannot_be_made_is_a_fault_of_ours_and_told_once(folder: Path) -> None:
    keys = opened(folder)
    lose_the_disk(folder)
    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(SubjectKeyDamaged, match="cannot be made") as caught:
                keys.index(PERSON, AT)
            assert not isinstance(caught.value, Refused), "the caller did nothing wrong"
    assert [(one["event"], one["period"]) for one in logs] == [("subject_key_failed", "2027-03")]
    assert PERSON not in str(logs)
    folder.unlink()
    assert keys.index(PERSON, AT) == keys.index(PERSON, AT)


@pytest.mark.parametrize("how", ["empty", "junk", "too large"])
def test_a_key_that_cannot_be_opened_is_too(folder: Path, how: str) -> None:
    made = opened(folder).index(PERSON, AT)
    (file,) = folder.iterdir()
    raw = file.read_bytes()
    file.write_bytes({"empty": b"", "junk": b"junk" * 15, "too large": raw * 9}[how])
    keys = opened(folder)
    with capture_logs() as logs:
        for _ in range(2):
            with pytest.raises(SubjectKeyDamaged, match="cannot be opened") as caught:
                keys.prepare(AT)
            assert not isinstance(caught.value, Refused)
    assert [one["event"] for one in logs] == ["subject_key_failed"]
    file.write_bytes(raw)
    keys.prepare(AT)
    assert keys.index(PERSON, AT) == made


def test_the_months_key_is_made_before_anybody_needs_it(folder: Path) -> None:
    keys = opened(folder)
    keys.prepare(AT)
    assert keys.periods() == ("2027-03",)
    keys.prepare(LAST_DAY)
    assert keys.periods() == ("2027-03", "2027-04")


def test_what_is_ready_needs_no_disk(folder: Path) -> None:
    keys = opened(folder)
    keys.prepare(AT)
    lose_the_disk(folder)
    keys.prepare(AT)
    with capture_logs() as logs:
        keys.prepare(LAST_DAY)
        keys.prepare(LAST_DAY)
    assert [(one["event"], one["period"]) for one in logs] == [("subject_key_failed", "2027-04")]
    keys.index(PERSON, LAST_DAY)
    folder.unlink()
    keys.prepare(LAST_DAY)
    assert keys.periods() == (), "not at each call"
    keys.prepare(LAST_DAY + timedelta(minutes=1))
    assert keys.periods() == ("2027-04",)
