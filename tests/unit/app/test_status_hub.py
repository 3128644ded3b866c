"""What the hub promises: every delta once and in order, heads that are true, and silence where nobody knows."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from rahdari.app import status_hub
from rahdari.app.errors import RegisterBehind
from rahdari.app.status_hub import CATCH_UP_MAX, ListSigner, Spot, StatusHub, write_frame
from rahdari.credentials.values.status import DeltaRecord
from rahdari.database import Unreachable
from rahdari.wire import base64url, status_stream
from rahdari.wire.keys import SoftwareSigner
from rahdari.wire.status_stream import FIRST, Change, Delta, Head

SIGNER = SoftwareSigner.generate()
BEGAN = 1_800_000_000
SECONDS = 20.0


class Register:
    """A register whose deltas a test appends, that can be made to fail, and that counts what it is asked."""

    def __init__(self) -> None:
        self.deltas: list[DeltaRecord] = []
        self.heads = 0
        self.bundles = 0
        self.signings = 0
        self.is_failing = False
        self.now = BEGAN
        self.before_head: Callable[[], None] = lambda: None

    def suspend(self, times: int = 1) -> None:
        for _ in range(times):
            last = self.deltas[-1] if self.deltas else None
            sequence = last.sequence + 1 if last else 1
            delta = Delta(sequence, self.now, last.digest if last else FIRST, (Change(1, sequence, 2),))
            digest = status_stream.digest_of(delta.payload())
            # Signed only where a test looks at signatures: 20,000 of them would take seconds.
            self.deltas.append(
                DeltaRecord(
                    sequence, datetime.fromtimestamp(self.now, UTC), digest, status_stream.sign(SIGNER, delta)
                )
            )

    def grow(self, times: int) -> None:
        """Append records whose message is short and means nothing."""
        at = datetime.fromtimestamp(self.now, UTC)
        first = len(self.deltas) + 1
        self.deltas += [DeltaRecord(one, at, FIRST, b"%d" % one) for one in range(first, first + times)]

    def sign_head(self) -> bytes:
        self._require_there()
        self.heads += 1
        last = self.deltas[-1] if self.deltas else None
        self.before_head()
        head = Head(last.sequence, self.now, last.digest) if last else Head(0, self.now, FIRST)
        return status_stream.sign(SIGNER, head)

    def list_deltas(self, *, after: int, limit: int) -> tuple[DeltaRecord, ...]:
        self._require_there()
        return tuple(self.deltas[after : after + limit])

    def sign_manifest(self) -> bytes:
        self._require_there()
        return b"manifest %d" % len(self.deltas)

    def make_bundle(self) -> bytes:
        self._require_there()
        self.bundles += 1
        return b"bundle %d" % len(self.deltas)

    def publish_stale(self) -> int:
        self._require_there()
        self.signings += 1
        return 1

    def _require_there(self) -> None:
        if self.is_failing:
            raise Unreachable("the register cannot be reached; try again")


class Ear:
    """A listener that a test rings."""

    def __init__(self) -> None:
        self.rung = threading.Event()
        self.is_closed = False

    def wait(self, seconds: float) -> bool:
        was_rung = self.rung.wait(seconds)
        self.rung.clear()
        return was_rung

    def close(self) -> None:
        self.is_closed = True


class Hand:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def register() -> Register:
    return Register()


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def hub(register: Register, ear: Ear, hand: Hand) -> StatusHub:
    return StatusHub(register, lambda: ear, heartbeat_seconds=10, tick=hand)


@contextmanager
def running(hub: StatusHub) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=hub.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(SECONDS)
        assert not thread.is_alive()


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < ends, "it did not come about"
        time.sleep(0.005)


def read(frames: bytes) -> list[str]:
    """Read frames as a verifier would: "d5" is delta 5, "h5" a head that names delta 5."""
    said = []
    for frame in frames.split(b"\n\n")[:-1]:
        assert frame.startswith(b"data:")
        message = status_stream.decode(base64url.decode(frame.removeprefix(b"data:").decode())).unverified
        said.append(f"{'d' if isinstance(message, Delta) else 'h'}{message.sequence}")
    return said


def taken(hub: StatusHub, spot: Spot) -> tuple[list[str], Spot]:
    found = hub.take(spot)
    assert found is not None
    return read(found.frames), found.spot


def entered(hub: StatusHub, after: int) -> tuple[list[str], Spot]:
    found = hub.enter(after)
    assert found is not None
    return read(found.frames), found.spot


def test_a_reader_takes_every_delta_once_and_in_order(hub: StatusHub, register: Register) -> None:
    register.suspend(3)
    hub.catch_up()
    said, spot = entered(hub, 1)
    assert said == ["d2", "d3"]
    assert taken(hub, spot)[0] == []
    register.suspend(2)
    hub.catch_up()
    assert taken(hub, spot)[0] == ["d4", "d5"]


def test_a_beat_sends_every_reader_one_head_behind_the_deltas(hub: StatusHub, register: Register) -> None:
    _, spot = entered(hub, 0)
    register.suspend()
    hub.beat()
    said, spot = taken(hub, spot)
    assert said == ["d1", "h1"]
    assert taken(hub, spot)[0] == []


def test_a_head_that_names_an_unknown_delta_brings_the_delta_first(
    hub: StatusHub, register: Register
) -> None:
    hub.catch_up()
    _, spot = entered(hub, 0)
    register.suspend()
    hub.head.get()  # by whoever asks for it, before the hub heard of the delta
    assert taken(hub, spot)[0] == ["d1"]


def test_a_newcomer_who_missed_too_much_is_told_so(hub: StatusHub, register: Register) -> None:
    register.grow(CATCH_UP_MAX + 5)
    hub.catch_up()
    assert hub.enter(4) is None
    assert hub.enter(5) is not None
    assert hub.enter(0) is None


def test_a_restarted_hub_serves_from_where_a_newcomer_may_begin(hub: StatusHub, register: Register) -> None:
    register.grow(3 * CATCH_UP_MAX)
    hub.catch_up()
    assert hub.last == 3 * CATCH_UP_MAX
    assert hub.enter(2 * CATCH_UP_MAX) is not None
    assert hub.enter(2 * CATCH_UP_MAX - 1) is None


@pytest.mark.parametrize("after", [7, 1000, (1 << 53) - 1, 10**16 - 1])
def test_a_newcomer_from_the_future_waits_and_is_sent_nothing_twice(
    hub: StatusHub, register: Register, after: int
) -> None:
    """Another server may have been quicker; what such a verifier knows of is not sent to it again."""
    register.suspend(5)
    hub.catch_up()
    said, spot = entered(hub, after)
    assert said == []
    register.suspend(3)
    hub.catch_up()
    assert taken(hub, spot)[0] == (["d8"] if after == 7 else [])


def test_frames_that_are_kept_are_bounded_and_who_is_behind_is_ended(
    hub: StatusHub, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_hub, "FRAMES_KEPT_MAX", 100)
    hub.catch_up()
    slow = Spot(0)
    for _ in range(200):
        register.grow(1)
        hub.catch_up()
    assert hub.take(slow) is None
    assert hub.take(Spot(199)) is not None
    kept = [after for after in range(200) if hub.take(Spot(after)) is not None]
    assert len(kept) <= 125


def test_a_reader_takes_a_bounded_part_at_a_time(hub: StatusHub, register: Register) -> None:
    register.grow(CATCH_UP_MAX)
    hub.catch_up()
    register.deltas += [
        DeltaRecord(CATCH_UP_MAX + one, register.deltas[0].at, FIRST, bytes(60_000)) for one in range(1, 4)
    ]
    hub.catch_up()
    spot, parts = Spot(0), 0
    while (part := hub.take(spot)) is not None and part.frames:
        assert len(part.frames) <= status_hub.TAKEN_BYTES_MAX
        spot, parts = part.spot, parts + 1
    assert spot.sequence == CATCH_UP_MAX + 3
    assert parts == 4


def test_a_head_is_signed_at_most_once_a_second_while_nothing_changes(
    hub: StatusHub, register: Register, hand: Hand
) -> None:
    first = hub.head.get()
    signed = register.heads
    hand.seconds = 0.99
    assert hub.head.get() == first
    assert register.heads == signed
    hand.seconds = 1.0
    hub.head.get()
    assert register.heads == signed + 1


def test_a_copy_is_the_same_until_a_delta_comes_or_its_time_is_over(
    hub: StatusHub, register: Register, hand: Hand
) -> None:
    assert hub.bundle.get() == hub.bundle.get() == b"bundle 0"
    assert register.bundles == 1
    register.suspend()
    assert hub.bundle.get() == b"bundle 1"
    hand.seconds = 5.0
    hub.bundle.get()
    assert register.bundles == 3
    assert hub.manifest.get() == b"manifest 1"


def test_many_who_ask_at_once_have_one_copy_made(hub: StatusHub, register: Register) -> None:
    asking = [threading.Thread(target=hub.bundle.get) for _ in range(20)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert register.bundles == 1


def test_a_delta_that_comes_while_a_copy_is_made_makes_it_stale(hub: StatusHub, register: Register) -> None:
    register.before_head = register.suspend
    head = status_stream.decode(hub.head.get()).unverified
    register.before_head = lambda: None
    assert status_stream.decode(hub.head.get()).unverified.sequence > head.sequence


def test_deltas_come_with_a_head_that_is_not_older_than_they(hub: StatusHub, register: Register) -> None:
    hub.head.get()
    register.suspend(2)
    deltas, head = hub.find_deltas(after=0)
    assert len(deltas) == 2
    assert status_stream.decode(head).unverified.sequence == 2


def test_a_running_hub_pushes_what_it_is_told_of(hub: StatusHub, register: Register, ear: Ear) -> None:
    rung = threading.Event()
    hub.wake_with(rung.set)
    with running(hub):
        until(lambda: hub.is_running)
        _, spot = entered(hub, 0)
        rung.clear()
        register.suspend()
        ear.rung.set()
        assert rung.wait(SECONDS)
        until(lambda: "d1" in taken(hub, spot)[0])
    assert ear.is_closed
    assert hub.touched.is_set()


def test_whoever_forgot_the_hub_is_not_woken(hub: StatusHub, register: Register) -> None:
    rung = threading.Event()
    hub.wake_with(rung.set)
    hub.forget(rung.set)
    hub.wake_with(waker := threading.Event().set)
    hub.forget(waker)
    register.suspend()
    hub.catch_up()
    assert not rung.is_set()


def test_a_running_hub_beats_and_is_not_told_of_anything(
    hub: StatusHub, register: Register, hand: Hand
) -> None:
    with running(hub):
        until(lambda: register.heads >= 1)
        for _ in range(3):
            signed = register.heads

            def has_beaten(signed: int = signed) -> bool:
                # The hub may look at the clock just before it is moved, or just after: so it is moved again.
                hand.seconds += 10
                return register.heads > signed

            until(has_beaten)


def test_a_lost_word_is_made_good_at_the_next_beat(hub: StatusHub, register: Register, hand: Hand) -> None:
    with running(hub):
        until(lambda: hub.is_running)
        register.suspend()

        def is_made_good() -> bool:
            hand.seconds += 10
            return hub.last == 1

        until(is_made_good)


def test_while_the_database_fails_no_head_is_signed_and_all_is_made_good_later(
    hub: StatusHub, register: Register, ear: Ear, hand: Hand
) -> None:
    with running(hub):
        until(lambda: hub.is_running)
        register.is_failing = True
        ear.rung.set()
        until(lambda: not hub.is_running)
        signed, hand.seconds = register.heads, hand.seconds + 60
        assert hub.head.peek() is None
        with pytest.raises(Unreachable):
            hub.head.get()
        assert register.heads == signed
        register.suspend()
        register.is_failing = False
        until(lambda: hub.is_running and hub.last == 1)
        until(lambda: register.heads > signed)


def test_a_hub_that_starts_while_the_database_fails_waits_for_it(hub: StatusHub, register: Register) -> None:
    register.is_failing = True
    register.suspend()
    with running(hub):
        time.sleep(0.05)
        assert not hub.is_running
        register.is_failing = False
        until(lambda: hub.last == 1)


def test_a_copy_is_not_handed_out_unasked_while_nobody_hears_of_deltas(hub: StatusHub) -> None:
    hub.head.get()
    assert hub.head.peek() is None
    with running(hub):
        until(lambda: hub.head.peek() is not None)
    assert hub.head.peek() is None


def test_lists_that_were_touched_are_signed_at_once(register: Register) -> None:
    touched, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=ListSigner(register, touched).run, args=(stop,))
    thread.start()
    try:
        until(lambda: register.signings == 1)  # what was left by the process before
        touched.set()
        until(lambda: register.signings == 2)
        register.is_failing = True
        touched.set()
        time.sleep(0.05)
        register.is_failing = False
        until(lambda: register.signings == 3)
    finally:
        stop.set()
        thread.join(SECONDS)


def test_a_frame_of_one_suspension_is_an_event_of_at_most_200_bytes() -> None:
    delta = Delta(
        (1 << 32) - 1, BEGAN, FIRST, (Change(65_535, (1 << 20) - 2, 2), Change(65_535, (1 << 20) - 1, 2))
    )
    frame = write_frame(status_stream.sign(SIGNER, delta))
    assert frame.startswith(b"data:")
    assert frame.endswith(b"\n\n")
    # In a chunk of its own: two digits of length and two line ends (RFC 9112, 7.1).
    assert len(frame) + 6 <= 200


def test_a_gap_in_the_register_is_a_defect_and_never_sent(hub: StatusHub, register: Register) -> None:
    register.suspend(3)
    hub.catch_up()
    register.suspend(2)
    del register.deltas[3]
    with pytest.raises(AssertionError, match="gap"):
        hub.catch_up()
    assert hub.last == 3


def test_no_head_is_handed_out_once_the_register_knows_less_than_was_pushed(
    hub: StatusHub, register: Register, hand: Hand
) -> None:
    register.suspend(3)
    hub.catch_up()
    hub.beat()
    hand.seconds += 60
    del register.deltas[1:]
    with pytest.raises(RegisterBehind, match="delta 3 was pushed and the register ends at 1"):
        hub.beat()


def test_a_delta_that_is_pushed_while_the_head_is_made_is_no_rollback(
    hub: StatusHub, register: Register
) -> None:
    register.suspend()
    hub.catch_up()

    def suspended_meanwhile() -> None:
        register.before_head = lambda: None
        register.suspend()
        hub.catch_up()

    register.before_head = suspended_meanwhile
    hub.beat()
    assert hub.last == 2
