"""How consents stand, by lists that are a minute old at most, whatever clocks and networks do."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from rahdari.app.exchange.consent_statuses import (
    FETCH_SECONDS,
    LISTS_MAX,
    PAUSE_SECONDS,
    UNUSED_SECONDS,
    ConsentStatuses,
)
from rahdari.exchange.rules.consents import HeldConsent, KnownStatus
from rahdari.wire.keys import Algorithm, PublicKey, SoftwareSigner
from rahdari.wire.ndel.consents import Consent, StatusPlace
from rahdari.wire.status_list import StatusArray, StatusList, StatusType, sign_jwt
from rahdari.wire.xroad import MemberId
from tests.fakes.clock import WoundClock
from tests.unit.exchange.evidence_scene import consent

KEY = SoftwareSigner.generate(Algorithm.EDDSA)
OTHER, OTHER_KEY = MemberId("PK", "COM", "7"), SoftwareSigner.generate(Algorithm.EDDSA)
START = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
URI = "https://id.example/consents/0"


@dataclass
class World:
    """An issuer that serves lists, and a gateway that asks; time passes for both unless a test says otherwise."""

    wall: WoundClock = field(default_factory=lambda: WoundClock(START))
    tick: float = 1000.0
    issuers_clock: WoundClock = field(default_factory=lambda: WoundClock(START))
    status: int = StatusType.VALID
    signer: SoftwareSigner = KEY
    asked: list[str] = field(default_factory=list)
    failure: Exception | None = None
    raw: bytes | None = None
    uri: str = URI
    gate: asyncio.Event | None = None

    def __post_init__(self) -> None:
        self.statuses = ConsentStatuses(self.fetch, lambda: self, clock=self.wall, tick=lambda: self.tick)

    def consent_keys(self, issuer: MemberId, at: int) -> Sequence[PublicKey]:
        known = {consent().issuer: KEY, OTHER: OTHER_KEY}
        return (known[issuer].public,) if issuer in known else ()

    async def fetch(self, address: str, issuer: MemberId) -> bytes:
        del issuer
        self.asked.append(address)
        raw = self.raw or self.token()
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return raw

    def token(self) -> bytes:
        listed = StatusArray.of_size(64, [(7, self.status)] if self.status else [])
        at = int(self.issuers_clock.now().timestamp())
        return sign_jwt(self.signer, StatusList(self.uri, at, listed, expires=at + 300, ttl=60)).encode()

    def pass_by(self, seconds: float) -> None:
        self.tick += seconds
        self.wall.wind(timedelta(seconds=seconds))
        self.issuers_clock.wind(timedelta(seconds=seconds))


def run(story: Callable[[World], Awaitable[None]]) -> None:
    async def told() -> None:
        await story(World())

    asyncio.run(told())


def one(**changes: object) -> Consent:
    return consent(**changes)


def test_a_list_is_asked_for_once_and_kept_for_a_minute() -> None:
    async def story(world: World) -> None:
        assert world.statuses.known(one()) is None
        assert await world.statuses.find(one()) == KnownStatus(StatusType.VALID, 0.0)
        world.pass_by(59)
        assert await world.statuses.find(one()) == KnownStatus(StatusType.VALID, 59.0)
        assert len(world.asked) == 1
        world.pass_by(2)
        assert await world.statuses.find(one()) == KnownStatus(StatusType.VALID, 0.0)
        assert len(world.asked) == 2

    run(story)


def test_a_revocation_is_seen_within_a_minute_and_at_once_where_it_is_asked_for_now() -> None:
    async def story(world: World) -> None:
        await world.statuses.find(one())
        world.status = StatusType.INVALID
        world.pass_by(1)
        told = await world.statuses.find(one(), now=True)
        assert told == KnownStatus(StatusType.INVALID, 0.0, is_fetched_now=True)
        assert world.asked == [URI, f"{URI}?now"]
        assert await world.statuses.status_of(HeldConsent(one(), b""), now=False) == KnownStatus(1, 0.0)

    run(story)


def test_the_last_good_list_counts_until_it_is_too_old_and_then_nothing_does() -> None:
    async def story(world: World) -> None:
        await world.statuses.find(one())
        world.failure = TimeoutError()
        world.pass_by(50)
        await world.statuses.renew()
        assert await world.statuses.find(one()) == KnownStatus(StatusType.VALID, 50.0)
        world.pass_by(20)
        told = await world.statuses.find(one())
        assert told is not None
        assert told.age_seconds > 60, "require_standing refuses it"
        assert await world.statuses.find(one(), now=True) is None

    run(story)


def test_a_task_renews_what_is_in_use_and_lets_go_of_the_rest() -> None:
    async def story(world: World) -> None:
        await world.statuses.find(one())
        world.pass_by(20)
        await world.statuses.renew()
        assert len(world.asked) == 2
        assert world.statuses.known(one()) == KnownStatus(StatusType.VALID, 0.0)
        world.pass_by(UNUSED_SECONDS + 1)
        await world.statuses.renew()
        assert len(world.asked) == 2
        assert world.statuses.known(one()) is None

    run(story)


@pytest.mark.parametrize("hours", [-1, 1])
def test_our_own_clock_may_jump_an_hour_either_way(hours: int) -> None:
    async def story(world: World) -> None:
        await world.statuses.find(one())
        world.wall.wind(timedelta(hours=hours))
        world.pass_by(30)
        assert await world.statuses.find(one()) == KnownStatus(StatusType.VALID, 30.0), "no younger, no older"
        world.pass_by(40)
        assert await world.statuses.find(one()) == KnownStatus(StatusType.VALID, 0.0)

    run(story)


def test_an_old_list_that_is_given_out_again_is_as_old_as_it_is() -> None:
    async def story(world: World) -> None:
        world.raw = world.token()
        world.pass_by(45)
        assert await world.statuses.find(one()) == KnownStatus(StatusType.VALID, 45.0)
        world.pass_by(20)
        told = await world.statuses.find(one())
        assert told is not None
        assert told.age_seconds == 65.0

    run(story)


def test_a_list_older_than_one_that_was_seen_is_not_taken() -> None:
    async def story(world: World) -> None:
        world.raw = world.token()
        old = world.raw
        world.pass_by(10)
        world.raw = None
        await world.statuses.find(one())
        world.raw = old
        assert await world.statuses.find(one(), now=True) is None
        assert world.statuses.known(one()) == KnownStatus(StatusType.VALID, 0.0)

    run(story)


def test_a_list_from_the_future_of_every_clock_is_not_taken() -> None:
    async def story(world: World) -> None:
        world.issuers_clock.wind(timedelta(seconds=121))
        assert await world.statuses.find(one()) is None
        world.pass_by(2)
        world.issuers_clock.wind(timedelta(seconds=-2))
        assert await world.statuses.find(one()) == KnownStatus(StatusType.VALID, 0.0)

    run(story)


def test_what_another_signed_or_is_another_list_is_not_taken() -> None:
    async def forged(world: World) -> None:
        world.signer = SoftwareSigner.generate(Algorithm.EDDSA)
        assert await world.statuses.find(one()) is None

    async def another(world: World) -> None:
        world.uri = "https://id.example/consents/1"
        assert await world.statuses.find(one()) is None

    async def junk(world: World) -> None:
        world.raw = b"\xff\xfe not a token"
        assert await world.statuses.find(one()) is None

    for story in (forged, another, junk):
        run(story)


def test_a_list_of_one_issuer_says_nothing_of_anothers_consents() -> None:
    async def story(world: World) -> None:
        await world.statuses.find(one())
        other = one(issuer=MemberId("PK", "GOV", "9"))
        assert world.statuses.known(other) is None
        assert await world.statuses.find(other) is None

    run(story)


def test_an_issuer_that_names_anothers_list_harms_nobodys_consents_but_its_own() -> None:
    async def story(world: World) -> None:
        theirs = one(issuer=OTHER)
        for now in (True, False):
            for _ in range(4):
                assert await world.statuses.find(theirs, now=now) is None
                world.pass_by(0.1)
                ours = await world.statuses.find(one(), now=now)
                assert ours is not None
                assert ours.age_seconds <= 60
            world.pass_by(61)

    run(story)


def test_an_issuer_with_many_lists_pushes_out_its_own() -> None:
    async def story(world: World) -> None:
        await world.statuses.find(one())
        for number in range(LISTS_MAX + 5):
            world.pass_by(0.001)
            await world.statuses.find(
                one(issuer=OTHER, status=StatusPlace(f"https://id.example/{number}", 7))
            )
        assert world.statuses.known(one()) is not None

    run(story)


def test_a_place_outside_the_list_is_not_known() -> None:
    async def story(world: World) -> None:
        assert await world.statuses.find(one(status=StatusPlace(URI, 64))) is None

    run(story)


def test_calls_that_come_together_share_one_question() -> None:
    async def story(world: World) -> None:
        found = await asyncio.gather(
            *(world.statuses.find(one(), now=now) for now in [False] * 5 + [True] * 5)
        )
        assert all(one is not None for one in found)
        assert sorted(world.asked) == [URI, f"{URI}?now"]

    run(story)


def test_a_question_that_was_under_way_does_not_answer_a_call_that_came_later() -> None:
    """The revocation may lie between the two."""

    async def story(world: World) -> None:
        world.gate = asyncio.Event()
        first = asyncio.create_task(world.statuses.find(one(), now=True))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert world.asked == [f"{URI}?now"]
        world.status = StatusType.INVALID
        later = [asyncio.create_task(world.statuses.find(one(), now=True)) for _ in range(3)]
        await asyncio.sleep(0)
        world.gate.set()
        assert await first == KnownStatus(StatusType.VALID, 0.0, is_fetched_now=True)
        assert await asyncio.gather(*later) == [KnownStatus(1, 0.0, is_fetched_now=True)] * 3
        assert world.asked == [f"{URI}?now"] * 2

    run(story)


def test_one_caller_who_goes_away_does_not_take_the_answer_from_the_others() -> None:
    async def story(world: World) -> None:
        world.gate = asyncio.Event()
        gone, stays = (asyncio.create_task(world.statuses.find(one())) for _ in range(2))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gone.cancel()
        world.gate.set()
        assert await stays == KnownStatus(StatusType.VALID, 0.0)

    run(story)


def test_an_issuer_that_failed_is_left_alone_for_a_moment() -> None:
    async def story(world: World) -> None:
        world.failure = ConnectionRefusedError()
        for _ in range(5):
            assert await world.statuses.find(one()) is None
        assert len(world.asked) == 1
        world.failure = None
        world.pass_by(PAUSE_SECONDS)
        assert await world.statuses.find(one()) == KnownStatus(StatusType.VALID, 0.0)

    run(story)


def test_the_number_of_lists_is_bounded() -> None:
    async def story(world: World) -> None:
        for number in range(LISTS_MAX + 5):
            world.pass_by(0.001)
            world.uri = f"https://id.example/{number}"
            await world.statuses.find(one(status=StatusPlace(world.uri, 7)))
        assert world.statuses.known(one(status=StatusPlace("https://id.example/0", 7))) is None
        assert world.statuses.known(one(status=StatusPlace(world.uri, 7))) is not None

    run(story)


def test_waiting_for_an_issuer_has_an_end() -> None:
    assert 0 < FETCH_SECONDS <= 10
