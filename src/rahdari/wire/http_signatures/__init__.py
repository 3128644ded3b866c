"""HTTP Message Signatures (RFC 9421) and Content-Digest (RFC 9530), and the profiles between gateways.

Example:
    >>> from rahdari.wire.keys import Algorithm, SoftwareSigner
    >>> signer = SoftwareSigner.generate(Algorithm.EDDSA)
    >>> fields = {"content-digest": [content_digest(b"{}")]}
    >>> request = Request("POST", "https://gate.example/r1", fields)
    >>> covered = [component("@method"), component("@target-uri"), component("content-digest")]
    >>> signed = sign(request, covered, SignatureParameters(created=1_800_000_000, tag="mine"), signer=signer)
    >>> fields.update(signed.as_fields())
    >>> read_signatures(request)["sig1"].verify(request, signer.public)
    >>> require_digest(fields["content-digest"][0], b"{}")
"""

from rahdari.wire.http_signatures.accept_signature import (
    WantedSignature,
    read_accept_signature,
    write_accept_signature,
)
from rahdari.wire.http_signatures.algorithms import (
    MessageSigner,
    MlDsaKey,
    MlDsaSigner,
    MlDsaSigning,
    SignatureAlgorithm,
    VerifyingKey,
)
from rahdari.wire.http_signatures.components import Component, component
from rahdari.wire.http_signatures.content_digest import (
    DigestAlgorithm,
    DigestCheck,
    RunningDigest,
    content_digest,
    preferred_digest,
    read_digests,
    require_digest,
    want_content_digest,
)
from rahdari.wire.http_signatures.errors import (
    DigestMismatch,
    NotCovered,
    SignatureMissing,
    SignatureNotInForce,
    UnknownKey,
)
from rahdari.wire.http_signatures.gateway import (
    LIFETIME_SECONDS_MAX,
    POST_QUANTUM_LABEL,
    REQUEST_FIELDS,
    RESPONSE_FIELDS,
    VerifiedReceipt,
    VerifiedRequest,
    VerifiedResponse,
    sign_receipt,
    sign_request,
    sign_response,
    verify_receipt,
    verify_request,
    verify_response,
)
from rahdari.wire.http_signatures.messages import Fields, Message, Request, Response, fields_of
from rahdari.wire.http_signatures.profiles import KeyOf
from rahdari.wire.http_signatures.signatures import (
    LABEL,
    SKEW_SECONDS,
    MessageSignature,
    SignatureFields,
    SignatureParameters,
    read_signatures,
    sign,
    signature_base,
)

__all__ = [
    "LABEL",
    "LIFETIME_SECONDS_MAX",
    "POST_QUANTUM_LABEL",
    "REQUEST_FIELDS",
    "RESPONSE_FIELDS",
    "SKEW_SECONDS",
    "Component",
    "DigestAlgorithm",
    "DigestCheck",
    "DigestMismatch",
    "Fields",
    "KeyOf",
    "Message",
    "MessageSignature",
    "MessageSigner",
    "MlDsaKey",
    "MlDsaSigner",
    "MlDsaSigning",
    "NotCovered",
    "Request",
    "Response",
    "RunningDigest",
    "SignatureAlgorithm",
    "SignatureFields",
    "SignatureMissing",
    "SignatureNotInForce",
    "SignatureParameters",
    "UnknownKey",
    "VerifiedReceipt",
    "VerifiedRequest",
    "VerifiedResponse",
    "VerifyingKey",
    "WantedSignature",
    "component",
    "content_digest",
    "fields_of",
    "preferred_digest",
    "read_accept_signature",
    "read_digests",
    "read_signatures",
    "require_digest",
    "sign",
    "sign_receipt",
    "sign_request",
    "sign_response",
    "signature_base",
    "verify_receipt",
    "verify_request",
    "verify_response",
    "want_content_digest",
    "write_accept_signature",
]
