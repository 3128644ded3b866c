"""What the cases and the mutants are made of: synthetic keys, people and lists, the same on every machine.

Nothing here is secret or real: each private key is the digest of its own name.
"""

import base64
import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from rahdari.credentials import FEATURES
from rahdari.credentials.values.cards import ProductRef, StatusPlace
from rahdari.credentials.values.holders import Gender
from rahdari.credentials.values.passes import Attributes, PassContent, Terms
from rahdari.credentials.values.products import FeatureSpec
from rahdari.wire import base45, cbor, cose, status_list, status_stream, trust_list
from rahdari.wire.compression import Compression, compress
from rahdari.wire.keys import Algorithm, PublicKey, Signer
from rahdari.wire.status_list import StatusArray, StatusList
from rahdari.wire.status_stream import FIRST, Change, Delta, Head, Manifest, Message, digest_of
from rahdari.wire.trust_list import KeyUse, TrustedIssuer, TrustedKey, TrustList

NOW: Final = 1_800_000_000
DAY: Final = 86_400
YEAR: Final = 365 * DAY
ISSUER: Final = "https://authority.example"
OTHER: Final = "https://other.example"
BARE: Final = "https://bare.example"
PREFIX: Final = "https://authority.example/s/"
LISTED: Final = "https://authority.example/old/"
PLACES: Final = 4096
PRODUCTS: Final = ("nic", "nicop", "poc", "juvenile")
PHOTO: Final = b"RIFF\x24\x01\x00\x00WEBPVP8 " + bytes(range(256)) + b"no picture"
REVOKED_PLACE, SUSPENDED_PLACE, GOOD_PLACE, LATER_PLACE, LIFTED_PLACE = 7, 8, 9, 10, 11

_P256 = SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class NamedSigner:
    """A signer whose key is its name's digest, and whose ES256 signatures are those of RFC 6979."""

    def __init__(self, name: str, algorithm: Algorithm = Algorithm.ES256) -> None:
        seed = hashlib.sha256(b"rahdari conformance key " + name.encode()).digest()
        self._ed = Ed25519PrivateKey.from_private_bytes(seed)
        self._ec = derive_private_key(int.from_bytes(seed, "big") % (_ORDER - 1) + 1, _P256)
        self._is_ed = algorithm is Algorithm.EDDSA
        self._public = PublicKey.from_cryptography((self._ed if self._is_ed else self._ec).public_key())

    @property
    def public(self) -> PublicKey:
        return self._public

    def sign(self, message: bytes) -> bytes:
        if self._is_ed:
            return self._ed.sign(message)
        r, s = decode_dss_signature(
            self._ec.sign(message, ECDSA(hashes.SHA256(), deterministic_signing=True))
        )
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Counted:
    """Chance that counts: the salts of a case are the same at every making."""

    def __init__(self) -> None:
        self._count = 0

    def bytes(self, count: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(f"salt {self._count}".encode()).digest(count)

    def below(self, bound: int) -> int:
        return int.from_bytes(self.bytes(8), "big") % bound


ROOT: Final = NamedSigner("root")
STRANGER: Final = NamedSigner("stranger")
PASS_ES: Final = NamedSigner("pass es")
PASS_ED: Final = NamedSigner("pass ed", Algorithm.EDDSA)
STATUS: Final = NamedSigner("status")
STATUS_ED: Final = NamedSigner("status ed", Algorithm.EDDSA)
ROTATED: Final = NamedSigner("rotated out")
WITHDRAWN: Final = NamedSigner("withdrawn")
ALIASED: Final = NamedSigner("a key whose alias is another key's kid")
OTHER_PASS: Final = NamedSigner("other pass")
BARE_PASS: Final = NamedSigner("bare pass", Algorithm.EDDSA)
ALIAS: Final = b"other-house-key-1"


def trust_text(*, sequence: int = 5, root: Signer = ROOT, expires: int = NOW + 30 * DAY) -> str:
    """The trust list of the cases: one authority with keys of every sort, and two others."""
    begun, ends = NOW - 2 * YEAR, NOW + 2 * YEAR
    uses = frozenset({KeyUse.PASS})
    status = frozenset({KeyUse.STATUS})
    keys = (
        TrustedKey(PASS_ES.public, uses, begun, ends),
        TrustedKey(PASS_ED.public, uses, begun, ends),
        TrustedKey(STATUS.public, status, begun, ends),
        TrustedKey(STATUS_ED.public, status, begun, ends),
        TrustedKey(ROTATED.public, uses, begun, NOW - YEAR),
        TrustedKey(WITHDRAWN.public, uses, begun, ends, NOW - DAY),
        TrustedKey(ALIASED.public, uses, begun, ends, alias=PASS_ES.public.kid),
    )
    authority = TrustedIssuer(
        ISSUER, {"en": "Sample Authority", "ur": "نمونہ"}, frozenset(PRODUCTS), (PREFIX, LISTED), keys
    )
    other_key = TrustedKey(OTHER_PASS.public, uses, begun, ends, alias=ALIAS)
    other = TrustedIssuer(OTHER, {"en": "Other House"}, frozenset({"poc"}), (), (other_key,))
    bare_key = TrustedKey(BARE_PASS.public, uses, begun, ends)
    bare = TrustedIssuer(
        BARE, {"en": "Bare House"}, frozenset({"claim169"}), (), (bare_key,), status_required=False
    )
    return trust_list.sign(root, TrustList(sequence, NOW - DAY, expires, (authority, other, bare)))


def feature_spec(product: str, kind: str, **changes: str) -> FeatureSpec:
    """The settings by which ``product`` writes its passes of ``kind``."""
    text = (files("rahdari.credentials") / "products" / f"{product}.toml").read_text("utf-8")
    settings = tomllib.loads(text)["features"][kind] | changes
    return FeatureSpec(kind, {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()})


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def content(
    product: str = "nic",
    *,
    place: int | None = GOOD_PLACE,
    uri: str = f"{PREFIX}1",
    **changes: Any,  # noqa: ANN401
) -> PassContent:
    """A pass of a plainly synthetic person; ``changes`` are of its terms, in seconds."""
    seconds = {"issued_at": NOW - 30 * DAY, "not_before": NOW - 30 * DAY, "expires": NOW + YEAR} | {
        name: value for name, value in changes.items() if name != "issuer"
    }
    terms = Terms(
        issuer=changes.get("issuer", ISSUER),
        product=ProductRef(product, 1),
        place=None if place is None else StatusPlace(uri, place),
        **{name: None if value is None else instant(value) for name, value in seconds.items()},
    )
    return PassContent(terms, PERSON)


PERSON: Final = Attributes(
    number="0000000000001",
    name=MappingProxyType({"en": "Sample Person", "ur": "نمونہ شخص"}),
    date_of_birth=date(1990, 2, 28),
    gender=Gender.FEMALE,
    guardian=MappingProxyType({"en": "Sample Guardian", "ur": "نمونہ سرپرست"}),
    address=MappingProxyType({"en": "House 0, Street 0, Sample Town", "ur": "مکان ۰"}),
    nationality="PAK",
    region="PK-IS",
    country_of_issuance="PAK",
    family_number="SAMPLE1",
    country_of_stay="CHN",
    passport_number="XX0000000",
    marks=("senior", "poc"),
    photo=PHOTO,
)


def issue(
    of: PassContent, kind: str = "qr", *, signer: Signer = PASS_ES, product: str | None = None, **changes: str
) -> str:
    """Write a pass as the authority does."""
    assert of.terms.product is not None
    spec = feature_spec(product or of.terms.product.id, kind, **changes)
    return FEATURES[kind].encode(of, spec, signer, Counted()).decode("ascii")


def usual_claims(**changes: object) -> dict[int | str, object]:
    """The claims of a QR pass as a plain map, to be made hostile; keyword ``k169`` sets key 169."""
    claims: dict[int | str, object] = {
        1: ISSUER, 4: NOW + YEAR, 5: NOW - 30 * DAY, 6: NOW - 30 * DAY,
        65535: {"status_list": {"idx": GOOD_PLACE, "uri": f"{PREFIX}1"}},
        169: {
            1: "0000000000001", 4: "Sample Person", 8: "19900228", 9: 2, 75: "nic/1",
            62: {0: PHOTO[:40], 1: 0, 2: 4},
        },
    }  # fmt: skip
    named: dict[int | str, object] = {int(name[1:]): value for name, value in changes.items()}
    return {key: value for key, value in {**claims, **named}.items() if value is not None}


def forge(
    claims: Mapping[Any, object] | bytes,
    *,
    signer: Signer = PASS_ES,
    tags: tuple[int, ...] = (61, 18),
    compression: Compression = Compression.ZLIB,
    kid_protected: bool = True,
    protected: Mapping[int, object] | None = None,
) -> str:
    """Sign any claims at all as a QR text."""
    payload = claims if isinstance(claims, bytes) else cbor.encode(dict(claims))
    message = cose.sign(signer, payload, tags=tags, kid_protected=kid_protected, extra_protected=protected)
    return pack(message, compression)


def pack(message: bytes, compression: Compression = Compression.ZLIB) -> str:
    return base45.encode(compress(message, compression))


def listed(
    uri: str,
    entries: Iterable[tuple[int, int]],
    *,
    at: int = NOW - 3600,
    sequence: int | None = None,
    expires: int | None = NOW + 7 * DAY,
) -> StatusList:
    statuses = StatusArray.of_size(PLACES, entries, bits=2)
    return StatusList(uri, at, statuses, expires, None, None, sequence)


def list_entry(
    of: StatusList, *, uri: str | None = None, signer: Signer = STATUS, as_jwt: bool = False
) -> dict[str, str]:
    token = status_list.sign_jwt(signer, of).encode() if as_jwt else status_list.sign_cwt(signer, of)
    return {"uri": uri or of.uri, "token": text64(token)}


def text64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


class Stream:
    """A status stream of two lists, as its publisher signs it: a bundle at delta 2, and what follows."""

    def __init__(self, signer: Signer = STATUS, *, at: int = NOW - 50) -> None:
        self.signer = signer
        first = Delta(1, at - 20, FIRST, (Change(1, SUSPENDED_PLACE, 2),))
        second = Delta(
            2, at - 10, digest_of(first.payload()), (Change(1, REVOKED_PLACE, 1), Change(1, LIFTED_PLACE, 2))
        )
        self.manifest = Manifest(2, at, digest_of(second.payload()), PREFIX, (2, 0))
        one = listed(
            f"{PREFIX}1",
            [(REVOKED_PLACE, 1), (SUSPENDED_PLACE, 2), (LIFTED_PLACE, 2)],
            at=at - 10,
            sequence=2,
        )
        two = listed(f"{PREFIX}2", [], at=at - 3600, sequence=0)
        self.earlier, self.last = (first, second), second
        self.lists = (one, two)
        self.digest = self.manifest.digest

    def bundle(self, manifest: Manifest | None = None, lists: Iterable[StatusList] | None = None) -> str:
        raw = [self.sign(manifest or self.manifest)]
        raw += [status_list.sign_cwt(self.signer, one) for one in (self.lists if lists is None else lists)]
        return text64(b"".join(raw))

    def sign(self, message: Message, signer: Signer | None = None) -> bytes:
        return status_stream.sign(signer or self.signer, message)

    def delta(
        self, *changes: Change, at: int = NOW - 5, sequence: int = 3, previous: bytes | None = None
    ) -> Delta:
        return Delta(sequence, at, previous or self.digest, changes)

    def head(self, *, at: int = NOW - 2, sequence: int = 2, digest: bytes | None = None) -> Head:
        return Head(sequence, at, digest or self.digest)


POLICY: Final = {
    "algorithms": ["ES256", "EdDSA"], "features": ["qr", "sd-jwt-vc"], "status_age_max": 60, "clock_skew": 60,
}  # fmt: skip


def context(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - plain JSON
    """A context as ``sides`` takes it; ``changes`` replace members, None takes one away."""
    usual: dict[str, Any] = {
        "roots": [ROOT.public.as_jwk()], "trust": trust_text(), "held_sequence": 5, "accepted_at": NOW,
        "policy": POLICY, "prefix": PREFIX, "bundle": Stream().bundle(),
    }  # fmt: skip
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}
