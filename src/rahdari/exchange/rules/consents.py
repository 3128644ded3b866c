"""Whether a consent covers a call: numbered steps, each of which can refuse; nothing is accepted in doubt.

Three questions, in this order, so that the address of a status list is asked only when a known issuer's signature
vouches for it: who signed it and when (``VerifiedConsents.open``), does it cover this call (``require_scope``), is
it still in force (``require_standing``).

Opening a consent that was opened before costs a SHA-256 and a look into a dictionary.
"""

import hmac
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Protocol

from rahdari.exchange.errors import ConsentFault, ConsentRefused
from rahdari.exchange.values.services import ConsentRule
from rahdari.kernel import Refused
from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel import consent_token
from rahdari.wire.ndel.consents import Consent, subject_digest
from rahdari.wire.status_list import StatusType
from rahdari.wire.xroad import ClientId, MemberId, ServiceId, SubsystemId

# Clocks differ: X-Road's outages at the edges of validity taught two minutes.
SKEW_SECONDS: Final = 120
# A revocation acts within a minute (the issue's promise; India's Account Aggregators ask at every fetch).
STATUS_AGE_SECONDS_MAX: Final = 60
# The consents of a busy day at one gateway: 2 KB each.
REMEMBERED_MAX: Final = 4096


class ConsentIssuers(Protocol):
    """Knows whose signature makes a consent valid."""

    def consent_keys(self, issuer: MemberId, at: int) -> Sequence[PublicKey]:
        """Give the keys that sign ``issuer``'s consents and are in force ``at``; none for anybody else."""
        ...


@dataclass(frozen=True, slots=True)
class HeldConsent:
    """A consent whose issuer is known and signed it; whether it covers a call is not said yet.

    ``digest`` is SHA-256 of its text.
    """

    consent: Consent
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskedConsent:
    """What a call needs consent for. ``subject`` is the normalised identifier of whom it asks about."""

    client: ClientId
    service: ServiceId
    purpose: str
    data_classes: frozenset[str]
    subject: str | None = field(repr=False)
    rule: ConsentRule = ConsentRule.REQUIRED


@dataclass(frozen=True, slots=True)
class KnownStatus:
    """What a verified Status List Token says of one consent.

    ``age_seconds`` counts from when the token was made; ``is_fetched_now`` tells that it was asked for during
    this very call.
    """

    status: int
    age_seconds: float
    is_fetched_now: bool = False


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """A consent that covers the call and is in force: made by ``require_standing`` alone."""

    id: str
    digest: bytes = field(repr=False)
    status_age_seconds: float


class VerifiedConsents:
    """Opens consents, and remembers those whose signature was verified. Not shared between threads."""

    def __init__(self, count_max: int = REMEMBERED_MAX) -> None:
        """Remember at most ``count_max`` of them, the last ones used."""
        self._count_max = count_max
        self._known: OrderedDict[bytes, tuple[HeldConsent, tuple[PublicKey, ...]]] = OrderedDict()

    def open(self, text: str | None, *, issuers: ConsentIssuers, at: int) -> HeldConsent:
        """Give the consent of ``text`` if a known issuer signed it and its time has come, ``at``.

        Raises:
            ConsentRefused: missing, unreadable, issuer, signature or time.
        """
        # (1) There is one.
        if not text or text == "none":
            raise ConsentRefused(
                ConsentFault.MISSING,
                "this operation needs the person's consent; ask her for it, then try again",
            )
        if len(text) > consent_token.TEXT_CHARS_MAX:
            raise ConsentRefused(ConsentFault.UNREADABLE, f"a consent of {len(text)} characters is too long")
        digest = sha256(text.encode("utf-8", "surrogatepass")).digest()
        held, signed_by = self._known.get(digest) or self._verify(text, digest, issuers=issuers, at=at)
        # (2) The issuer is known and its key in force: at this instant, not when the text was first seen.
        if not set(signed_by) & set(_keys(issuers, held.consent.issuer, at)):
            raise ConsentRefused(
                ConsentFault.ISSUER,
                "the key that signed this consent is no longer in force; ask for a new one",
            )
        _require_time(held.consent, at)
        self._remember(digest, held, signed_by)
        return held

    def _verify(
        self, text: str, digest: bytes, *, issuers: ConsentIssuers, at: int
    ) -> tuple[HeldConsent, tuple[PublicKey, ...]]:
        try:
            signed = consent_token.decode(text)
        except Refused as refusal:
            raise ConsentRefused(
                ConsentFault.UNREADABLE, "the consent cannot be read as a JWS of typ ndel-consent+jwt"
            ) from refusal
        # (2) The issuer is one that the configuration names, with keys in force.
        keys = _keys(issuers, signed.unverified.issuer, at)
        # (3) RFC 7515, 5.2: one of them signed it.
        for key in keys:
            try:
                return HeldConsent(signed.verify_with([key]), digest), (key,)
            except Refused:
                continue
        raise ConsentRefused(
            ConsentFault.SIGNATURE, "its issuer did not sign this consent: it was altered or forged"
        )

    def _remember(self, digest: bytes, held: HeldConsent, signed_by: tuple[PublicKey, ...]) -> None:
        self._known[digest] = (held, signed_by)
        self._known.move_to_end(digest)
        if len(self._known) > self._count_max:
            self._known.popitem(last=False)


def require_scope(held: HeldConsent, asked: AskedConsent) -> None:
    """Return only if the consent covers the call.

    Raises:
        ConsentRefused: consumer, service, purpose, data classes or subject.
    """
    consent = held.consent
    # (5) Whose word counts: an issuer of the service's instance, or, across a border that both sides opened for
    # this call, one of the client's. What another registry enters opens nothing between two others.
    if consent.issuer.instance not in {asked.service.instance, asked.client.instance}:
        raise ConsentRefused(
            ConsentFault.ISSUER,
            f"{consent.issuer} issues no consents for calls inside {asked.service.instance}",
        )
    # (6) Whom it was given to: exactly the client of the call.
    if not _is_consumer(consent, asked.client):
        raise ConsentRefused(ConsentFault.CONSUMER, f"this consent was not given to {asked.client}")
    # (7) For this service.
    if asked.service not in consent.services:
        raise ConsentRefused(ConsentFault.SERVICE, f"this consent does not cover {asked.service}")
    # (8) For this purpose.
    if asked.purpose not in consent.purposes:
        raise ConsentRefused(ConsentFault.PURPOSE, f"this consent does not cover purpose {asked.purpose}")
    # (9) For all that the operation gives away.
    if not asked.data_classes <= consent.data_classes:
        missing = ", ".join(sorted(asked.data_classes - consent.data_classes))
        raise ConsentRefused(
            ConsentFault.DATA_CLASSES,
            f"this consent does not cover {missing}, which this operation may give; another one may need less",
        )
    # (10) By the person who is asked about; in constant time, so that answers' times tell nobody's digest.
    if asked.subject is None or not hmac.compare_digest(
        subject_digest(consent.subject.salt, asked.subject), consent.subject.digest
    ):
        raise ConsentRefused(ConsentFault.SUBJECT, "this consent is not of the person who is asked about")


def require_standing(held: HeldConsent, asked: AskedConsent, status: KnownStatus | None) -> GivenConsent:
    """Give the consent if its issuer's status list says that it is in force, and says so freshly.

    Raises:
        ConsentRefused: status unknown, paused or revoked.
    """
    # (11) Token Status List, 8.3: known, and no older than a minute; not known is not given.
    if status is None or not 0 <= status.age_seconds <= STATUS_AGE_SECONDS_MAX:
        raise ConsentRefused(
            ConsentFault.STATUS_UNKNOWN,
            f"whether the consent still stands is not known from the last {STATUS_AGE_SECONDS_MAX} s; try again",
        )
    # (12) Where a revocation acts at once, the list was asked for this very call.
    if asked.rule is ConsentRule.REQUIRED_NOW and not status.is_fetched_now:
        raise ConsentRefused(
            ConsentFault.STATUS_UNKNOWN, "whether the consent stands now could not be asked; try again"
        )
    # (13) Token Status List, 7.1.
    if status.status == StatusType.SUSPENDED:
        raise ConsentRefused(ConsentFault.PAUSED, "the person has paused this consent; she can resume it")
    if status.status != StatusType.VALID:
        raise ConsentRefused(
            ConsentFault.REVOKED, "the person has revoked this consent; ask her for a new one"
        )
    return GivenConsent(held.consent.id, held.digest, status.age_seconds)


def require_consent(held: HeldConsent, asked: AskedConsent, status: KnownStatus | None) -> GivenConsent:
    """Give the consent if it covers the call and is in force. Raises ``ConsentRefused``."""
    require_scope(held, asked)
    return require_standing(held, asked, status)


def _keys(issuers: ConsentIssuers, issuer: MemberId, at: int) -> Sequence[PublicKey]:
    keys = issuers.consent_keys(issuer, at)
    if not keys:
        raise ConsentRefused(ConsentFault.ISSUER, f"{issuer} issues no consents that are accepted here")
    return keys


def _require_time(consent: Consent, at: int) -> None:
    # (4) RFC 7519, 4.1.4 to 4.1.6, give or take what clocks differ by.
    if max(consent.not_before, consent.issued_at) > at + SKEW_SECONDS:
        raise ConsentRefused(ConsentFault.TIME, "this consent begins later; set the clocks right, or wait")
    if at >= consent.expires + SKEW_SECONDS:
        raise ConsentRefused(ConsentFault.TIME, "this consent has ended; ask the person for a new one")


def _is_consumer(consent: Consent, client: ClientId) -> bool:
    if client == consent.consumer:
        return True
    return consent.covers_subsystems and isinstance(client, SubsystemId) and client.member == consent.consumer
