"""Uses, flags and clues in memory. The contract suite holds it to the promises of the real store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from rahdari.oversight import Enrolled, Flag, FlagDecided, FlagId, FlagKind, FlagState, Use, UseId
from rahdari.oversight.values import INSTITUTIONS_LOOKED_AT_MAX


class OversightInMemory:
    """Keeps everything in dictionaries."""

    def __init__(self) -> None:
        self._uses: dict[UseId, Use] = {}
        self._flags: dict[FlagId, Flag] = {}
        self._clues: dict[int, list[str]] = {}
        self._ages: dict[tuple[str, str, int], datetime] = {}

    def add_use(self, use: Use) -> None:
        self._uses[use.id] = use

    def find_use(self, use_id: UseId) -> Use | None:
        return self._uses.get(use_id)

    def list_uses(self, card: str, *, limit: int, before: Use | None = None) -> tuple[Use, ...]:
        mine = sorted(self._of(card), key=lambda one: (one.at, one.id), reverse=True)
        older = [one for one in mine if before is None or (one.at, one.id) < (before.at, before.id)]
        return tuple(older[:limit])

    def find_uses_around(self, card: str, at: datetime, *, within: timedelta, limit: int) -> tuple[Use, ...]:
        mine = sorted(self._of(card), key=lambda one: (one.at, one.id))
        before = [one for one in mine if at - within <= one.at <= at]
        after = [one for one in mine if at < one.at <= at + within]
        return (*before[-limit:], *after[:limit])

    def find_located_around(
        self, card: str, at: datetime, *, within: timedelta, limit: int
    ) -> tuple[Use, ...]:
        mine = sorted((one for one in self._of(card) if one.place and one.place.is_located), key=_by_time)
        found: list[Use] = []
        for institution in sorted({one.institution for one in mine})[:INSTITUTIONS_LOOKED_AT_MAX]:
            theirs = [one for one in mine if one.institution == institution]
            found += [one for one in theirs if at - within <= one.at <= at][-limit:]
            found += [one for one in theirs if at < one.at <= at + within][:limit]
        return tuple(sorted(found, key=_by_time))

    def _of(self, card: str) -> list[Use]:
        return [one for one in self._uses.values() if one.card == card]

    def forget_uses(self, before: datetime) -> int:
        old = [one.id for one in self._uses.values() if one.at < before]
        for one in old:
            del self._uses[one]
        return len(old)

    def find_ages(self, card: str, institution: str) -> Mapping[int, datetime]:
        return {age: at for (of, by, age), at in self._ages.items() if (of, by) == (card, institution)}

    def set_age(self, card: str, institution: str, age: int, *, at: datetime) -> None:
        self._ages[card, institution, age] = at

    def forget_ages(self, before: datetime) -> int:
        old = [one for one, at in self._ages.items() if at < before]
        for one in old:
            del self._ages[one]
        return len(old)

    def add_flag(self, flag: Flag) -> None:
        assert self.find_open_flag(flag.kind, flag.subject) is None
        self._flags[flag.id] = flag

    def find_flag(self, flag_id: FlagId) -> Flag | None:
        return self._flags.get(flag_id)

    def find_open_flag(self, kind: FlagKind, subject: str) -> Flag | None:
        wanted = (kind, subject, FlagState.OPEN)
        return next(
            (one for one in self._flags.values() if (one.kind, one.subject, one.state) == wanted), None
        )

    def set_evidence(self, flag: Flag) -> None:
        known = self._open(flag.id)
        self._flags[flag.id] = replace(known, evidence=flag.evidence, evidence_count=flag.evidence_count)

    def set_decision(self, flag: Flag) -> None:
        self._flags[flag.id] = replace(self._open(flag.id), state=flag.state, decision=flag.decision)

    def _open(self, flag_id: FlagId) -> Flag:
        known = self._flags[flag_id]
        if known.state is not FlagState.OPEN:
            raise FlagDecided("decided meanwhile")
        return known

    def set_logged(self, flag_id: FlagId) -> None:
        self._flags[flag_id] = replace(self._flags[flag_id], is_logged=True)

    def list_flags(
        self, *, state: FlagState | None, limit: int, before: Flag | None = None
    ) -> tuple[Flag, ...]:
        wanted = [one for one in self._flags.values() if state in (None, one.state)]
        wanted.sort(key=lambda one: (one.opened_at, one.id), reverse=True)
        if before is not None:
            wanted = [one for one in wanted if (one.opened_at, one.id) < (before.opened_at, before.id)]
        return tuple(wanted[:limit])

    def find_unlogged(self) -> Flag | None:
        waiting = [one for one in self._flags.values() if not one.is_logged]
        return min(waiting, key=lambda one: (one.opened_at, one.id), default=None)

    def add_clues(self, clues: Sequence[tuple[int, str]]) -> None:
        for clue, holder in clues:
            self._clues.setdefault(clue, []).append(holder)

    def find_bearers(self, clues: Sequence[int], *, limit: int) -> Mapping[int, tuple[str, ...]]:
        return {clue: tuple(self._clues[clue][:limit]) for clue in clues if clue in self._clues}

    def clear_clues(self) -> None:
        self._clues.clear()


def _by_time(use: Use) -> tuple[datetime, str]:
    return use.at, use.id


class RegisterInMemory:
    """Holders that were enrolled."""

    def __init__(self) -> None:
        self.holders: dict[str, Enrolled] = {}

    def find_enrolled(self, holders: Sequence[str]) -> Mapping[str, Enrolled]:
        return {one: self.holders[one] for one in holders if one in self.holders}
