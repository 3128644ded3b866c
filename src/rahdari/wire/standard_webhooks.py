"""Standard Webhooks 1.0.0: how a webhook is signed with a shared secret, and how a receiver checks it.

Pure. The signature ``v1`` is HMAC-SHA256 over ``id.timestamp.body``; several secrets give several signatures in
one header, so that a secret can be exchanged without a gap.

Example:
    >>> secret = read_secret("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3")
    >>> headers = sign([secret], "evt-1", 1_800_000_000, b"{}")
    >>> verify(headers, b"{}", secrets=[secret], at=1_800_000_010)
    'evt-1'
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

from rahdari.wire.errors import BadSignature, MalformedInput

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
SECRET_PREFIX = "whsec_"  # noqa: S105 - how secrets begin, not one
# "Signature scheme", the table: at least 24 bytes, at most 64.
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64
# "Verifying signatures": a timestamp within some tolerance; five minutes is what the reference libraries take.
TOLERANCE_SECONDS = 300
# An id of ours has some 40 characters, that of others hardly more than a UUID and a prefix.
ID_CHARS_MAX = 256
# The present secret, the one before it, and an asymmetric one of each.
SIGNATURES_MAX = 16
_SCHEME = "v1"
# "Signature scheme": the id must not include a full stop, or two different contents could be signed alike.
_ID = re.compile(r"[!-\-/-~]{1,256}")
_SECONDS = re.compile(r"[0-9]{1,12}")


def write_secret(secret: bytes) -> str:
    """Write a secret as its receiver keeps it: ``whsec_`` and Base64."""
    return SECRET_PREFIX + base64.b64encode(secret).decode("ascii")


def read_secret(text: str) -> bytes:
    """Read a secret. Raises ``MalformedInput``, which never quotes it."""
    try:
        secret = base64.b64decode(text.removeprefix(SECRET_PREFIX).encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not text.startswith(SECRET_PREFIX) or not SECRET_BYTES_MIN <= len(secret) <= SECRET_BYTES_MAX:
        raise MalformedInput("a webhook secret is whsec_ and the Base64 of 24 to 64 bytes")
    return secret


def sign(secrets: Sequence[bytes], message_id: str, at: int, body: bytes) -> dict[str, str]:
    """Give the three headers of one attempt, made ``at`` (seconds since 1970), signed with each secret.

    Raises:
        MalformedInput: an id with a full stop or what a header cannot hold.
    """
    if not _ID.fullmatch(message_id):
        raise MalformedInput("a webhook's id has 1 to 256 visible ASCII characters and no full stop")
    signatures = " ".join(f"{_SCHEME},{_signature(one, message_id, str(at), body)}" for one in secrets)
    return {ID: message_id, TIMESTAMP: str(at), SIGNATURE: signatures}


def verify(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Sequence[bytes],
    at: int,
    tolerance_seconds: int = TOLERANCE_SECONDS,
) -> str:
    """Return the id of a webhook that one of ``secrets`` signed; remember it, and act on each id once.

    Args:
        headers: names in small letters.
        body: the bytes as they came; parsed and written anew they are other bytes.
        secrets: those that are in force; none accepts nothing.
        at: now, in seconds since 1970.
        tolerance_seconds: how far the clocks may differ, and how long an attempt may be under way.

    Raises:
        MalformedInput: a header is missing or has another shape.
        BadSignature: none of the secrets signed these bytes, or the attempt is too old or from the future.
    """
    message_id, stamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not _ID.fullmatch(message_id) or not _SECONDS.fullmatch(stamp):
        raise MalformedInput(
            f"{ID} or {TIMESTAMP} is missing or has another shape than Standard Webhooks says"
        )
    if abs(at - int(stamp)) > tolerance_seconds:
        raise BadSignature(f"the attempt is {abs(at - int(stamp))} s away from now; it may be a replay")
    given = [
        text.partition(",")[2]
        for text in headers.get(SIGNATURE, "").split(" ", SIGNATURES_MAX)
        if text.startswith(f"{_SCHEME},")
    ]
    for secret in secrets:
        expected = _signature(secret, message_id, stamp, body).encode()
        if any(hmac.compare_digest(expected, one.encode()) for one in given):
            return message_id
    raise BadSignature("no signature of this webhook was made with a secret that is in force")


def _signature(secret: bytes, message_id: str, stamp: str, body: bytes) -> str:
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode("ascii")
