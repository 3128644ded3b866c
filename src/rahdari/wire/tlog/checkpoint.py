r"""Checkpoints: the head of a log's tree as the text of a note (c2sp.org/tlog-checkpoint).

Example:
    >>> from rahdari.wire.tlog.tree import EMPTY_ROOT
    >>> Checkpoint("log.example/exchange", TreeHead(0, EMPTY_ROOT)).text
    'log.example/exchange\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.tlog.lines import read_count, read_hash, require_short, write_base64
from rahdari.wire.tlog.proofs import verify_growth
from rahdari.wire.tlog.refusals import ProofRefused, SplitView
from rahdari.wire.tlog.tree import EMPTY_ROOT, TreeHead

# "Note text": their use is not recommended; ours have none, others one or two.
EXTENSIONS_MAX: Final = 16
# An extension is a word or a hash of a log's own, never a document.
EXTENSION_BYTES_MAX: Final = 1024
# Origin, size, root and all the extensions.
TEXT_CHARS_MAX: Final = 512 + EXTENSIONS_MAX * (EXTENSION_BYTES_MAX + 1)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself at one instant: who it is, and the head of its tree."""

    origin: str
    head: TreeHead
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text of its note: what is signed."""
        lines = (self.origin, str(self.head.size), write_base64(self.head.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def read_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint's note, strictly (tlog-checkpoint, Note text).

    Raises:
        TooLarge: longer than ``TEXT_CHARS_MAX``, or more than ``EXTENSIONS_MAX`` extensions.
        MalformedInput: an empty line, another size or root than the standard writes, or an empty tree whose
            root is not that of the empty tree.
    """
    if len(text) > TEXT_CHARS_MAX:
        raise TooLarge(f"a checkpoint of {len(text)} characters; at most {TEXT_CHARS_MAX} are read")
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise MalformedInput("a checkpoint is origin, size and root, each a line, and no line is empty")
    origin, size, root, *extensions = lines
    if len(extensions) > EXTENSIONS_MAX:
        raise TooLarge(
            f"a checkpoint of {len(extensions)} extension lines; at most {EXTENSIONS_MAX} are read"
        )
    # (1) Note text, 1: the origin is not empty; its form is only recommended.
    require_short(origin, "the origin of a checkpoint")
    # (2), (3) Note text, 2 and 3.
    head = TreeHead(read_count(size, "the size of a checkpoint"), read_hash(root, "the root of a checkpoint"))
    # RFC 6962, 2.1: there is one empty tree.
    if head.size == 0 and head.root != EMPTY_ROOT:
        raise MalformedInput(
            "a checkpoint of no entries has the root of the empty tree; this one has another"
        )
    return Checkpoint(origin, head, tuple(extensions))


def verify_consistency(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    """Return only if ``new`` is the same log as ``old``, not younger than it, with the same past.

    Both must have been vouched for before (``verify_checkpoint``), else a refusal is evidence against nobody.

    Raises:
        SplitView: the two show different pasts, or the proof does not connect them; it holds both roots.
        ProofRefused: two logs, ``old`` is empty, or ``new`` is smaller than ``old``: there is nothing to compare.
        MalformedInput: a hash of the proof is not 32 bytes.
    """
    if old.origin != new.origin:
        raise ProofRefused("the checkpoints are of two logs; compare those of one origin")
    if not 0 < old.head.size <= new.head.size:
        raise ProofRefused(
            f"nothing connects a checkpoint of {old.head.size} with a newer one of {new.head.size} entries; "
            "an empty log proves nothing, and an older checkpoint must come first"
        )
    split = SplitView(new.origin, old=old.head, new=new.head)
    # One size and two roots need no proof.
    if split.is_conclusive and old.head != new.head:
        raise split
    try:
        verify_growth(proof, old=old.head, new=new.head)
    except ProofRefused:
        if old.head == new.head:  # one and the same: a proof too many says nothing against the log
            raise
        raise split from None
