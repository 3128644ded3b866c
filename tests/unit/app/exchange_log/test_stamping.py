"""Time stamps for checkpoints: given by our own authority, believed only from the configured one."""

import asyncio
import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from rahdari.app.errors import AlreadyInitialised, BadFile, NotInitialised
from rahdari.app.exchange.posting import NotAnswered, Posted
from rahdari.app.exchange.stamping import REPLY_TYPE, NewStamp, StampAge, Stamper, verify_stamp
from rahdari.app.exchange.timestamper import (
    CERTIFICATE_NAME,
    SaneClock,
    TimestampingAuthority,
    create_timestamper,
    read_certificate,
)
from rahdari.kernel import Problem
from rahdari.wire.errors import MalformedInput
from rahdari.wire.timestamps import (
    Failure,
    Imprint,
    Request,
    TimestampMismatch,
    TimestampNotGranted,
    TimestampUntrusted,
    read_response,
    reject,
)
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.unit.app.exchange_log.vouching_scene import Network, Ticks, authority, timestamper

URL = "http://tsa.example/"
TEXT = "ndel/PK/GOV/1001/gw1\n3\nlPvQ3YNvUDAWkubQ6t5yjuGexSv/8WBu2AfIV11aqhk=\n"


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def court(tmp_path: Path, clock: WoundClock, ticks: Ticks) -> TimestampingAuthority:
    return authority(tmp_path / "court", clock, ticks)


def stamp(network: Network, court: TimestampingAuthority, clock: WoundClock, text: str = TEXT) -> NewStamp:
    stamper = Stamper(timestamper(court, URL), network.post, clock=clock, chance=SeededChance(3))
    return asyncio.run(stamper.stamp(text))


def test_a_checkpoint_is_stamped_and_the_stamp_is_believed_later(
    court: TimestampingAuthority, clock: WoundClock
) -> None:
    network = Network()
    network.add_timestamper(court, URL)
    new = stamp(network, court, clock)
    assert (new.at, new.is_odd) == (clock.now(), False)
    stamped = verify_stamp(new.token, TEXT, timestamper(court, URL))
    assert stamped.stamp.at == clock.now()
    assert stamped.stamp.accuracy == timedelta(seconds=1)


def test_openssl_verifies_the_stamp(court: TimestampingAuthority, clock: WoundClock, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    network = Network()
    network.add_timestamper(court, URL)
    (tmp_path / "token").write_bytes(stamp(network, court, clock).token)
    (tmp_path / "root.pem").write_bytes(court.certificate.public_bytes(Encoding.PEM))
    for text, verdict in ((TEXT, 0), (TEXT + "x", 1)):
        (tmp_path / "text").write_text(text)
        words = [
            openssl,
            "ts",
            "-verify",
            "-token_in",
            "-in",
            "token",
            "-data",
            "text",
            "-CAfile",
            "root.pem",
        ]
        at = ["-attime", str(int(clock.now().timestamp()))]
        done = subprocess.run([*words, *at], cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == verdict, done.stderr


def test_a_stamp_of_another_text_or_authority_is_not_believed(
    court: TimestampingAuthority, clock: WoundClock, ticks: Ticks, tmp_path: Path
) -> None:
    network = Network()
    network.add_timestamper(court, URL)
    token = stamp(network, court, clock).token
    with pytest.raises(TimestampMismatch):
        verify_stamp(token, TEXT + "x", timestamper(court, URL))
    other = authority(tmp_path / "other", clock, ticks, name="other")
    with pytest.raises(TimestampUntrusted):
        verify_stamp(token, TEXT, timestamper(other, URL))
    # One that asks the other authority does not take its answer either.
    network.add_timestamper(other, URL)
    with pytest.raises(TimestampUntrusted):
        stamp(network, court, clock)


def test_an_old_answer_is_not_taken_for_a_new_one(court: TimestampingAuthority, clock: WoundClock) -> None:
    old = court.answer(Request(Imprint.of(TEXT.encode()), nonce=7).encode())
    network = Network({URL: lambda _: Posted(200, REPLY_TYPE, old)})
    with pytest.raises(TimestampMismatch, match="nonce"):
        stamp(network, court, clock)


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (Posted(500, REPLY_TYPE, b""), NotAnswered),
        (Posted(200, "text/html", b"<html>"), NotAnswered),
        (Posted(200, REPLY_TYPE, b""), MalformedInput),
        (Posted(200, REPLY_TYPE, reject(Failure.SYSTEM_FAILURE).encode()), TimestampNotGranted),
    ],
)
def test_other_answers_are_no_stamps(
    court: TimestampingAuthority, clock: WoundClock, answer: Posted, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        stamp(Network({URL: lambda _: answer}), court, clock)


def test_an_authority_whose_clock_is_elsewhere_is_odd(
    court: TimestampingAuthority, clock: WoundClock
) -> None:
    network = Network()
    network.add_timestamper(court, URL)
    ours = WoundClock(clock.now() - timedelta(minutes=3))
    assert stamp(network, court, ours).is_odd


def serial(court: TimestampingAuthority) -> int:
    token = read_response(court.answer(Request(Imprint.of(b"x")).encode())).token
    assert token is not None
    return token.unverified.serial


def test_no_serial_number_comes_twice_not_after_a_crash_either(
    tmp_path: Path, clock: WoundClock, ticks: Ticks
) -> None:
    seen: list[int] = []
    for _ in range(3):
        # Nothing is said at the end: each start may follow on a crash.
        court = authority(tmp_path / "court", clock, ticks)
        seen += [serial(court) for _ in range(20)]
    court = authority(tmp_path / "court", clock, ticks)
    seen += [serial(court) for _ in range(1100)]
    assert len(set(seen)) == len(seen)


def test_requests_that_make_no_sense_are_answered_by_a_rejection(court: TimestampingAuthority) -> None:
    assert read_response(court.answer(b"no request")).failures == {Failure.BAD_DATA_FORMAT}


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(seconds=2)])
def test_no_time_is_told_by_a_clock_that_was_set(
    court: TimestampingAuthority, clock: WoundClock, ticks: Ticks, jump: timedelta
) -> None:
    serial(court)
    ticks.pass_by(clock, 600)
    serial(court)
    clock.wind(jump)
    refused = read_response(court.answer(Request(Imprint.of(b"x")).encode()))
    assert refused.token is None
    assert refused.failures == {Failure.TIME_NOT_AVAILABLE}
    ticks.pass_by(clock, 60)
    assert read_response(court.answer(Request(Imprint.of(b"x")).encode())).token is None
    clock.wind(-jump)
    serial(court)


def test_no_time_is_told_from_before_the_last_stamps(
    court: TimestampingAuthority, clock: WoundClock, ticks: Ticks, tmp_path: Path
) -> None:
    serial(court)
    clock.wind(timedelta(hours=-1))
    again = authority(tmp_path / "court", clock, ticks)
    assert read_response(again.answer(Request(Imprint.of(b"x")).encode())).token is None


def test_a_clock_that_is_brought_right_by_degrees_is_followed(clock: WoundClock, ticks: Ticks) -> None:
    sane = SaneClock(clock, not_before=clock.now(), tick=ticks)
    for _ in range(100):
        ticks.pass_by(clock, 60)
        clock.wind(timedelta(seconds=0.5))
        assert sane.now() == clock.now()


def test_an_authority_is_made_once_and_opened_with_its_key(tmp_path: Path, clock: WoundClock) -> None:
    chance = SeededChance(1)
    with pytest.raises(NotInitialised):
        read_certificate(tmp_path)
    with pytest.raises(NotInitialised):
        TimestampingAuthority(tmp_path, {}, clock=clock, chance=chance)
    made = create_timestamper(tmp_path, {}, name="court", clock=clock, chance=chance, scrypt_n=2)
    assert read_certificate(tmp_path) == made
    with pytest.raises(AlreadyInitialised):
        create_timestamper(tmp_path, {}, name="court", clock=clock, chance=chance, scrypt_n=2)
    with pytest.raises(Problem, match="passphrase"):
        TimestampingAuthority(tmp_path, {"RAHDARI_PASSPHRASE": "another"}, clock=clock, chance=chance)


@pytest.mark.parametrize("name", ["serial.json", CERTIFICATE_NAME])
def test_a_damaged_authority_is_not_opened(
    court: TimestampingAuthority, tmp_path: Path, clock: WoundClock, ticks: Ticks, name: str
) -> None:
    (tmp_path / "court" / name).write_text("{}")
    with pytest.raises(BadFile):
        authority(tmp_path / "court", clock, ticks)


def test_a_stamp_waits_by_a_clock_that_nobody_sets(clock: WoundClock, ticks: Ticks) -> None:
    age = StampAge(clock, 3600, tick=ticks)
    assert (age.seconds(), age.is_overdue()) == (0, False)
    age.waiting()
    clock.wind(timedelta(hours=5))
    assert age.seconds() == 0
    clock.wind(timedelta(hours=-5))
    ticks.pass_by(clock, 3000)
    age.waiting()
    assert (age.seconds(), age.is_overdue()) == (3000, False)
    ticks.pass_by(clock, 601)
    assert age.is_overdue()
    assert not age.is_overdue(ticks.at - 1)
    age.done()
    assert (age.seconds(), age.is_overdue()) == (0, False)


def test_at_the_start_the_last_stamp_tells_how_long_it_has_been(clock: WoundClock, ticks: Ticks) -> None:
    age = StampAge(clock, 3600, tick=ticks)
    age.begin(clock.now() - timedelta(hours=2))
    assert age.is_overdue()
    # A clock that stands before the last stamp makes nothing older than it is.
    age.begin(clock.now() + timedelta(hours=2))
    assert age.seconds() == 0
    age.begin(None)
    assert age.seconds() == 0


def test_the_authority_keeps_its_key_to_itself(court: TimestampingAuthority, tmp_path: Path) -> None:
    folder = tmp_path / "court"
    assert (folder / "keys").stat().st_mode & 0o777 == 0o700
    assert json.loads((folder / "serial.json").read_text())["next"] >= 1
    assert not any(b"PRIVATE" in path.read_bytes() for path in folder.rglob("*") if path.is_file())
