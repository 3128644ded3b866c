"""Commands and questions of the room. The caller opens the transaction that ``store`` works in."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rahdari.kernel import Actor, Chance, Clock, time_ordered_id
from rahdari.oversight.errors import UnknownFlag, UnknownUse
from rahdari.oversight.policy import WATCH, WatchPolicy
from rahdari.oversight.ports import Register, Store
from rahdari.oversight.rules import flags
from rahdari.oversight.rules.ages import AGES_WITHIN, find_news
from rahdari.oversight.rules.duplicates import Suspicion, clues_of, suspect
from rahdari.oversight.rules.unusual import (
    LOCATED_LOOKED_AT_MAX,
    USES_LOOKED_AT_MAX,
    find_unusual,
    look_back,
)
from rahdari.oversight.values import (
    EVIDENCE_MAX,
    Enrolled,
    Evidence,
    Flag,
    FlagId,
    FlagKind,
    FlagState,
    Ground,
    Use,
    UseId,
)

LISTED_MAX = 500
# A clue that more holders bear tells too little; of them, any twenty are compared.
BEARERS_MAX = 20


def record_use(store: Store, use: Use, *, chance: Chance, policy: WatchPolicy = WATCH) -> tuple[Flag, ...]:
    """Keep a use, and flag what is unusual about it among the card's others; give the flags this opened.

    Two that record at once for one card must take turns: the caller holds a lock of the card's.
    """
    store.add_use(use)
    if use.card is None:
        return ()
    within = look_back(policy)
    around = store.find_uses_around(use.card, use.at, within=within, limit=USES_LOOKED_AT_MAX)
    others = [one for one in around if one.id != use.id]
    located: tuple[Use, ...] = ()
    if use.place is not None and use.place.is_located:
        # Apart from the rate's window, which one institution could fill with questions that tell no place.
        located = store.find_located_around(use.card, use.at, within=within, limit=LOCATED_LOOKED_AT_MAX)
    elsewhere = [one for one in located if one.id != use.id]
    raised = [
        _raise(store, kind, use.card, seen, FlagId(time_ordered_id(use.at, chance)))
        for kind, seen in find_unusual(use, others, policy, located=elsewhere)
    ]
    return tuple(flag for flag in raised if flag is not None)


def note_ages(store: Store, use: Use, ages: frozenset[int]) -> None:
    """Note for which ages a use asks of its card; the caller holds the card's lock, as for ``record_use``.

    Raises:
        TooManyAges: the institution would learn the age itself; nothing was noted, and the answer must not leave.
    """
    if use.card is None or not ages:
        return
    known = store.find_ages(use.card, use.institution)
    for age in sorted(find_news(ages, known, use.at)):
        store.set_age(use.card, use.institution, age, at=use.at)


def forget_ages(store: Store, at: datetime) -> int:
    """Forget every age that counts no more at ``at``; tells how many."""
    return store.forget_ages(at - AGES_WITHIN)


def _raise(
    store: Store, kind: FlagKind, subject: str, seen: tuple[Evidence, ...], flag_id: FlagId
) -> Flag | None:
    """Open a flag, or add to the one that is open; give it if it is new."""
    known = store.find_open_flag(kind, subject)
    if known is not None:
        store.set_evidence(flags.add_evidence(known, seen))
        return None
    opened = flags.open_flag(flag_id, kind, subject, seen)
    store.add_flag(opened)
    return opened


def list_uses(store: Store, card: str, *, limit: int = 20, before: UseId | None = None) -> tuple[Use, ...]:
    """List a card's uses, the newest first; ``before`` is the last one of the page that was read.

    Raises:
        UnknownUse: ``before`` is no use of this card.
    """
    last = None if before is None else store.find_use(before)
    if before is not None and (last is None or last.card != card):
        raise UnknownUse("this card has no such use; begin again from the newest")
    return store.list_uses(card, limit=_bounded(limit), before=last)


def list_flags(
    store: Store, *, by: Actor, state: FlagState | None = None, limit: int = 50, before: FlagId | None = None
) -> tuple[Flag, ...]:
    """List flags, the newest first. Raises ``NotAllowed``, ``UnknownFlag``."""
    flags.require_fraud_officer(by)
    last = None if before is None else _get_flag(store, before)
    return store.list_flags(state=state, limit=_bounded(limit), before=last)


def get_flag(store: Store, flag_id: FlagId, *, by: Actor) -> Flag:
    """Get a flag with its evidence. Raises ``NotAllowed``, ``UnknownFlag``."""
    flags.require_fraud_officer(by)
    return _get_flag(store, flag_id)


def _get_flag(store: Store, flag_id: FlagId) -> Flag:
    found = store.find_flag(flag_id)
    if found is None:
        raise UnknownFlag(f"there is no flag {flag_id}; list them: rahdari flag list")
    return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a fraud officer says of a flag."""

    outcome: FlagState
    ground: Ground
    note: str = ""


def decide(store: Store, flag_id: FlagId, verdict: Verdict, *, by: Actor, clock: Clock) -> Flag:
    """Decide an open flag, once and for all.

    Raises:
        NotAllowed, UnknownFlag, FlagDecided, BadDecision: see there; nothing was changed.
    """
    flag = get_flag(store, flag_id, by=by)
    decided = flags.decide(flag, verdict.outcome, verdict.ground, note=verdict.note, by=by, at=clock.now())
    store.set_decision(decided)
    return decided


def take_unlogged(store: Store) -> Flag | None:
    """Give a flag whose opening the audit log does not tell yet, and note that it does now; None if there is none.

    The caller writes it to the log in the same transaction: one flag in each, so that whoever records a use
    meanwhile waits for no more than one row.
    """
    waiting = store.find_unlogged()
    if waiting is not None:
        store.set_logged(waiting.id)
    return waiting


def forget_uses(store: Store, before: datetime) -> int:
    """Forget every use that is older; flags keep their evidence."""
    return store.forget_uses(before)


def watch_enrolment(
    store: Store,
    register: Register,
    enrolled: Sequence[Enrolled],
    *,
    key: bytes,
    clock: Clock,
    chance: Chance,
) -> tuple[Flag, ...]:
    """Index holders that were just registered, and flag those who may be registered already. Refuses nobody.

    ``key`` keys the clues; it must be the same at every enrolment. Gives the flags this opened.
    """
    clues = {one.id: clues_of(one, key) for one in enrolled}
    pairs = _find_pairs(store, clues)
    store.add_clues([(clue, holder) for holder, mine in clues.items() for clue in mine])
    suspicions = _compare(register, enrolled, pairs)
    now, opened = clock.now(), list[Flag]()
    for holder, found in suspicions.items():
        seen = tuple(_evidence(other, why, now) for other, why in found[:EVIDENCE_MAX])
        flag = _raise(store, FlagKind.LIKELY_DUPLICATE, holder, seen, FlagId(time_ordered_id(now, chance)))
        opened += [flag] if flag is not None else []
    return tuple(opened)


def _find_pairs(store: Store, clues: Mapping[str, tuple[int, ...]]) -> list[tuple[str, str]]:
    """List (new holder, earlier holder) of those that share a clue; earlier ones may be of the same batch."""
    asked = sorted({clue for mine in clues.values() for clue in mine})
    bearers = {clue: list(holders) for clue, holders in store.find_bearers(asked, limit=BEARERS_MAX).items()}
    pairs: dict[tuple[str, str], None] = {}
    for holder, mine in clues.items():
        for clue in mine:
            known = bearers.setdefault(clue, [])
            if known:
                pairs.update({(holder, other): None for other in known[:BEARERS_MAX]})
            known.append(holder)
    return list(pairs)


def _compare(
    register: Register, enrolled: Iterable[Enrolled], pairs: Sequence[tuple[str, str]]
) -> dict[str, list[tuple[str, Suspicion]]]:
    """Compare each pair, and keep what is likely enough, the likeliest first."""
    known = {one.id: one for one in enrolled}
    absent = sorted({other for _, other in pairs if other not in known})
    everyone = {**register.find_enrolled(absent), **known}
    found: dict[str, list[tuple[str, Suspicion]]] = {}
    for holder, other in pairs:
        why = suspect(everyone[holder], everyone[other]) if other in everyone else None
        if why is not None and why.score >= WATCH.likeness_min:
            found.setdefault(holder, []).append((other, why))
    for one in found.values():
        one.sort(key=lambda pair: (-pair[1].score, pair[0]))
    return found


def _evidence(other: str, why: Suspicion, at: datetime) -> Evidence:
    return Evidence(at, {"other_holder": other, "likely": why.likely.value, "score": round(why.score, 3)})


def build_index(store: Store, enrolled: Iterable[Sequence[Enrolled]], *, key: bytes) -> int:
    """Build the index anew from batches of every holder; tells how many. Compares nobody."""
    store.clear_clues()
    count = 0
    for batch in enrolled:
        store.add_clues(list(_clues(batch, key)))
        count += len(batch)
    return count


def _clues(batch: Sequence[Enrolled], key: bytes) -> Iterator[tuple[int, str]]:
    for one in batch:
        for clue in clues_of(one, key):
            yield clue, one.id


def _bounded(limit: int) -> int:
    return max(1, min(limit, LISTED_MAX))
