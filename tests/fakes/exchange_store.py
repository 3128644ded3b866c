"""The consent book and the index of the citizen's log in memory, held to the promises of the real stores."""

from collections.abc import Sequence
from dataclasses import replace

from rahdari.database import Conflict
from rahdari.exchange.values.consents import ConsentState, KeptConsent
from rahdari.exchange.values.lookups import KeptWithholding, Lookup
from rahdari.wire.ndel.records import SubjectIndex, WithholdingAct


class ConsentsInMemory:
    """Keeps consents in a dictionary."""

    def __init__(self) -> None:
        self._kept: dict[str, KeptConsent] = {}

    def add_consent(self, kept: KeptConsent) -> None:
        places = {(one.list_number, one.place.index) for one in self._kept.values()}
        if kept.id in self._kept or (kept.list_number, kept.place.index) in places:
            raise Conflict("this place or id is taken", "uq_exchange_consent_place")
        self._kept[kept.id] = kept

    def find_consent(self, consent_id: str) -> KeptConsent | None:
        return self._kept.get(consent_id)

    def list_consents(self, mark: bytes, *, limit: int) -> tuple[KeptConsent, ...]:
        mine = [one for one in self._kept.values() if one.mark == mark]
        return tuple(sorted(mine, key=lambda one: (one.issued_at, one.id), reverse=True)[:limit])

    def set_state(self, consent_id: str, state: ConsentState, *, at: int) -> None:
        assert consent_id in self._kept
        self._kept[consent_id] = replace(self._kept[consent_id], state=state, changed_at=at)

    def list_places(self, list_number: int) -> tuple[tuple[int, ConsentState], ...]:
        listed = [one for one in self._kept.values() if one.list_number == list_number]
        return tuple(sorted((one.place.index, one.state) for one in listed))

    def find_list(self) -> tuple[int, int]:
        newest = max((one.list_number for one in self._kept.values()), default=0)
        return newest, sum(one.list_number == newest for one in self._kept.values())


class LookupsInMemory:
    """Keeps the index in dictionaries."""

    def __init__(self) -> None:
        self._lookups: dict[int, Lookup] = {}
        self._withholdings: dict[int, KeptWithholding] = {}
        self._next = 0

    def find_next_leaf(self) -> int:
        return self._next

    def add(
        self, lookups: Sequence[Lookup], withholdings: Sequence[KeptWithholding], *, next_leaf: int
    ) -> None:
        self._lookups |= {one.leaf: one for one in lookups if one.leaf >= self._next}
        self._withholdings |= {one.leaf: one for one in withholdings if one.leaf >= self._next}
        self._next = max(self._next, next_leaf)

    def list_lookups(
        self, subjects: Sequence[SubjectIndex], *, since: int, until: int, limit: int
    ) -> tuple[Lookup, ...]:
        mine = [
            one for one in self._lookups.values() if one.subject in subjects and since <= one.ended < until
        ]
        return tuple(sorted(mine, key=lambda one: (one.ended, one.leaf), reverse=True)[:limit])

    def list_withholdings(self, *, at: int) -> tuple[KeptWithholding, ...]:
        return tuple(one for _, one in sorted(self._withholdings.items()) if one.until > at)

    def list_withholdings_about(self, subjects: Sequence[SubjectIndex]) -> tuple[KeptWithholding, ...]:
        about = {one.id for one in self._withholdings.values() if one.subject in subjects}
        return tuple(
            one
            for _, one in sorted(self._withholdings.items())
            if one.subject in subjects or (one.act is WithholdingAct.LIFT and one.id in about)
        )

    def count_orders(self) -> tuple[tuple[str, int], ...]:
        ordered = [one for one in self._withholdings.values() if one.act is WithholdingAct.WITHHOLD]
        kinds = sorted({one.kind for one in ordered})
        return tuple((kind, len({one.id for one in ordered if one.kind == kind})) for kind in kinds)

    def clear(self) -> None:
        self._lookups.clear()
        self._withholdings.clear()
        self._next = 0
