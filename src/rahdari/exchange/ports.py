"""What the exchange needs of the world."""

from collections.abc import Awaitable, Sequence
from typing import Protocol

from rahdari.exchange.values.consents import ConsentState, KeptConsent
from rahdari.exchange.values.lookups import KeptWithholding, Lookup
from rahdari.wire.ndel.records import SubjectIndex


class EvidenceLog(Protocol):
    """A tamper-evident log (RFC 6962) of this gateway's records."""

    def append(self, record: bytes, particulars: bytes) -> Awaitable[int]:
        """Take a record in at once; the awaitable gives its index when both are durable.

        Records become durable in the order in which they were taken in, in batches of some 10 ms.
        ``particulars`` are kept encrypted beside the log, not in it; empty ones are not kept.

        Raises (when awaited):
            LogFull: they could not be written. Nothing of this batch is in the log then.
        """
        ...


class ConsentStore(Protocol):
    """The book of a consent issuer. What one transaction kept, every later one finds."""

    def add_consent(self, kept: KeptConsent) -> None:
        """Keep a new consent; its id and its place in its list are nobody else's.

        Raises:
            Conflict: they are. The transaction is then of no further use.
        """
        ...

    def find_consent(self, consent_id: str) -> KeptConsent | None:
        """Find one by its id."""
        ...

    def list_consents(self, mark: bytes, *, limit: int) -> tuple[KeptConsent, ...]:
        """List a person's consents, the newest first."""
        ...

    def set_state(self, consent_id: str, state: ConsentState, *, at: int) -> None:
        """Change how a consent stands; it must exist."""
        ...

    def list_places(self, list_number: int) -> tuple[tuple[int, ConsentState], ...]:
        """List the places of a status list that are taken, with how each consent stands, in order of places."""
        ...

    def find_list(self) -> tuple[int, int]:
        """Give the number of the newest status list, and how many of its places are taken; 0 and 0 at first."""
        ...


class LookupStore(Protocol):
    """The index of the citizen's log: made from the evidence log alone, and made again from it at any time."""

    def find_next_leaf(self) -> int:
        """Give the index of the first record of the log that is not yet indexed."""
        ...

    def add(
        self, lookups: Sequence[Lookup], withholdings: Sequence[KeptWithholding], *, next_leaf: int
    ) -> None:
        """Index records of the log up to ``next_leaf``; those that are there already change nothing."""
        ...

    def list_lookups(
        self, subjects: Sequence[SubjectIndex], *, since: int, until: int, limit: int
    ) -> tuple[Lookup, ...]:
        """List the exchanges about ``subjects`` that ended in [since, until) (milliseconds), newest first."""
        ...

    def list_withholdings(self, *, at: int) -> tuple[KeptWithholding, ...]:
        """List the records of orders whose time has not passed ``at`` (seconds), liftings too, in their order."""
        ...

    def list_withholdings_about(self, subjects: Sequence[SubjectIndex]) -> tuple[KeptWithholding, ...]:
        """List the records of all orders about ``subjects``, ended ones and liftings too, in their order."""
        ...

    def count_orders(self) -> tuple[tuple[str, int], ...]:
        """Count the orders there ever were, by kind."""
        ...

    def clear(self) -> None:
        """Forget the index, so that it is made again."""
        ...
