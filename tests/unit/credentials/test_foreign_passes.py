"""Passes of other makers' programs: every dialect of Claim 169, once a trust list names their issuer."""

import zlib
from itertools import product

import brotli  # type: ignore[import-untyped]
import cbor2
import pytest

from rahdari.credentials import Outcome, Trust, VerdictKind
from rahdari.wire import base45
from rahdari.wire.keys import SoftwareSigner
from rahdari.wire.trust_list import KeyUse, TrustedIssuer, TrustedKey, TrustList
from tests.unit.credentials.scene import Office

FOREIGN = "https://issuer.sample.example"
FACE = {0: b"RIFF....WEBP sample", 1: 0, 2: 4}
FACES: dict[str, dict[int, object]] = {
    "map": {62: FACE},
    "array": {62: [FACE]},
    "photo": {16: FACE[0], 17: 4},
}
DIALECTS = list(product([(61, 18), (18,), ()], ["map", "bytes"], ["zlib", "brotli", "none"], FACES))


class Stranger:
    """Another authority, which knows nothing of this house."""

    def __init__(self, office: Office) -> None:
        self.signer = SoftwareSigner.generate()
        self.office = office
        self.issued_at = int(office.clock.now().timestamp())
        self.kid = self.signer.public.kid

    def trust(
        self,
        *,
        status_required: bool = False,
        products: frozenset[str] | None = None,
        alias: bytes | None = None,
    ) -> Trust:
        uses, ends = frozenset({KeyUse.PASS}), self.issued_at + 1000
        key = TrustedKey(self.signer.public, uses, self.issued_at, ends, alias=alias)
        issuer = TrustedIssuer(
            id=FOREIGN,
            name={"en": "Sample Foreign Authority"},
            products=products or frozenset({"claim169"}),
            status_uris=(),
            keys=(key,),
            status_required=status_required,
        )
        return Trust(TrustList(1, self.issued_at, self.issued_at + 1000, (issuer,)))

    def write(self, tags: tuple[int, ...], claim: str, packing: str, face: str) -> str:
        identity = {1: "SAMPLE-1", 4: "Sample Person", 8: "19900102", 9: 2, **FACES[face]}
        value = identity if claim == "map" else cbor2.dumps(identity)
        payload = cbor2.dumps(
            {1: FOREIGN, 4: self.issued_at + 500, 6: self.issued_at, 169: value},
        )
        protected = cbor2.dumps({1: -7})
        signature = self.signer.sign(cbor2.dumps(["Signature1", protected, b"", payload]))
        message: object = [protected, {4: self.kid}, payload, signature]
        for tag in reversed(tags):
            message = cbor2.CBORTag(tag, message)
        raw = cbor2.dumps(message)
        packed = {"zlib": zlib.compress(raw), "brotli": brotli.compress(raw), "none": raw}[packing]
        return base45.encode(packed)


@pytest.fixture(scope="module")
def stranger() -> Stranger:
    return Stranger(Office())


@pytest.mark.parametrize(("tags", "claim", "packing", "face"), DIALECTS)
def test_a_foreign_pass_verifies_in_every_dialect(
    stranger: Stranger, tags: tuple[int, ...], claim: str, packing: str, face: str
) -> None:
    by = stranger.office.verifier(trust=stranger.trust())
    report = stranger.office.examine(stranger.write(tags, claim, packing, face), by=by)
    assert report.verdict is VerdictKind.VALID
    assert report.verified is not None
    assert report.verified.attributes.photo == FACE[0]
    assert report.verified.attributes.name == {"en": "Sample Person"}
    assert [one.outcome for one in report.checks][-2:] == [Outcome.NOT_ASKED] * 2


def test_a_foreign_pass_is_refused_where_its_issuer_promised_a_status(stranger: Stranger) -> None:
    by = stranger.office.verifier(trust=stranger.trust(status_required=True))
    raw = stranger.write((61, 18), "bytes", "zlib", "map")
    assert stranger.office.examine(raw, by=by).verdict is VerdictKind.STALE


def test_a_foreign_pass_is_refused_where_the_trust_list_does_not_name_its_kind(stranger: Stranger) -> None:
    by = stranger.office.verifier(trust=stranger.trust(products=frozenset({"nic"})))
    raw = stranger.write((18,), "map", "zlib", "array")
    report = stranger.office.examine(raw, by=by)
    assert (report.verdict, "claim169" in report.reason) == (VerdictKind.UNKNOWN_ISSUER, True)


def test_a_foreign_kid_finds_its_key_by_the_alias_of_the_trust_list() -> None:
    stranger = Stranger(Office())
    stranger.kid = b"k-1101"
    text = stranger.write((61, 18), "bytes", "zlib", "map")
    known = stranger.office.verifier(trust=stranger.trust(alias=b"k-1101"))
    unknown = stranger.office.verifier(trust=stranger.trust())
    assert stranger.office.examine(text, by=known).verdict is VerdictKind.VALID
    assert stranger.office.examine(text, by=unknown).verdict is VerdictKind.UNKNOWN_ISSUER


def test_a_foreign_alias_does_not_lend_another_issuers_name() -> None:
    stranger = Stranger(Office())
    stranger.kid = b"k-1101"
    another = Stranger(stranger.office)
    by = stranger.office.verifier(trust=stranger.trust(alias=b"k-1101"))
    another.kid = b"k-1101"
    report = stranger.office.examine(another.write((18,), "map", "none", "map"), by=by)
    assert report.verdict is VerdictKind.TAMPERED


def test_spaces_that_were_copied_along_do_not_spoil_a_pass() -> None:
    stranger = Stranger(Office())
    by = stranger.office.verifier(trust=stranger.trust())
    text = stranger.write((18,), "map", "zlib", "map")
    assert stranger.office.examine(f"\r\n  {text} \n", by=by).verdict is VerdictKind.VALID
