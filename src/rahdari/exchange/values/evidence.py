"""What a verifier of evidence trusts, and what was proved to it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cryptography.x509 import Certificate

from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel.records import ExchangeRecord, Role
from rahdari.wire.tlog import NoteKey


class StepName(StrEnum):
    """The steps of a verification, in their order."""

    FORMAT = "format"
    RECORD = "record"
    CONFIGURATION = "configuration"
    LOG = "log"
    WITNESSES = "witnesses"
    TIME = "time"
    REQUEST = "request"
    RESPONSE = "response"
    REQUEST_HASH = "request-hash"
    BODIES = "bodies"
    CONSENT = "consent"
    RECEIPT = "receipt"
    AGREEMENT = "agreement"


CLAUSES = {
    StepName.FORMAT: "ndel-evidence-1",
    StepName.RECORD: "RFC 8785; ndel record exchange-1",
    StepName.CONFIGURATION: "RFC 7515, 5.2; ndel-configuration+jwt",
    StepName.LOG: "RFC 9162, 2.1.3.2; c2sp.org/tlog-proof@v1; c2sp.org/signed-note",
    StepName.WITNESSES: "c2sp.org/tlog-cosignature",
    StepName.TIME: "RFC 3161, 2.2 and 2.4.2; RFC 5652, 5.6; RFC 5816",
    StepName.REQUEST: "RFC 9421, 2.5 and 3.2; ndel-req-v1",
    StepName.RESPONSE: "RFC 9421, 2.4 and 3.2; ndel-rsp-v1",
    StepName.REQUEST_HASH: "X-Road PR-REST 1.0.4, 4.3",
    StepName.BODIES: "RFC 9530, 2",
    StepName.CONSENT: "RFC 7515, 5.2; RFC 7519, 4.1; ndel-consent+jwt",
    StepName.RECEIPT: "RFC 9421, 3.2; ndel-rcp-v1",
    StepName.AGREEMENT: "ndel-evidence-1",
}
"""What each step rests on."""


def step_clause(name: StepName) -> str:
    """Give the clause of a standard that a step rests on."""
    return CLAUSES[name]


class StepState(StrEnum):
    """What came of a step: proved, or there was nothing to hold it against. What fails refuses the whole file."""

    PROVED = "proved"
    ABSENT = "absent"


class Verdict(StrEnum):
    """What came of a file in which nothing was wrong: the word of both parties, or of one alone."""

    PROVED = "proved"
    ONE_SIDED = "one_sided"


@dataclass(frozen=True, slots=True)
class Step:
    """One step for one record (counted from 0; None: for the file), and what it means for people."""

    name: StepName
    state: StepState
    says: str
    record: int | None = None


@dataclass(frozen=True, slots=True)
class RegistryKey:
    """A registry's key that the verifier has from elsewhere.

    Without an instance it stands for that of the file, if it is the only key and the file is of one instance.
    """

    key: PublicKey
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Anchors:
    """What the verifier trusts, none of it taken from the file.

    ``stampers`` are certificates of time-stamping authorities, or of what they lead to; ``stamp_policies`` (dotted)
    None accepts every policy of theirs. Any ``quorum`` of ``witnesses`` must have cosigned. ``is_post_quantum``
    demands that the log signed with ML-DSA-44 as well. ``configurations`` are signed ones that the verifier fetched
    itself: what they tell of keys withdrawn and members suspended counts, though the file may leave it out.
    """

    registry_keys: tuple[RegistryKey, ...]
    stampers: tuple[Certificate, ...] = field(default=(), repr=False)
    stamp_policies: frozenset[str] | None = None
    witnesses: tuple[NoteKey, ...] = ()
    quorum: int = 0
    is_post_quantum: bool = False
    configurations: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Bodies:
    """The bodies, where the verifier has them: they are in no log."""

    request: bytes | None = field(default=None, repr=False)
    response: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Proven:
    """What a file proves, in which nothing was wrong: made by ``verify_evidence`` alone.

    ``records`` are what the gateways' logs say; ``vouched`` whose gateways stand behind it, by a record in their
    own log or by their signature over request, answer or receipt; ``stamped_at`` the earliest time by which, as a
    time-stamping authority says, one of the records was in its log.
    """

    request_id: str
    records: tuple[ExchangeRecord, ...]
    steps: tuple[Step, ...]
    vouched: frozenset[Role]
    stamped_at: datetime | None = None

    @property
    def verdict(self) -> Verdict:
        """Proved, or one party's word: a gateway can write into its own log what never was."""
        return Verdict.PROVED if self.vouched >= frozenset(Role) else Verdict.ONE_SIDED

    def lacking(self, demanded: Iterable[StepName]) -> tuple[StepName, ...]:
        """Give those of the demanded steps that no record proves, in their order."""
        proved = {step.name for step in self.steps if step.state is StepState.PROVED}
        wanted = frozenset(demanded) - proved
        return tuple(name for name in StepName if name in wanted)

    @property
    def proved(self) -> tuple[str, ...]:
        """What was proved, in sentences."""
        return tuple(step.says for step in self.steps if step.state is StepState.PROVED)

    @property
    def not_proved(self) -> tuple[str, ...]:
        """What was not, and why, in sentences."""
        return tuple(step.says for step in self.steps if step.state is StepState.ABSENT)
