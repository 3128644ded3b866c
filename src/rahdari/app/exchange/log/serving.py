"""What a log shows over HTTP (c2sp.org/tlog-tiles): its checkpoint and tiles, never its records.

Records tell who asks whom for what: they go to the two parties of an exchange, in evidence files. The hashes
in tiles tell nothing of them, and are what witnesses and other members need to see that the log only grows.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.exchange.log.disk import Disk
from rahdari.app.exchange.log.places import Places
from rahdari.app.exchange.log.tile_files import TileFiles
from rahdari.app.files import read_limited
from rahdari.exchange.errors import LogDamaged
from rahdari.wire.errors import MalformedInput
from rahdari.wire.tlog import NOTE_BYTES_MAX, Bundle, read_path

PREFIX: Final = "/log/"
_TEXT: Final = "text/plain; charset=utf-8"
_TILE: Final = "application/octet-stream"
# "Checkpoints" and "Merkle Tree": a checkpoint is always asked for anew, a tile of one path never changes.
_FRESH: Final = "no-store"
_FOREVER: Final = "public, max-age=604800, immutable"
_NOTHING_HERE: Final = b"there is no such file of this log\n"


@dataclass(frozen=True, slots=True)
class Shown:
    """An HTTP answer: status, media type, how long it may be kept, body."""

    status: int
    media_type: str
    cache_control: str
    body: bytes


def show(folder: Path, path: str) -> Shown:
    """Answer GET of ``path`` (``/log/checkpoint``, ``/log/tile/<L>/<N>[.p/<W>]``) from the log in ``folder``.

    Anything else is 404, entry bundles too. Blocks for one small file; any thread may call it. Raises
    nothing.
    """
    if not path.startswith(PREFIX):
        return _missing()
    rest = path.removeprefix(PREFIX)
    try:
        if rest == "checkpoint":
            raw = read_limited(Places(folder).checkpoint, size_bytes_max=NOTE_BYTES_MAX)
            return Shown(200, _TEXT, _FRESH, raw)
        # Only a path in the one form that the standard gives it leads to a file, so none leads elsewhere.
        tile = read_path(rest)
        if isinstance(tile, Bundle):
            return _missing()
        return Shown(200, _TILE, _FOREVER, TileFiles(folder, Disk()).tile(tile))
    except (MalformedInput, FolderFailed, BadFile, LogDamaged):
        return _missing()


def _missing() -> Shown:
    return Shown(404, _TEXT, _FRESH, _NOTHING_HERE)
