"""A gateway's log at the command line: looked at, verified as a whole, and its particulars erased."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rahdari.app.exchange.following import Following
from rahdari.app.exchange.home import GatewayHome, open_keys, read_home
from rahdari.app.exchange.log import Disk, Kept, LogName, LogReader
from rahdari.app.exchange.log.hours import Hours
from rahdari.app.exchange.log.opening import lock, unlock
from rahdari.app.exchange.log.places import Places
from rahdari.app.exchange.log.verifying import verify_log
from rahdari.app.exchange.stamping import verify_stamp
from rahdari.exchange.errors import ConfigurationRefused, LogDamaged, LogFull
from rahdari.exchange.rules.directory import Directory
from rahdari.kernel import Chance, Clock
from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.ndel.parties import Timestamper
from rahdari.wire.ndel.record_bytes import request_id_of
from rahdari.wire.timestamps import Imprint, TimestampMismatch, TimestampUntrusted, read_token
from rahdari.wire.tlog import Note, NoteKey, TreeHead, read_checkpoint, verify_line


@dataclass(frozen=True, slots=True)
class Shown:
    """How a log stands on the disk: head, time of the last stamp, oldest hour of particulars, counts."""

    origin: str
    head: TreeHead
    kept: int
    stamped: int
    stamped_at: datetime | None
    particulars_since: datetime | None


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of verifying a log, with how many stamps and cosignatures were of parties that are known now.

    Those of parties that are no longer in the configuration are in the log all the same; evidence files bring the
    configuration of their time along.
    """

    size: int
    kept: int
    stamps: int
    stamps_known: int
    cosignatures_known: int
    faults: tuple[str, ...]


class LogDesk:
    """The log of one gateway's home; the gateway may be running."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *, clock: Clock, chance: Chance) -> None:
        """Open the home in ``folder``. Raises ``NotInitialised``, ``KeysLocked``, ``BadSettings``."""
        self._home = read_home(folder)
        keys = open_keys(self._home, environment, chance=chance)
        self._name = LogName(keys.origin, tuple(one.key for one in keys.log_signers))
        self._reader = LogReader(
            self._home.log_folder,
            self._name,
            request_of=request_id_of,
            particulars_key=keys.particulars_key,
        )
        self._clock = clock
        self._directory = _find_directory(self._home, clock, chance)

    def show(self) -> Shown:
        """Tell how the log stands. Raises ``LogDamaged``."""
        _, checkpoint = self._reader.checkpoint()
        stamps = self._reader.checkpoints.sizes("tst")
        last = self._reader.checkpoints.find_last("tst")
        hours = Hours(Places(self._home.log_folder).particulars, Disk()).list()
        return Shown(
            origin=self._name.origin,
            head=checkpoint.head,
            kept=len(self._reader.checkpoints.sizes()),
            stamped=len(stamps),
            stamped_at=None if last is None or last.stamp is None else read_token(last.stamp).unverified.at,
            particulars_since=min((hour.begin for hour in hours), default=None),
        )

    def verify(self) -> Verified:
        """Read the whole log, its stamps and cosignatures. Raises ``LogDamaged`` where there is none."""
        vouching = _Vouching(self._directory)
        try:
            finding = verify_log(self._home.log_folder, self._name, check=vouching.check)
        except LogDamaged as damage:
            if not Places(self._home.log_folder).checkpoint.exists():
                raise
            # Whatever is damaged, whoever asks for a verdict is given one.
            return Verified(0, 0, 0, 0, 0, (damage.message,))
        return Verified(
            size=finding.size,
            kept=finding.kept,
            stamps=finding.stamped,
            stamps_known=vouching.stamps,
            cosignatures_known=vouching.cosignatures,
            faults=finding.faults,
        )

    def erase_particulars(self, before: datetime) -> int:
        """Erase the particulars of all hours that were over then; gives how many hours there were.

        While the gateway runs, the hour that it writes and the one before are left alone.
        """
        try:
            held = lock(Places(self._home.log_folder))
        except LogFull:
            before = min(before, self._clock.now() - timedelta(hours=1))
            return self._reader.erase_particulars(before=before.astimezone(UTC))
        try:
            return self._reader.erase_particulars(before=before.astimezone(UTC))
        finally:
            unlock(held)


class _Vouching:
    """Counts stamps and cosignatures that verify, and says which do not."""

    def __init__(self, directory: Directory | None) -> None:
        self._timestampers: Sequence[Timestamper] = () if directory is None else tuple(directory.timestampers)
        self._keys = {} if directory is None else _witness_keys(directory)
        self.stamps = self.cosignatures = 0

    def check(self, kept: Kept) -> list[str]:
        size = kept.checkpoint.head.size
        faults = [f"the checkpoint of {size} records: {one}" for one in self._check_lines(kept.note)]
        if kept.stamp is not None:
            faults += [
                f"the stamp of {size} records: {one}" for one in self._check_stamp(kept.stamp, kept.note)
            ]
        return faults

    def _check_lines(self, note: Note) -> list[str]:
        faults = []
        checkpoint = read_checkpoint(note.text)
        for line in note.signatures:
            key = self._keys.get((line.name, line.key_id))
            if key is None:
                continue
            try:
                verify_line(key, line, checkpoint)
                self.cosignatures += 1
            except BadSignature as refused:
                faults.append(f"{line.name}: {refused.message}")
        return faults

    def _check_stamp(self, stamp: bytes, note: Note) -> list[str]:
        try:
            if read_token(stamp).unverified.imprint != Imprint.of(note.text.encode()):
                return ["it stamps other bytes"]
            for one in self._timestampers:
                # Whose it is, the next may know; what is wrong under a known key is wrong.
                with suppress(TimestampUntrusted):
                    verify_stamp(stamp, note.text, one)
                    self.stamps += 1
                    return []
        except (MalformedInput, UnsupportedAlgorithm, BadSignature, TimestampMismatch) as refused:
            return [refused.message]
        return []


def _find_directory(home: GatewayHome, clock: Clock, chance: Chance) -> Directory | None:
    try:
        return Following(home, clock=clock, chance=chance).load()
    except ConfigurationRefused:
        return None


def _witness_keys(directory: Directory) -> dict[tuple[str, bytes], NoteKey]:
    keys = [key for witness in directory.witnesses for key in witness.keys]
    for member in directory.members():
        for gateway in member.gateways:
            keys += gateway.log.witness_keys
    return {(key.name, key.key_id): key for key in keys}
