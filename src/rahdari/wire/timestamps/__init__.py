"""Time stamps: a third party's word that these bytes existed then (RFC 3161, with ESSCertIDv2 of RFC 5816).

Pure: no network, no clock, no revocation. ECDSA and RSA with SHA-2, DER alone.

Example:
    >>> request = Request(Imprint.of(b"a checkpoint"), nonce=81_985_529_216_486_895)
    >>> read_request(request.encode()) == request
    True
    >>> refused = read_response(reject(Failure.TIME_NOT_AVAILABLE).encode())
    >>> refused.token is None and sorted(one.name for one in refused.failures)
    ['TIME_NOT_AVAILABLE']
"""

from rahdari.wire.timestamps.algorithms import Digest
from rahdari.wire.timestamps.issuing import Authority, answer, issue, reject
from rahdari.wire.timestamps.refusals import TimestampMismatch, TimestampNotGranted, TimestampUntrusted
from rahdari.wire.timestamps.requests import NONCE_BITS_MAX, REQUEST_BYTES_MAX, Imprint, Request, read_request
from rahdari.wire.timestamps.responses import RESPONSE_BYTES_MAX, Failure, Response, Status, read_response
from rahdari.wire.timestamps.tokens import TOKEN_BYTES_MAX, Stamp, Token, read_stamp, read_token
from rahdari.wire.timestamps.verifying import Stamped, Trust, verify

__all__ = [
    "NONCE_BITS_MAX",
    "REQUEST_BYTES_MAX",
    "RESPONSE_BYTES_MAX",
    "TOKEN_BYTES_MAX",
    "Authority",
    "Digest",
    "Failure",
    "Imprint",
    "Request",
    "Response",
    "Stamp",
    "Stamped",
    "Status",
    "TimestampMismatch",
    "TimestampNotGranted",
    "TimestampUntrusted",
    "Token",
    "Trust",
    "answer",
    "issue",
    "read_request",
    "read_response",
    "read_stamp",
    "read_token",
    "reject",
    "verify",
]
