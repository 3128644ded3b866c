"""Is this certificate a time-stamping authority's, under a pinned root, then? (RFC 3161, 2.3; RFC 5280, 6)."""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.x509 import Certificate, ExtendedKeyUsage, KeyUsage
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from rahdari.wire.timestamps.refusals import TimestampUntrusted
from rahdari.wire.timestamps.structures import UNREADABLE


def check_chain(
    certificate: Certificate, *, others: Sequence[Certificate], roots: Sequence[Certificate], at: datetime
) -> None:
    """Return if ``certificate`` is for time stamps and leads to one of ``roots``, all in force at ``at``.

    Raises:
        TimestampUntrusted: it is not, or there are no roots at all.
    """
    check_purpose(certificate)
    if not roots:
        raise TimestampUntrusted(
            "no root is pinned, so nobody's time stamps are believed; pin the authority's root"
        )
    verifier = (
        PolicyBuilder()
        .store(Store(list(roots)))
        .time(at)
        .extension_policies(ca_policy=_authorities_policy(), ee_policy=ExtensionPolicy.permit_all())
        .build_client_verifier()
    )
    try:
        verifier.verify(certificate, list(others))
    except (VerificationError, *UNREADABLE):
        raise TimestampUntrusted(
            f"the authority's certificate, serial number {certificate.serial_number:x}, does not lead to a pinned "
            f"root by certificates that were in force at {at:%Y-%m-%dT%H:%M:%SZ}"
        ) from None


def check_purpose(certificate: Certificate) -> None:
    """Return if the certificate is for time stamps alone.

    Raises:
        TimestampUntrusted: RFC 3161, 2.3: extended key usage MUST be there, critical, and hold timeStamping only;
            a key usage, if any, must allow signatures (ETSI EN 319 422 and X.509 agree, RFC 5280, 4.2.1.3).
    """
    try:
        extensions = certificate.extensions
    except UNREADABLE:
        raise TimestampUntrusted("the extensions of the authority's certificate cannot be read") from None
    try:
        usage = extensions.get_extension_for_class(ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise TimestampUntrusted("the certificate has no extended key usage (RFC 3161, 2.3)") from None
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise TimestampUntrusted(
            "the certificate's extended key usage must be critical and name timeStamping alone (RFC 3161, 2.3)"
        )
    for found in extensions:
        if isinstance(found.value, KeyUsage) and not (
            found.value.digital_signature or found.value.content_commitment
        ):
            raise TimestampUntrusted(
                "the certificate's key usage does not allow signatures (RFC 5280, 4.2.1.3)"
            )


def _authorities_policy() -> ExtensionPolicy:
    """Ask of each issuer that it may issue (RFC 5280, 6.1.4, k and n); lengths and names the library checks."""
    return (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _may_issue)
        .may_be_present(KeyUsage, Criticality.AGNOSTIC, _may_sign_certificates)
    )


def _may_issue(_policy: Policy, _certificate: Certificate, constraints: x509.BasicConstraints) -> None:
    if not constraints.ca:
        raise ValueError("not an issuer")


def _may_sign_certificates(_policy: Policy, _certificate: Certificate, usage: KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("not an issuer")
