"""The signatures between gateways: request, response and receipt, bound to one another.

``ndel-req-v1`` is the consumer's over a request, ``ndel-rsp-v1`` the provider's over its response and, by
``;req``, over the request's signature, ``ndel-rcp-v1`` the consumer's over the response's signature. Each names
the request id as its nonce; requests and responses live 60 seconds at most.

Above the raw Ed25519 signature, signing costs some 10 microseconds of CPU time and verifying some 15; a signature
in another order than ours, or beside another one, costs ten times as much to verify.

Example:
    >>> from rahdari.wire.http_signatures import Request, content_digest
    >>> from rahdari.wire.keys import Algorithm, SoftwareSigner
    >>> signer = SoftwareSigner.generate(Algorithm.EDDSA)
    >>> fields = {name: ["x"] for name in REQUEST_FIELDS} | {"content-digest": [content_digest(b"")]}
    >>> request = Request("GET", "https://gate.example/r1/PK/GOV/1/registry/person", fields)
    >>> signed = sign_request(request, signer, keyid="bank-1", created=1_800_000_000)
    >>> fields.update(signed.as_fields())
    >>> verified = verify_request(request, key_of={"bank-1": signer.public}.get, at=1_800_000_001)
    >>> verified.keyid, verified.replay_key
    ('bank-1', ('x', 'bank-1'))
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from rahdari.wire.errors import MalformedInput
from rahdari.wire.frozen import quick
from rahdari.wire.http_signatures import structured_fields as sf
from rahdari.wire.http_signatures.algorithms import MessageSigner
from rahdari.wire.http_signatures.components import component
from rahdari.wire.http_signatures.errors import NotCovered
from rahdari.wire.http_signatures.messages import Fields, Request, Response, require_target
from rahdari.wire.http_signatures.profiles import Found, KeyOf, Profile, Said
from rahdari.wire.http_signatures.signatures import (
    LABEL,
    SIGNATURE,
    SKEW_SECONDS,
    SignatureFields,
)

POST_QUANTUM_LABEL: Final = "sig1-pq"
"""The label of a second signature, by ML-DSA-44, where a service demands one."""

# A signed request that lies about longer could be replayed longer; 60 s is what retries need.
LIFETIME_SECONDS_MAX: Final = 60
REQUEST_ID: Final = "x-road-request-id"
REQUEST_FIELDS: Final = (
    "content-digest", "x-road-client", "x-road-id", REQUEST_ID, "ndel-purpose", "ndel-consent", "ndel-conf-version",
)  # fmt: skip
"""The fields that a request carries exactly once each; ``ndel-consent`` says so where there is none."""

_REQUEST_ID: Final = (REQUEST_ID,)
RESPONSE_FIELDS: Final = ("content-digest", "x-road-request-hash")
"""The fields that a response carries exactly once each."""

_REQUEST_SIGNATURE: Final = component(SIGNATURE, key=LABEL, req=True)
REQUEST: Final = Profile(
    "ndel-req-v1",
    (component("@method"), component("@target-uri"), *map(component, REQUEST_FIELDS)),
    LIFETIME_SECONDS_MAX,
)
RESPONSE: Final = Profile(
    "ndel-rsp-v1",
    (component("@status"), *map(component, RESPONSE_FIELDS), _REQUEST_SIGNATURE),
    LIFETIME_SECONDS_MAX,
)
# Proof of receipt is for the court, years later: it does not expire.
RECEIPT: Final = Profile("ndel-rcp-v1", (component(SIGNATURE, key=LABEL),), 0)

# 64 bytes in their one form of Base64: the last four bits are zero. Whatever else there is, the parser reads.
_ONE_SIGNATURE: Final = re.compile(re.escape(LABEL) + "=(:[A-Za-z0-9+/]{85}[AQgw]==:)")


@dataclass(frozen=True, slots=True)
class VerifiedRequest:
    """A request whose signature was verified: ``keyid`` names who signed it, ``base`` is what was signed (2.5).

    Two questions stay the caller's: whether the key belongs to the member that ``x-road-client`` names, and whether
    the content is the one of the Content-Digest that the signature covers. Accept each ``replay_key`` once, and
    keep it until ``kept_until`` (seconds since 1970): from then on the signature is refused by its age.
    """

    keyid: str
    nonce: str
    created: int
    expires: int
    signature: bytes
    parameters: str = field(default="", repr=False)
    base: bytes = field(default=b"", repr=False, compare=False)
    is_plain: bool = True
    """Whether it is written in the profile's own order, and alone: as evidence of it is verified later."""

    @property
    def replay_key(self) -> tuple[str, str]:
        """Nonce and key id: a second request with both is a replay (RFC 9421, 7.2.2)."""
        return self.nonce, self.keyid

    @property
    def kept_until(self) -> int:
        """From when on the signature is refused by its age alone."""
        return self.expires + SKEW_SECONDS


@dataclass(frozen=True, slots=True)
class VerifiedResponse:
    """A response whose signature was verified, and that it answers the request it was verified with."""

    keyid: str
    nonce: str
    created: int
    expires: int
    signature: bytes
    parameters: str = field(default="", repr=False)
    base: bytes = field(default=b"", repr=False, compare=False)
    is_plain: bool = True
    """Whether it is written in the profile's own order, and alone: as evidence of it is verified later."""


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """A receipt whose signature was verified: ``keyid`` had the response when it was ``created``."""

    keyid: str
    nonce: str
    created: int
    signature: bytes
    parameters: str = field(default="", repr=False)


_quick_request, _quick_response = quick(VerifiedRequest), quick(VerifiedResponse)


def sign_request(
    request: Request,
    signer: MessageSigner,
    *,
    keyid: str,
    created: int,
    lifetime_seconds: int = LIFETIME_SECONDS_MAX,
    label: str = LABEL,
) -> SignatureFields:
    """Sign a request of the consumer's gateway; its request id is the nonce.

    Raises:
        NotCovered: one of ``REQUEST_FIELDS`` is missing or stands several times.
        MalformedInput: a covered part cannot be signed.
        SignatureNotInForce: a lifetime of less than 1 or more than 60 seconds.
    """
    values = _request_values(request)
    said = Said(created, created + lifetime_seconds, _request_id(request), keyid)
    return REQUEST.sign(values, said, signer=signer, label=label)


def verify_request(request: Request, *, key_of: KeyOf, at: int, label: str = LABEL) -> VerifiedRequest:
    """Verify the consumer's signature over a request, as the receiver's own name for the target has it.

    Args:
        request: with the target URI by which this gateway knows itself (RFC 9421, 2.2.2).
        key_of: finds the key that a key id names; it also decides whether that key is in force.
        at: now, in seconds since 1970.
        label: which of several signatures.

    Raises:
        SignatureMissing: no signature under ``label``, or one with another tag.
        NotCovered: it does not cover exactly the profile, or a covered field is missing or repeated.
        SignatureNotInForce: from the future, expired, or living longer than 60 s.
        UnknownKey: ``key_of`` does not know the key.
        BadSignature: the key did not sign this.
        MalformedInput: the fields are not well formed, or the nonce is not the request id.
    """
    found, values = REQUEST.find(request.fields, label), _request_values(request)
    _require_nonce(found, request)
    base = REQUEST.verify(found, values, key_of=key_of, at=at)
    created, expires, nonce, keyid = found.said
    is_plain = found.order is None
    return _quick_request(keyid, nonce, created, expires, found.signature, found.text, base, is_plain)


def sign_response(
    response: Response,
    signer: MessageSigner,
    *,
    keyid: str,
    created: int,
    lifetime_seconds: int = LIFETIME_SECONDS_MAX,
    label: str = LABEL,
) -> SignatureFields:
    """Sign a response of the provider's gateway, bound to the signed request that it answers.

    Raises:
        NotCovered: one of ``RESPONSE_FIELDS`` is missing or repeated, or the request or its signature is.
        MalformedInput: a covered part cannot be signed.
        SignatureNotInForce: a lifetime of less than 1 or more than 60 seconds.
    """
    values, request = _response_values(response), _request_of(response)
    said = Said(created, created + lifetime_seconds, _request_id(request), keyid)
    return RESPONSE.sign(values, said, signer=signer, label=label)


def verify_response(response: Response, *, key_of: KeyOf, at: int, label: str = LABEL) -> VerifiedResponse:
    """Verify the provider's signature over a response to ``response.request``, which the caller itself sent.

    Raises what ``verify_request`` raises; a response to another request is a ``BadSignature``, or a
    ``MalformedInput``, if its nonce says so already.
    """
    found, values = RESPONSE.find(response.fields, label), _response_values(response)
    _require_nonce(found, _request_of(response))
    base = RESPONSE.verify(found, values, key_of=key_of, at=at)
    created, expires, nonce, keyid = found.said
    is_plain = found.order is None
    return _quick_response(keyid, nonce, created, expires, found.signature, found.text, base, is_plain)


def sign_receipt(
    response_signature: bytes, signer: MessageSigner, *, keyid: str, nonce: str, created: int
) -> SignatureFields:
    """Sign that the response with this signature was received and verified; ``nonce`` is its request id."""
    said = Said(created, 0, nonce, keyid)
    return RECEIPT.sign([sf.serialize_bare(response_signature)], said, signer=signer, label=LABEL)


def verify_receipt(
    receipt: SignatureFields, response_signature: bytes, *, nonce: str, key_of: KeyOf, at: int
) -> VerifiedReceipt:
    """Verify the consumer's receipt for the response that has this signature and answers request ``nonce``.

    Raises what ``verify_request`` raises; a receipt does not expire.
    """
    found = RECEIPT.find(receipt.as_fields(), LABEL)
    if found.said.nonce != nonce:
        raise MalformedInput("the receipt is for another request: its nonce is not this request's id")
    RECEIPT.verify(found, [sf.serialize_bare(response_signature)], key_of=key_of, at=at)
    created, _, _, keyid = found.said
    return VerifiedReceipt(keyid, nonce, created, found.signature, found.text)


def _request_values(request: Request) -> Sequence[str]:
    require_target(request.target_uri)
    return request.method, request.target_uri, *_each(request.fields, REQUEST_FIELDS)


def _response_values(response: Response) -> Sequence[str]:
    request = _request_of(response)
    if not 100 <= response.status <= 999:  # RFC 9110, 15
        raise MalformedInput("a status has three digits (RFC 9110, 15)")
    return str(response.status), *_each(response.fields, RESPONSE_FIELDS), _signature_of(request)


def _each(fields: Fields, names: Sequence[str]) -> list[str]:
    """Give each field's one line; two lines of one name are two readings, and one of them an attacker's."""
    values = []
    for name in names:
        lines = fields.get(name, ())
        if len(lines) != 1:
            raise NotCovered(f"{name} stands {len(lines)} times in the message; the signature covers it once")
        values.append(lines[0].strip(" \t"))
    return values


def _request_of(response: Response) -> Request:
    if response.request is None:
        raise NotCovered("a response is signed and verified with the request that it answers (RFC 9421, 2.4)")
    return response.request


def _request_id(request: Request) -> str:
    return _each(request.fields, _REQUEST_ID)[0]


def _signature_of(request: Request) -> str:
    """Give the request's own signature as ``"signature";key="sig1";req`` has it."""
    lines = request.fields.get(SIGNATURE, ())
    found = _ONE_SIGNATURE.fullmatch(lines[0]) if len(lines) == 1 else None
    return found[1] if found else component(SIGNATURE, key=LABEL).value(request)


def _require_nonce(found: Found, request: Request) -> None:
    if found.said.nonce != _request_id(request):
        raise MalformedInput("the nonce of the signature is not the id of the request")
