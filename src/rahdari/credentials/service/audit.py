"""Examining the log: the chain, the seals, a checkpoint kept elsewhere, and the register beside it."""

import hashlib
from collections.abc import Iterable, Mapping
from itertools import groupby, islice

from rahdari.credentials.rules.audit_chain import ChainReader, digest_of_passes
from rahdari.credentials.rules.life_cycle import LOCK, MOVES, UNLOCK
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.service.keys import (
    CLOSE_KEY,
    CREATE_KEY,
    SIGN_TRUST_LIST,
    WITHDRAW_KEY,
    find_keys,
    is_window_logged,
)
from rahdari.credentials.service.stream_audit import (
    find_lock_faults,
    find_outbox_faults,
    find_stream_faults,
)
from rahdari.credentials.values.audit import AuditEntry, AuditEvent, AuditFault, AuditFinding
from rahdari.credentials.values.cards import Act, Card, CardNumber, Stage
from rahdari.credentials.values.keys import KeyRecord, KeyUse
from rahdari.wire.keys import PublicKey

# A broken log of millions of entries would fill the screen with millions of faults.
FAULTS_MAX = 1000
_ACTS = frozenset(act.value for act in Act)


def verify_log(
    desk: Desk,
    keys: Mapping[bytes, tuple[PublicKey, ...]],
    *,
    checkpoint: tuple[int, bytes] | None = None,
) -> AuditFinding:
    """Read the whole log and find any alteration of it, or of the cards and the status stream beside it.

    ``keys`` are the audit keys by kid, best taken from the trust list that the root signed. The stream's are
    taken from the register, which the log vouches for: a trust list forgets status keys that are long retired.
    ``checkpoint`` is a (sequence, digest) that was noted elsewhere: it finds a log that was rolled back whole.
    """
    reader, replay, keys_seen, noted = ChainReader(keys), _Replay(), _KeysSeen(), None
    for entry in desk.store.read_log():
        reader.feed(entry)
        replay.feed(entry)
        keys_seen.feed(entry.event)
        if checkpoint and entry.sequence == checkpoint[0]:
            noted = entry.digest
    reader.finish()
    by_card = groupby(desk.store.iterate_passes(), key=lambda one: one.card)
    passes = {card: digest_of_passes(some) for card, some in by_card}
    faults = [*reader.faults, *replay.faults, *replay.compare(desk.store.iterate_cards(), passes)]
    faults += keys_seen.compare(desk.store.list_keys(), desk.store.find_trust_list())
    faults += islice(
        find_stream_faults(desk, find_keys(desk, KeyUse.STATUS), logged=replay.delta), FAULTS_MAX
    )
    faults += find_outbox_faults(desk, replay.told)
    faults += find_lock_faults(desk, replay.locked)
    if checkpoint and noted != checkpoint[1]:
        faults.append(AuditFault(checkpoint[0], "is not what the checkpoint says: the log was rolled back"))
    return AuditFinding(reader.entries, reader.head, tuple(faults[:FAULTS_MAX]))


class _KeysSeen:
    """Remembers which keys the log knows, to find one that was put into the register beside it."""

    def __init__(self) -> None:
        self._uses: dict[str, str] = {}
        self._windows: dict[str, AuditEvent] = {}
        self._withdrawn: set[str] = set()
        self._trust_list: tuple[str, str | None] | None = None

    def feed(self, event: AuditEvent) -> None:
        details = dict(event.details)
        if event.act in (CREATE_KEY, CLOSE_KEY):
            self._windows[event.subject] = event
        if event.act == CREATE_KEY:
            self._uses[event.subject] = details.get("use", "")
        elif event.act == WITHDRAW_KEY:
            self._withdrawn.add(event.subject)
        elif event.act == SIGN_TRUST_LIST:
            self._trust_list = event.subject, details.get("digest")

    def compare(self, keys: Iterable[KeyRecord], newest: tuple[int, str] | None) -> list[AuditFault]:
        faults, seen = [], set[str]()
        for key in keys:
            thumbprint = key.public.thumbprint().hex()
            seen.add(thumbprint)
            is_withdrawn = thumbprint in self._withdrawn
            if not is_window_logged(key, [one for one in (self._windows.get(thumbprint),) if one]):
                faults.append(
                    AuditFault(None, f"key {key.public.kid.hex()} has another window than the log says")
                )
            if self._uses.get(thumbprint) != key.use or is_withdrawn != (key.withdrawn_at is not None):
                faults.append(AuditFault(None, f"key {key.public.kid.hex()} is not as the log says"))
        if self._uses.keys() - seen:
            faults.append(AuditFault(None, "a key stands in the log and not in the register"))
        held = (str(newest[0]), hashlib.sha256(newest[1].encode()).hexdigest()) if newest else None
        if held != self._trust_list:
            faults.append(
                AuditFault(None, "the newest trust list is not the one that the log says was signed")
            )
        return faults


class _Replay:
    """Lives the cards' lives again from the log, to compare with the register."""

    def __init__(self) -> None:
        self._stages: dict[str, Stage] = {}
        self._terms: dict[str, dict[str, str]] = {}
        self._proposals: dict[str, tuple[str, str | None]] = {}
        self.faults: list[AuditFault] = []
        self.delta = 0
        """The highest delta of the status stream that the log names."""
        self.told: list[tuple[str, str, int]] = []
        """What the outbox must hold: card, act and delta of each change that others were told of."""
        self.locked: set[tuple[str, str]] = set()
        """Each channel that a holder has locked, by card."""

    def feed(self, entry: AuditEntry) -> None:
        event = entry.event
        if event.act in (LOCK, UNLOCK):
            channel = (event.subject, dict(event.details).get("channel", ""))
            (self.locked.add if event.act == LOCK else self.locked.discard)(channel)
        if event.act not in _ACTS:
            return
        act, subject = Act(event.act), event.subject
        move = MOVES.get((self._stages.get(subject), act))
        if move is None:
            self.faults.append(AuditFault(entry.sequence, f"tells of {act} where the table has no such move"))
            return
        self._stages[subject] = move.to
        named = dict(event.details).get("delta", "0")
        if named.isdecimal() and int(named):
            self.delta = max(self.delta, int(named))
            self.told.append((subject, act.value, int(named)))
        self._terms.setdefault(subject, {}).update(event.details)
        if act is Act.PROPOSE_REVOCATION:
            self._proposals[subject] = event.actor, event.reason
        elif act is Act.REINSTATE:
            self._proposals.pop(subject, None)

    def compare(self, cards: Iterable[Card], passes: Mapping[CardNumber, str]) -> list[AuditFault]:
        faults, seen = [], set[str]()
        for card in cards:
            seen.add(card.number)
            faults.extend(self._compare_card(card, passes.get(card.number)))
        gone = len(self._stages.keys() - seen)
        if gone:
            faults.append(AuditFault(None, f"{gone} cards stand in the log and not in the register"))
        return faults

    def _compare_card(self, card: Card, passes: str | None) -> list[AuditFault]:
        logged, terms = self._stages.get(card.number), self._terms.get(card.number, {})
        if logged is not card.stage:
            return [
                AuditFault(None, f"card {card.number} is {card.stage}, the log says {logged or 'nothing'}")
            ]
        ends = card.expires.isoformat() if card.expires else "never"
        proposed = self._proposals.get(card.number, (None, None))
        wrong = {
            "is of another product": terms.get("product") != str(card.product),
            "belongs to another holder": terms.get("holder", card.holder) != card.holder,
            "has another expiry": terms.get("expires", ends) != ends,
            "has other passes or places": terms.get("passes") != passes,
            # Who forges this could revoke alone: the second officer is told from the first one by it.
            "has another proposal of revocation": proposed
            != (card.revocation_proposed_by, card.revocation_reason),
        }
        return [
            AuditFault(None, f"card {card.number} {what} than the log says")
            for what, is_wrong in wrong.items()
            if is_wrong
        ]
