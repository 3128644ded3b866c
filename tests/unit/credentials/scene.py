"""An authority on the register in memory, with people who are plainly samples."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import rahdari.credentials as room
from rahdari.credentials import (
    FEATURES,
    OFFLINE,
    Act,
    Biometric,
    Card,
    CardProduct,
    Catalogue,
    Gender,
    HeldList,
    HeldStream,
    KeyUse,
    Party,
    Person,
    Portrait,
    Publisher,
    Reason,
    Report,
    Snapshot,
    Trust,
    VerificationPolicy,
    Verifier,
    accept,
    accept_list,
    examine,
    local_text,
    read_product,
)
from rahdari.credentials.ports.status import StatusView
from rahdari.credentials.rules.life_cycle import ROLES
from rahdari.credentials.service import cards, holders, keys, status
from rahdari.credentials.service.desk import Authority, Desk
from rahdari.kernel import Actor, ActorKind
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.trust_list import TrustedIssuer
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.fakes.credentials import RegisterInMemory
from tests.fakes.keyring import KeyRingInMemory

ISSUER = "urn:sample:authority"
OFFICER = Actor("officer-1", ActorKind.OFFICER, ROLES)
SECOND = Actor("officer-2", ActorKind.OFFICER, ROLES)
PORTRAIT = Portrait(b"card picture", {"small": b"\x01" * 540, "standard": b"\x02" * 1034})
PRODUCT_FOLDER = Path(room.__file__).parent / "products"


@cache
def shipped() -> tuple[CardProduct, ...]:
    """The products of the package, as they are shipped."""
    return tuple(
        read_product(path.read_bytes(), name=path.name) for path in sorted(PRODUCT_FOLDER.glob("*.toml"))
    )


def product(product_id: str) -> CardProduct:
    return Catalogue(shipped()).get_current(product_id)


def person(number: int = 1, *, born: date = date(1990, 5, 17), region: str = "PK-PB") -> Person:
    """A sample person, one for each number."""
    return Person(
        number=f"35202{number:07d}1",
        name=local_text(en=f"Sample Holder {number}", ur=f"نمونہ حامل {number}"),
        guardian=local_text(en="Sample Guardian", ur="نمونہ سرپرست"),
        gender=Gender.MALE,
        date_of_birth=born,
        nationality="PAK",
        family_number="SAMPLE-1",
        address=local_text(en="1 Sample Street, Lahore", ur="نمونہ گلی، لاہور"),
        permanent_address=local_text(en="1 Sample Street, Lahore", ur="نمونہ گلی، لاہور"),
        permanent_region=region,
        country_of_stay="CHN",
        passport_number="XX0000001",
        captured=frozenset(Biometric),
    )


class Office:
    """An authority: its desk, its root, its trust list, and what verifiers would hold of it."""

    def __init__(
        self,
        *,
        clock: WoundClock | None = None,
        products: Sequence[CardProduct] = (),
        algorithm: Algorithm = Algorithm.ES256,
        issuer: str = ISSUER,
        shard_entries: int = 64,
        seed: int = 1,
    ) -> None:
        self.clock = clock or WoundClock()
        self.register = RegisterInMemory()
        self.keyring = KeyRingInMemory()
        self.catalogue = Catalogue(products or shipped())
        self.authority = Authority(
            issuer=issuer,
            name="Sample Authority",
            country="PAK",
            status_prefix=f"https://status.{issuer.rsplit(':', 1)[-1]}.example/s/",
            shard_entries=shard_entries,
        )
        self.chance = SeededChance(seed)
        self.root = SoftwareSigner.generate()
        with self.writing() as desk:
            keys.create_keys(desk, algorithm=algorithm)
        self.sign_trust_list()

    @contextmanager
    def writing(self) -> Iterator[Desk]:
        with self.register.transaction() as store:
            yield Desk(
                store=store,
                began=self.clock.now(),
                products=self.catalogue,
                keyring=self.keyring,
                clock=self.clock,
                chance=self.chance,
                authority=self.authority,
            )

    def sign_trust_list(
        self, *, life: timedelta = keys.TRUST_LIFE, others: Sequence[TrustedIssuer] = ()
    ) -> str:
        with self.writing() as desk:
            self.trust_text = keys.sign_trust_list(desk, self.root, actor=OFFICER, life=life, others=others)
        return self.trust_text

    def renew_keys(self) -> None:
        """Rotate every key, the log's first, and tell the world."""
        with self.writing() as desk:
            for use in (KeyUse.AUDIT, KeyUse.PASS, KeyUse.STATUS, KeyUse.ANSWER):
                keys.rotate(desk, use, algorithm=Algorithm.ES256, actor=OFFICER)
        self.sign_trust_list()

    def trust(self) -> Trust:
        return accept(self.trust_text, roots=[self.root.public], held_sequence=0, at=self.clock.now())

    def add(self, party: Party, product_id: str = "nic", *, portrait: Portrait | None = PORTRAIT) -> Card:
        with self.writing() as desk:
            return holders.register(desk, [(party, portrait, product_id)], actor=OFFICER)[0][1]

    def issue(self, *waiting: Card, activate: bool = True) -> tuple[Card, ...]:
        with self.writing() as desk:
            return cards.issue(desk, waiting, actor=OFFICER, activate=activate)

    def issued(
        self, party: Party | None = None, product_id: str = "nic", *, portrait: Portrait | None = PORTRAIT
    ) -> Card:
        """Register a party and issue the card at once."""
        return self.issue(self.add(party or person(), product_id, portrait=portrait))[0]

    def act(self, card: Card, what: Act, *, by: Actor = OFFICER, reason: Reason | None = None) -> Card:
        with self.writing() as desk:
            return cards.act(desk, card.number, what, actor=by, reason=reason)

    def text(self, card: Card, feature: str = "qr") -> str:
        with self.writing() as desk:
            return cards.get_pass(desk, card.number, feature).payload.decode("ascii")

    def lists(self) -> list[tuple[str, bytes]]:
        """Publish every status list: address and signed CWT."""
        with self.writing() as desk:
            return [(one.uri, one.cwt) for one in status.publish(desk, every=True)]

    def bundle(self) -> bytes:
        """Publish what changed, and give a whole copy: the manifest and every list."""
        with self.writing() as desk:
            status.publish(desk)
            kept = (desk.store.find_published(one.number) for one in desk.store.list_shards())
            return status.sign_manifest(desk) + b"".join(one.cwt for one in kept if one)

    def deltas(self, after: int = 0) -> list[bytes]:
        """The deltas of the status stream that follow ``after``."""
        with self.writing() as desk:
            return [one.message for one in desk.store.list_deltas(after=after, limit=10_000)]

    def head(self) -> bytes:
        with self.writing() as desk:
            return status.sign_head(desk)

    def publisher(self) -> Publisher:
        return Publisher(self.authority.status_prefix, self.authority.issuer, self.trust())

    def stream(self, held: HeldStream | None = None) -> HeldStream:
        """What a verifier holds of the status stream that synced just now."""
        return HeldStream.bootstrap(self.bundle(), self.publisher(), held=held)

    def snapshot(self) -> Snapshot:
        """What a verifier holds that synced just now."""
        return Snapshot([], [self.stream()])

    def accept(self, uri: str, raw: bytes, held: HeldList | None = None) -> HeldList:
        skew, now = OFFLINE.clock_skew, self.clock.now()
        return accept_list(raw, uri=uri, trust=self.trust(), held=held, at=now, clock_skew=skew)

    def verifier(
        self,
        *,
        statuses: StatusView | None = None,
        policy: VerificationPolicy = OFFLINE,
        trust: Trust | None = None,
    ) -> Verifier:
        return Verifier(
            features=tuple(FEATURES.values()),
            trust=trust or self.trust(),
            policy=policy,
            statuses=statuses or self.snapshot(),
        )

    def examine(self, raw: str, *, by: Verifier | None = None) -> Report:
        """Verify as a gate that synced just now, or as ``by``."""
        return examine(raw, by=by or self.verifier(), at=self.clock.now())
