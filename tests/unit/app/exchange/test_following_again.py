"""What a fault of the machine kept from being taken over, or from the disk, is tried again until it succeeds."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from rahdari.app.errors import FolderFailed
from rahdari.app.exchange.configuration_files import NEWEST_MAX, OWED_MAX, ConfigurationFiles
from rahdari.exchange.errors import ConfigurationRefused
from rahdari.exchange.rules.directory import Directory
from rahdari.wire.xroad import MemberId
from tests.fakes.gateway_homes import add_gateway, make_instance
from tests.fakes.peer_calls import open_made
from tests.unit.app.exchange.test_following import THEIR_KEY, Scene, configuration


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def told(logs: Sequence[Mapping[str, object]]) -> list[object]:
    return [one["event"] for one in logs]


@pytest.mark.parametrize("failure", [FolderFailed("the disk is full"), OSError("full"), ValueError("any")])
def test_what_could_not_be_taken_over_is_tried_at_each_refresh(scene: Scene, failure: Exception) -> None:
    taken: list[int] = []
    fails = [failure, failure]

    def on_change(directory: Directory) -> None:
        if fails:
            raise fails.pop()
        taken.append(directory.version)

    vars(scene.following)["_on_change"] = on_change
    scene.serve(configuration())
    with capture_logs() as logs:
        assert scene.refresh(), "following goes on"
        assert not scene.refresh()
        assert taken == []
        for _ in range(3):
            assert not asyncio.run(scene.following.refresh()), "before its turn has come, too"
    assert taken == [1], "and once only"
    assert told(logs) == ["configuration_not_taken_over", "configuration_taken_over"]


@pytest.mark.loopback
def test_one_that_cannot_take_it_over_keeps_it_from_no_other(tmp_path: Path) -> None:
    instance = make_instance(tmp_path)
    made = add_gateway(instance, MemberId("PK", "GOV", "1001"), "registry")
    instance.publish()
    gateway = open_made(made)
    taken: list[int] = []
    fails = [OSError("full")]

    def first(_: Directory) -> None:
        if fails:
            raise fails.pop()

    gateway.on_change += [first, lambda directory: taken.append(directory.version)]
    instance.publish()
    with capture_logs() as logs:
        asyncio.run(gateway.following.refresh_now())
        assert taken == [2]
        asyncio.run(gateway.following.refresh_now())
    assert told(logs) == ["configuration_not_taken_over", "configuration_taken_over"]
    assert taken == [2, 2]


def fill(scene: Scene) -> None:
    folder = scene.home.configuration_folder
    if folder.is_dir():
        folder.rename(folder.with_name("aside"))
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder belongs")


def make_room(scene: Scene) -> None:
    folder = scene.home.configuration_folder
    folder.unlink()
    aside = folder.with_name("aside")
    if aside.exists():
        shutil.move(aside, folder)


def test_what_the_disk_did_not_take_is_kept_when_there_is_room(scene: Scene) -> None:
    scene.serve(configuration())
    scene.refresh()
    fill(scene)
    texts = []
    with capture_logs() as logs:
        for version in (2, 3):
            texts.append(scene.serve(configuration(version)))
            assert scene.refresh()
        assert not scene.refresh()
        make_room(scene)
        assert scene.new().load().version == 1
        assert not asyncio.run(scene.following.refresh()), "the registry has nothing new, nor is it asked"
        scene.refresh()
    assert told(logs) == ["configuration_not_kept"] * 2 + ["configuration_kept"]
    assert scene.new().load().version == 3
    files = ConfigurationFiles(scene.home.configuration_folder)
    assert [version for version, _ in files.past("PK")] == [3, 2, 1], "evidence needs each of them"
    assert files.read("PK") == texts[-1]


def test_a_newer_one_takes_what_was_owed_along(scene: Scene) -> None:
    fill(scene)
    for version in range(1, OWED_MAX + 3):
        scene.serve(configuration(version))
        scene.refresh()
    make_room(scene)
    text = scene.serve(configuration(9))
    with capture_logs() as logs:
        scene.refresh()
    assert told(logs) == ["configuration_kept"]
    files = ConfigurationFiles(scene.home.configuration_folder)
    # What waits in memory is limited.
    assert [version for version, _ in files.past("PK")] == [9, 6, 5, 4, 3]
    assert files.read("PK") == text


def damaged(folder: Path, how: str) -> None:
    file = folder / "PK.jws"
    if how == "gone":
        file.unlink()
    else:
        file.write_text(file.read_text()[:200] if how == "cut" else "")


@pytest.mark.parametrize("how", ["gone", "cut", "empty"])
def test_a_file_that_was_lost_lets_no_older_configuration_in(scene: Scene, how: str) -> None:
    older = scene.serve(configuration())
    scene.refresh()
    text = scene.serve(configuration(2, members=()))
    scene.refresh()
    damaged(scene.home.configuration_folder, how)
    scene.answers = dict.fromkeys(scene.answers, older)
    scene.following = scene.new()
    with capture_logs() as logs:
        assert scene.following.load().version == 2
    assert told(logs) == ["configuration_taken_from_history"]
    assert not scene.refresh()
    assert scene.following.directory.version == 2
    files = ConfigurationFiles(scene.home.configuration_folder)
    assert files.read("PK") == text, "and it is mended at the first refresh"


def test_an_older_file_in_its_place_counts_for_nothing(scene: Scene) -> None:
    older = scene.serve(configuration())
    scene.refresh()
    scene.serve(configuration(2))
    scene.refresh()
    (scene.home.configuration_folder / "PK.jws").write_text(older)
    assert scene.new().load().version == 2


def test_of_the_history_too_only_what_verifies_counts(scene: Scene) -> None:
    scene.serve(configuration())
    scene.refresh()
    files = ConfigurationFiles(scene.home.configuration_folder)
    strange = scene.serve(configuration(7), THEIR_KEY)
    files.keep("PK", 7, strange)
    altered = scene.home.configuration_folder / "history" / f"PK-8-{'0' * 64}.jws"
    altered.write_text("junk")
    assert scene.new().load().version == 1
    for path in (scene.home.configuration_folder / "history").glob("PK-1-*"):
        path.unlink()
    with pytest.raises(ConfigurationRefused, match="not as it was verified"):
        scene.new().load()


def test_of_a_long_history_the_newest_few_are_read(scene: Scene) -> None:
    for version in range(1, 12):
        scene.serve(configuration(version))
        scene.refresh()
    files = ConfigurationFiles(scene.home.configuration_folder)
    assert len(list(files.newest("PK", above=0))) == NEWEST_MAX
    assert len(list(files.newest("PK", above=10))) == 1
    assert list(files.newest("PK", above=11)) == []
