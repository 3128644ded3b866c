"""A whole log against what was signed: every record, tile and kept checkpoint counts."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from rahdari.app.exchange.log.verifying import verify_log
from rahdari.exchange.errors import LogDamaged
from tests.unit.app.exchange_log.log_scene import SIGNERS, Place, opened, put, records
from tests.unit.app.exchange_log.test_recovery import cut, flip


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """1,000 records; the checkpoints of 200, 512 and 1,000 are kept, that of 512 with a token of no value."""
    place = Place(tmp_path / "log")

    async def run() -> None:
        async with opened(place) as log:
            for at, end in ((0, 200), (200, 512), (512, 1000)):
                await put(log, records(end - at, at))
                await log.publish(settle=True)
                note, _ = log.reader.checkpoint()
                log.reader.checkpoints.keep_signatures(note, ())
                if end == 512:
                    log.reader.checkpoints.keep_stamp(note, b"token")

    asyncio.run(run())
    return place


def test_an_untouched_log_is_intact(place: Place) -> None:
    finding = verify_log(place.folder, SIGNERS.name)
    assert finding.is_intact, finding.faults
    assert (finding.size, finding.kept, finding.stamped) == (1000, 3, 1)


def test_an_empty_log_is_intact(tmp_path: Path) -> None:
    place = Place(tmp_path / "log")
    place.reopen()
    assert verify_log(place.folder, SIGNERS.name).is_intact


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogDamaged):
        verify_log(tmp_path, SIGNERS.name)


FAULTS: dict[str, Callable[[Path], object]] = {
    "an altered record": lambda log: flip(log / "tile/entries/000", 20),
    "an altered last record": lambda log: flip(log / "tile/entries/003.p/232", -2),
    "a shortened bundle": lambda log: cut(log / "tile/entries/002", 1),
    "a bundle that is gone": lambda log: (log / "tile/entries/001").unlink(),
    "an altered tile": lambda log: flip(log / "tile/0/002", 100),
    "a shortened tile": lambda log: cut(log / "tile/0/000", 32),
    "a tile that is gone": lambda log: (log / "tile/0/001").unlink(),
    "two records that changed places": lambda log: swap(log / "tile/entries/000"),
    "a kept checkpoint that another key signed": lambda log: flip(kept(log, 200), -20),
    "a kept checkpoint of another size": lambda log: kept(log, 200).rename(
        kept(log, 200).with_stem(f"{201:019d}")
    ),
    "an older checkpoint": lambda log: (log / "checkpoint").write_bytes(kept(log, 512).read_bytes()),
}


def kept(log: Path, size: int) -> Path:
    return next((log / "kept").rglob(f"*{size}.note"))


def swap(bundle: Path) -> None:
    raw = bundle.read_bytes()
    first = 2 + int.from_bytes(raw[:2], "big")
    second = first + 2 + int.from_bytes(raw[first : first + 2], "big")
    bundle.write_bytes(raw[first:second] + raw[:first] + raw[second:])


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_every_fault_is_found(place: Place, fault: Callable[[Path], object]) -> None:
    fault(place.folder)
    finding = verify_log(place.folder, SIGNERS.name)
    assert not finding.is_intact
    assert all(finding.faults)


def test_what_is_wrong_with_stamps_and_cosignatures_counts_as_a_fault(place: Place) -> None:
    seen: list[tuple[int, bytes | None]] = []

    def check(kept: object) -> list[str]:
        seen.append((kept.checkpoint.head.size, kept.stamp))  # type: ignore[attr-defined]
        return ["the stamp is not of this checkpoint"] if kept.stamp else []  # type: ignore[attr-defined]

    finding = verify_log(place.folder, SIGNERS.name, check=check)
    assert seen == [(200, None), (512, b"token"), (1000, None)]
    assert finding.faults == ("the stamp is not of this checkpoint",)
