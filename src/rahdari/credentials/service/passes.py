"""Making passes: what is signed of a holder, and where its status will stand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rahdari.credentials.features import find_feature
from rahdari.credentials.rules.products import find_inscriptions, find_marks, setting
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.values.cards import Card, Pass, ProductRef, StatusPlace
from rahdari.credentials.values.holders import Holder, HolderId, Person
from rahdari.credentials.values.keys import KeyUse
from rahdari.credentials.values.passes import Attributes, PassContent, Terms
from rahdari.credentials.values.products import CardProduct, FeatureSpec
from rahdari.credentials.values.status import StatusShard
from rahdari.credentials.values.text import no_text
from rahdari.wire.errors import TooLarge
from rahdari.wire.keys import Signer

# A random place is found at the first or second draw while half of the list is empty; the empty half is the
# crowd in which an index hides (Token Status List draft, 13.3 and 13.4).
FILL_MAX = 0.5


def make_passes(desk: Desk, cards: Sequence[Card], holders: Mapping[HolderId, Holder]) -> list[Pass]:
    """Sign every feature of every card, each with a status place of its own (unlinkable)."""
    if not cards:
        return []
    products = {card.product: desk.products.get(card.product) for card in cards}
    photos = _photos(desk, cards, products)
    places = _draw_places(desk, sum(len(products[card.product].features) for card in cards))
    signer = desk.signer(KeyUse.PASS)
    made: list[Pass] = []
    for card in cards:
        product, holder = products[card.product], holders[card.holder]
        attributes = describe(desk, product, card, holder)
        for spec in product.features:
            photo = photos.get((holder.id, setting(spec, "photo", "none")))
            content = PassContent(
                _terms(desk, card, next(places)),
                attributes if photo is None else replace(attributes, photo=photo),
            )
            made.append(_signed(desk, card, spec, content, signer))
    return made


def _signed(desk: Desk, card: Card, spec: FeatureSpec, content: PassContent, signer: Signer) -> Pass:
    terms = content.terms
    if terms.place is None or terms.issued_at is None:
        raise AssertionError("a pass is made with a status place and a time of issue")
    payload = _encoded(desk, spec, content, signer)
    return Pass(card.number, spec.kind, terms.place, signer.public.kid, payload, terms.issued_at)


def _encoded(desk: Desk, spec: FeatureSpec, content: PassContent, signer: Signer) -> bytes:
    """Encode; where the carrier is too small for photograph and texts together, the texts go first."""
    feature = find_feature(spec.kind)
    try:
        return feature.encode(content, spec, signer, desk.chance)
    except TooLarge:
        if content.attributes.photo is None:
            raise
    bare = PassContent(content.terms, replace(content.attributes, photo=None))
    return feature.encode(bare, spec, signer, desk.chance)


def _terms(desk: Desk, card: Card, place: StatusPlace) -> Terms:
    return Terms(
        issuer=desk.authority.issuer,
        product=card.product,
        issued_at=card.valid_from,
        expires=card.expires,
        place=place,
    )


def describe(desk: Desk, product: CardProduct, card: Card, holder: Holder) -> Attributes:
    """Tell everything a pass of this card may say; each feature signs the part its product names."""
    party, day = holder.party, (card.valid_from or card.applied_at).date()
    signs = (*find_marks(product, party, day), *find_inscriptions(product, party, day))
    person = party if isinstance(party, Person) else None
    return Attributes(
        number=party.number,
        name=party.name,
        date_of_birth=person.date_of_birth if person else None,
        gender=person.gender if person else None,
        guardian=person.guardian if person else no_text(),
        address=party.address,
        nationality=party.nationality,
        region=party.permanent_region,
        country_of_issuance=desk.authority.country,
        family_number=person.family_number if person else None,
        country_of_stay=person.country_of_stay if person else None,
        passport_number=person.passport_number if person else None,
        marks=tuple(one.id for one in signs),
    )


def _photos(
    desk: Desk, cards: Sequence[Card], products: Mapping[ProductRef, CardProduct]
) -> Mapping[tuple[HolderId, str], bytes]:
    wanted: dict[str, list[HolderId]] = {}
    for card in cards:
        for spec in products[card.product].features:
            profile = setting(spec, "photo", "none")
            if profile != "none":
                wanted.setdefault(profile, []).append(card.holder)
    return {
        (holder, profile): photo
        for profile, holders in wanted.items()
        for holder, photo in desk.store.find_qr_photos(holders, profile).items()
    }


def _draw_places(desk: Desk, count: int) -> Iterator[StatusPlace]:
    """Draw ``count`` free places at random, opening a shard where the newest one is full enough."""
    places: list[StatusPlace] = []
    while len(places) < count:
        shard = _open_shard(desk)
        drawn = _draw_indexes(desk, shard, min(count - len(places), _room(shard)))
        desk.store.raise_taken(shard, len(drawn))
        places.extend(StatusPlace(shard.uri, index) for index in drawn)
    return iter(places)


def _draw_indexes(desk: Desk, shard: StatusShard, count: int) -> tuple[int, ...]:
    drawn: dict[int, None] = {}
    while len(drawn) < count:
        fresh = [desk.chance.below(shard.size) for _ in range(count - len(drawn))]
        taken = desk.store.find_taken(shard, fresh)
        drawn.update(dict.fromkeys(index for index in fresh if index not in taken))
    return tuple(drawn)


def _room(shard: StatusShard) -> int:
    """How many more places may be drawn from the shard; a list of one place has room for it."""
    return max(1, int(shard.size * FILL_MAX)) - shard.taken


def _open_shard(desk: Desk) -> StatusShard:
    newest = desk.store.find_open_shard()
    if newest is not None and _room(newest) > 0:
        return newest
    return desk.store.open_shard(uri_prefix=desk.authority.status_prefix, size=desk.authority.shard_entries)
