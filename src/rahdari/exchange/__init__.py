"""The National Data Exchange Layer: who may ask whom for what, and proof that they did.

Example:
    >>> from rahdari.exchange import Breaker
    >>> Breaker().admit(0.0)
    0.0
"""

from rahdari.exchange.errors import (
    AdmissionRefused,
    CallRefused,
    ConfigurationRefused,
    ConsentRefused,
    EvidenceRefused,
    ExchangeRefused,
    JoinRefused,
    LogDamaged,
    LogFull,
    OfferRefused,
    SubjectUnreadable,
    UnknownExchange,
    UnknownRecipient,
)
from rahdari.exchange.ports import EvidenceLog
from rahdari.exchange.rules.access import consumer_fault, provider_fault
from rahdari.exchange.rules.catalogue import read_catalogue, write_catalogue
from rahdari.exchange.rules.changes import find_replaced
from rahdari.exchange.rules.directory import Directory
from rahdari.exchange.rules.limits import Breaker, Bucket, Buckets, Circuit
from rahdari.exchange.rules.registration import missing_approvals
from rahdari.exchange.rules.subjects import find_subject
from rahdari.exchange.service.consumer import Consumer
from rahdari.exchange.service.provider import Provider
from rahdari.exchange.service.received import require_sealed
from rahdari.exchange.values.catalogue import CataloguedOperation, CataloguedService
from rahdari.exchange.values.consents import ConsentAct, ConsentState, KeptConsent, Wish
from rahdari.exchange.values.evidence import Anchors, Proven, StepName, StepState, Verdict, step_clause
from rahdari.exchange.values.lookups import KeptWithholding, Order, Told, WithholdingKind
from rahdari.exchange.values.messages import (
    Accepted,
    Admitted,
    Answer,
    Asked,
    BodyFacts,
    Concluded,
    Outgoing,
    Proofs,
    Receipt,
    RequestHead,
    Route,
    Settled,
)
from rahdari.exchange.values.registrations import Proposal, ProposalState, Register
from rahdari.exchange.values.services import (
    ClientProof,
    ConsentRule,
    Durability,
    LocalClient,
    Offer,
    Operation,
    Rate,
    Service,
    SubjectPlace,
    SubjectSource,
)

__all__ = [
    "Accepted",
    "AdmissionRefused",
    "Admitted",
    "Anchors",
    "Answer",
    "Asked",
    "BodyFacts",
    "Breaker",
    "Bucket",
    "Buckets",
    "CallRefused",
    "CataloguedOperation",
    "CataloguedService",
    "Circuit",
    "ClientProof",
    "Concluded",
    "ConfigurationRefused",
    "ConsentAct",
    "ConsentRefused",
    "ConsentRule",
    "ConsentState",
    "Consumer",
    "Directory",
    "Durability",
    "EvidenceLog",
    "EvidenceRefused",
    "ExchangeRefused",
    "JoinRefused",
    "KeptConsent",
    "KeptWithholding",
    "LocalClient",
    "LogDamaged",
    "LogFull",
    "Offer",
    "OfferRefused",
    "Operation",
    "Order",
    "Outgoing",
    "Proofs",
    "Proposal",
    "ProposalState",
    "Proven",
    "Provider",
    "Rate",
    "Receipt",
    "Register",
    "RequestHead",
    "Route",
    "Service",
    "Settled",
    "StepName",
    "StepState",
    "SubjectPlace",
    "SubjectSource",
    "SubjectUnreadable",
    "Told",
    "UnknownExchange",
    "UnknownRecipient",
    "Verdict",
    "Wish",
    "WithholdingKind",
    "consumer_fault",
    "find_replaced",
    "find_subject",
    "missing_approvals",
    "provider_fault",
    "read_catalogue",
    "require_sealed",
    "step_clause",
    "write_catalogue",
]
