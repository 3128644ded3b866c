"""Who stamped what, when: the verification of a time stamp token in ten steps."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, ExtensionNotFound, ObjectIdentifier, SubjectKeyIdentifier

from rahdari.wire.errors import BadSignature
from rahdari.wire.timestamps import structures
from rahdari.wire.timestamps.algorithms import verify_signature
from rahdari.wire.timestamps.certificates import check_chain
from rahdari.wire.timestamps.refusals import TimestampMismatch, TimestampUntrusted
from rahdari.wire.timestamps.requests import Imprint
from rahdari.wire.timestamps.tokens import Stamp, Token, read_attribute


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose time stamps are believed: pinned roots and accepted policies. Without either, nobody's.

    ``certificates`` are intermediate ones and authorities' own, for tokens that came without them.
    ``policies`` are dotted object identifiers.
    """

    roots: tuple[Certificate, ...] = field(repr=False)
    policies: frozenset[str]
    certificates: tuple[Certificate, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Stamped:
    """A time stamp that was verified, with the certificate that signed it. Only ``verify`` makes one."""

    stamp: Stamp
    authority: Certificate = field(repr=False)


def verify(token: Token, trust: Trust, *, imprint: Imprint, nonce: int | None = None) -> Stamped:
    """Return the stamp if an authority we trust gave it for ``imprint``; ``nonce`` is that of our own request.

    Without ``nonce`` (a court's case, years later) the one in the token is not looked at. Revocation is not
    asked for: that needs a network, or an answer kept beside the token.

    Raises:
        TimestampMismatch: other bytes, another nonce or a policy that is not accepted.
        TimestampUntrusted: the certificate is missing, not the one named, for another purpose, or leads nowhere.
        BadSignature: content or attributes are not what was signed.
        UnsupportedAlgorithm: a key of another kind.
    """
    stamp = token.unverified
    # (1) RFC 3161, 2.2: the token stamps what we asked for.
    if stamp.imprint.digest is not imprint.digest or not hmac.compare_digest(
        stamp.imprint.value, imprint.value
    ):
        raise TimestampMismatch(
            "the token stamps other bytes than these; find the token that belongs to them"
        )
    # (2) RFC 3161, 2.2 and 2.4.2: a nonce that was sent MUST come back.
    if nonce is not None and stamp.nonce != nonce:
        raise TimestampMismatch(
            "the token does not bring back the request's nonce; it may be an old one, ask again"
        )
    # (3) RFC 3161, 2.2: the policy is one that the relying party accepts.
    if stamp.policy not in trust.policies:
        raise TimestampMismatch(
            f"the token follows policy {stamp.policy}, which is not among the accepted ones"
        )
    # (4) RFC 3161, 2.4.2 and RFC 5280, 4.2: a critical extension that is not understood.
    if stamp.critical_extensions:
        raise TimestampMismatch(
            f"the token demands extension {stamp.critical_extensions[0]}, which we do not know"
        )
    # (5) RFC 5652, 5.6; RFC 5816, 2.2.1: exactly the certificate that signer and signing-certificate name.
    authority = _find_authority(token, (*token.certificates, *trust.certificates, *trust.roots))
    # (6)-(8) the authority signed these attributes, and they this content.
    _check_signature(token, authority)
    # (9)-(10) RFC 3161, 2.3 and RFC 5280, 6: it was entitled to, then.
    check_chain(authority, others=(*token.certificates, *trust.certificates), roots=trust.roots, at=stamp.at)
    return Stamped(stamp, authority)


def _check_signature(token: Token, authority: Certificate) -> None:
    kind = read_attribute(token.attributes[structures.CONTENT_TYPE], ObjectIdentifier, name="a content type")
    digest = read_attribute(token.attributes[structures.MESSAGE_DIGEST], bytes, name="a message digest")
    # (6) RFC 5652, 11.1: the content type that is signed is the content's.
    if kind != structures.TST_INFO:
        raise BadSignature(f"what was signed is content of type {kind.dotted_string}, not a time stamp")
    # (7) RFC 5652, 5.6 and 11.2: the digest that is signed is the content's.
    if not hmac.compare_digest(digest, token.digest.of(token.content)):
        raise BadSignature("the time stamp is not the one that was signed")
    # (8) RFC 5652, 5.4: the signature is over the attributes as a SET OF in DER.
    verify_signature(
        authority,
        token.signer.signature_algorithm,
        token.digest,
        signature=token.signer.signature,
        message=token.signed_bytes(),
    )


def _find_authority(token: Token, candidates: Sequence[Certificate]) -> Certificate:
    named, signer = token.certificate_id, token.signer.signer
    for candidate in candidates:
        raw = candidate.public_bytes(Encoding.DER)
        if hmac.compare_digest(named.digest.of(raw), named.value):
            if not _is_named(candidate, signer) or not _is_issued(candidate, named.issuer, named.serial):
                break
            return candidate
    raise TimestampUntrusted(
        "the certificate that the token names as its signer's (ESSCertIDv2) is neither inside nor known here, or "
        "does not bear the issuer and serial number given; ask for a token with its certificate"
    )


def _is_named(certificate: Certificate, signer: structures.IssuerAndSerialNumber | bytes) -> bool:
    if not isinstance(signer, bytes):
        return _is_issued(certificate, asn1.encode_der(signer.issuer), signer.serial)
    try:
        identifier = certificate.extensions.get_extension_for_class(SubjectKeyIdentifier).value.digest
    except (*structures.UNREADABLE, ExtensionNotFound):
        return False
    return identifier == signer


def _is_issued(certificate: Certificate, issuer: bytes | None, serial: int | None) -> bool:
    """RFC 5035, 5: issuer and serial number, where given, are the certificate's."""
    return issuer is None or (
        certificate.issuer.public_bytes() == issuer and certificate.serial_number == serial
    )
