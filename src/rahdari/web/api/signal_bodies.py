"""The bodies of subscriptions, in and out, as OpenID Shared Signals 1.0 and RFC 8936 name their members."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rahdari.app.signals import StreamReport
from rahdari.signals import (
    POLL_MAX,
    SUPPORTED,
    VERIFICATION_INTERVAL,
    Changes,
    Delivery,
    Kind,
    Method,
    State,
    Stream,
    SubjectId,
    Wanted,
    kinds_named,
    require_events,
    types_of,
)
from rahdari.web.api.bodies import PassText
from rahdari.web.errors import BadBody
from rahdari.wire import security_events, standard_webhooks

# Ours: no URN is registered for Standard Webhooks.
WEBHOOK_METHOD = "urn:rahdari:delivery:standard-webhooks"
METHODS = {
    WEBHOOK_METHOD: Method.WEBHOOK,
    security_events.PUSH: Method.PUSH,
    security_events.POLL: Method.POLL,
}
URNS = {method: urn for urn, method in METHODS.items()}
# The subject of what is added: a pass that was shown (Shared Signals, 3.3, allows formats of one's own).
SHOWN_PASS = "rahdari_pass"  # noqa: S105 - a format's name
WEBHOOK_TYPES = ["card.suspended", "card.reinstated", "card.ended"]

StreamName = Annotated[str, Meta(pattern="^st_[a-z2-7]{16}$(?!\\n)", description="the stream's id")]
SubjectName = Annotated[str, Meta(pattern="^s_[a-z2-7]{26}$(?!\\n)", description="the subject's opaque id")]
Uris = Annotated[list[Annotated[str, Meta(max_length=500)]], Meta(max_length=64)]
NoticeIds = Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(max_length=POLL_MAX)]
Line = Annotated[str, Meta(max_length=200, pattern="^[^\\x00-\\x1f\\x7f]*$(?!\\n)")]


class DeliveryAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How events reach the receiver; ``endpoint_url`` is not given for polling."""

    method: Annotated[str, Meta(max_length=100)]
    endpoint_url: Annotated[str, Meta(max_length=2000)] | None = None
    authorization_header: Annotated[str, Meta(max_length=4096)] | None = None


class StreamAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A stream as its receiver wants it. Without ``delivery``, events are polled for."""

    delivery: DeliveryAsked | UnsetType = UNSET
    events_requested: Uris | None = None
    description: Line | None = None


class StreamChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is to become of a stream. What only this server sets may be there, and must be as it is."""

    stream_id: StreamName
    delivery: DeliveryAsked | UnsetType = UNSET
    events_requested: Uris | None = None
    description: Line | None = None
    iss: str | None = None
    aud: str | None = None
    events_supported: Uris | None = None
    events_delivered: Uris | None = None
    min_verification_interval: int | None = None


class DeliveryView(msgspec.Struct, frozen=True, omit_defaults=True):
    """How events reach the receiver. ``secret`` is there once, when it was made."""

    method: str
    endpoint_url: str | None = None
    secret: str | None = None


class StreamView(msgspec.Struct, frozen=True, kw_only=True):
    """A stream's configuration (Shared Signals, 8.1.1)."""

    stream_id: str
    iss: str
    aud: str
    delivery: DeliveryView
    events_supported: list[str]
    events_delivered: list[str]
    min_verification_interval: int
    description: str


class StatusAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The state that a stream is to come to."""

    stream_id: StreamName
    status: State
    reason: Line | None = None


class StatusView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A stream's state, and how it fares: what waits, and why it waits."""

    stream_id: str
    status: State
    reason: str | None = None
    last_order: int
    pending: int
    subjects: int
    attempts: int = 0
    failure: str | None = None
    failing_since: datetime | None = None
    next_attempt_at: datetime | None = None


class PassShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="format", tag=SHOWN_PASS):
    """A pass that was shown to the institution."""

    pass_: PassText = msgspec.field(name="pass")


class OpaqueSubject(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="format", tag="opaque"
):
    """The name by which this institution alone knows a card (RFC 9493, 3.2.4)."""

    id: SubjectName


class SubjectAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The card of which pass is to be watched."""

    stream_id: StreamName
    subject: PassShown
    verified: bool = True


class SubjectAdded(msgspec.Struct, frozen=True):
    """The name by which all later events know the card."""

    stream_id: str
    subject: OpaqueSubject


class SubjectGone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which card is to be watched no more."""

    stream_id: StreamName
    subject: OpaqueSubject


class VerificationAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which stream is to be verified; ``state`` comes back in the event."""

    stream_id: StreamName
    state: Annotated[str, Meta(max_length=1024)] | None = None


class SetError(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a token was refused by its receiver (RFC 8936, 2.6)."""

    err: Annotated[str, Meta(max_length=100)]
    description: Annotated[str, Meta(max_length=1000)] | None = None


class PollAsked(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A poll (RFC 8936, 2.2): what arrived, what was refused, and how much more is wanted."""

    max_events: Annotated[int, Meta(ge=0, le=1 << 31)] = POLL_MAX
    return_immediately: bool = False
    ack: NoticeIds = []
    set_errs: Annotated[dict[str, SetError], Meta(max_length=POLL_MAX)] = {}


class PollView(msgspec.Struct, frozen=True, rename="camel"):
    """Security event tokens by their ``jti``; order them by ``rahdari_order`` (RFC 8936, 2.3)."""

    sets: dict[str, str]
    more_available: bool


class ReplayView(msgspec.Struct, frozen=True):
    """How many notices are sent again."""

    replayed: int


class TransmitterView(msgspec.Struct, frozen=True, kw_only=True):
    """The transmitter's metadata (Shared Signals, 7.1)."""

    spec_version: str
    issuer: str
    jwks_uri: str
    delivery_methods_supported: list[str]
    configuration_endpoint: str
    status_endpoint: str
    add_subject_endpoint: str
    remove_subject_endpoint: str
    verification_endpoint: str
    authorization_schemes: list[dict[str, str]]
    default_subjects: str


class KeySet(msgspec.Struct, frozen=True):
    """Public keys (RFC 7517, 5)."""

    keys: list[dict[str, str]]


def read_delivery(asked: DeliveryAsked | UnsetType) -> Delivery:
    """Read how events are to be delivered; polled for, if nothing is said (Shared Signals, 8.1.1.1).

    A ``delivery`` of null is not nothing, and was refused by its shape.

    Raises:
        BadBody: another method.
    """
    if asked is UNSET:
        return Delivery(Method.POLL)
    method = METHODS.get(asked.method)
    if method is None:
        raise BadBody(f"delivery.method is none of {', '.join(METHODS)}")
    return Delivery(method, asked.endpoint_url, asked.authorization_header)


def read_wanted(asked: StreamAsked) -> Wanted:
    """Read what a stream is to be. Raises ``BadBody``, ``NoEvents``."""
    delivery = read_delivery(asked.delivery)
    kinds = _read_kinds(asked.events_requested, delivery.method)
    return Wanted(delivery, kinds, asked.description or "")


def _read_kinds(requested: list[str] | None, method: Method) -> frozenset[Kind]:
    # A webhook tells of every standing in words of its own; whoever names those gets them.
    types = [*WEBHOOK_TYPES, *SUPPORTED] if method is Method.WEBHOOK else SUPPORTED
    require_events(requested, types)
    return kinds_named(requested) or kinds_named(None)


def read_changes(asked: StreamChange, before: StreamView, *, is_whole: bool) -> Changes:
    """Read what is to change; where the whole is replaced, what is missing falls back to what a new stream has.

    Raises:
        BadBody: something that only this server sets is said otherwise than it is (Shared Signals, 8.1.1.3).
        NoEvents: none of the events that are asked for is supported.
    """
    for name in ("iss", "aud", "events_supported", "events_delivered", "min_verification_interval"):
        said = getattr(asked, name)
        if said is not None and said != getattr(before, name):
            raise BadBody(f"{name} is set by this server and stands otherwise; leave it out, or repeat it")
    is_said = is_whole or asked.delivery is not UNSET
    requested, method = asked.events_requested, METHODS[before.delivery.method]
    kinds = _read_kinds(requested, method) if is_whole or requested is not None else None
    return Changes(
        delivery=read_delivery(asked.delivery) if is_said else None,
        kinds=kinds,
        description=(asked.description or "") if is_whole else asked.description,
    )


def render_stream(stream: Stream, issuer: str, *, secret: bytes | None = None) -> StreamView:
    """Show a stream to its receiver; what authorizes us to it is never shown again."""
    method, is_webhook = stream.delivery.method, stream.delivery.method is Method.WEBHOOK
    polled = f"{issuer}/api/v1/signals/streams/{stream.id}/poll"
    return StreamView(
        stream_id=stream.id,
        iss=issuer,
        aud=stream.institution,
        delivery=DeliveryView(
            URNS[method],
            polled if method is Method.POLL else stream.delivery.url,
            standard_webhooks.write_secret(secret) if secret else None,
        ),
        events_supported=WEBHOOK_TYPES if is_webhook else list(SUPPORTED),
        events_delivered=WEBHOOK_TYPES if is_webhook else types_of(stream.kinds),
        min_verification_interval=int(VERIFICATION_INTERVAL.total_seconds()),
        description=stream.description,
    )


def render_status(report: StreamReport) -> StatusView:
    """Show how a stream fares."""
    progress = report.progress
    return StatusView(
        stream_id=report.stream.id,
        status=report.stream.state,
        reason=report.stream.why,
        last_order=progress.last_order,
        pending=report.pending,
        subjects=report.watched,
        attempts=progress.attempts,
        failure=progress.failure,
        failing_since=progress.failing_since,
        next_attempt_at=progress.due_at,
    )


def render_subject(stream: str, subject: SubjectId) -> SubjectAdded:
    """Show the name of a card that is watched now."""
    return SubjectAdded(stream, OpaqueSubject(subject))


def render_transmitter(issuer: str, methods: Sequence[str] = tuple(METHODS)) -> TransmitterView:
    """Show what a receiver needs to begin."""
    place = f"{issuer}/api/v1/signals"
    return TransmitterView(
        spec_version="1_0",
        issuer=issuer,
        jwks_uri=f"{issuer}/.well-known/jwks.json",
        delivery_methods_supported=list(methods),
        configuration_endpoint=f"{place}/streams",
        status_endpoint=f"{place}/status",
        add_subject_endpoint=f"{place}/subjects",
        remove_subject_endpoint=f"{place}/subjects/remove",
        verification_endpoint=f"{place}/verify",
        authorization_schemes=[{"spec_urn": "urn:ietf:rfc:6750"}],
        default_subjects="NONE",
    )
