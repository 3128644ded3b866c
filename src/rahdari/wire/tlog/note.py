r"""Signed notes: a text, an empty line, and a line for each signature (c2sp.org/signed-note).

What is read here is not trusted: lines of keys that nobody knows are kept as they are, and mean nothing.

Example:
    >>> raw = "Roads are open.\n\n— warden.example AQIDBAU=\n".encode()
    >>> note = read_note(raw)
    >>> note.text, note.signatures[0].name, note.signatures[0].key_id.hex()
    ('Roads are open.\n', 'warden.example', '01020304')
    >>> note.encode() == raw
    True
"""

import re
from dataclasses import dataclass, field, replace
from typing import Final, Self

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.tlog.lines import read_base64, require_name, write_base64

KEY_ID_BYTES: Final = 4
# "Format": at least 16 MUST be read. A log with two keys and 30 witnesses with two keys each has 62.
SIGNATURES_MAX: Final = 64
# 64 ML-DSA-44 lines have 220 KiB, 64 ML-DSA-87 lines 400 KiB; a checkpoint's own text is below 1 KiB.
NOTE_BYTES_MAX: Final = 1 << 19
_DASH: Final = "\u2014 "
# "Format": no ASCII control characters other than newline.
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """A signature line: whose key it claims (name and 4-byte id), and what follows the id."""

    name: str
    key_id: bytes
    signature: bytes = field(repr=False)

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {write_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signatures. Nothing in it is trusted."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        """Write the note; of what ``read_note`` read, the very bytes."""
        return "".join((self.text, "\n", *(one.line for one in self.signatures))).encode("utf-8")

    def signed_also(self, *signatures: NoteSignature) -> Self:
        """Add signatures behind the others; an older one of the same name and id gives way."""
        new = {(one.name, one.key_id) for one in signatures}
        kept = (one for one in self.signatures if (one.name, one.key_id) not in new)
        return replace(self, signatures=(*kept, *signatures))


def read_note(raw: bytes) -> Note:
    """Take a signed note apart. Trusts nothing.

    Raises:
        TooLarge: more than ``NOTE_BYTES_MAX`` bytes or ``SIGNATURES_MAX`` signatures.
        MalformedInput: not UTF-8, a control character, no empty line, no signature, or a line of another form.
    """
    if len(raw) > NOTE_BYTES_MAX:
        raise TooLarge(f"a note of {len(raw)} bytes; at most {NOTE_BYTES_MAX} are read")
    try:
        whole = raw.decode("utf-8")
    except UnicodeDecodeError as refusal:
        raise MalformedInput("a signed note is UTF-8 text (signed-note, Format)") from refusal
    if _CONTROL.search(whole):
        raise MalformedInput("a signed note holds no control character but the newline (signed-note, Format)")
    # "Format": the text may hold empty lines; the last one of the note ends it.
    text, gap, lines = whole.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise MalformedInput("a signed note is a text, an empty line and at least one whole signature line")
    signatures = lines[:-1].split("\n", SIGNATURES_MAX)
    if len(signatures) > SIGNATURES_MAX:
        raise TooLarge(f"a note of more than {SIGNATURES_MAX} signatures; no more are read")
    return Note(text + "\n", tuple(_read_line(line) for line in signatures))


def _read_line(line: str) -> NoteSignature:
    name, _, signature = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH):
        raise MalformedInput("a signature line begins with an em dash and a space (signed-note, Format)")
    require_name(name)
    raw = read_base64(signature, "a signature")
    if len(raw) <= KEY_ID_BYTES:
        raise MalformedInput(f"a signature of {len(raw)} bytes; 4 are the key's id, and more must follow")
    return NoteSignature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])
