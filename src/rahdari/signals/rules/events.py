"""What a notice says, in the words of the standards. Pure.

A receiver learns that a card it was shown stands otherwise now, by the name that it alone knows the card
by. It never learns a card number, a name, or the reason of the act: why somebody is suspended is between
holder and authority.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType

from rahdari.signals.errors import NoEvents
from rahdari.signals.values import EVENT_KINDS, USUAL_KINDS, Became, Kind, Notice, Stream, StreamId
from rahdari.wire import security_events, strict_json
from rahdari.wire.security_events import SecurityEvent

# The stream's own two are always delivered and never asked for (Shared Signals, 8.1.4.1 and 8.1.5).
TYPES: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.SESSION_REVOKED: security_events.SESSION_REVOKED,
        Kind.CREDENTIAL_CHANGE: security_events.CREDENTIAL_CHANGE,
        Kind.ACCOUNT_DISABLED: security_events.ACCOUNT_DISABLED,
        Kind.ACCOUNT_ENABLED: security_events.ACCOUNT_ENABLED,
        Kind.VERIFICATION: security_events.VERIFICATION,
        Kind.STREAM_UPDATED: security_events.STREAM_UPDATED,
    }
)
SUPPORTED = tuple(TYPES[kind] for kind in EVENT_KINDS)
WEBHOOK_TYPES: Mapping[Became, str] = MappingProxyType(
    {Became.GOOD: "card.reinstated", Became.SUSPENDED: "card.suspended", Became.ENDED: "card.ended"}
)

_ADMIN = MappingProxyType(
    {
        Became.GOOD: {"en": "The card is in good standing again."},
        Became.SUSPENDED: {"en": "The card is suspended; everything that rests on it stands suspended."},
        Became.ENDED: {"en": "The card has come to its end; nothing rests on it any more."},
    }
)
_USER = MappingProxyType(
    {
        Became.GOOD: {
            "en": "Your card is good again.",
            "ur": "آپ کا کارڈ دوبارہ کارآمد ہے۔",
            "zh": "您的证件已恢复有效。",
        },
        Became.SUSPENDED: {
            "en": "Your card is suspended. Ask the authority that issued it.",
            "ur": "آپ کا کارڈ معطل ہے۔ جاری کرنے والے ادارے سے رجوع کریں۔",
            "zh": "您的证件已被暂停。请联系签发机构。",
        },
        Became.ENDED: {
            "en": "Your card is no longer valid. Ask the authority that issued it.",
            "ur": "آپ کا کارڈ اب کارآمد نہیں۔ جاری کرنے والے ادارے سے رجوع کریں۔",
            "zh": "您的证件已失效。请联系签发机构。",
        },
    }
)


def kinds_named(requested: list[str] | None) -> frozenset[Kind]:
    """Choose what to deliver: the requested types that are known (Shared Signals, 8.1.1), or the usual ones."""
    if requested is None:
        return USUAL_KINDS
    return frozenset(kind for kind in EVENT_KINDS if TYPES[kind] in requested)


def require_events(requested: Collection[str] | None, known: Collection[str]) -> None:
    """Refuse a request that names events and none that is ``known``: its stream would never tell anything.

    An unknown one beside a known one is left out in silence (Shared Signals, 8.1.1).

    Raises:
        NoEvents: none is known.
    """
    if requested is not None and not set(requested) & set(known):
        raise NoEvents(
            f"none of the {len(requested)} events requested is supported; choose of {', '.join(known)}, or leave "
            "events_requested out for the usual ones"
        )


def types_of(kinds: frozenset[Kind]) -> list[str]:
    """Name event types by their URIs, in the order of the table."""
    return [TYPES[kind] for kind in EVENT_KINDS if kind in kinds]


def as_event(notice: Notice, stream: Stream, issuer: str) -> SecurityEvent:
    """Write a notice as a security event for the institution of the stream."""
    return SecurityEvent(
        issuer=issuer,
        audience=stream.institution,
        jti=notice.id,
        issued_at=_seconds(notice.noted_at),
        # Shared Signals, 8.1.4.1: the subject of the stream's own events is the stream.
        subject=notice.subject or stream.id,
        type=TYPES[notice.kind],
        payload=_payload(notice),
        txn=f"{notice.stream}-{notice.cause}",
        order=notice.order,
    )


def as_webhook(notice: Notice) -> bytes:
    """Write a notice as the body of a webhook (Standard Webhooks, "Payload structure")."""
    data: dict[str, object] = {"order": notice.order, "stream": notice.stream}
    if notice.kind is Kind.VERIFICATION:
        kind = "stream.verification"
        data |= {} if notice.text is None else {"state": notice.text}
    elif notice.kind is Kind.STREAM_UPDATED:
        kind, data = "stream.updated", data | {"status": notice.text}
    else:
        became = _became(notice)
        kind, data = WEBHOOK_TYPES[became], data | {"subject": notice.subject, "standing": became.value}
    at = notice.at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return strict_json.encode({"type": kind, "timestamp": at, "data": data})


def order_in(notice_id: str, stream: StreamId) -> int | None:
    """Read the order out of a notice's id; None where it is not one of this stream."""
    name, _, order = notice_id.rpartition("-")
    is_ours = name == stream and order.isascii() and order.isdigit() and len(order) <= 18 and order[0] != "0"
    return int(order) if is_ours else None


def _payload(notice: Notice) -> dict[str, object]:
    if notice.kind is Kind.VERIFICATION:
        return {} if notice.text is None else {"state": notice.text}
    if notice.kind is Kind.STREAM_UPDATED:
        return {"status": notice.text}
    became = _became(notice)
    said: dict[str, object] = {
        # CAEP, 2: seconds. It is the instant of the change itself, not of the attempt.
        "event_timestamp": _seconds(notice.at),
        "initiating_entity": notice.initiator.value if notice.initiator else "admin",
        "reason_admin": dict(_ADMIN[became]),
        "reason_user": dict(_USER[became]),
        # Ours (Shared Signals, 4.2.3): "update" alone would not tell a suspension from its end.
        "rahdari_standing": became.value,
    }
    if notice.kind is Kind.CREDENTIAL_CHANGE:
        change = "revoke" if became is Became.ENDED else "update"
        said |= {"credential_type": "verifiable-credential", "change_type": change}
    return said


def _became(notice: Notice) -> Became:
    if notice.became is None:
        raise AssertionError("a notice of a card's standing says what it became")
    return notice.became


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
