"""The authority's keys: made, rotated, withdrawn, and told to the world in a trust list."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from rahdari.credentials.errors import UnknownKey
from rahdari.credentials.rules import life_cycle
from rahdari.credentials.rules.trust import accept
from rahdari.credentials.service.desk import Desk, is_in_force, require_role
from rahdari.credentials.values.audit import AuditEvent
from rahdari.credentials.values.keys import KeyRecord, KeyUse
from rahdari.kernel import Actor, ActorKind
from rahdari.wire import trust_list
from rahdari.wire.keys import Algorithm, PublicKey, Signer
from rahdari.wire.trust_list import TrustedIssuer, TrustedKey, TrustList

# What the log calls the acts on keys; their subjects are thumbprints, so that no two keys are mixed up.
CREATE_KEY, WITHDRAW_KEY, SIGN_TRUST_LIST = "create_key", "withdraw_key", "sign_trust_list"
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
    return desk.event(actor, CREATE_KEY, thumbprint, kid=kid, use=record.use.value)


def rotate(desk: Desk, use: KeyUse, *, algorithm: Algorithm, actor: Actor) -> KeyRecord:
    """Make a new key for ``use`` and close the window of the one before; what that one signed stays good.

    Raises:
        NotAllowed: the actor is no key officer.
    """
    require_role(actor, life_cycle.KEY_OFFICER, to="rotate keys")
    now = desk.clock.now().replace(microsecond=0)
    for old in desk.store.list_keys():
        if old.use is use and is_in_force(old, desk.clock.now()):
            # The end is excluded: what the old key signed within this very second stays good.
            desk.store.update_key(replace(old, not_after=now + _SECOND))
    record = _add_key(desk, use, algorithm, now)
    desk.record(_created(desk, record, actor))
    return record


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
        was_in_force = is_in_force(one, desk.clock.now())
        desk.store.update_key(replace(one, withdrawn_at=now))
        events.append(desk.event(actor, WITHDRAW_KEY, one.public.thumbprint().hex(), kid=kid.hex()))
        if was_in_force:
            events.append(_created(desk, _add_key(desk, one.use, one.public.algorithm, now), actor))
    desk.record(*events)
    return tuple(found)


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
        acts = {one.event.act for one in desk.store.read_log_of(key.public.thumbprint().hex())}
        is_withdrawn = key.withdrawn_at is not None
        if CREATE_KEY not in acts or (WITHDRAW_KEY in acts) != is_withdrawn:
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
