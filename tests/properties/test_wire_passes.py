"""For every input: what is written comes back; what is damaged is refused, and nothing else happens."""

import base64
from datetime import date

import cbor2
from hypothesis import given
from hypothesis import strategies as st

from rahdari.wire import base45, cbor, claim169, cose, cwt
from rahdari.wire.claim169 import Biometric, BodyPart, Gender, Identity, MaritalStatus, PhotoFormat, Profile
from rahdari.wire.compression import Compression, compress, expand
from rahdari.wire.cwt import Claims
from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, PublicKey, SoftwareSigner
from rahdari.wire.status_list import StatusReference

SIGNERS = [SoftwareSigner.generate(algorithm) for algorithm in Algorithm]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
maybe_text = st.none() | texts
seconds = st.none() | st.integers(0, cwt.SECONDS_MAX)
scalars = st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | texts | st.binary(max_size=20)
values = st.recursive(
    scalars | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-(2**64), 2**64 - 1) | texts | st.binary(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
biometrics = st.builds(
    Biometric,
    st.binary(max_size=60),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(0, 255),
    maybe_text,
)
identities = st.builds(
    Identity,
    id=maybe_text, version=maybe_text, language=maybe_text, full_name=maybe_text, first_name=maybe_text,
    middle_name=maybe_text, last_name=maybe_text, date_of_birth=st.none() | st.dates(min_value=date(1, 1, 1)),
    gender=st.none() | st.sampled_from(Gender), address=maybe_text, email=maybe_text, phone=maybe_text,
    nationality=maybe_text, marital_status=st.none() | st.sampled_from(MaritalStatus), guardian=maybe_text,
    photo=st.none() | st.binary(max_size=60), photo_format=st.none() | st.sampled_from(PhotoFormat),
    best_quality_fingers=st.lists(st.integers(0, 10), max_size=10).map(tuple), secondary_full_name=maybe_text,
    secondary_language=maybe_text, location_code=maybe_text, legal_status=maybe_text,
    country_of_issuance=maybe_text,
    biometrics=st.dictionaries(
        st.sampled_from(BodyPart), st.lists(biometrics, min_size=1, max_size=2).map(tuple), max_size=3
    ),
    rest=st.dictionaries(st.integers(24, 49) | st.integers(66, 2**32) | st.integers(-9, 0), scalars, max_size=3),
)  # fmt: skip
references = st.builds(
    StatusReference,
    st.from_regex(r"https://[a-z]{1,9}\.example/[a-z0-9]{0,9}", fullmatch=True),
    st.integers(0, 2**28),
)
claims = st.builds(
    Claims,
    issuer=maybe_text, subject=maybe_text, audience=st.lists(texts, max_size=3).map(tuple), expires=seconds,
    not_before=seconds, issued_at=seconds, token_id=st.none() | st.binary(max_size=8),
    status=st.none() | references,
    rest=st.dictionaries(st.integers(200, 60000) | texts, scalars, max_size=2),
)  # fmt: skip


@given(st.binary(max_size=400))
def test_base45_gives_back_every_byte(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


@given(st.text(base45.ALPHABET, max_size=200))
def test_base45_has_one_text_for_each_bytes(text: str) -> None:
    try:
        data = base45.decode(text)
    except MalformedInput:
        return
    assert base45.encode(data) == text


@given(st.binary(min_size=1, max_size=60), st.integers(0, 10_000), st.characters())
def test_base45_refuses_every_letter_that_is_not_its_own(data: bytes, at: int, letter: str) -> None:
    text = base45.encode(data)
    changed = text[: at % len(text)] + letter + text[at % len(text) + 1 :]
    try:
        base45.decode(changed)
    except MalformedInput:
        return
    assert letter in base45.ALPHABET


@given(values)
def test_cbor_is_written_as_any_other_reader_reads_it(value: object) -> None:
    raw = cbor.encode(value)
    assert cbor2.loads(raw) == value
    assert cbor.decode(raw, size_bytes_max=1 << 16) == value


@given(values)
def test_cbor_is_written_the_same_whatever_the_order_of_the_keys(value: object) -> None:
    assert cbor.encode(backwards(value)) == cbor.encode(value)


def backwards(value: object) -> object:
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(inner) for inner in value] if isinstance(value, list) else value


@given(st.binary(max_size=3000), st.sampled_from(Compression))
def test_every_message_is_unpacked_as_it_was_packed(data: bytes, kind: Compression) -> None:
    data = b"\xd2\x84" + data
    assert expand(compress(data, kind), size_bytes_max=4000) == (data, kind)


@given(identities, st.sampled_from(Profile))
def test_every_identity_comes_back(identity: Identity, profile: Profile) -> None:
    assert claim169.decode(claim169.encode(identity, profile)) == identity


@given(claims)
def test_every_claims_set_comes_back(said: Claims) -> None:
    assert cwt.decode(cwt.encode(said)) == said


@given(identities, claims, st.sampled_from(SIGNERS), st.sampled_from(Profile), st.sampled_from(Compression))
def test_every_pass_comes_back_and_verifies(
    identity: Identity, said: Claims, signer: SoftwareSigner, profile: Profile, compression: Compression
) -> None:
    text = claim169.write(signer, said, identity, profile=profile, compression=compression)
    unverified = claim169.read(text)
    assert (unverified.identity, unverified.claims) == (identity, said)
    signer.public.verify(unverified.sign1.signature, unverified.sign1.signing_input())


@given(st.data(), st.sampled_from(SIGNERS), st.sampled_from(Compression))
def test_no_flipped_bit_lets_another_pass_through(
    data: st.DataObject, signer: SoftwareSigner, compression: Compression
) -> None:
    said, identity = (
        Claims(issuer="issuer", expires=2_000_000_000),
        Identity(full_name="Sample", rest={70: 1}),
    )
    raw = bytearray(base45.decode(claim169.write(signer, said, identity, compression=compression)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        unverified = claim169.read(base45.encode(bytes(raw)))
        signer.public.verify(unverified.sign1.signature, unverified.sign1.signing_input())
    except (MalformedInput, UnsupportedAlgorithm, BadSignature):
        return
    assert (unverified.identity, unverified.claims) == (identity, said)


@given(st.sampled_from(Algorithm), st.binary(max_size=100), st.binary(min_size=64, max_size=64))
def test_no_drawn_signature_verifies(algorithm: Algorithm, message: bytes, signature: bytes) -> None:
    signer = next(one for one in SIGNERS if one.public.algorithm is algorithm)
    try:
        signer.public.verify(signature, message)
    except BadSignature:
        return
    raise AssertionError("a signature out of thin air was accepted")


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_no_drawn_point_becomes_a_key(x: bytes, y: bytes) -> None:
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        **{n: base64.urlsafe_b64encode(v).rstrip(b"=").decode() for n, v in (("x", x), ("y", y))},
    }
    try:
        PublicKey.from_jwk(jwk)
    except MalformedInput:
        return
    raise AssertionError("a point off the curve became a key")


@given(
    st.binary(max_size=40), st.binary(min_size=200, max_size=300), st.integers(60, 68), st.binary(max_size=3),
    st.booleans(),
)  # fmt: skip
def test_the_short_road_through_a_message_reads_what_the_long_one_reads(
    protected: bytes,
    payload: bytes,
    signature_bytes: int,
    junk: bytes,
    with_cwt_tag: bool,  # noqa: FBT001
) -> None:
    inner = cbor2.CBORTag(18, [protected, {}, payload, bytes(signature_bytes)])
    raw = cbor2.dumps(cbor2.CBORTag(61, inner) if with_cwt_tag else inner) + junk
    short = cose._usual_parts(raw)
    assert (short is not None) == (
        len(protected) < 24 and len(payload) > 255 and signature_bytes == 64 and not junk
    )
    if short is not None:
        assert (short[0], short[1], dict(short[2]), *short[3:]) == cose._parts(raw)


@given(st.data())
def test_the_short_road_never_reads_what_the_long_one_refuses(data: st.DataObject) -> None:
    raw = bytearray(cose.sign(SIGNERS[0], bytes(300), tags=data.draw(st.sampled_from([(18,), (61, 18)]))))
    places = st.integers(0, 24) | st.integers(len(raw) - 70, len(raw) - 1)
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(places)] = data.draw(st.integers(0, 255))
    short = cose._usual_parts(bytes(raw))
    if short is not None:
        assert (short[0], short[1], dict(short[2]), *short[3:]) == cose._parts(bytes(raw))
