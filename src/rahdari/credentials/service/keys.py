"""The authority's keys: made, rotated, withdrawn, and told to the world in a trust list."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rahdari.credentials.errors import UnknownKey
from rahdari.credentials.rules import life_cycle
from rahdari.credentials.rules.trust import accept
from rahdari.credentials.service.desk import Desk, require_role
from rahdari.credentials.values.audit import AuditEvent
from rahdari.credentials.values.keys import KeyRecord, KeyUse
from rahdari.kernel import Actor, ActorKind
from rahdari.wire import trust_list
from rahdari.wire.keys import Algorithm, PublicKey, Signer
from rahdari.wire.trust_list import TrustedIssuer, TrustedKey, TrustList

# What the log calls the acts on keys; their subjects are thumbprints, so that no two keys are mixed up.
CREATE_KEY, CLOSE_KEY, WITHDRAW_KEY = "create_key", "close_key", "withdraw_key"
SIGN_TRUST_LIST = "sign_trust_list"
FOUNDER = Actor("system", ActorKind.SYSTEM)
TRUST_LIFE = timedelta(days=90)
# How long a key signs before it must be rotated; what it signed stays good for the pass's whole life.
KEY_LIFE = timedelta(days=730)
# Status lists live a week and answers a minute: a month after its window a key of theirs has nothing to say.
ECHO = timedelta(days=30)
_SECOND = timedelta(seconds=1)


def create_keys(desk: Desk, *, algorithm: Algorithm) -> tuple[KeyRecord, ...]:
    """Make the first key of every use. For ``init`` alone; later keys come by ``rotate``."""
    now = desk.clock.now().replace(microsecond=0)
    made = tuple(_add_key(desk, use, algorithm, now) for use in KeyUse)
    desk.record(*(_created(desk, one, FOUNDER) for one in made))
    return made


def _add_key(desk: Desk, use: KeyUse, algorithm: Algorithm, at: datetime) -> KeyRecord:
    public = desk.keyring.create(algorithm)
    record = KeyRecord(public=public, use=use, not_before=at, not_after=at + KEY_LIFE)
    desk.store.add_key(record)
    return record


def _created(desk: Desk, record: KeyRecord, actor: Actor) -> AuditEvent:
    thumbprint, kid = record.public.thumbprint().hex(), record.public.kid.hex()
    return desk.event(actor, CREATE_KEY, thumbprint, kid=kid, use=record.use.value, **_window_of(record))


def _closed(desk: Desk, record: KeyRecord, actor: Actor) -> AuditEvent:
    return desk.event(actor, CLOSE_KEY, record.public.thumbprint().hex(), **_window_of(record))


def _window_of(record: KeyRecord) -> dict[str, str]:
    return {"not_before": str(_seconds(record.not_before)), "not_after": str(_seconds(record.not_after))}


def is_window_logged(record: KeyRecord, events: Iterable[AuditEvent]) -> bool:
    """Tell whether a key's window is the one that the last of these events about it names.

    Entries from before windows were written down name none: nothing is known of the window then.
    """
    said: dict[str, str] = {}
    for one in events:
        if one.act in (CREATE_KEY, CLOSE_KEY):
            said = dict(one.details)
    return all(said.get(name, instant) == instant for name, instant in _window_of(record).items())


def rotate(desk: Desk, use: KeyUse, *, algorithm: Algorithm, actor: Actor) -> KeyRecord:
    """Make a new key for ``use`` and close the window of the one before; what that one signed stays good.

    Raises:
        NotAllowed: the actor is no key officer.
    """
    require_role(actor, life_cycle.KEY_OFFICER, to="rotate keys")
    now = desk.clock.now().replace(microsecond=0)
    closed = _close_windows(desk, use, now)
    record = _add_key(desk, use, algorithm, now)
    desk.record(*(_closed(desk, one, actor) for one in closed), _created(desk, record, actor))
    return record


def _close_windows(desk: Desk, use: KeyUse, now: datetime) -> list[KeyRecord]:
    """End the windows of the keys there were; what they signed within this very second stays good.

    A status key is good for all it said: also when it was overdue, or the clock was set back since then.
    """
    said = max(now, _find_last_said(desk)) if use is KeyUse.STATUS else now
    before = [one for one in desk.store.list_keys() if one.use is use and one.withdrawn_at is None]
    closed: list[KeyRecord] = []
    for old in before:
        end = max(said, old.not_before) + _SECOND
        if end < old.not_after or (use is KeyUse.STATUS and old is before[-1]):
            closed.append(replace(old, not_after=end))
            desk.store.update_key(closed[-1])
    return closed


def _find_last_said(desk: Desk) -> datetime:
    """Find the last instant that a delta or a list bears; the clock may have been set back since then."""
    last, lists = desk.store.find_last_delta(), desk.store.list_published().values()
    signed = [at for _, at in lists] + ([last.at] if last else [])
    return max(signed, default=datetime.min.replace(tzinfo=UTC))


def withdraw(desk: Desk, kid: bytes, *, actor: Actor) -> tuple[KeyRecord, ...]:
    """Withdraw every key with this kid: nothing they signed is believed any more. Rotates in a successor.

    Raises:
        NotAllowed: the actor is no key officer.
        UnknownKey: there is no such key that is not withdrawn already.
    """
    require_role(actor, life_cycle.KEY_OFFICER, to="withdraw keys")
    now = desk.clock.now().replace(microsecond=0)
    found = [one for one in desk.store.list_keys() if one.public.kid == kid and one.withdrawn_at is None]
    if not found:
        raise UnknownKey(f"no key {kid.hex()} is in the register, or it was withdrawn already")
    events: list[AuditEvent] = []
    for one in found:
        desk.store.update_key(replace(one, withdrawn_at=now))
        events.append(desk.event(actor, WITHDRAW_KEY, one.public.thumbprint().hex(), kid=kid.hex()))
        # Also one whose window opens in a moment by a clock that was set back, and one that is overdue.
        if one.not_after > now or not _has_open_key(desk, one.use, now):
            events.append(_created(desk, _add_key(desk, one.use, one.public.algorithm, now), actor))
    desk.record(*events)
    return tuple(found)


def _has_open_key(desk: Desk, use: KeyUse, at: datetime) -> bool:
    keys = desk.store.list_keys()
    return any(one.use is use and one.withdrawn_at is None and one.not_after > at for one in keys)


def sign_trust_list(
    desk: Desk,
    root: Signer,
    *,
    actor: Actor,
    life: timedelta = TRUST_LIFE,
    others: Iterable[TrustedIssuer] = (),
) -> str:
    """Sign the next trust list with the offline root: this authority's keys, and ``others`` it vouches for.

    The sequence number is one above the last; the list is kept, so that the number is never given twice.

    Raises:
        NotAllowed: the actor is no key officer.
        UnknownKey: a key stands otherwise in the register than in the log; nothing is signed.
    """
    require_role(actor, life_cycle.KEY_OFFICER, to="sign a trust list")
    _require_accounted(desk)
    newest, now = desk.store.find_trust_list(), desk.clock.now()
    sequence = newest[0] + 1 if newest else 1
    listed = TrustList(
        sequence=sequence,
        issued_at=int(now.timestamp()),
        expires=int((now + life).timestamp()),
        issuers=(_own_entry(desk), *others),
    )
    text = trust_list.sign(root, listed)
    # A list that our own rules refuse must never leave the house.
    accept(text, roots=[root.public], held_sequence=sequence, at=now)
    desk.store.add_trust_list(sequence, text, now)
    digest = hashlib.sha256(text.encode()).hexdigest()
    root_kid = root.public.kid.hex()
    desk.record(desk.event(actor, SIGN_TRUST_LIST, str(sequence), digest=digest, root=root_kid))
    return text


def _require_accounted(desk: Desk) -> None:
    """Refuse to let the root vouch for a key that only the table knows: somebody put it there."""
    for key in desk.store.list_keys():
        events = [one.event for one in desk.store.read_log_of(key.public.thumbprint().hex())]
        acts = {one.act for one in events}
        is_withdrawn, is_whole = key.withdrawn_at is not None, is_window_logged(key, events)
        if CREATE_KEY not in acts or (WITHDRAW_KEY in acts) != is_withdrawn or not is_whole:
            raise UnknownKey(
                f"key {key.public.kid.hex()} stands otherwise in the register than in the log; "
                "nothing was signed: run rahdari audit verify"
            )


def _own_entry(desk: Desk) -> TrustedIssuer:
    return TrustedIssuer(
        id=desk.authority.issuer,
        name={"en": desk.authority.name},
        products=frozenset(product.ref.id for product in desk.products.list_current()),
        status_uris=(desk.authority.status_prefix,),
        status_required=True,
        keys=tuple(_trusted(one) for one in desk.store.list_keys() if _still_speaks(one, desk.clock.now())),
    )


def _still_speaks(key: KeyRecord, at: datetime) -> bool:
    """Passes and the log live on; what a status or an answer key signed is over soon after its window.

    A trust list holds a limited number of keys: without this, an authority could one day rotate no more.
    """
    return key.use in (KeyUse.PASS, KeyUse.AUDIT) or at < key.not_after + ECHO


def _trusted(key: KeyRecord) -> TrustedKey:
    return TrustedKey(
        public=key.public,
        uses=frozenset({key.use}),
        not_before=_seconds(key.not_before),
        not_after=_seconds(key.not_after),
        withdrawn_at=_seconds(key.withdrawn_at) if key.withdrawn_at else None,
    )


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def find_keys(desk: Desk, use: KeyUse) -> dict[bytes, tuple[PublicKey, ...]]:
    """Find every key that may ever have signed for ``use``, by kid."""
    found: dict[bytes, tuple[PublicKey, ...]] = {}
    for one in desk.store.list_keys():
        if one.use is use:
            found[one.public.kid] = (*found.get(one.public.kid, ()), one.public)
    return found
