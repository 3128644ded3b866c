"""A log in a folder for the tests: numbered records, keys from fixed seeds, and a disk that fails when told to."""

import asyncio
import errno
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import override

from rahdari.app.exchange.log import (
    Disk,
    EvidenceLogFiles,
    LogReader,
    LogSecrets,
    LogSigners,
    Pace,
)
from rahdari.wire.tlog import KeyKind, root_of
from rahdari.wire.tlog import leaf_hash as leaf
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.unit.wire.tlog_world import ed25519, ml_dsa

ORIGIN = "ndel/PK/GOV/1001/gw1"
SIGNERS = LogSigners(ORIGIN, (ed25519(ORIGIN, KeyKind.ED25519), ml_dsa(ORIGIN)))
KEY = bytes(range(32))
SECRETS = LogSecrets(SIGNERS, KEY)
# Records become durable at once, and nothing is published unless a test says so.
QUICK = Pace(gather_seconds=0.0, publish_seconds=600.0)


def request_of(record: bytes) -> str | None:
    """Records are a request id, a space, and whatever follows."""
    name = record.partition(b" ")[0].decode()
    return None if name == "-" else name


def record(number: int) -> bytes:
    return f"request-{number} record".encode()


def records(count: int, start: int = 0) -> list[bytes]:
    return [record(number) for number in range(start, start + count)]


def root(entries: Iterable[bytes]) -> bytes:
    return root_of([leaf(entry) for entry in entries])


@dataclass
class FailingDisk(Disk):
    """A disk that fails: ``armed`` says how many of which calls go well before one fails, and for how long."""

    armed: dict[str, int] = field(default_factory=dict)
    lasting: bool = False
    calls: list[str] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    torn: int | None = None
    """How many bytes of a write that fails reach the file all the same."""
    before: Callable[[], None] = lambda: None
    """What happens before each call."""

    def _step(self, name: str) -> None:
        self.before()
        self.calls.append(name)
        if name not in self.armed:
            return
        if self.armed[name] > 0:
            self.armed[name] -= 1
            return
        if not self.lasting:
            del self.armed[name]
        self.met.append(name)
        raise OSError(errno.ENOSPC, "no space left on device")

    @override
    def append(self, handle: int, content: bytes) -> None:
        try:
            self._step("append")
        except OSError:
            if self.torn is not None:
                super().append(handle, content[: self.torn])
            raise
        super().append(handle, content)

    @override
    def sync(self, handle: int) -> None:
        self._step("sync")
        super().sync(handle)

    @override
    def cut(self, path: Path, size: int) -> None:
        self._step("cut")
        super().cut(path, size)

    @override
    def put(self, path: Path, content: bytes) -> None:
        self._step("put")
        super().put(path, content)

    @override
    def put_durably(self, path: Path, content: bytes) -> None:
        self._step("put_durably")
        super().put_durably(path, content)

    @override
    def sync_folder(self, folder: Path) -> None:
        self._step("sync_folder")
        super().sync_folder(folder)

    @override
    def remove(self, path: Path) -> None:
        self._step("remove")
        super().remove(path)

    @override
    def sync_files(self, paths: Iterable[Path]) -> None:
        self._step("sync_files")
        super().sync_files(paths)


@dataclass
class Place:
    """A folder for a log, and how it is opened."""

    folder: Path
    clock: WoundClock = field(default_factory=WoundClock)
    seed: int = 1

    def open(self, pace: Pace = QUICK) -> EvidenceLogFiles:
        self.seed += 1
        return EvidenceLogFiles(
            self.folder,
            SECRETS,
            clock=self.clock,
            chance=SeededChance(self.seed),
            request_of=request_of,
            pace=pace,
        )

    def reader(self) -> LogReader:
        return LogReader(self.folder, SIGNERS.name, request_of=request_of, particulars_key=KEY)

    def all(self) -> list[bytes]:
        return [entry for _, entry in self.reader().iterate()]

    def copy(self, to: Path) -> "Place":
        """The folder as it would be found if the machine stopped now."""
        shutil.copytree(self.folder, to)
        return Place(to, self.clock)

    def segments(self) -> list[Path]:
        return sorted((self.folder / "journal").glob("*.journal"))

    def reopen(self) -> list[bytes]:
        """Open, publish what the journal holds, close; gives all records."""

        async def run() -> None:
            async with self.open():
                pass

        asyncio.run(run())
        return self.all()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait, five seconds at the most, until something is so that threads bring about."""
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110 - threads set no event of the loop
            await asyncio.sleep(0.005)


async def put(log: EvidenceLogFiles, entries: Sequence[bytes], particulars: bytes = b"") -> list[int]:
    return list(await asyncio.gather(*(log.append(entry, particulars) for entry in entries)))


@asynccontextmanager
async def opened(place: Place, pace: Pace = QUICK) -> AsyncIterator[EvidenceLogFiles]:
    async with place.open(pace) as log:
        yield log
