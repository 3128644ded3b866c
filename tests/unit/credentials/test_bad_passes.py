"""Passes that were cut, bent, blown up or signed by the wrong hand."""

import zlib
from collections.abc import Mapping
from dataclasses import replace

import pytest

from rahdari.credentials import OFFLINE, Act, KeyUse, Trust, VerdictKind
from rahdari.credentials.rules.trust import CANDIDATES_MAX
from rahdari.wire import base45, cbor, claim169, cose, cwt, jws
from rahdari.wire.compression import Compression, compress, expand
from rahdari.wire.cwt import Claims
from rahdari.wire.keys import Algorithm, PublicKey, SoftwareSigner
from rahdari.wire.trust_list import TrustedKey, TrustList
from tests.unit.credentials.scene import ISSUER, Office, person

SIZE_MAX = 1 << 16


@pytest.fixture(scope="module")
def office() -> Office:
    return Office()


@pytest.fixture(scope="module")
def text(office: Office) -> str:
    return office.text(office.issued())


def unpacked(text: str) -> bytes:
    """The signed bytes of a pass."""
    return expand(base45.decode(text), size_bytes_max=SIZE_MAX)[0]


def packed(signed: bytes, kind: Compression = Compression.ZLIB) -> str:
    return base45.encode(compress(signed, kind))


def resigned(text: str, signer: SoftwareSigner, headers: Mapping[int, object], unprotected: object) -> str:
    """The same claims under other headers and another signature."""
    payload = cose.decode(unpacked(text)).payload
    protected = cbor.encode(dict(headers))
    signature = signer.sign(cbor.encode(["Signature1", protected, b"", payload]))
    return packed(b"\xd2" + cbor.encode([protected, unprotected, payload, signature]))


def signer_of(office: Office, use: KeyUse = KeyUse.PASS) -> SoftwareSigner:
    with office.writing() as desk:
        return office.keyring.signer(desk.key(use).public)


def test_no_single_flipped_bit_of_a_signed_pass_is_ever_valid(office: Office, text: str) -> None:
    by, signed = office.verifier(), unpacked(text)
    verdicts: dict[VerdictKind, int] = {}
    # Every bit of the headers, the claims' beginning and the signature; every seventh of the photograph.
    for bit in [
        *range(2400),
        *range(2400, len(signed) * 8 - 512, 7),
        *range(len(signed) * 8 - 512, len(signed) * 8),
    ]:
        damaged = bytearray(signed)
        damaged[bit // 8] ^= 1 << bit % 8
        verdict = office.examine(packed(bytes(damaged), Compression.ZLIB), by=by).verdict
        verdicts[verdict] = verdicts.get(verdict, 0) + 1
    assert VerdictKind.VALID not in verdicts
    assert verdicts[VerdictKind.TAMPERED] > 1000
    assert set(verdicts) <= {VerdictKind.TAMPERED, VerdictKind.MALFORMED, VerdictKind.UNKNOWN_ISSUER}


def test_no_flipped_character_of_the_printed_code_is_ever_valid(office: Office, text: str) -> None:
    by = office.verifier()
    for at in range(0, len(text), 5):
        other = "A" if text[at] != "A" else "B"
        assert office.examine(text[:at] + other + text[at + 1 :], by=by).verdict is not VerdictKind.VALID


def test_a_truncated_pass_is_malformed_at_every_length(office: Office, text: str) -> None:
    by = office.verifier()
    for length in range(0, len(text), 13):
        report = office.examine(text[:length], by=by)
        assert report.verdict is VerdictKind.MALFORMED
        assert report.reason


def test_an_inflation_bomb_is_malformed(office: Office) -> None:
    bomb = base45.encode(zlib.compress(bytes(8 << 20), 9)[:2700])
    whole = base45.encode(zlib.compress(bytes(1 << 20), 9))
    by = office.verifier()
    assert office.examine(bomb, by=by).verdict is VerdictKind.MALFORMED
    assert office.examine(whole, by=by).verdict is VerdictKind.MALFORMED


def test_deep_cbor_is_malformed(office: Office) -> None:
    by = office.verifier()
    for deep in (b"\x81" * 5000 + b"\x00", b"\xd2" * 5000, b"\xa1\x00" * 2000 + b"\x00", b"\xd2\x84" * 900):
        assert office.examine(packed(deep), by=by).verdict is VerdictKind.MALFORMED


@pytest.mark.parametrize("alg", [-35, -36, -37, 5, 0, None, "ES256", -65535])
def test_another_algorithm_than_the_two_of_the_house_is_malformed(
    office: Office, text: str, alg: object
) -> None:
    signer = signer_of(office)
    raw = resigned(text, signer, {1: alg, 4: signer.public.kid}, {})
    assert office.examine(raw).verdict is VerdictKind.MALFORMED


def test_an_algorithm_swapped_between_key_types_is_tampered(office: Office, text: str) -> None:
    signer = signer_of(office)
    report = office.examine(resigned(text, signer, {1: -8, 4: signer.public.kid}, {}))
    assert report.verdict is VerdictKind.TAMPERED
    assert "algorithm" in report.reason


def test_a_kid_swapped_for_one_that_nobody_has_is_of_an_unknown_issuer(office: Office, text: str) -> None:
    raw = resigned(text, signer_of(office), {1: -7, 4: b"nobody's"}, {})
    assert office.examine(raw).verdict is VerdictKind.UNKNOWN_ISSUER


def test_a_kid_swapped_for_another_trusted_key_is_tampered(office: Office, text: str) -> None:
    other = signer_of(office, KeyUse.STATUS).public.kid
    raw = resigned(text, signer_of(office), {1: -7, 4: other}, {})
    assert office.examine(raw).verdict is VerdictKind.TAMPERED


def test_the_protected_kid_wins_over_the_other_one(office: Office, text: str) -> None:
    signer = signer_of(office)
    right, wrong = signer.public.kid, b"nobody's"
    assert office.examine(resigned(text, signer, {1: -7, 4: right}, {4: wrong})).verdict is VerdictKind.VALID
    assert (
        office.examine(resigned(text, signer, {1: -7, 4: wrong}, {4: right})).verdict
        is VerdictKind.UNKNOWN_ISSUER
    )
    assert office.examine(resigned(text, signer, {1: -7}, {4: right})).verdict is VerdictKind.VALID


def test_without_a_kid_every_key_of_the_named_issuer_is_tried(office: Office, text: str) -> None:
    assert office.examine(resigned(text, signer_of(office), {1: -7}, {})).verdict is VerdictKind.VALID
    stranger = SoftwareSigner.generate()
    assert office.examine(resigned(text, stranger, {1: -7}, {})).verdict is VerdictKind.TAMPERED


def test_a_pass_signed_by_a_key_for_other_uses_is_refused(office: Office, text: str) -> None:
    for use in (KeyUse.STATUS, KeyUse.ANSWER, KeyUse.AUDIT):
        signer = signer_of(office, use)
        report = office.examine(resigned(text, signer, {1: -7, 4: signer.public.kid}, {}))
        assert report.verdict is VerdictKind.UNKNOWN_ISSUER
        assert "time and use" in report.reason


def test_a_forger_with_a_key_of_his_own_and_our_kid_is_tampered(office: Office, text: str) -> None:
    forger, ours = SoftwareSigner.generate(), signer_of(office).public.kid
    assert office.examine(resigned(text, forger, {1: -7, 4: ours}, {})).verdict is VerdictKind.TAMPERED


def collide(key: PublicKey, kid: bytes) -> PublicKey:
    """Two keys with one kid take 2^32 tries to find; a test may lie instead."""
    twin = PublicKey(key.algorithm, key.x, key.y)
    object.__setattr__(twin, "kid", kid)
    return twin


def test_colliding_kids_are_all_tried(office: Office, text: str) -> None:
    listed, kid = office.trust().listed, signer_of(office).public.kid
    (own,) = listed.issuers
    for algorithms in ([Algorithm.ES256] * 3, [Algorithm.EDDSA, Algorithm.ES256]):
        twins = tuple(
            TrustedKey(
                public=collide(SoftwareSigner.generate(one).public, kid),
                uses=frozenset({KeyUse.PASS}),
                not_before=1,
                not_after=4_000_000_000,
            )
            for one in algorithms
        )
        stranger = replace(own, id="urn:sample:twin", keys=twins, status_uris=())
        trust = Trust(TrustList(2, listed.issued_at, listed.expires, (stranger, own)))
        assert len(trust.find_candidates(kid, issuer=None)) == len(twins) + 1
        assert office.examine(text, by=office.verifier(trust=trust)).verdict is VerdictKind.VALID


def test_more_collisions_than_an_accident_makes_are_not_all_tried(office: Office) -> None:
    listed, kid = office.trust().listed, b"collides"
    keys = tuple(
        TrustedKey(collide(SoftwareSigner.generate().public, kid), frozenset({KeyUse.PASS}), 1, 2)
        for _ in range(CANDIDATES_MAX + 5)
    )
    trust = Trust(TrustList(2, 1, listed.expires, (replace(listed.issuers[0], keys=keys),)))
    assert len(trust.find_candidates(kid, issuer=None)) == CANDIDATES_MAX


def changed(text: str, office: Office, **changes: object) -> str:
    """The pass with some of its registered claims changed, signed rightly."""
    read = claim169.read(text)
    claims: Claims = replace(read.claims, **changes)  # type: ignore[arg-type]
    return claim169.write(signer_of(office), claims, read.identity)


def test_a_pass_that_names_another_issuer_than_its_keys_owner_is_refused(office: Office, text: str) -> None:
    for issuer in ("urn:sample:other", None, ISSUER + " "):
        assert office.examine(changed(text, office, issuer=issuer)).verdict is VerdictKind.UNKNOWN_ISSUER


def test_a_pass_without_a_status_reference_is_stale_where_its_issuer_promises_one(
    office: Office, text: str
) -> None:
    bare = changed(text, office, status=None)
    assert office.examine(bare).verdict is VerdictKind.STALE
    listed = office.trust().listed
    lenient = Trust(replace(listed, issuers=(replace(listed.issuers[0], status_required=False),)))
    report = office.examine(bare, by=office.verifier(trust=lenient))
    assert report.verdict is VerdictKind.VALID


def test_an_index_beyond_the_list_is_never_valid(office: Office, text: str) -> None:
    place = claim169.read(text).claims.status
    assert place is not None
    for index in (64, 65, 1 << 20, 1 << 31):
        beyond = changed(text, office, status=replace(place, index=index))
        assert office.examine(beyond).verdict is VerdictKind.STALE
    elsewhere = changed(text, office, status=replace(place, uri="https://status.other.example/s/1"))
    assert office.examine(elsewhere).verdict is VerdictKind.STALE


def test_a_pass_without_its_time_of_issue_or_from_outside_the_keys_window_is_refused(
    office: Office, text: str
) -> None:
    key = next(one for one in office.trust().listed.issuers[0].keys if KeyUse.PASS in one.uses)
    for issued_at in (None, key.not_before - 1, key.not_after):
        raw = changed(text, office, issued_at=issued_at, expires=None, not_before=None)
        report = office.examine(raw)
        assert report.verdict is VerdictKind.UNKNOWN_ISSUER
        assert "time and use" in report.reason


def test_a_product_that_its_issuer_may_not_issue_is_refused(office: Office, text: str) -> None:
    listed = office.trust().listed
    without = replace(listed.issuers[0], products=frozenset({"poc"}))
    report = office.examine(text, by=office.verifier(trust=Trust(replace(listed, issuers=(without,)))))
    assert (report.verdict, "nic" in report.reason) == (VerdictKind.UNKNOWN_ISSUER, True)


def test_a_wallet_file_that_was_altered_is_never_valid(office: Office) -> None:
    other = Office(issuer=ISSUER)
    wallet = other.text(other.issued(), "sd-jwt-vc")
    by = other.verifier()
    assert other.examine(wallet, by=by).verdict is VerdictKind.VALID
    parts = wallet.split("~")
    fewer = "~".join([*parts[:2], ""])
    assert other.examine(fewer, by=by).verdict is VerdictKind.VALID
    header, payload, signature = parts[0].split(".")
    forged = jws.sign(SoftwareSigner.generate(), {"typ": "dc+sd-jwt"}, b'{"iss":"urn:sample:authority"}')
    alien = other.text(other.issue(other.add(person(2)))[0], "sd-jwt-vc").split("~")
    for raw in (
        f"{header}.{payload}.{signature[:-4]}AAAA~",
        f"{header}.{payload}.~",
        "~".join([parts[0], alien[1], ""]),
        "~".join([parts[0], parts[1], parts[1], ""]),
        f"{forged}~",
        wallet + "x",
        wallet[:-1],
    ):
        verdict = other.examine(raw, by=by).verdict
        assert verdict is not VerdictKind.VALID
    for at in range(0, len(wallet), 29):
        bent = wallet[:at] + ("A" if wallet[at] != "A" else "B") + wallet[at + 1 :]
        assert other.examine(bent, by=by).verdict is not VerdictKind.VALID


def test_suspension_is_seen_on_both_features_at_once() -> None:
    office = Office()
    card = office.issued()
    office.act(card, Act.SUSPEND)
    by = office.verifier()
    verdicts = {office.examine(office.text(card, one), by=by).verdict for one in ("qr", "sd-jwt-vc")}
    assert verdicts == {VerdictKind.SUSPENDED}


def test_one_feature_tells_nothing_of_the_place_of_the_other() -> None:
    office = Office()
    card = office.issued()
    with office.writing() as desk:
        places = [desk.store.find_pass(card.number, one) for one in ("qr", "sd-jwt-vc")]
    assert places[0] is not None
    assert places[1] is not None
    assert places[0].place != places[1].place


def test_the_reason_of_a_refusal_repeats_nothing_of_the_pass(office: Office) -> None:
    for raw in ("SECRET-WORD" * 10, cwt.encode(Claims(issuer="SECRET-WORD")).hex(), '{"name":"SECRET-WORD"}'):
        assert "SECRET" not in office.examine(raw).reason.upper()
    assert OFFLINE.clock_skew.total_seconds() == 60
