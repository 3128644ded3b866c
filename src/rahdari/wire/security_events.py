"""Security event tokens (SET, RFC 8417) as OpenID Shared Signals 1.0 profiles them (SSF, 4): one event a token.

Pure. A subject is named by an opaque identifier (RFC 9493, 3.2.4) at top level, the token is explicitly
typed, and neither ``sub`` nor ``exp`` is ever there, so that no reader takes it for a token that lets
somebody in.

Example:
    >>> from rahdari.wire.keys import Algorithm, SoftwareSigner
    >>> signer = SoftwareSigner.generate(Algorithm.ES256)
    >>> event = SecurityEvent(
    ...     issuer="https://authority.example", audience="institution-1", jti="evt-1", issued_at=1_800_000_000,
    ...     subject="s-1", type=SESSION_REVOKED, payload={"event_timestamp": 1_800_000_000})
    >>> decode(sign(signer, event)).verify(signer.public, audience="institution-1") == event
    True
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rahdari.wire import jws, strict_json
from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.keys import PublicKey, Signer

# RFC 8417, 2.3 and SSF, 4.1.1: MUST be typed explicitly. The media type that a push carries (RFC 8935, 2).
TYP = "secevent+jwt"
MEDIA_TYPE = "application/secevent+jwt"

_CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
_RISC = "https://schemas.openid.net/secevent/risc/event-type/"
_SSF = "https://schemas.openid.net/secevent/ssf/event-type/"
SESSION_REVOKED = f"{_CAEP}session-revoked"
CREDENTIAL_CHANGE = f"{_CAEP}credential-change"
ACCOUNT_DISABLED = f"{_RISC}account-disabled"
ACCOUNT_ENABLED = f"{_RISC}account-enabled"
VERIFICATION = f"{_SSF}verification"
STREAM_UPDATED = f"{_SSF}stream-updated"

# How a stream says that events are sent to it, or fetched by it (SSF, 6.1.1 and 6.1.2).
PUSH, POLL = "urn:ietf:rfc:8935", "urn:ietf:rfc:8936"

# Ours have 1 KiB; the largest that others send quote a certificate or a policy.
TOKEN_CHARS_MAX = 16 * 1024
# The largest second that a calendar shows, 9999-12-31T23:59:59Z.
SECONDS_MAX = 253_402_300_799
# Beside what the standards name: the number of the event in its stream, so that a gap is seen (SSF, 4.2.3
# allows it).
ORDER = "rahdari_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityEvent:
    """One event. ``issued_at`` in seconds since 1970; ``subject`` is the ``id`` of an opaque identifier.

    ``txn`` is the same for every event with one cause; ``order`` counts the events of one stream from 1.
    """

    issuer: str
    audience: str
    jti: str
    issued_at: int
    subject: str
    type: str
    payload: Mapping[str, object] = field(default_factory=dict)
    txn: str | None = None
    order: int | None = None


@dataclass(frozen=True, slots=True)
class SecurityEventToken:
    """A token that was read: nothing in it is trusted until ``verify`` returned."""

    raw: jws.Jws
    unverified: SecurityEvent

    def verify(self, public: PublicKey, *, audience: str) -> SecurityEvent:
        """Return the event if ``public`` signed it, for this receiver.

        Raises:
            BadSignature: another key signed, or the token is for somebody else (RFC 8417, 2.2, "aud").
        """
        self.raw.verify(public)
        if self.unverified.audience != audience:
            raise BadSignature("the token is for another receiver; it proves nothing here")
        return self.unverified


def sign(signer: Signer, event: SecurityEvent) -> str:
    """Sign an event as a compact JWT.

    Raises:
        MalformedInput: the payload holds what JSON cannot say.
    """
    claims: dict[str, object] = {
        "iss": event.issuer,
        "jti": event.jti,
        "iat": event.issued_at,
        "aud": event.audience,
        "sub_id": {"format": "opaque", "id": event.subject},
        "events": {event.type: dict(event.payload)},
    }
    claims |= {} if event.txn is None else {"txn": event.txn}
    claims |= {} if event.order is None else {ORDER: event.order}
    return jws.sign(signer, {"typ": TYP}, strict_json.encode(claims))


def decode(text: str) -> SecurityEventToken:
    """Take a token apart. Trusts nothing.

    Raises:
        MalformedInput: not a SET of this profile: typed otherwise, with ``sub`` or ``exp``, without one of the
            claims, with several events, or with a subject that is not opaque.
        UnsupportedAlgorithm: signed with neither ES256 nor EdDSA.
    """
    raw = jws.decode(text, size_chars_max=TOKEN_CHARS_MAX)
    raw.require_typ(TYP)
    claims = raw.payload_object()
    # SSF, 4.1.3: "sub" and "exp" MUST NOT be present.
    if "sub" in claims or "exp" in claims:
        raise MalformedInput("a security event has neither sub nor exp (Shared Signals, 4.1.3)")
    kind, payload = _one_event(claims.get("events"))
    txn = _text(claims, "txn") if "txn" in claims else None
    return SecurityEventToken(
        raw,
        SecurityEvent(
            issuer=_text(claims, "iss"),
            audience=_text(claims, "aud"),
            jti=_text(claims, "jti"),
            issued_at=_number(claims, "iat"),
            subject=_opaque(claims.get("sub_id")),
            type=kind,
            payload=payload,
            txn=txn,
            order=_number(claims, ORDER) if ORDER in claims else None,
        ),
    )


def _one_event(events: object) -> tuple[str, Mapping[str, object]]:
    # SSF, 4.2.1: SHOULD contain only one event.
    if not isinstance(events, dict) or len(events) != 1:
        raise MalformedInput("events must be an object with exactly one event (Shared Signals, 4.2.1)")
    kind, payload = next(iter(events.items()))
    if not isinstance(payload, dict):
        raise MalformedInput("the payload of an event is a JSON object (RFC 8417, 2.2)")
    return kind, payload


def _opaque(subject: object) -> str:
    found = subject if isinstance(subject, dict) else {}
    name = found.get("id")
    # RFC 9493, 3.2.4: an opaque identifier has the member id, and no other.
    if found.get("format") != "opaque" or not isinstance(name, str) or not name or len(found) != 2:
        raise MalformedInput("sub_id must be an opaque identifier: format and id (RFC 9493, 3.2.4)")
    return name


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedInput(f"the claim {name} must be text that is not empty")
    return value


def _number(claims: Mapping[str, object], name: str) -> int:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= SECONDS_MAX:
        raise MalformedInput(f"the claim {name} must be a whole number that is not negative")
    return value
