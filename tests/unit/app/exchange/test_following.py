"""A gateway follows its registry: only what verifies and is newer is used, and nothing is needed to begin again."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from rahdari.app.errors import FolderFailed
from rahdari.app.exchange import following as module
from rahdari.app.exchange.configuration_files import CONTRADICTIONS_MAX, ConfigurationFiles
from rahdari.app.exchange.fetching import Fetched, Unfetched
from rahdari.app.exchange.following import Following
from rahdari.exchange.errors import ConfigurationRefused
from rahdari.exchange.rules.directory import Directory
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.configuration import sign
from rahdari.wire.ndel.parties import Allowance, Configuration, Pin
from rahdari.wire.xroad import MemberId
from tests.fakes.chance import SeededChance
from tests.fakes.exchange_registry import BEGIN, clock, planned_home
from tests.unit.wire.ndel_scene import member_of

AT = int(BEGIN.timestamp())
DAY = 86_400
URL = "http://127.0.0.1:1/configuration.jws"
THEIRS = "http://127.0.0.1:2/configuration.jws"
KEY = SoftwareSigner.generate(Algorithm.EDDSA)
THEIR_KEY = SoftwareSigner.generate(Algorithm.EDDSA)
PIN = Pin("CN", (THEIRS,), (THEIR_KEY.public,), (), (Allowance(None, None, frozenset({"trade"})),))


def configuration(version: int = 1, **changes: object) -> Configuration:
    made = Configuration("PK", version, AT, AT + DAY, 30, members=(member_of("1001"),), purposes=())
    return replace(made, **changes)  # type: ignore[arg-type]


def theirs(version: int = 1, **changes: object) -> Configuration:
    made = Configuration(
        "CN", version, AT, AT + DAY, 10, members=(member_of("3001", instance="CN"),), purposes=()
    )
    return replace(made, **changes)  # type: ignore[arg-type]


class Scene:
    """Registries that answer from memory, and a tick that tests turn."""

    def __init__(self, folder: Path) -> None:
        self.clock = clock()
        self.home = planned_home(folder, KEY.public, URL)
        self.answers: dict[str, str | None] = {}
        self.asked: list[tuple[str, str]] = []
        self.changes: list[Directory] = []
        self.ticks = 0.0
        self.following = self.new()

    def new(self) -> Following:
        return Following(
            self.home,
            clock=self.clock,
            chance=SeededChance(),
            on_change=self.changes.append,
            tick=lambda: self.ticks,
            fetch=self.fetch,
        )

    async def fetch(self, url: str, *, etag: str, chars_max: int) -> Fetched | None:
        assert chars_max > 1_000_000
        self.asked.append((url, etag))
        await asyncio.sleep(0)
        text = self.answers.get(url)
        if text is None:
            raise Unfetched(f"{url} is away")
        tag = sha256(text.encode()).hexdigest()
        return None if etag == tag else Fetched(text, tag)

    def serve(self, made: Configuration, key: SoftwareSigner = KEY, url: str = URL) -> str:
        self.answers[url] = sign(key, made)
        return self.answers[url] or ""

    def refresh(self) -> bool:
        return asyncio.run(self.following.refresh_now())


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_the_first_configuration_is_taken_kept_and_told(scene: Scene) -> None:
    with pytest.raises(ConfigurationRefused, match="no configuration of PK"):
        scene.following.load()
    text = scene.serve(configuration())
    assert scene.refresh()
    assert scene.following.directory.version == 1
    assert [one.version for one in scene.changes] == [1]
    assert scene.following.directory.digests["PK"] == sha256(text.encode()).digest()
    assert scene.new().load().home == configuration()


def test_what_did_not_change_is_not_read_again(scene: Scene) -> None:
    scene.serve(configuration())
    scene.refresh()
    assert not scene.refresh()
    assert scene.asked[-1][1] != ""
    assert len(scene.changes) == 1


def test_a_newer_one_takes_its_place_and_the_older_stays_in_the_history(scene: Scene) -> None:
    first = scene.serve(configuration())
    scene.refresh()
    second = scene.serve(configuration(2))
    assert scene.refresh()
    assert scene.following.directory.version == 2
    files = ConfigurationFiles(scene.home.configuration_folder)
    for text in (first, second):
        assert files.find(sha256(text.encode()).digest()) == text
    assert files.read("PK") == second
    assert files.find(bytes(32)) is None


WRONG = {
    "an older version": (KEY, configuration(1)),
    "the same version with another content": (KEY, configuration(2, members=())),
    "another key's": (SoftwareSigner.generate(Algorithm.EDDSA), configuration(9)),
    "another instance's": (KEY, theirs(9)),
    "one that has expired": (KEY, configuration(9, issued_at=AT - 9, expires=AT)),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_belong_there_is_left_and_the_good_one_stays(scene: Scene, name: str) -> None:
    scene.serve(configuration(2))
    scene.refresh()
    key, wrong = WRONG[name]
    scene.serve(wrong, key)
    assert not scene.refresh()
    assert scene.following.directory.home == configuration(2)
    assert scene.new().load().home == configuration(2)
    assert len(scene.changes) == 1


@pytest.mark.parametrize("text", ["", "a.b.c", "x" * 5000, "é"])
def test_junk_is_left(scene: Scene, text: str) -> None:
    scene.answers[URL] = text
    assert not scene.refresh()
    with pytest.raises(ConfigurationRefused):
        _ = scene.following.directory


def test_a_registry_that_is_away_is_asked_more_and_more_seldom(scene: Scene) -> None:
    scene.serve(configuration())
    scene.refresh()
    scene.answers[URL] = None
    asked = []
    for _ in range(2000):
        scene.ticks += 1
        before = len(scene.asked)
        asyncio.run(scene.following.refresh())
        if len(scene.asked) > before:
            asked.append(scene.ticks)
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert 20 <= pauses[0] <= 61
    assert max(pauses) <= 241
    assert pauses[-1] > 150
    assert scene.following.directory.version == 1
    age = scene.following.age_seconds()
    assert age is not None
    assert age > 1900
    scene.serve(configuration(2))
    scene.ticks += 300
    assert asyncio.run(scene.following.refresh())
    assert scene.following.age_seconds() == 0


def test_another_address_is_asked_where_one_is_away(scene: Scene) -> None:
    mirror = "http://127.0.0.1:3/configuration.jws"
    scene.home = replace(scene.home, anchor=replace(scene.home.anchor, urls=(URL, mirror)))
    scene.following = scene.new()
    scene.serve(configuration(), url=mirror)
    assert scene.refresh()
    assert [url for url, _ in scene.asked] == [URL, mirror]


MIRROR = "http://127.0.0.1:3/configuration.jws"


def with_mirror(scene: Scene) -> None:
    scene.home = replace(scene.home, anchor=replace(scene.home.anchor, urls=(URL, MIRROR)))
    scene.following = scene.new()


@pytest.mark.parametrize("frozen", [URL, MIRROR])
def test_an_address_that_stands_still_keeps_nobody_from_the_newest(scene: Scene, frozen: str) -> None:
    with_mirror(scene)
    live = ({URL, MIRROR} - {frozen}).pop()
    for url in (URL, MIRROR):
        scene.serve(configuration(), url=url)
    scene.refresh()
    for version in (2, 3):
        scene.serve(configuration(version), url=live)
        scene.ticks += 31
        assert scene.refresh()
        assert scene.following.directory.version == version
        assert scene.following.age_seconds() == 0
    assert not scene.refresh(), "the older one changes nothing"
    scene.answers.pop(live)
    scene.ticks += 31
    assert not scene.refresh()
    assert scene.following.directory.version == 3
    assert scene.following.age_seconds() == 31, "what the other has is no confirmation"


def test_a_configuration_that_should_have_been_signed_anew_is_told_of(scene: Scene) -> None:
    with pytest.raises(ConfigurationRefused):
        scene.following.load()
    assert not scene.following.is_old()
    scene.serve(configuration())
    scene.refresh()
    assert not scene.following.is_old()
    scene.clock.wind(timedelta(seconds=DAY // 3 - 5))
    with capture_logs() as quiet:
        scene.refresh()
    assert not scene.following.is_old()
    scene.clock.wind(timedelta(seconds=10))
    with capture_logs() as told:
        scene.refresh()
        scene.refresh()
    assert scene.following.is_old()
    assert [one["event"] for one in (*quiet, *told)] == ["configuration_is_old"], "once"
    at = AT + DAY // 3
    scene.serve(configuration(2, issued_at=at, expires=at + DAY))
    scene.refresh()
    assert not scene.following.is_old()


def test_two_configurations_of_one_version_are_both_kept(scene: Scene) -> None:
    first = scene.serve(configuration())
    scene.refresh()
    second = scene.serve(configuration(refresh_seconds=31))
    with capture_logs() as told:
        assert not scene.refresh()
        scene.refresh()
    assert [one["event"] for one in told].count("two_configurations_of_one_version") == 1
    assert scene.following.contradictions == 1
    (kept,) = (scene.home.configuration_folder / "contradictions").iterdir()
    assert kept.read_text() == second
    files = ConfigurationFiles(scene.home.configuration_folder)
    assert list(files.past("PK")) == [(1, first)], "what was never in use proves nothing of the past"
    scene.serve(configuration(2))
    assert scene.refresh()
    scene.serve(configuration(refresh_seconds=32))
    assert not scene.refresh()
    assert scene.following.contradictions == 2, "under a version that has passed too"
    assert files.count_contradictions() == 2, "whoever asks, also after a restart"


def test_a_contradiction_is_one_only_if_the_registry_signed_it(scene: Scene) -> None:
    scene.serve(configuration())
    scene.refresh()
    scene.serve(configuration(refresh_seconds=31), THEIR_KEY)
    scene.refresh()
    assert scene.following.contradictions == 0
    assert not (scene.home.configuration_folder / "contradictions").exists()


def test_no_more_contradictions_are_kept_than_a_disk_has_room_for(scene: Scene) -> None:
    scene.serve(configuration())
    scene.refresh()
    files = ConfigurationFiles(scene.home.configuration_folder)
    kept = [
        files.keep_contradiction("PK", 1, f"another {number}") for number in range(CONTRADICTIONS_MAX + 3)
    ]
    assert sum(one is not None for one in kept) == CONTRADICTIONS_MAX


def test_another_registry_that_does_not_answer_keeps_us_from_our_own_for_a_moment_only(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OTHERS_SECONDS", 0.02)
    scene.serve(configuration(pins=(PIN,)))
    scene.serve(theirs(), THEIR_KEY, THEIRS)

    async def go() -> None:
        gate = asyncio.Event()
        plain = scene.fetch

        async def slow(url: str, *, etag: str, chars_max: int) -> Fetched | None:
            if url == THEIRS:
                await gate.wait()
            return await plain(url, etag=etag, chars_max=chars_max)

        vars(scene.following)["_fetch"] = slow
        assert await scene.following.refresh_now()
        assert scene.following.directory.others == {}
        scene.serve(configuration(2, pins=(PIN,)))
        assert await scene.following.refresh_now()
        assert scene.following.directory.version == 2, "while the other one still does not answer"
        gate.set()
        assert await scene.following.refresh_now()
        assert set(scene.following.directory.others) == {"CN"}

    asyncio.run(go())


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_jumps_an_hour_breaks_nothing(scene: Scene, hours: int) -> None:
    scene.serve(configuration())
    scene.refresh()
    scene.clock.wind(timedelta(hours=hours))
    scene.serve(configuration(2, issued_at=AT + 30, expires=AT + 30 + DAY))
    scene.ticks += 31
    assert asyncio.run(scene.following.refresh())
    assert scene.following.directory.version == 2
    scene.clock.wind(timedelta(hours=-hours))
    scene.serve(configuration(3))
    scene.ticks += 31
    assert asyncio.run(scene.following.refresh())
    assert not scene.following.directory.is_expired(AT)


def test_the_cache_is_enough_to_begin_and_says_when_it_has_expired(scene: Scene) -> None:
    scene.serve(configuration())
    scene.refresh()
    scene.answers.clear()
    again = scene.new()
    assert not again.load().is_expired(AT + DAY - 1)
    assert again.load().is_expired(AT + DAY)
    assert again.age_seconds() is None


def test_a_cache_that_was_altered_is_refused(scene: Scene) -> None:
    text = scene.serve(configuration())
    scene.refresh()
    path = scene.home.configuration_folder / "PK.jws"
    next((scene.home.configuration_folder / "history").iterdir()).unlink()
    for altered in (text[:-3] + "AAA", "junk", text.replace("e", "f", 1)):
        path.write_text(altered)
        with pytest.raises(ConfigurationRefused, match="not as it was verified"):
            scene.new().load()


def test_history_that_was_altered_is_told(scene: Scene) -> None:
    text = scene.serve(configuration())
    scene.refresh()
    file = next((scene.home.configuration_folder / "history").iterdir())
    file.write_text(text + "x")
    with pytest.raises(FolderFailed, match="altered"):
        ConfigurationFiles(scene.home.configuration_folder).find(sha256(text.encode()).digest())


def test_pinned_instances_are_followed_too(scene: Scene) -> None:
    scene.serve(configuration(pins=(PIN,)))
    scene.serve(theirs(), THEIR_KEY, THEIRS)
    scene.refresh()
    directory = scene.following.directory
    assert set(directory.others) == {"CN"}
    assert directory.is_client(MemberId("CN", "GOV", "3001"))
    assert set(scene.new().load().others) == {"CN"}
    scene.serve(theirs(2), THEIR_KEY, THEIRS)
    scene.ticks += 11
    assert asyncio.run(scene.following.refresh())
    assert scene.following.directory.others["CN"].version == 2


def test_an_instance_that_is_away_or_lies_keeps_nobody_from_ours(scene: Scene) -> None:
    scene.serve(configuration(pins=(PIN,)))
    assert scene.refresh()
    assert scene.following.directory.others == {}
    scene.serve(theirs(), KEY, THEIRS)
    assert not scene.refresh()
    assert scene.following.directory.others == {}


def test_an_instance_is_forgotten_when_its_pin_is_gone_or_has_other_keys(scene: Scene) -> None:
    scene.serve(configuration(pins=(PIN,)))
    scene.serve(theirs(), THEIR_KEY, THEIRS)
    scene.refresh()
    other = SoftwareSigner.generate(Algorithm.EDDSA)
    scene.serve(configuration(2, pins=(replace(PIN, keys=(other.public,)),)))
    assert scene.refresh()
    assert scene.following.directory.others == {}
    scene.serve(theirs(), other, THEIRS)
    assert scene.refresh()
    assert set(scene.following.directory.others) == {"CN"}
    scene.serve(configuration(3))
    assert scene.refresh()
    assert scene.following.directory.others == {}


def test_a_cache_of_another_instance_that_was_altered_is_left_out(scene: Scene) -> None:
    scene.serve(configuration(pins=(PIN,)))
    scene.serve(theirs(), THEIR_KEY, THEIRS)
    scene.refresh()
    (scene.home.configuration_folder / "CN.jws").write_text("junk")
    next((scene.home.configuration_folder / "history").glob("CN-*")).unlink()
    assert scene.new().load().others == {}


def test_a_configuration_counts_even_where_it_cannot_be_kept(scene: Scene) -> None:
    scene.home.configuration_folder.parent.mkdir(parents=True, exist_ok=True)
    scene.home.configuration_folder.write_text("a file where the folder belongs")
    scene.serve(configuration())
    assert scene.refresh()
    assert scene.following.directory.version == 1
    scene.home.configuration_folder.unlink()
    scene.serve(configuration(2))
    assert scene.refresh()
    assert scene.new().load().version == 2


def test_it_goes_on_until_it_is_ended(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REFRESH_SECONDS", 0)

    async def go() -> None:
        task = asyncio.create_task(scene.following.run())
        await asyncio.sleep(0.15)
        assert not task.done()
        assert scene.changes == []
        scene.serve(configuration())
        await asyncio.sleep(0.25)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(go())
    assert [one.version for one in scene.changes] == [1]
