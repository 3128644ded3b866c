"""Passes: people and firms, card products, issue, verify, suspend; status lists and trust.

The front door of the room. Verifying needs no database, only a trust list and the status lists:

Example:
    >>> from datetime import UTC, datetime
    >>> from rahdari.credentials import FEATURES, OFFLINE, Snapshot, Trust, Verifier, examine
    >>> from rahdari.wire.trust_list import TrustList
    >>> nobody = Trust(TrustList(sequence=1, issued_at=1_800_000_000, expires=1_900_000_000, issuers=()))
    >>> gate = Verifier(features=[*FEATURES.values()], trust=nobody, policy=OFFLINE, statuses=Snapshot([]))
    >>> examine("NOT A PASS", by=gate, at=datetime(2027, 3, 1, tzinfo=UTC)).verdict.value
    'malformed'
"""

from rahdari.credentials.errors import BadHolder, BadRow, BadRows, UnknownCard, UnknownHolder
from rahdari.credentials.features import FEATURES, find_feature
from rahdari.credentials.policy import OFFLINE, VerificationPolicy
from rahdari.credentials.rules.held_stream import BUNDLE_BYTES_MAX, HeldStream, StreamOutcome
from rahdari.credentials.rules.life_cycle import MOVES, ROLES, Move, holder_id
from rahdari.credentials.rules.products import Catalogue, print_number, read_product
from rahdari.credentials.rules.status import HeldList, Snapshot, accept_list, readmit_list
from rahdari.credentials.rules.stream_shard import Publisher
from rahdari.credentials.rules.trust import Trust, accept
from rahdari.credentials.rules.verification import Verifier, examine, step_table, verify
from rahdari.credentials.values.audit import AuditEntry, AuditFault, AuditFinding
from rahdari.credentials.values.cards import (
    Act,
    Card,
    CardNumber,
    Channel,
    ProductRef,
    Reason,
    Stage,
    Standing,
    StatusPlace,
)
from rahdari.credentials.values.holders import (
    Biometric,
    Gender,
    Holder,
    HolderId,
    HolderKind,
    Organisation,
    Party,
    Person,
    Portrait,
)
from rahdari.credentials.values.keys import KeyRecord, KeyUse
from rahdari.credentials.values.passes import Attributes, Check, Outcome, Report, Terms, VerdictKind, Verified
from rahdari.credentials.values.products import CardProduct
from rahdari.credentials.values.status import StandingChanged
from rahdari.credentials.values.text import LocalText, local_text

__all__ = [
    "BUNDLE_BYTES_MAX",
    "FEATURES",
    "MOVES",
    "OFFLINE",
    "ROLES",
    "Act",
    "Attributes",
    "AuditEntry",
    "AuditFault",
    "AuditFinding",
    "BadHolder",
    "BadRow",
    "BadRows",
    "Biometric",
    "Card",
    "CardNumber",
    "CardProduct",
    "Catalogue",
    "Channel",
    "Check",
    "Gender",
    "HeldList",
    "HeldStream",
    "Holder",
    "HolderId",
    "HolderKind",
    "KeyRecord",
    "KeyUse",
    "LocalText",
    "Move",
    "Organisation",
    "Outcome",
    "Party",
    "Person",
    "Portrait",
    "ProductRef",
    "Publisher",
    "Reason",
    "Report",
    "Snapshot",
    "Stage",
    "Standing",
    "StandingChanged",
    "StatusPlace",
    "StreamOutcome",
    "Terms",
    "Trust",
    "UnknownCard",
    "UnknownHolder",
    "VerdictKind",
    "VerificationPolicy",
    "Verified",
    "Verifier",
    "accept",
    "accept_list",
    "examine",
    "find_feature",
    "holder_id",
    "local_text",
    "print_number",
    "read_product",
    "readmit_list",
    "step_table",
    "verify",
]
