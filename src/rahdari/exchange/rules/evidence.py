"""What an evidence file proves: numbered steps, each by a clause of a standard; one that fails refuses the file.

Trust comes from the verifier alone: the registry's key, the time-stamping authority's certificate, the witnesses.
What is not there (particulars that were erased, a log that nobody has stamped yet) is not proved, and the verdict
says so.
"""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from rahdari.exchange.errors import EvidenceRefused
from rahdari.exchange.rules import evidence_messages as messages
from rahdari.exchange.rules.evidence_agreement import require_agreement
from rahdari.exchange.rules.evidence_log import log_policy, verify_stamped, why_no_time
from rahdari.exchange.rules.evidence_parties import SKEW_SECONDS, Parties, find_key, verify_configurations
from rahdari.exchange.values.evidence import CLAUSES, Anchors, Bodies, Proven, Step, StepName, StepState
from rahdari.kernel import Problem
from rahdari.wire.errors import MalformedInput
from rahdari.wire.http_signatures import DigestCheck, content_digest
from rahdari.wire.ndel import consent_token, evidence_file
from rahdari.wire.ndel.consents import Consent
from rahdari.wire.ndel.evidence_file import EvidenceFile, KeptEvidence, LoggedBytes
from rahdari.wire.ndel.parties import Gateway
from rahdari.wire.ndel.record_bytes import read_entry
from rahdari.wire.ndel.records import ExchangeRecord, ReceiptRecord, Role, SignatureMark
from rahdari.wire.tlog import Logged, Note, read_proof, verify_proof
from rahdari.wire.xroad import BodyDigest, ClientId, SubsystemId, request_hash

NO_BODIES: Final = Bodies()
_EMPTY_CONTENT: Final = content_digest(b"")


def verify_evidence(raw: bytes, anchors: Anchors, *, bodies: Bodies = NO_BODIES) -> Proven:
    """Give what an evidence file proves to whoever trusts ``anchors``.

    Raises:
        EvidenceRefused: something in it does not hold; ``step`` and ``clause`` say what.
    """
    # (1) The file's own form.
    with _step(StepName.FORMAT):
        file = evidence_file.decode(raw)
    # (2) Who was who: signed by registries that the verifier knows.
    with _step(StepName.CONFIGURATION):
        texts = (*file.configurations, *anchors.configurations)
        parties = verify_configurations(texts, anchors.registry_keys)
    cases = [_Case(file, number, parties, anchors, bodies) for number in range(len(file.records))]
    for case in cases:
        case.verify()
    # (13) Two gateways that tell of one exchange tell the same.
    agreement = _agree([case.record for case in cases])
    stamps = [case.stamped_at for case in cases if case.stamped_at is not None]
    steps = tuple(step for case in cases for step in case.steps)
    return Proven(
        file.request_id,
        tuple(case.record for case in cases),
        (
            Step(StepName.FORMAT, StepState.PROVED, f"this is evidence of exchange {file.request_id}"),
            Step(
                StepName.CONFIGURATION,
                StepState.PROVED,
                f"{len(parties.configurations)} configuration(s) were signed by a registry that you trust"
                + (f", {len(anchors.configurations)} of them your own" if anchors.configurations else ""),
            ),
            *steps,
            *agreement,
        ),
        frozenset(role for case in cases for role in case.vouched),
        min(stamps, default=None),
    )


class _Case:
    """The evidence of one gateway, on its way through the steps."""

    def __init__(
        self, file: EvidenceFile, number: int, parties: Parties, anchors: Anchors, bodies: Bodies
    ) -> None:
        self._number = number
        self._kept: KeptEvidence = file.records[number]
        self._parties = parties
        self._anchors = anchors
        self._bodies = bodies
        self.steps: list[Step] = []
        self.stamped_at: datetime | None = None
        # By when all of it was there, in seconds since 1970; without a proof it may have been made today.
        self._until = math.inf
        with self._at(StepName.RECORD):
            self.record = _read_record(file, self._kept.logged)
        # Whose word there is: the gateway in whose log the record stands, and whoever signed something itself.
        self.vouched = {self.record.role}
        self._began = self.record.began // 1000
        side = self.record.role.value
        self._prove(StepName.RECORD, f"the record of the {side}'s gateway is whole and of this exchange")

    def verify(self) -> None:
        with self._at(StepName.CONFIGURATION):
            asking = self._gateways(self.record.client)
            answering = self._gateways(self.record.service.provider)
        logged, note = self._verify_log(asking if self.record.role is Role.CONSUMER else answering)
        self._verify_witnesses(logged)
        self._verify_time(note)
        self._verify_request(asking)
        self._verify_response(answering)
        self._verify_request_hash()
        self._verify_bodies()
        self._verify_consent()
        for receipt in self._kept.receipts:
            self._verify_receipt(receipt, asking, answering)

    def _verify_log(self, gateways: tuple[Gateway, ...]) -> tuple[Logged, Note]:
        # (3) RFC 9162, 2.1.3.2; tlog-proof: the record stands in the log of the gateway that kept it.
        with self._at(StepName.LOG):
            proof = read_proof(self._kept.logged.proof)
            logged = verify_proof(
                self._kept.logged.record, proof, log_policy(gateways, proof.note, self._anchors)
            )
        head = logged.vouched.checkpoint.head
        self._prove(
            StepName.LOG,
            f"the record stands in the log {logged.vouched.checkpoint.origin} at index {logged.index} of "
            f"{head.size}, by a checkpoint that the gateway signed",
        )
        return logged, proof.note

    def _verify_witnesses(self, logged: Logged) -> None:
        # (4) tlog-cosignature: others saw the same log. The quorum was demanded by the policy in (3).
        names = sorted(logged.vouched.witnessed_at)
        if names:
            self._prove(StepName.WITNESSES, f"{', '.join(names)} saw the same log and countersigned it")
        else:
            self._leave(
                StepName.WITNESSES,
                "no witness that you trust has countersigned this checkpoint: others may have seen another log",
            )

    def _verify_time(self, note: Note) -> None:
        # (5) RFC 3161: when it was in the log at the latest, by the word of somebody else.
        if self._kept.stamp is None or not self._anchors.stampers:
            why = (
                "has not been stamped" if self._kept.stamp is None else "is stamped by nobody whom you trust"
            )
            self._leave(StepName.TIME, f"the log {why}: the times are the gateways' own word")
            return
        with self._at(StepName.TIME):
            stamped = verify_stamped(self._kept.stamp, note, self._anchors)
            latest = stamped.at + (stamped.accuracy or timedelta(0))
            if (latest.timestamp() + SKEW_SECONDS) * 1000 < self.record.ended:
                raise MalformedInput(
                    "the log was stamped before the exchange had ended, as its record has it"
                )
            why = why_no_time(self.record, latest, self._parties)
        if why:
            self._leave(StepName.TIME, f"{why}: the times are the gateways' own word")
            return
        self.stamped_at, self._until = latest, latest.timestamp()
        self._prove(
            StepName.TIME, f"the record was in the log before {latest:%Y-%m-%d %H:%M:%S} UTC, by a time stamp"
        )

    def _is_worthless(self, keyid: str, client: ClientId, name: StepName) -> bool:
        """Leave a step out whose key was withdrawn, where nothing shows that it had signed before."""
        if not self._parties.is_withdrawn(client, keyid, by=self._until):
            return False
        self._leave(
            name,
            f"the key {keyid} was withdrawn or taken out, and no time stamp shows that it had signed before: "
            "a thief may have",
        )
        return True

    def _verify_request(self, asking: tuple[Gateway, ...]) -> None:
        # (6) RFC 9421, 3.2: the client's gateway asked this, for this purpose.
        particulars = self._kept.particulars
        if particulars is None:
            self._leave(
                StepName.REQUEST,
                "what was signed is not in the file (never kept, or erased): who signed it is the gateway's word",
            )
            return
        with self._at(StepName.REQUEST):
            signed = messages.read_request(self.record, particulars.request_base)
            _verify_mark(self.record.request, particulars.request_base, signed, asking)
        record = self.record
        if self._is_worthless(signed.keyid, record.client, StepName.REQUEST):
            return
        self.vouched.add(Role.CONSUMER)
        self._prove(
            StepName.REQUEST,
            f"a gateway of {record.client} signed a request to {record.service} for {record.purpose}",
        )

    def _verify_response(self, answering: tuple[Gateway, ...]) -> None:
        # (7) RFC 9421, 2.4 and 3.2: the provider's gateway answered this very request.
        particulars = self._kept.particulars
        if self.record.response is None:
            self._leave(StepName.RESPONSE, "no answer was signed")
            return
        if particulars is None or particulars.response_base is None:
            self._leave(StepName.RESPONSE, "what the provider's gateway signed is not in the file")
            return
        with self._at(StepName.RESPONSE):
            signed = messages.read_response(self.record, particulars.response_base)
            _verify_mark(self.record.response, particulars.response_base, signed, answering)
        provider = self.record.service.provider
        if self._is_worthless(signed.keyid, provider, StepName.RESPONSE):
            return
        self.vouched.add(Role.PROVIDER)
        self._prove(
            StepName.RESPONSE,
            f"a gateway of {provider} signed the answer, status {self.record.status}, to this very request",
        )

    def _verify_request_hash(self) -> None:
        # (8) PR-REST, 4.3: the header part is the one that was hashed; with a body its digest takes part.
        part = b"" if self._kept.particulars is None else self._kept.particulars.header_part
        if not part:
            self._leave(StepName.REQUEST_HASH, "the header lines of the request are not in the file")
            return
        with self._at(StepName.REQUEST_HASH):
            is_shown = self._is_header_shown(part)
        if is_shown:
            self._prove(StepName.REQUEST_HASH, "the header lines of the request are those that were hashed")
        else:
            self._leave(
                StepName.REQUEST_HASH,
                "whether the header lines are those that were hashed needs the request's body to tell",
            )

    def _verify_bodies(self) -> None:
        # (9) RFC 9530, 2: bodies are in no log; who has one shows that it is the one that was signed.
        for body, digest, what in (
            (self._bodies.request, self.record.request_digest, "request"),
            (self._bodies.response, self.record.response_digest, "response"),
        ):
            if body is None:
                continue
            with self._at(StepName.BODIES):
                check = DigestCheck(digest or "")
                check.update(body)
                check.require_match()
            self._prove(StepName.BODIES, f"the body of the {what} is the one whose digest was signed")

    def _verify_consent(self) -> None:
        # (10) The consent that the request carried, and that its issuer signed it.
        record, particulars = self.record, self._kept.particulars
        if record.consent_digest is None:
            with self._at(StepName.CONSENT):
                if particulars is not None and particulars.consent is not None:
                    raise MalformedInput("a consent is in the file, and the record names none")
            return
        if particulars is None or particulars.consent is None:
            self._leave(StepName.CONSENT, "a consent was shown; its text is not in the file")
            return
        with self._at(StepName.CONSENT):
            if sha256(particulars.consent.encode()).digest() != record.consent_digest:
                raise MalformedInput("the consent in the file is not the one that the record names")
            if record.consent_id is None:
                self._leave(
                    StepName.CONSENT, "a consent was shown; the record does not say that it was relied on"
                )
                return
            self._require_consent(particulars.consent, record)
        self._prove(
            StepName.CONSENT,
            f"consent {record.consent_id} was given for this client, service and purpose; that it had not been "
            "revoked is the provider's gateway's word",
        )

    def _verify_receipt(
        self, logged: LoggedBytes, asking: tuple[Gateway, ...], answering: tuple[Gateway, ...]
    ) -> None:
        # (11)-(12) The consumer's gateway signed that it had the answer, and the provider's logged that.
        with self._at(StepName.RECEIPT):
            entry = read_entry(logged.record)
            if not isinstance(entry, ReceiptRecord) or entry.request_id != self.record.request_id:
                raise MalformedInput("this is no receipt for this exchange")
            if self.record.response is None:
                raise MalformedInput("a receipt for an answer that nobody signed")
            signed, base = messages.receipt_base(entry, self.record.response)
            _, key = find_key(asking, signed.keyid, signed.created)
            messages.verify_mark(entry.receipt, base, key)
            proof = read_proof(logged.proof)
            verify_proof(logged.record, proof, log_policy(answering, proof.note, self._anchors))
        if self._is_worthless(signed.keyid, self.record.client, StepName.RECEIPT):
            return
        self.vouched.add(Role.CONSUMER)
        self._prove(StepName.RECEIPT, f"a gateway of {self.record.client} confirmed that it had the answer")

    def _gateways(self, client: ClientId) -> tuple[Gateway, ...]:
        return self._parties.gateways(client, self._began, version=self.record.configuration_version)

    def _is_header_shown(self, part: bytes) -> bool:
        """Tell whether the header part was shown to be the one hashed; False where that takes the body.

        A call that was refused before its body was read is hashed by its head alone.
        """
        record, body = self.record, self._bodies.request
        if request_hash(part, None) == record.request_hash:
            return True
        if body is None and record.request_digest != _EMPTY_CONTENT:
            return False
        digest = BodyDigest()
        digest.update(body or b"")
        if request_hash(part, digest.digest()) != record.request_hash:
            raise MalformedInput("the header lines in the file are not those that were hashed")
        return True

    def _require_consent(self, text: str, record: ExchangeRecord) -> None:
        signed = consent_token.decode(text)
        consent = signed.verify_with(self._parties.consent_keys(signed.unverified.issuer, self._began))
        if consent.id != record.consent_id:
            raise MalformedInput("the consent has another id than the record names")
        if consent.issuer.instance not in {record.service.instance, record.client.instance}:
            raise MalformedInput("the consent's issuer is of neither party's instance")
        if record.service not in consent.services or record.purpose not in consent.purposes:
            raise MalformedInput("the consent does not cover this service and purpose")
        if not _is_consumer(consent, record.client):
            raise MalformedInput("the consent was given to another client")
        if not consent.not_before - SKEW_SECONDS <= self._began < consent.expires + SKEW_SECONDS:
            raise MalformedInput("the consent was not in force when this was exchanged")

    def _prove(self, name: StepName, says: str) -> None:
        self.steps.append(Step(name, StepState.PROVED, says, self._number))

    def _leave(self, name: StepName, says: str) -> None:
        self.steps.append(Step(name, StepState.ABSENT, says, self._number))

    def _at(self, name: StepName) -> AbstractContextManager[None]:
        return _step(name, self._number)


def _verify_mark(
    mark: SignatureMark, base: str, signed: messages.Signed, gateways: tuple[Gateway, ...]
) -> None:
    _, key = find_key(gateways, signed.keyid, signed.created)
    messages.verify_mark(mark, base.encode("ascii"), key)


def _read_record(file: EvidenceFile, logged: LoggedBytes) -> ExchangeRecord:
    entry = read_entry(logged.record)
    if not isinstance(entry, ExchangeRecord) or entry.request_id != file.request_id:
        raise MalformedInput("the file holds a record of something else than this exchange")
    return entry


def _is_consumer(consent: Consent, client: ClientId) -> bool:
    if consent.consumer == client:
        return True
    return consent.covers_subsystems and isinstance(client, SubsystemId) and client.member == consent.consumer


def _agree(records: list[ExchangeRecord]) -> tuple[Step, ...]:
    first = records[0]
    for number, other in enumerate(records[1:], 1):
        with _step(StepName.AGREEMENT, number):
            require_agreement(first, other)
    if len({record.role for record in records}) > 1:
        says = "the gateways of both parties tell the same of this exchange"
        return (Step(StepName.AGREEMENT, StepState.PROVED, says),)
    says = f"the other party's record is not in the file: this is what the {first.role}'s gateway kept"
    return (Step(StepName.AGREEMENT, StepState.ABSENT, says),)


@contextmanager
def _step(name: StepName, record: int | None = None) -> Iterator[None]:
    """Turn whatever is refused within into a refusal of this step."""
    try:
        yield
    except EvidenceRefused as refusal:
        if refusal.step:
            raise
        raise _refused(name, refusal, record) from refusal
    except Problem as refusal:
        raise _refused(name, refusal, record) from refusal


def _refused(name: StepName, refusal: Problem, record: int | None) -> EvidenceRefused:
    clause = CLAUSES[name]
    return EvidenceRefused(
        f"refused at step {name} ({clause}): {refusal.message}", step=name, clause=clause, record=record
    )
