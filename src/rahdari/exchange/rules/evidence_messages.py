"""What the two gateways signed, held against what the log says of it (RFC 9421, 2.5)."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel.records import ExchangeRecord, ReceiptRecord, SignatureMark
from rahdari.wire.xroad import read_client, read_target

REQUEST_TAG: Final = "ndel-req-v1"
RESPONSE_TAG: Final = "ndel-rsp-v1"
RECEIPT_TAG: Final = "ndel-rcp-v1"
# Nine components and their parameters; the target has 7 KiB at most, a consent 2 KiB.
BASE_CHARS_MAX: Final = 32 * 1024
# A signature is made when the exchange begins; 60 s of life and 120 s of difference between clocks.
SIGNED_WITHIN_SECONDS: Final = 180
_PARAMETERS_LINE: Final = '"@signature-params"'
_REQUEST_SIGNATURE: Final = '"signature";key="sig1";req'
_RESPONSE_SIGNATURE: Final = '"signature";key="sig1"'
_REQUEST_LINES: Final = frozenset(
    {
        '"@method"',
        '"@target-uri"',
        '"content-digest"',
        '"x-road-client"',
        '"x-road-id"',
        '"x-road-request-id"',
        '"ndel-purpose"',
        '"ndel-consent"',
        '"ndel-conf-version"',
    }
)
_RESPONSE_LINES: Final = frozenset(
    {'"@status"', '"content-digest"', '"x-road-request-hash"', _REQUEST_SIGNATURE}
)
# The parameters as ``wire.http_signatures.profiles`` writes them, behind the list of components.
_PARAMETERS: Final = re.compile(
    r"\((?P<covered>[^()]*)\);created=(?P<created>[0-9]{1,15})(?:;expires=(?P<expires>[0-9]{1,15}))?"
    r';nonce="(?P<nonce>[^"\\]{1,256})";keyid="(?P<keyid>[^"\\]{1,256})";tag="(?P<tag>[a-z0-9-]{1,64})"'
)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature says of itself, and the lines that it covers, by component."""

    created: int
    keyid: str
    lines: Mapping[str, str]


def read_request(record: ExchangeRecord, base: str) -> Signed:
    """Read what the consumer's gateway signed; every line of it agrees with the record.

    Raises:
        MalformedInput: it does not, or is not the base whose hash the record has.
    """
    signed = _read(record.request, base, record.request_base, record, tag=REQUEST_TAG)
    lines = signed.lines
    if lines.keys() != _REQUEST_LINES:
        raise MalformedInput("the signature of the request covers other components than ndel-req-v1 does")
    expected = {
        '"content-digest"': record.request_digest,
        '"x-road-id"': record.message_id,
        '"x-road-request-id"': record.request_id,
        '"ndel-purpose"': record.purpose,
        '"ndel-conf-version"': str(record.configuration_version),
    }
    _require_same(lines, expected)
    if read_client(lines['"x-road-client"']) != record.client:
        raise MalformedInput("the request was signed for another client than the record names")
    if read_target(target_of(lines['"@target-uri"']).encode("ascii")).service != record.service:
        raise MalformedInput("the request was signed for another service than the record names")
    method = record.operation.partition(" ")[0]
    if method not in {lines['"@method"'], "*"}:
        raise MalformedInput("the request was signed with another method than the record's operation")
    _require_consent(lines['"ndel-consent"'], record)
    return signed


def read_response(record: ExchangeRecord, base: str) -> Signed:
    """Read what the provider's gateway signed; every line agrees with the record, and binds it to the request.

    Raises:
        MalformedInput: it does not, or is not the base whose hash the record has.
    """
    if record.response is None or record.response_base is None:
        raise MalformedInput("the record has no signature of a response")
    signed = _read(record.response, base, record.response_base, record, tag=RESPONSE_TAG)
    if signed.lines.keys() != _RESPONSE_LINES:
        raise MalformedInput("the signature of the response covers other components than ndel-rsp-v1 does")
    expected = {
        '"@status"': str(record.status),
        '"content-digest"': record.response_digest or "",
        '"x-road-request-hash"': record.request_hash,
        _REQUEST_SIGNATURE: _byte_sequence(record.request.signature),
    }
    _require_same(signed.lines, expected)
    return signed


def receipt_base(receipt: ReceiptRecord, response: SignatureMark) -> tuple[Signed, bytes]:
    """Build what the consumer's gateway signed as proof of receipt: the response's signature.

    Raises:
        MalformedInput: the receipt is for another request, or covers something else.
    """
    said = _parameters(receipt.receipt, receipt.request_id, RECEIPT_TAG)
    if said["covered"] != _RESPONSE_SIGNATURE:
        raise MalformedInput("a receipt covers the signature of the response, and nothing else")
    line = f"{_RESPONSE_SIGNATURE}: {_byte_sequence(response.signature)}"
    base = f"{line}\n{_PARAMETERS_LINE}: {receipt.receipt.input}".encode("ascii")
    return Signed(int(said["created"]), said["keyid"], {}), base


def verify_mark(mark: SignatureMark, base: bytes, key: PublicKey) -> None:
    """Return only if ``key`` signed ``base`` (RFC 9421, 3.2, step 7). Raises ``BadSignature``."""
    key.verify(mark.signature, base)


def target_of(uri: str) -> str:
    """Give path and query of an absolute URI (RFC 9110, 7.1). Raises ``MalformedInput``."""
    scheme, mark, rest = uri.partition("://")
    authority, slash, path = rest.partition("/")
    if scheme not in {"https", "http"} or not mark or not authority or not slash:
        raise MalformedInput("the target that was signed is no absolute URI of http")
    return f"/{path}"


def _read(mark: SignatureMark, base: str, digest: bytes, record: ExchangeRecord, *, tag: str) -> Signed:
    # (1) The very bytes whose hash stands in the log.
    if len(base) > BASE_CHARS_MAX or not base.isascii() or sha256(base.encode()).digest() != digest:
        raise MalformedInput("what is said to have been signed is not what the log has the hash of")
    # (2) RFC 9421, 2.5: the parameters come last, and are those that the record has.
    *covered, last = base.split("\n")
    if last != f"{_PARAMETERS_LINE}: {mark.input}":
        raise MalformedInput("what was signed has other parameters than the record")
    said = _parameters(mark, record.request_id, tag)
    lines = dict(line.split(": ", 1) for line in covered if ": " in line)
    # (3) RFC 9421, 2.5: each component once, in the order of the parameters.
    if len(lines) != len(covered) or " ".join(lines) != said["covered"]:
        raise MalformedInput("what was signed has other lines than its parameters name")
    created = int(said["created"])
    began, ended = record.began // 1000, record.ended // 1000
    if not began - SIGNED_WITHIN_SECONDS <= created <= ended + SIGNED_WITHIN_SECONDS:
        raise MalformedInput("the signature was made at another time than the exchange")
    return Signed(created, said["keyid"], lines)


def _parameters(mark: SignatureMark, nonce: str, tag: str) -> Mapping[str, str]:
    found = _PARAMETERS.fullmatch(mark.input)
    if (
        found is None
        or not mark.input.isascii()
        or found["nonce"] != nonce
        or found["tag"] != tag
        or found["keyid"] != mark.keyid
    ):
        raise MalformedInput(f"the parameters of the signature are not those of {tag} for this request")
    return {name: text or "" for name, text in found.groupdict().items()}


def _require_same(lines: Mapping[str, str], expected: Mapping[str, str]) -> None:
    for name, value in expected.items():
        if lines[name] != value:
            raise MalformedInput(f"{name} that was signed is not what the record says")


def _require_consent(line: str, record: ExchangeRecord) -> None:
    expected = None if line == "none" else sha256(line.encode()).digest()
    if expected != record.consent_digest:
        raise MalformedInput("the request was signed with another consent than the record names")


def _byte_sequence(raw: bytes) -> str:
    return f":{base64.b64encode(raw).decode('ascii')}:"
