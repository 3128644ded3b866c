"""A code lets one person in, once, for a short time; who reads the folder of codes learns nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from rahdari.app.exchange.admissions import CODE_BYTES, MINUTES_MAX, OPEN_MAX, Admissions
from rahdari.exchange import AdmissionRefused, SubjectUnreadable
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock

ME, COUNTER = "35202-1234567-1", "Counter 3"


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def admissions(tmp_path: Path, clock: WoundClock) -> Admissions:
    return Admissions(tmp_path / "admissions", clock=clock, chance=SeededChance())


def test_a_code_is_for_the_person_that_it_was_made_for(admissions: Admissions) -> None:
    mine, hers = (
        admissions.admit(ME, by=COUNTER, minutes=5),
        admissions.admit("35202 7654321 2", by=COUNTER, minutes=5),
    )
    assert admissions.redeem(hers.code) == ("3520276543212", COUNTER)
    assert admissions.redeem(mine.code) == ("3520212345671", COUNTER)


def test_a_code_is_sixteen_letters_and_digits_in_groups_of_four(admissions: Admissions) -> None:
    code = admissions.admit(ME, by=COUNTER, minutes=5).code
    assert [len(one) for one in code.split("-")] == [4, 4, 4, 4]
    assert CODE_BYTES * 8 == 80


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code.lower(),
        lambda code: code.replace("-", " "),
        lambda code: f"  {code.replace('-', '')}\n",
        lambda code: code.translate(str.maketrans({"O": "0", "I": "1", "B": "8"})),
    ],
)
def test_a_code_is_read_however_it_was_typed(admissions: Admissions, typed: object) -> None:
    # Enough codes that one of them has a letter that looks like a digit.
    for _ in range(8):
        code = admissions.admit(ME, by=COUNTER, minutes=5).code
        assert admissions.redeem(typed(code)).identifier == "3520212345671"  # type: ignore[operator]


def test_a_code_is_good_once(admissions: Admissions) -> None:
    code = admissions.admit(ME, by=COUNTER, minutes=5).code
    admissions.redeem(code)
    with pytest.raises(AdmissionRefused):
        admissions.redeem(code)


def test_of_many_who_come_with_one_code_at_once_one_is_let_in(admissions: Admissions) -> None:
    code = admissions.admit(ME, by=COUNTER, minutes=5).code

    def come(_: int) -> bool:
        try:
            admissions.redeem(code)
        except AdmissionRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(come, range(32))) == 1


def test_a_code_runs_out_at_its_very_instant(admissions: Admissions, clock: WoundClock) -> None:
    early, late = (admissions.admit(ME, by=COUNTER, minutes=5) for _ in range(2))
    clock.set(early.until - timedelta(seconds=1))
    assert admissions.redeem(early.code)
    clock.set(late.until)
    with pytest.raises(AdmissionRefused):
        admissions.redeem(late.code)


@pytest.mark.parametrize(
    "code",
    ["", "ABCD", "A" * 16, "!" * 16, "A" * 65, "ABCD-EFGH-IJKL-MNOP", "\N{ARABIC-INDIC DIGIT TWO}" * 16],
)
def test_no_other_code_lets_in_and_all_are_refused_alike(admissions: Admissions, code: str) -> None:
    admissions.admit(ME, by=COUNTER, minutes=5)
    with pytest.raises(AdmissionRefused) as refused:
        admissions.redeem(code)
    assert "ask for a new one" in refused.value.message
    assert code not in refused.value.message or not code


def test_the_folder_tells_neither_codes_nor_persons_nor_is_it_for_others(
    admissions: Admissions, tmp_path: Path
) -> None:
    code = admissions.admit(ME, by=COUNTER, minutes=5).code
    (path,) = (tmp_path / "admissions").iterdir()
    kept = path.name.encode() + path.read_bytes()
    for secret in (b"3520212345671", b"Counter", code.replace("-", "").encode(), code.encode()):
        assert secret not in kept
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_file_that_was_altered_lets_nobody_in(admissions: Admissions, tmp_path: Path) -> None:
    code = admissions.admit(ME, by=COUNTER, minutes=5).code
    (path,) = (tmp_path / "admissions").iterdir()
    raw = bytearray(path.read_bytes())
    raw[20] ^= 1
    path.write_bytes(raw)
    with pytest.raises(AdmissionRefused):
        admissions.redeem(code)


def test_one_persons_file_under_anothers_code_lets_nobody_in(admissions: Admissions, tmp_path: Path) -> None:
    folder = tmp_path / "admissions"
    code = admissions.admit(ME, by=COUNTER, minutes=5).code
    (mine,) = folder.iterdir()
    admissions.admit("35202-7654321-2", by=COUNTER, minutes=5)
    (hers,) = (one for one in folder.iterdir() if one != mine)
    mine.write_bytes(hers.read_bytes())
    with pytest.raises(AdmissionRefused):
        admissions.redeem(code)


@pytest.mark.parametrize("minutes", [0, -1, MINUTES_MAX + 1])
def test_no_code_lasts_longer_than_an_hour(admissions: Admissions, minutes: int) -> None:
    with pytest.raises(AdmissionRefused):
        admissions.admit(ME, by=COUNTER, minutes=minutes)


def test_a_code_for_nobody_is_not_made(admissions: Admissions) -> None:
    with pytest.raises(SubjectUnreadable):
        admissions.admit(" - ", by=COUNTER, minutes=5)


@pytest.mark.parametrize("by", ["", "x" * 101, "a\nb"])
def test_a_code_says_who_made_sure_who_she_is(admissions: Admissions, by: str) -> None:
    with pytest.raises(AdmissionRefused, match="made sure"):
        admissions.admit(ME, by=by, minutes=5)


def test_what_has_run_out_is_swept_and_no_more_than_a_thousand_are_open(
    admissions: Admissions, clock: WoundClock, tmp_path: Path
) -> None:
    admissions.admit(ME, by=COUNTER, minutes=5)
    until = int(clock.now().timestamp()) + 300
    for number in range(OPEN_MAX - 1):
        (tmp_path / "admissions" / f"{number}-{until}.admission").touch()
    with pytest.raises(AdmissionRefused, match="wait"):
        admissions.admit(ME, by=COUNTER, minutes=5)
    clock.wind(timedelta(minutes=5, seconds=1))
    assert admissions.sweep() == 0
    assert list((tmp_path / "admissions").iterdir()) == []
