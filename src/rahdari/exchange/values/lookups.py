"""The citizen's log: what its index keeps of exchanges about a person, what is withheld, and what she is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from rahdari.wire.ndel.records import SubjectIndex, WithholdingAct
from rahdari.wire.xroad import ClientId, ServiceId


class WithholdingKind(StrEnum):
    """Why an exchange may be kept from whom it is about, for a time."""

    COURT_ORDER = "court_order"
    CRIMINAL_INVESTIGATION = "criminal_investigation"
    CHILD_PROTECTION = "child_protection"
    NATIONAL_SECURITY = "national_security"


DAYS_MAX: Mapping[WithholdingKind, int] = MappingProxyType(
    {
        WithholdingKind.COURT_ORDER: 365,
        WithholdingKind.CRIMINAL_INVESTIGATION: 180,
        WithholdingKind.CHILD_PROTECTION: 365,
        WithholdingKind.NATIONAL_SECURITY: 365,
    }
)
"""For how many days one order of a kind may withhold; for longer, another order is needed, and is logged."""

NEEDS_CLIENT = frozenset({WithholdingKind.CRIMINAL_INVESTIGATION, WithholdingKind.NATIONAL_SECURITY})
"""Kinds that hide one named client's questions only, never everybody's."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """One exchange about a person, as the index keeps it: all of it stands in record ``leaf`` of the log.

    ``ended`` is milliseconds since 1970.
    """

    leaf: int
    subject: SubjectIndex
    ended: int
    request_id: str
    client: ClientId
    service: ServiceId
    operation: str
    purpose: str
    consent_id: str | None
    status: int
    fault: str = ""


@dataclass(frozen=True, slots=True)
class KeptWithholding:
    """One record of an order to withhold, or of its lifting, at ``leaf`` of the log. Times are seconds since 1970.

    An order that spans months has a record for each, with one ``id``.
    """

    leaf: int
    id: str
    at: int
    act: WithholdingAct
    kind: str
    order: str
    ordered_by: str
    client: ClientId | None
    subject: SubjectIndex | None
    until: int


@dataclass(frozen=True, slots=True)
class Order:
    """What is ordered: ``subject`` is the normalised identifier, ``client`` whose questions are withheld.

    ``since`` and ``until`` are seconds since 1970; months are withheld as a whole.
    """

    kind: WithholdingKind
    order: str
    ordered_by: str
    subject: str = field(repr=False)
    client: ClientId | None
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Ended:
    """An order that withheld something and has ended: its kind, and until when (seconds since 1970). No more."""

    kind: str
    until: int


@dataclass(frozen=True, slots=True)
class Told:
    """What a person is told of one exchange: who, when, by which service, for what, on which consent, and its end.

    Texts stand in the language asked for; ``leaf`` and ``request_id`` find it in the evidence; ``was_withheld`` is
    there where she could not read it before.
    """

    at: int
    client: str
    client_name: str
    service: str
    service_name: str
    operation: str
    purpose: str
    purpose_title: str
    basis: str
    consent_id: str | None
    outcome: str
    request_id: str
    leaf: int
    was_withheld: "Ended | None" = None
