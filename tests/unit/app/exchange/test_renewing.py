"""Keys are renewed at two thirds of their life, and used once the configuration has them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rahdari.app.exchange import renewing as module
from rahdari.app.exchange.fetching import Unfetched
from rahdari.app.exchange.following import Following
from rahdari.app.exchange.gateway_keys import LIFE
from rahdari.app.exchange.home import open_keys
from rahdari.app.exchange.registry import Registry
from rahdari.app.exchange.renewing import Renewing
from rahdari.exchange.errors import ConfigurationRefused
from rahdari.kernel import Refused
from rahdari.wire.ndel.acts import Suspend
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.fakes.exchange_registry import clock, decide, elsewhere, enter, make_gateway, make_registry

Post = Callable[..., Awaitable[tuple[int, str]]]


class Scene:
    """A gateway that is entered, and a registry that answers without a network."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time: WoundClock = clock()
        self.registry: Registry = make_registry(folder / "registry", self.time)
        self.home, self.keys = make_gateway(folder / "gw", self.registry, self.time)
        enter(self.registry, self.home, self.keys, self.time)
        self.following = Following(self.home, clock=self.time, chance=SeededChance())
        self.refresh()
        self.sent: list[str] = []
        self.fails = ""
        monkeypatch.setattr(module, "post_text", self.post)
        served = elsewhere(self.home, "http://127.0.0.1:1/configuration.jws")
        self.renewing = Renewing(
            served, self.keys, lambda: self.following.directory, clock=self.time, chance=SeededChance()
        )

    def refresh(self) -> None:
        self.registry.publish()
        asyncio.run(self.following.refresh_now())

    def step(self) -> bool:
        return asyncio.run(self.renewing.step())

    async def post(self, url: str, text: str, *, media_type: str, chars_max: int) -> tuple[int, str]:
        assert url == "http://127.0.0.1:1/renew"
        assert media_type == module.REQUEST_TYPE
        assert chars_max > 0
        self.sent.append(text)
        if self.fails == "away":
            raise Unfetched("nobody is there")
        try:
            self.registry.renew(text)
        except Refused as refusal:
            return 422, refusal.message
        return 200, "{}"

    def signing(self) -> str:
        at = int(self.time.now().timestamp())
        return self.keys.signer_for(self.following.directory, at)[0]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(tmp_path, monkeypatch)


def test_nothing_is_renewed_before_its_time(scene: Scene) -> None:
    for days in (0, 59):
        scene.time.wind(timedelta(days=days))
        assert not scene.renewing.is_due()
    assert not scene.step()
    assert scene.sent == []


def test_new_keys_are_entered_and_then_used_and_the_old_ones_stay(scene: Scene) -> None:
    first = scene.signing()
    scene.time.wind(timedelta(days=61))
    scene.refresh()
    assert scene.renewing.is_due()
    assert scene.step()
    assert scene.renewing.is_waiting()
    assert scene.signing() == first
    scene.refresh()
    assert not scene.renewing.is_waiting()
    assert scene.signing() != first
    at = int(scene.time.now().timestamp())
    assert scene.following.directory.message_key(first, at) is not None
    assert all(scene.following.directory.gateway_by_certificate(one) for one in scene.keys.certificates)
    assert not scene.step()
    scene.time.wind(LIFE)
    assert len(open_keys(scene.home, {}, chance=SeededChance()).messages) == 2


def test_a_registry_that_is_away_is_asked_again_for_the_same_keys(scene: Scene) -> None:
    scene.time.wind(timedelta(days=61))
    scene.refresh()
    scene.fails = "away"
    for _ in range(3):
        with pytest.raises(Unfetched):
            scene.step()
    assert len(scene.keys.messages) == 2
    scene.fails = ""
    assert scene.step()
    scene.refresh()
    assert not scene.renewing.is_waiting()


def test_a_gateway_that_stopped_in_between_asks_again(scene: Scene) -> None:
    scene.time.wind(timedelta(days=61))
    scene.refresh()
    scene.fails = "away"
    with pytest.raises(Unfetched):
        scene.step()
    scene.fails = ""
    again = open_keys(scene.home, {}, chance=SeededChance())
    served = elsewhere(scene.home, "http://127.0.0.1:1/configuration.jws")
    renewing = Renewing(
        served, again, lambda: scene.following.directory, clock=scene.time, chance=SeededChance()
    )
    assert renewing.is_waiting()
    assert asyncio.run(renewing.step())
    scene.refresh()
    assert not renewing.is_waiting()


def test_a_refusal_is_told(scene: Scene) -> None:
    scene.time.wind(timedelta(days=61))
    scene.refresh()
    decide(scene.registry, Suspend(scene.home.member))
    with pytest.raises(Unfetched, match="422"):
        scene.step()
    scene.refresh()
    with pytest.raises(ConfigurationRefused, match="suspended"):
        scene.step()


def test_without_a_server_the_request_is_left_as_a_file(scene: Scene) -> None:
    scene.time.wind(timedelta(days=61))
    scene.refresh()
    renewing = Renewing(
        scene.home, scene.keys, lambda: scene.following.directory, clock=scene.time, chance=SeededChance()
    )
    with pytest.raises(ConfigurationRefused, match=r"renewal\.jws"):
        asyncio.run(renewing.step())
    scene.registry.renew((scene.home.folder / "renewal.jws").read_text())
    scene.refresh()
    assert not renewing.is_waiting()


def test_keys_that_ran_out_are_forgotten(scene: Scene) -> None:
    scene.time.wind(timedelta(days=61))
    scene.refresh()
    scene.step()
    scene.refresh()
    scene.time.wind(timedelta(days=37))
    scene.refresh()
    assert not scene.step()
    assert len(scene.keys.messages) == 1


def test_a_clock_that_is_wrong_for_a_moment_costs_no_key(scene: Scene) -> None:
    first = scene.signing()
    scene.time.wind(timedelta(days=61))
    scene.refresh()
    scene.fails = "away"
    with pytest.raises(Unfetched):
        scene.step()
    right = scene.time.now()
    scene.time.set(datetime(2100, 1, 1, tzinfo=UTC))
    assert not scene.step()
    scene.time.set(right)
    assert scene.signing() == first
    assert len(open_keys(scene.home, {}, chance=SeededChance()).certificates) == 2
    scene.fails = ""
    assert scene.step()
    scene.refresh()
    assert not scene.renewing.is_waiting()


def test_nothing_is_forgotten_while_newer_keys_wait(scene: Scene) -> None:
    scene.time.wind(timedelta(days=61))
    scene.refresh()
    scene.fails = "away"
    with pytest.raises(Unfetched):
        scene.step()
    scene.time.wind(LIFE)
    scene.refresh()
    with pytest.raises(ConfigurationRefused):
        scene.step()
    assert len(scene.keys.messages) == len(scene.keys.certificates) == 2


def test_it_renews_by_itself_until_it_is_ended(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(module, "_ASK_AGAIN_SECONDS", 0.01)
    scene.time.wind(timedelta(days=61))
    scene.refresh()
    scene.fails = "away"

    async def go() -> None:
        task = asyncio.create_task(scene.renewing.run())
        await asyncio.sleep(0.3)
        assert not task.done()
        scene.fails = ""
        await asyncio.sleep(0.3)
        await scene.following.refresh_now()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(go())
    assert len(scene.sent) > module._FAILURES_MAX
    assert len(scene.keys.messages) == 2
    assert not scene.renewing.is_waiting()
