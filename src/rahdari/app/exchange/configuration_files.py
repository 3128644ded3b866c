"""The last good configurations of a gateway on its disk, and every one that was ever in use.

``<INSTANCE>.jws`` is the one in use; ``history/<INSTANCE>-<version>-<SHA-256>.jws`` stays for ever: evidence needs
the configuration that was in force at its time. ``contradictions/`` holds what a registry signed beside them under
a version that another had already: it was never in use.
"""

import hashlib
import heapq
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from rahdari.app.errors import FolderFailed
from rahdari.app.files import PUBLIC_MODE, read_limited, write_whole
from rahdari.kernel import Problem
from rahdari.wire.ndel.configuration import TEXT_CHARS_MAX
from rahdari.wire.xroad import MemberId

HISTORY: Final = "history"
CONTRADICTIONS: Final = "contradictions"
# The first pair convicts a registry; thousands of 48 MiB fill a disk.
CONTRADICTIONS_MAX: Final = 16
# Enough to get past one or two that are damaged; each is up to 48 MiB to read.
NEWEST_MAX: Final = 3
# What a full disk could not take waits in memory: the newest of each instance.
OWED_MAX: Final = 4
_PAST: Final = re.compile(r"(.+)-([0-9]{1,16})-([0-9a-f]{64})\.jws")

_LOG = structlog.get_logger("rahdari.exchange.following")


class ConfigurationFiles:
    """The folder ``configuration`` of a home."""

    def __init__(self, folder: Path) -> None:
        """Work on ``folder``, which is made at the first ``keep``."""
        self._folder = folder

    def read(self, instance: str) -> str | None:
        """Give the signed configuration that was kept last; None, if there is none. Raises ``FolderFailed``."""
        path = self._folder / f"{_named(instance)}.jws"
        if not path.is_file():
            return None
        raw = read_limited(path, size_bytes_max=TEXT_CHARS_MAX)
        # What is not ASCII is damaged, and is refused by whoever reads it.
        return raw.decode("ascii", errors="replace")

    def keep(self, instance: str, version: int, text: str) -> None:
        """Keep a verified configuration, first for ever, then as the one in use. Raises ``FolderFailed``."""
        raw = text.encode("ascii")
        digest = hashlib.sha256(raw).hexdigest()
        past = self._folder / HISTORY / f"{_named(instance)}-{version}-{digest}.jws"
        if not past.is_file():
            write_whole(past, raw, mode=PUBLIC_MODE)
        write_whole(self._folder / f"{_named(instance)}.jws", raw, mode=PUBLIC_MODE)

    def keep_contradiction(self, instance: str, version: int, text: str) -> Path | None:
        """Keep a verified configuration whose version another one had that was in use; gives where, or None.

        None where there is no such other, where it is kept already, or where there are enough of them.

        Raises:
            FolderFailed: the disk is full.
        """
        raw = text.encode("ascii")
        digest = hashlib.sha256(raw).hexdigest()
        stem = f"{_named(instance)}-{version}-"
        used = {path.name for path in (self._folder / HISTORY).glob(f"{stem}*.jws")}
        name = f"{stem}{digest}.jws"
        folder = self._folder / CONTRADICTIONS
        if not used or name in used or (folder / name).is_file():
            return None
        if sum(1 for _ in folder.glob("*.jws")) >= CONTRADICTIONS_MAX:
            return None
        write_whole(folder / name, raw, mode=PUBLIC_MODE)
        return folder / name

    def count_contradictions(self) -> int:
        """Count what ``keep_contradiction`` has kept, by whomever, and nobody has moved away since."""
        return sum(1 for _ in (self._folder / CONTRADICTIONS).glob("*.jws"))

    def find(self, digest: bytes) -> str | None:
        """Find a configuration that was in use once by the SHA-256 of its text."""
        for path in (self._folder / HISTORY).glob(f"*-{digest.hex()}.jws"):
            raw = read_limited(path, size_bytes_max=TEXT_CHARS_MAX)
            if hashlib.sha256(raw).digest() == digest:
                return raw.decode("ascii")
            raise FolderFailed(f"{path} was altered; restore it from a backup")
        return None

    def past(self, instance: str) -> Iterator[tuple[int, str]]:
        """Give every configuration of an instance that was in use, with its version, the newest first.

        Raises:
            FolderFailed: one was altered.
        """
        for version, digest in sorted(self._past_names(instance), reverse=True):
            text = self.find(bytes.fromhex(digest))
            if text is not None:
                yield version, text

    def newest(self, instance: str, *, above: int) -> Iterator[str]:
        """Give the newest few that were in use, of a version above ``above``, the newest first.

        One that was altered or cannot be read is left out.
        """
        newer = (one for one in self._past_names(instance) if one[0] > above)
        for _, digest in heapq.nlargest(NEWEST_MAX, newer):
            try:
                text = self.find(bytes.fromhex(digest))
            except Problem as problem:
                _LOG.warning("configuration_of_the_past_left_out", instance=instance, why=problem.message)
                continue
            if text is not None:
                yield text

    def _past_names(self, instance: str) -> set[tuple[int, str]]:
        found = (
            _PAST.fullmatch(path.name) for path in (self._folder / HISTORY).glob(f"{_named(instance)}-*.jws")
        )
        return {(int(one[2]), one[3]) for one in found if one is not None and one[1] == _named(instance)}


class OwedFiles:
    """Keeps configurations; what the disk does not take now is kept when it can be, in the order of its coming.

    One thread at a time works on one instance.
    """

    def __init__(self, files: ConfigurationFiles) -> None:
        """Keep in ``files``."""
        self._files = files
        self._owed: dict[str, list[tuple[int, str]]] = {}

    def is_owed(self, instance: str) -> bool:
        """Tell whether anything of an instance is not on the disk yet."""
        return instance in self._owed

    def owe(self, instance: str, version: int, text: str) -> None:
        """Have a verified configuration kept at the next ``keep_owed``."""
        self._owed[instance] = [*self._owed.get(instance, ()), (version, text)][-OWED_MAX:]

    def keep(self, instance: str, version: int, text: str) -> None:
        """Keep a verified configuration, now or later. That it is kept later is told."""
        was_owed = self.is_owed(instance)
        self.owe(instance, version, text)
        try:
            self._keep_all(instance)
        except FolderFailed as failure:
            _LOG.error("configuration_not_kept", instance=instance, version=version, why=failure.message)
        else:
            if was_owed:
                _LOG.info("configuration_kept", instance=instance, version=version)

    def keep_owed(self, instance: str) -> None:
        """Keep what could not be kept before. Where it still cannot be, nothing is told again."""
        version, _ = self._owed[instance][-1]
        with suppress(FolderFailed):
            self._keep_all(instance)
            _LOG.info("configuration_kept", instance=instance, version=version)

    def _keep_all(self, instance: str) -> None:
        while owed := self._owed.get(instance):
            self._files.keep(instance, *owed[0])
            # The newest last: it is the one in use.
            del owed[0]
        self._owed.pop(instance, None)


def _named(instance: str) -> str:
    # An instance is a part of an identifier, which holds no slash and is not made of dots alone.
    return str(MemberId(instance, "-", "-")).partition("/")[0]
