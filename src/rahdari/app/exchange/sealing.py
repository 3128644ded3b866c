"""Bodies sealed from one information system to another, past both gateways (``wire.sealed``), file by file.

The keys that open them are made with a gateway's home and handed over to the member's information system; what a
gateway cannot read it cannot be made to show. A sealed body is bound to X-Road-Id (the caller chooses it), client,
service, purpose and direction: sealed for one exchange, it opens in no other.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.files import SECRET_MODE, read_limited, write_whole
from rahdari.exchange import Directory, UnknownRecipient
from rahdari.kernel import Chance
from rahdari.wire import base64url, strict_json
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.json_members import bytes_of, entries_of, object_of, text_of
from rahdari.wire.sealed import Binding, Kem, Opener, OpeningKey, RecipientKey, Sealer
from rahdari.wire.xroad import MemberId

CONTENT_KEY_BYTES: Final = 32
PART_BYTES: Final = 256 * 1024
# Two keys, and as many again while one follows the other.
KEYS_MAX: Final = 16
_FILE_BYTES_MAX: Final = 16 * 1024


def write_opening_keys(path: Path, keys: Sequence[OpeningKey]) -> None:
    """Write keys for an information system, for its owner alone. Raises ``FolderFailed``, ``BadFile``."""
    if path.exists():
        raise BadFile(f"{path} is there already; give a new file, so that no key is lost")
    listed = [{"kem": one.public.kem.name, "secret": base64url.encode(one.as_secret_bytes())} for one in keys]
    write_whole(path, json.dumps({"keys": listed}, indent=1).encode() + b"\n", mode=SECRET_MODE)


def read_opening_keys(path: Path) -> tuple[OpeningKey, ...]:
    """Read the keys of an information system. Raises ``BadFile``, ``FolderFailed``."""
    try:
        read = strict_json.decode(
            read_limited(path, size_bytes_max=_FILE_BYTES_MAX), size_bytes_max=_FILE_BYTES_MAX
        )
        return entries_of(object_of(read, frozenset({"keys"})), "keys", _read_key, most=KEYS_MAX, least=1)
    except MalformedInput as refusal:
        raise BadFile(f"{path} holds no keys that open sealed bodies: {refusal.message}") from None


def find_recipient(directory: Directory, member: MemberId, kem: Kem) -> RecipientKey:
    """Find the key that bodies for ``member`` are sealed to. Raises ``UnknownRecipient``."""
    found = next((one for one in directory.recipients(member) if one.kem is kem), None)
    if found is None:
        raise UnknownRecipient(
            f"the configuration has no key of {kem.name} for {member}; it may be suspended, or its gateway has none"
        )
    return found


def seal_file(
    source: Path, target: Path, recipient: RecipientKey, *, binding: Binding, chance: Chance
) -> int:
    """Seal a file of any size in little memory; gives the size of what was written.

    Raises:
        FolderFailed: a file cannot be read or written; then there is no target.
    """
    sealer = Sealer(recipient, binding=binding, content_key=chance.bytes(CONTENT_KEY_BYTES))
    with _replacing(source, target) as (read, written):
        written.write(sealer.head)
        _pour(read, written, sealer.update)
        written.write(sealer.finish())
        return written.tell()


def open_file(source: Path, target: Path, keys: Sequence[OpeningKey], *, binding: Binding) -> int:
    """Open a sealed file; ``target`` appears only once all of it is proved to be there. Gives its size.

    Raises:
        MalformedInput, SealBroken, SealedToAnother: it is damaged, shortened, of another exchange, or not for us.
        FolderFailed: a file cannot be read or written.
    """
    opener = Opener(keys, binding=binding, size_bytes_max=1 << 40)
    with _replacing(source, target) as (read, written):
        _pour(read, written, opener.update)
        written.write(opener.finish())
        return written.tell()


def _pour(read: BinaryIO, written: BinaryIO, turn: Callable[[bytes], bytes]) -> None:
    while part := read.read(PART_BYTES):
        written.write(turn(part))


@contextmanager
def _replacing(source: Path, target: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Write beside ``target`` and put it in its place at the end: whole, or not at all."""
    unready = target.with_name(f".{target.name}.unready")
    try:
        with source.open("rb") as read, unready.open("wb") as written:
            unready.chmod(SECRET_MODE)
            yield read, written
            written.flush()
            os.fsync(written.fileno())
        unready.replace(target)
    except OSError as error:
        raise FolderFailed(f"{source} could not become {target}: {error.strerror}") from None
    finally:
        unready.unlink(missing_ok=True)


def _read_key(value: object) -> OpeningKey:
    read = object_of(value, frozenset({"kem", "secret"}))
    names = {one.name: one for one in Kem}
    kem = names.get(text_of(read["kem"]))
    if kem is None:
        raise MalformedInput(f"a key is one of {', '.join(names)}")
    return OpeningKey(kem, bytes_of(read["secret"], bytes_max=CONTENT_KEY_BYTES))
