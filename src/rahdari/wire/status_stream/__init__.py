"""The status stream: signed, hash-chained changes of an authority's status lists.

A delta tells which places changed; a head tells which delta is the last one at an instant; a manifest begins
a whole copy of the lists. The format is ours (docs/standards/status-stream.md): no standard has one yet.

Example:
    >>> from rahdari.wire.keys import SoftwareSigner
    >>> signer = SoftwareSigner.generate()
    >>> raw = sign(signer, Delta(1, 1_800_000_000, FIRST, (Change(1, 77, 2),)))
    >>> signed = decode(raw)
    >>> signed.verify(signer.public)
    >>> signed.unverified.changes
    (Change(shard=1, place=77, status=2),)
"""

from rahdari.wire.status_stream.messages import (
    CHANGES_MAX,
    FIRST,
    Change,
    Delta,
    Head,
    Manifest,
    Message,
    digest_of,
)
from rahdari.wire.status_stream.signed import (
    DELTA_BYTES_MAX,
    MANIFEST_BYTES_MAX,
    SignedMessage,
    decode,
    read_sequence,
    sign,
)

__all__ = [
    "CHANGES_MAX",
    "DELTA_BYTES_MAX",
    "FIRST",
    "MANIFEST_BYTES_MAX",
    "Change",
    "Delta",
    "Head",
    "Manifest",
    "Message",
    "SignedMessage",
    "decode",
    "digest_of",
    "read_sequence",
    "sign",
]
