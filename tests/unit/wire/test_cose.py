import cbor2
import pytest

from rahdari.wire import cbor, cose
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, PublicKey, SoftwareSigner

SIGNER = SoftwareSigner.generate()
ES256 = b"\xa1\x01\x26"


def message(
    protected: object = ES256,
    unprotected: object = None,
    payload: object = b"payload",
    signature: object = bytes(64),
) -> bytes:
    head = protected if isinstance(protected, bytes) else cbor2.dumps(protected)
    return cbor2.dumps(
        cbor2.CBORTag(18, [head, {} if unprotected is None else unprotected, payload, signature])
    )


@pytest.mark.parametrize("tags", [(18,), (61, 18), ()])
@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("kid_protected", [True, False])
@pytest.mark.parametrize("size", [0, 23, 24, 255, 256, 1400, 70_000])
def test_what_is_signed_is_read_and_verifies(
    tags: tuple[int, ...], algorithm: Algorithm, *, kid_protected: bool, size: int
) -> None:
    signer = SoftwareSigner.generate(algorithm)
    raw = cose.sign(signer, bytes(size), tags=tags, kid_protected=kid_protected)
    unverified = cose.decode(raw)
    assert (unverified.tags, unverified.algorithm) == (tags, algorithm)
    assert (unverified.kid, unverified.kid_is_protected) == (signer.public.kid, kid_protected)
    assert unverified.payload == bytes(size)
    signer.public.verify(unverified.signature, unverified.signing_input())


def test_the_bytes_are_those_that_a_plain_encoder_writes() -> None:
    """The heads are written by hand; RFC 9052, 4.2 and 4.4, and cbor2 are the judges."""
    raw = cose.sign(SIGNER, b"p" * 300, tags=(61, 18))
    sign1 = cose.decode(raw)
    parts = [sign1.protected, {}, sign1.payload, sign1.signature]
    assert raw == cbor2.dumps(cbor2.CBORTag(61, cbor2.CBORTag(18, parts)))
    assert sign1.signing_input() == cbor2.dumps(["Signature1", sign1.protected, b"", sign1.payload])


def test_a_published_signature_verifies() -> None:
    """RFC 8392, appendix A.3 (with the key of A.2.3, whose point is given in full)."""
    key = PublicKey(
        Algorithm.ES256,
        bytes.fromhex("143329cce7868e416927599cf65a34f3ce2ffda55a7eca69ed8919a394d42f0f"),
        bytes.fromhex("60f7f1a780d8a783bfb7a2dd6b2796e8128dbbcef9d3d168db9529971a36e7b9"),
    )
    raw = bytes.fromhex(
        "d28443a10126a104524173796d6d657472696345434453413235365850a701756"
        "36f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f"
        "61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0051a5610d"
        "9f0061a5610d9f007420b7158405427c1ff28d23fbad1f29c4c7c6a555e601d6f"
        "a29f9179bc3d7438bacaca5acd08c8d4d4f96131680c429a01f85951ecee743a5"
        "2b9b63632c57209120e1c9e30"
    )
    unverified = cose.decode(raw)
    assert unverified.kid == b"AsymmetricECDSA256"
    assert not unverified.kid_is_protected
    key.verify(unverified.signature, unverified.signing_input())
    with pytest.raises(BadSignature):
        key.verify(unverified.signature, unverified.signing_input().replace(b"erikw", b"eriko"))


def test_the_protected_kid_wins_over_the_unprotected_one() -> None:
    sign1 = cose.decode(message({1: -7, 4: b"protected"}, {4: b"swapped"}))
    assert sign1.kid == b"protected"
    assert sign1.kid_is_protected
    assert cose.decode(message(ES256, {4: b"only"})).kid == b"only"
    assert cose.decode(message()).kid is None


def test_the_algorithm_is_read_from_the_protected_header_alone() -> None:
    assert cose.decode(message(ES256, {1: -8})).algorithm is Algorithm.ES256
    for protected in (b"", b"\xa0", {4: b"kid"}):
        with pytest.raises(UnsupportedAlgorithm, match="names no algorithm"):
            cose.decode(message(protected, {1: -7}))


@pytest.mark.parametrize(
    ("number", "algorithm"), [(-7, "ES256"), (-8, "EdDSA"), (-9, "ES256"), (-19, "EdDSA")]
)
def test_both_names_of_our_algorithms_are_read(number: int, algorithm: str) -> None:
    """RFC 9864, 2.1 and 2.2: ESP256 (-9) and Ed25519 (-19) name the same computations in full."""
    assert cose.decode(message({1: number})).algorithm == algorithm


@pytest.mark.parametrize("number", [0, 1, 5, -35, -37, -257, -65535, "ES256", True, None, b"\x26", [-7], 1.0])
def test_every_other_algorithm_is_refused(number: object) -> None:
    with pytest.raises(UnsupportedAlgorithm):
        cose.decode(message({1: number}))


@pytest.mark.parametrize(
    "crit", [[99], [5], ["x"], [], 1, None, [4], [[1]], [1.0], [True], {4: 1}, b"\x04", [33]]
)
def test_a_critical_header_that_is_not_understood_is_refused(crit: object) -> None:
    with pytest.raises(MalformedInput, match="crit"):
        cose.decode(message({1: -7, 2: crit, 99: 1, 5: b"iv", "x": 1, 33: b"chain"}))


def test_a_critical_header_that_is_understood_and_present_is_read() -> None:
    raw = message({1: -7, 2: [16], 16: "application/statuslist+cwt"})
    assert cose.decode(raw).headers[16] == "application/statuslist+cwt"


def test_an_unprotected_crit_is_refused() -> None:
    with pytest.raises(MalformedInput, match="crit"):
        cose.decode(message(ES256, {2: [4]}))


@pytest.mark.parametrize("kid", ["text", 1, bytes(65), [b"k"]])
@pytest.mark.parametrize("where", ["protected", "unprotected"])
def test_a_kid_that_is_no_short_byte_string_is_refused(kid: object, where: str) -> None:
    with pytest.raises(MalformedInput, match="kid"):
        cose.decode(message({1: -7, 4: kid}) if where == "protected" else message(ES256, {4: kid}))


@pytest.mark.parametrize("label", [1.0, True, None, b"\x01", -7.5])
def test_a_header_label_that_is_neither_number_nor_text_is_refused(label: object) -> None:
    """RFC 9052, 1.4. To Python 1.0 and true are 1: an algorithm could be slipped in under them."""
    with pytest.raises(MalformedInput, match="label"):
        cose.decode(message({label: -7}))
    with pytest.raises(MalformedInput, match="label"):
        cose.decode(message(ES256, {label: b"kid"}))


def test_the_content_type_is_read_and_its_type_checked() -> None:
    assert cose.decode(message({1: -7, 3: 61})).content_type == 61
    assert cose.decode(message({1: -7, 3: "application/cwt"})).content_type == "application/cwt"
    for wrong in (b"x", -1, True):
        with pytest.raises(MalformedInput, match="content type"):
            cose.decode(message({1: -7, 3: wrong}))


@pytest.mark.parametrize(
    ("tag", "says"),
    [(16, "encrypted"), (96, "encrypted"), (17, "MACed"), (97, "MACed"), (98, "several"), (19, "tag 19")],
)
def test_other_messages_are_refused_by_name(tag: int, says: str) -> None:
    inner = [b"\xa1\x01\x03", {5: bytes(12)}, b"ciphertext"]
    for value in (cbor2.CBORTag(tag, inner), cbor2.CBORTag(61, cbor2.CBORTag(tag, inner))):
        with pytest.raises(MalformedInput, match=says):
            cose.decode(cbor2.dumps(value))


@pytest.mark.parametrize(
    "value",
    [
        [], [b"", {}, b""], [b"", {}, b"", b"", b""], {}, b"", "text", 18,
        cbor2.CBORTag(61, [ES256, {}, b"p", bytes(64)]),  # RFC 8392, 6: 61 needs a COSE tag inside
        cbor2.CBORTag(18, cbor2.CBORTag(18, [ES256, {}, b"p", bytes(64)])),
        cbor2.CBORTag(18, cbor2.CBORTag(61, [ES256, {}, b"p", bytes(64)])),
        [{1: -7}, {}, b"p", bytes(64)], [ES256, [], b"p", bytes(64)], [ES256, {}, b"p", None],
        [ES256, {}, b"p", "signature"], [ES256, b"", b"p", bytes(64)], [b"\x26", {}, b"p", bytes(64)],
        [b"\xa1\x01", {}, b"p", bytes(64)], [ES256 + b"\0", {}, b"p", bytes(64)],
        [b"\xa2\x01\x26\x01\x27", {}, b"p", bytes(64)],  # the algorithm twice
    ],
)  # fmt: skip
def test_what_is_not_a_sign1_is_refused(value: object) -> None:
    with pytest.raises(MalformedInput):
        cose.decode(cbor2.dumps(value))


@pytest.mark.parametrize("payload", [None, "text", [1]])
def test_a_detached_payload_is_refused(payload: object) -> None:
    with pytest.raises(MalformedInput, match="detached"):
        cose.decode(message(payload=payload))


def test_bytes_after_the_message_are_refused() -> None:
    with pytest.raises(MalformedInput, match="follow"):
        cose.decode(message() + b"\0")


def test_oversized_headers_and_messages_are_refused() -> None:
    with pytest.raises(TooLarge):
        cose.decode(message({1: -7, 99: bytes(cose.HEADERS_BYTES_MAX)}))
    with pytest.raises(TooLarge):
        cose.decode(message(), size_bytes_max=20)


def test_extra_protected_headers_are_signed_with_the_rest() -> None:
    raw = cose.sign(SIGNER, b"list", extra_protected={16: "application/statuslist+cwt"})
    sign1 = cose.decode(raw)
    assert dict(sign1.headers) == {1: -7, 4: SIGNER.public.kid, 16: "application/statuslist+cwt"}
    assert cbor.decode(sign1.protected, size_bytes_max=100) == sign1.headers
    SIGNER.public.verify(sign1.signature, sign1.signing_input())


def test_a_signature_does_not_verify_with_a_key_of_the_other_algorithm() -> None:
    """An alg that is swapped between key types finds no key that says yes."""
    sign1 = cose.decode(cose.sign(SIGNER, b"payload"))
    with pytest.raises(BadSignature):
        SoftwareSigner.generate(Algorithm.EDDSA).public.verify(sign1.signature, sign1.signing_input())
