"""Why the exchange refuses."""

from enum import StrEnum
from typing import ClassVar

from rahdari.kernel import CounterpartFailed, Refused
from rahdari.wire.xroad import ErrorType


class ExchangeRefused(Refused):
    """What was asked for is not exchanged."""

    code: ClassVar[str] = "exchange.refused"


class ConfigurationRefused(ExchangeRefused):
    """A configuration that is not signed by the pinned key, is older than the one in use, or has expired."""

    code: ClassVar[str] = "exchange.configuration_refused"


class JoinRefused(ExchangeRefused):
    """A request to join that does not hold together, or that nobody may approve."""

    code: ClassVar[str] = "exchange.join_refused"


class ConsentFault(StrEnum):
    """What is wrong with a consent, for machines; which of them it was is no secret from who brought it."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    ISSUER = "issuer"
    SIGNATURE = "signature"
    TIME = "time"
    CONSUMER = "consumer"
    SERVICE = "service"
    PURPOSE = "purpose"
    DATA_CLASSES = "data-classes"
    SUBJECT = "subject"
    PAUSED = "paused"
    REVOKED = "revoked"
    STATUS_UNKNOWN = "status-unknown"


class ConsentRefused(ExchangeRefused):
    """A consent that does not cover the call, or is not in force; ``fault`` says in what."""

    code: ClassVar[str] = "exchange.consent_refused"

    def __init__(self, fault: ConsentFault, message: str) -> None:
        """Keep what is wrong, for machines, and the sentence for people."""
        super().__init__(message)
        self.fault = fault


class UnknownConsent(ExchangeRefused):
    """The book holds no such consent, or not one of this person's."""

    code: ClassVar[str] = "exchange.unknown_consent"


class SubjectUnreadable(ExchangeRefused):
    """The operation says where its subject stands, and none can be read there."""

    code: ClassVar[str] = "exchange.subject_unreadable"


class SubjectKeyDamaged(CounterpartFailed):
    """A month's key cannot be opened or made: then nobody can be named, or found, in that month's log."""

    code: ClassVar[str] = "exchange.subject_key_damaged"


class WithholdingRefused(ExchangeRefused):
    """An order to withhold that may not be: of no known kind, for too long, or about nothing."""

    code: ClassVar[str] = "exchange.withholding_refused"


class AdmissionRefused(ExchangeRefused):
    """A code that lets nobody in to her log: not right, used, run out; or one that may not be made."""

    code: ClassVar[str] = "exchange.admission_refused"


class StatusListRefused(ExchangeRefused):
    """A status list of consents that its issuer did not sign, or that is older than one seen before."""

    code: ClassVar[str] = "exchange.status_list_refused"


class UnknownRecipient(ExchangeRefused):
    """The configuration has no key of this kind to seal to."""

    code: ClassVar[str] = "exchange.unknown_recipient"


class UnknownExchange(ExchangeRefused):
    """The log holds no exchange of this id."""

    code: ClassVar[str] = "exchange.unknown_exchange"


class EvidenceRefused(ExchangeRefused):
    """An evidence file that does not prove what it says; ``step`` is where it fails, ``clause`` what demands it."""

    code: ClassVar[str] = "exchange.evidence_refused"

    def __init__(self, message: str, *, step: str = "", clause: str = "", record: int | None = None) -> None:
        """Keep the step, the clause and the record (counted from 0) for machines, the sentence for people."""
        super().__init__(message)
        self.step = step
        self.clause = clause
        self.record = record


class LogDamaged(ExchangeRefused):
    """The log on disk is not the one whose checkpoint was signed: shortened, altered, or another one's."""

    code: ClassVar[str] = "exchange.log_damaged"


class LogFull(CounterpartFailed):
    """The log cannot be written to; nothing is exchanged that could not be recorded."""

    code: ClassVar[str] = "exchange.log_unwritable"


class OfferRefused(ExchangeRefused):
    """A description of services or clients that cannot be."""

    code: ClassVar[str] = "exchange.offer_refused"


class CallRefused(ExchangeRefused):
    """A call that fails in the exchange itself: what X-Road calls an error of a client, a gateway or a signer.

    ``status`` is another HTTP status than X-Road's where HTTP has the better word for it (413, 429, 503), with
    ``retry_after`` seconds.
    """

    code: ClassVar[str] = "exchange.call_refused"

    def __init__(
        self, error: ErrorType, message: str, *, status: int | None = None, retry_after: int | None = None
    ) -> None:
        """Keep the error type beside the sentence."""
        super().__init__(message)
        self.error = error
        self.status = error.status if status is None else status
        self.retry_after = retry_after


class KeysLocked(CounterpartFailed):
    """Keys of a gateway or registry are missing, damaged, or not opened by the passphrase."""

    code: ClassVar[str] = "exchange.keys_locked"


class FolderBusy(CounterpartFailed):
    """Another process works on the same folder of a gateway or registry."""

    code: ClassVar[str] = "exchange.folder_busy"


class ActRefused(ExchangeRefused):
    """An act of the registry that cannot be as its register stands, or that this officer may not do."""

    code: ClassVar[str] = "exchange.act_refused"


class UnknownAct(ExchangeRefused):
    """The registry has no such member, key, entry, request or proposal."""

    code: ClassVar[str] = "exchange.unknown_act"
