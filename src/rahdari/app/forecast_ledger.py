"""Every forecast that was ever made, in one file that only grows, and its score when the year has passed."""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rahdari.app.errors import FolderFailed
from rahdari.app.files import read_limited, write_at
from rahdari.kernel import Clock
from rahdari.trade.errors import BadParameter
from rahdari.trade.rules.forecast_chain import Chain, Head, chain, encode, read_chain
from rahdari.trade.rules.forecast_scores import ScoreSheet, Waits, score_all
from rahdari.trade.rules.forecasts import Claim, Forecast

# Some 60,000 forecasts of a hundred quantiles, or 200,000 of seven: decades of a ministry's work.
LEDGER_BYTES_MAX: Final = 256 * 1024 * 1024
# One roadmap makes a few hundred; whoever makes more at once makes them in parts.
CLAIMS_MAX: Final = 10_000


class ForecastLedger:
    """Keeps forecasts in ``forecasts.jsonl`` of a folder. Several processes may work on one folder.

    A forecast is durable when ``record`` returns. No line is ever changed: each is bound to the one before it, and
    a changed, removed or moved line is found whenever the ledger is read. A tail that was cut off whole cannot be
    seen from within; a ``Head`` that was noted elsewhere (each report prints one) shows it.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Work in ``folder``, which is made when the first forecast is recorded."""
        self._folder = folder
        self._clock = clock

    def record(self, claims: Sequence[Claim]) -> tuple[Forecast, ...]:
        """Add forecasts at the end, all dated now; what the ledger says already is not said twice.

        Returns:
            What was added: nothing of what another run, perhaps at this very moment, put in first.

        Raises:
            BadParameter: a target year is over already, or too many at once.
            BadTradeFile: the ledger was changed; nothing is added to it.
            FolderFailed: the disk is full, or the folder may not be written to; nothing was added.
        """
        now = self._clock.now()
        if len(claims) > CLAIMS_MAX:
            raise BadParameter(
                f"{len(claims)} forecasts at once are more than {CLAIMS_MAX}; record them in parts"
            )
        for claim in claims:
            # Whoever knows how a year ended forecasts nothing.
            if claim.target_year < now.year:
                raise BadParameter(f"{claim.target_year} is over in {now.year}; a forecast looks ahead")
        self._make_folder()
        with self._lock(fcntl.LOCK_EX):
            held = self._read()
            said = {one.claim for one in held.forecasts}
            # Under the lock, or two roadmaps made at once would each find the other's missing.
            new = [one for one in dict.fromkeys(claims) if one not in said]
            added = chain(new, held.head, at=now)
            self._append(held.whole_bytes, b"".join(map(encode, added)))
        return added

    def read(self) -> Chain:
        """Give all forecasts, every link checked; none where there is no ledger yet.

        Raises:
            BadTradeFile: with the line that was changed, removed or moved.
            FolderFailed: the file cannot be read.
        """
        if not self._folder.is_dir():
            return read_chain(b"")
        with self._lock(fcntl.LOCK_SH):
            return self._read()

    def head(self) -> Head:
        """Tell how far the ledger reaches, to be noted where its keeper cannot change it. Raises as ``read``."""
        return self.read().head

    def score(
        self, outcome_of: Callable[[Claim], float | Waits | None], *, noted: Head | None = None
    ) -> ScoreSheet:
        """Score every forecast whose year is over and whose outcome is known.

        ``noted`` is a head of an earlier day; forecasts that were dropped since are found by it.

        Raises:
            BadTradeFile, FolderFailed: see ``read``; or the ledger does not hold what was noted.
        """
        held = self.read()
        if noted is not None:
            held.require(noted)
        return score_all(held.forecasts, this_year=self._clock.now().year, outcome_of=outcome_of)

    @property
    def _file(self) -> Path:
        return self._folder / "forecasts.jsonl"

    def _read(self) -> Chain:
        if not self._file.exists():
            return read_chain(b"")
        return read_chain(read_limited(self._file, size_bytes_max=LEDGER_BYTES_MAX))

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FolderFailed(
                f"cannot write to {self._folder}: {error.strerror}; no forecast was added"
            ) from None

    @contextmanager
    def _lock(self, kind: int) -> Iterator[None]:
        try:
            handle = os.open(self._folder / ".forecasts.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            if kind == fcntl.LOCK_EX:
                raise FolderFailed(
                    f"cannot write to {self._folder}: {error.strerror}; no forecast was added"
                ) from None
            # A folder that cannot be written to is written to by nobody.
            yield
            return
        try:
            fcntl.flock(handle, kind)
            yield
        finally:
            os.close(handle)

    def _append(self, at: int, content: bytes) -> None:
        """Write behind the last whole line and flush; what a power cut left there is cut off first."""
        if at + len(content) > LEDGER_BYTES_MAX:
            raise FolderFailed(
                f"the ledger would be longer than {LEDGER_BYTES_MAX} bytes; begin one in another folder"
            )
        try:
            write_at(self._file, at, content)
        except OSError as error:
            raise FolderFailed(
                f"cannot write {self._file.name}: {error.strerror}; no forecast was added"
            ) from None
