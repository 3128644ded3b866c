"""The book of a consent issuer: a person gives, pauses, resumes and revokes; each call is one transaction.

A place in a status list is drawn, so that places that lie together tell nothing of who gave them together (Token
Status List, 12.5.2).
"""

import hmac
from typing import Final

from rahdari.exchange.errors import ConsentFault, ConsentRefused, UnknownConsent
from rahdari.exchange.ports import ConsentStore
from rahdari.exchange.values.consents import MOVES, ConsentAct, ConsentState, Issuer, KeptConsent, Wish
from rahdari.kernel import Chance
from rahdari.wire.ndel import consent_token
from rahdari.wire.ndel.consents import SALT_BYTES, Consent, StatusPlace, Subject, subject_digest
from rahdari.wire.status_list import StatusArray, StatusList

# 2^16 places of 2 bits are 16 KiB, some hundred bytes once deflated; half of them are given away.
LIST_PLACES: Final = 1 << 16
_PLACES_GIVEN_MAX: Final = LIST_PLACES // 2
# Longer than a person remembers what she agreed to; the law of most countries has one to three years.
DAYS_MAX: Final = 3 * 366
# A person has some dozens; whoever has more looks at the newest.
LISTED_MAX: Final = 200
# How long a token may be believed: the age that gateways accept (``rules.consents``).
LIST_TTL_SECONDS: Final = 60
_DAY_SECONDS: Final = 86_400
_MARK_PURPOSE: Final = b"rahdari consent book 1\x00"


def give(store: ConsentStore, wish: Wish, issuer: Issuer, *, at: int, chance: Chance) -> KeptConsent:
    """Sign what a person agreed to, and keep it in the book. ``at`` is seconds since 1970.

    Raises:
        ConsentRefused: it lasts too long, or begins too late.
        MalformedInput: nobody could read it: too many services, names that are none.
    """
    begins = at if wish.not_before is None else wish.not_before
    if not 1 <= wish.days <= DAYS_MAX or not at <= begins <= at + DAYS_MAX * _DAY_SECONDS:
        raise ConsentRefused(
            ConsentFault.TIME, f"a consent lasts 1 to {DAYS_MAX} days, and begins now or later within as many"
        )
    number, index = _draw_place(store, chance)
    salt = chance.bytes(SALT_BYTES)
    consent = Consent(
        id=chance.bytes(16).hex(),
        issuer=issuer.member,
        subject=Subject(salt, subject_digest(salt, wish.subject)),
        consumer=wish.consumer,
        services=wish.services,
        purposes=wish.purposes,
        data_classes=wish.data_classes,
        issued_at=at,
        not_before=begins,
        expires=begins + wish.days * _DAY_SECONDS,
        status=StatusPlace(f"{issuer.lists}/{number}", index),
        covers_subsystems=wish.covers_subsystems,
    )
    kept = KeptConsent(
        id=consent.id,
        list_number=number,
        place=consent.status,
        mark=mark_of(wish.subject, issuer),
        consumer=wish.consumer,
        text=consent_token.sign(issuer.signer, consent),
        issued_at=at,
        expires=consent.expires,
        state=ConsentState.GIVEN,
        changed_at=at,
    )
    store.add_consent(kept)
    return kept


def change(store: ConsentStore, consent_id: str, act: ConsentAct, *, mark: bytes, at: int) -> ConsentState:
    """Pause, resume or revoke the consent of the person whose ``mark`` this is, and give how it stands now.

    Raises:
        UnknownConsent: there is none, or it is another person's: which of the two is not told.
        ConsentRefused: it stands so that this cannot be done with it.
    """
    kept = get(store, consent_id, mark=mark)
    became = MOVES.get((kept.state, act))
    if became is None:
        raise ConsentRefused(
            ConsentFault.REVOKED if kept.state is ConsentState.REVOKED else ConsentFault.PAUSED,
            f"this consent is {kept.state}; one cannot {act} it",
        )
    store.set_state(consent_id, became, at=at)
    return became


def get(store: ConsentStore, consent_id: str, *, mark: bytes) -> KeptConsent:
    """Give a consent of the person whose ``mark`` this is. Raises ``UnknownConsent``."""
    kept = store.find_consent(consent_id)
    if kept is None or not hmac.compare_digest(kept.mark, mark):
        raise UnknownConsent("no such consent of this person is in the book; list hers")
    return kept


def mark_of(subject: str, issuer: Issuer) -> bytes:
    """Give the mark of a person in this issuer's book: HMAC-SHA-256 of her normalised identifier."""
    return hmac.digest(issuer.marking_key, _MARK_PURPOSE + subject.encode(), "sha256")


def status_list(store: ConsentStore, list_number: int, issuer: Issuer, *, at: int) -> StatusList:
    """Give a status list as it stands: every place, taken or not, so that nobody counts consents by it.

    Raises:
        UnknownConsent: there is no such list.
    """
    newest, taken = store.find_list()
    if not 0 <= list_number <= newest or not taken:
        raise UnknownConsent(f"the book has no status list {list_number}")
    changed = [
        (place, state.status)
        for place, state in store.list_places(list_number)
        if state is not ConsentState.GIVEN
    ]
    statuses = StatusArray.of_size(LIST_PLACES, changed)
    return StatusList(
        f"{issuer.lists}/{list_number}",
        at,
        statuses,
        expires=at + 5 * LIST_TTL_SECONDS,
        ttl=LIST_TTL_SECONDS,
    )


def _draw_place(store: ConsentStore, chance: Chance) -> tuple[int, int]:
    number, taken = store.find_list()
    if taken >= _PLACES_GIVEN_MAX:
        number, taken = number + 1, 0
    used = {place for place, _ in store.list_places(number)} if taken else set()
    # At most half are taken: the chance of 64 misses is below 2^-64.
    for _ in range(64):
        index = chance.below(LIST_PLACES)
        if index not in used:
            return number, index
    raise AssertionError("64 draws of 2^16 places met only taken ones")
