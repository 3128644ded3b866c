"""What this room needs of the world."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from rahdari.oversight.values import Enrolled, Flag, FlagId, FlagKind, FlagState, Use, UseId


class Store(Protocol):
    """Keeps uses, flags and the index of likely duplicates, within the transaction its maker opened.

    What was written is seen by every later call of the same store at once, and by others when the
    transaction ends well; it is durable then.
    """

    def add_use(self, use: Use) -> None:
        """Keep a new use."""
        ...

    def find_use(self, use_id: UseId) -> Use | None:
        """Find one by its id."""
        ...

    def list_uses(self, card: str, *, limit: int, before: Use | None = None) -> tuple[Use, ...]:
        """List a card's uses, the newest first, from the one after ``before``."""
        ...

    def find_uses_around(self, card: str, at: datetime, *, within: timedelta, limit: int) -> tuple[Use, ...]:
        """Find the card's uses at most ``within`` before or after ``at``, in the order of time.

        Of each side, the ``limit`` nearest ones.
        """
        ...

    def find_located_around(
        self, card: str, at: datetime, *, within: timedelta, limit: int
    ) -> tuple[Use, ...]:
        """Find the card's uses with coordinates at most ``within`` before or after ``at``, in the order of time.

        Of each institution and each side, the ``limit`` nearest ones; of at most ``INSTITUTIONS_LOOKED_AT_MAX``
        institutions. However many uses one institution records, those of the others are found.
        """
        ...

    def forget_uses(self, before: datetime) -> int:
        """Forget every use that is older; tell how many."""
        ...

    def find_ages(self, card: str, institution: str) -> Mapping[int, datetime]:
        """Find for which ages an institution has asked of a card, each with the instant that was noted last."""
        ...

    def set_age(self, card: str, institution: str, age: int, *, at: datetime) -> None:
        """Note that an institution has asked a card for an age; a former instant is written over."""
        ...

    def forget_ages(self, before: datetime) -> int:
        """Forget every age that was last noted before; tell how many."""
        ...

    def add_flag(self, flag: Flag) -> None:
        """Keep a new flag; its subject has no other open one of the kind."""
        ...

    def find_flag(self, flag_id: FlagId) -> Flag | None:
        """Find one by its id."""
        ...

    def find_open_flag(self, kind: FlagKind, subject: str) -> Flag | None:
        """Find the open flag of a kind on a subject; inside a writing transaction it is held to its end."""
        ...

    def set_evidence(self, flag: Flag) -> None:
        """Write an open flag's evidence and count. Raises ``FlagDecided`` if it is open no more."""
        ...

    def set_decision(self, flag: Flag) -> None:
        """Write a flag's state and decision, not its evidence. Raises ``FlagDecided`` if it was open no more."""
        ...

    def set_logged(self, flag_id: FlagId) -> None:
        """Note that the audit log speaks of the opening of this flag."""
        ...

    def list_flags(
        self, *, state: FlagState | None, limit: int, before: Flag | None = None
    ) -> tuple[Flag, ...]:
        """List flags, the newest first, from the one after ``before``."""
        ...

    def find_unlogged(self) -> Flag | None:
        """Find the oldest flag whose opening the audit log does not tell yet."""
        ...

    def add_clues(self, clues: Sequence[tuple[int, str]]) -> None:
        """Index holders: pairs of a clue and a holder's id, none of which is there yet."""
        ...

    def find_bearers(self, clues: Sequence[int], *, limit: int) -> Mapping[int, tuple[str, ...]]:
        """Find the holders that bear each clue, at most ``limit`` of one, in any order."""
        ...

    def clear_clues(self) -> None:
        """Empty the index, to be built anew."""
        ...


class Register(Protocol):
    """Where holders are read for the comparison. Nothing of what it gives is kept in this room."""

    def find_enrolled(self, holders: Sequence[str]) -> Mapping[str, Enrolled]:
        """Find many holders by id; one that is no longer there is left out."""
        ...
