import cbor2
import pytest

from rahdari.wire import cwt
from rahdari.wire.cwt import Claims
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.status_list import StatusReference


def test_the_claims_of_the_standard_are_read() -> None:
    """RFC 8392, appendix A.1."""
    raw = bytes.fromhex(
        "a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b7703"
        "7818636f61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0"
        "051a5610d9f0061a5610d9f007420b71"
    )
    claims = Claims(
        issuer="coap://as.example.com", subject="erikw", audience=("coap://light.example.com",),
        expires=1444064944, not_before=1443944944, issued_at=1443944944, token_id=b"\x0bq",
    )  # fmt: skip
    assert cwt.decode(raw) == claims
    assert cwt.encode(claims) == raw


def test_every_claim_comes_back() -> None:
    claims = Claims(
        issuer="i", subject="s", audience=("a", "b"), expires=3, not_before=1, issued_at=2, token_id=b"t",
        status=StatusReference("https://authority.example/1", 77), rest={169: b"x", "k": [1], -5: "y"},
    )  # fmt: skip
    assert cwt.decode(cwt.encode(claims)) == claims
    assert cwt.decode(cwt.encode(Claims())) == Claims()


def test_the_status_reference_stands_under_65535_as_the_draft_writes_it() -> None:
    raw = cwt.encode(Claims(status=StatusReference("https://authority.example/1", 77)))
    assert cbor2.loads(raw) == {65535: {"status_list": {"idx": 77, "uri": "https://authority.example/1"}}}


def test_a_fraction_of_a_second_never_lengthens_a_token() -> None:
    claims = cwt.decode(cbor2.dumps({4: 100.9, 5: 10.1, 6: 10.9}))
    assert (claims.expires, claims.not_before, claims.issued_at) == (100, 11, 10)


@pytest.mark.parametrize("key", [4, 5, 6])
@pytest.mark.parametrize(
    "wrong",
    [True, False, None, "1700000000", b"1", [1], -1, 253_402_300_800, 2**64 - 1, float("nan"), float("inf"),
     -1.5, 1e300, cbor2.CBORTag(70, 1)],
)  # fmt: skip
def test_a_time_that_is_no_time_is_refused(key: int, wrong: object) -> None:
    with pytest.raises(MalformedInput):
        cwt.decode(cbor2.dumps({key: wrong}))


@pytest.mark.parametrize("latest", [0, 253_402_300_799])
def test_the_first_and_the_last_second_are_times(latest: int) -> None:
    assert cwt.decode(cbor2.dumps({4: latest})).expires == latest


@pytest.mark.parametrize(
    "claims",
    [
        {1: 5}, {2: b"subject"}, {1: None}, {2: None}, {3: 5}, {3: None}, {3: ["a", 5]}, {3: ["a"] * 17},
        {7: "text"}, {7: None}, {65535: None}, {65535: 5}, {65535: {}},
        {65535: {"status_list": {"idx": -1, "uri": "u"}}},
        {65535: {"status_list": {"idx": True, "uri": "u"}}}, {b"key": 1}, {1.0: "i"}, {True: "i"}, {None: 1},
    ],
)  # fmt: skip
def test_a_claim_of_the_wrong_type_is_refused(claims: dict[object, object]) -> None:
    with pytest.raises(MalformedInput):
        cwt.decode(cbor2.dumps(claims))


@pytest.mark.parametrize("raw", [b"", b"\x80", b"\x01", b"\xa0\x00", b"\xa2\x01\x61a\x01\x61b"])
def test_what_is_not_one_map_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        cwt.decode(raw)


def test_a_date_tag_around_a_time_is_refused() -> None:
    with pytest.raises(MalformedInput, match="tag"):
        cwt.decode(bytes.fromhex("a104c11a5612aeb0"))  # RFC 8392, 2: the tag must be omitted


def test_an_oversized_claims_set_is_refused() -> None:
    with pytest.raises(TooLarge):
        cwt.decode(cbor2.dumps({1: "a" * 100}), size_bytes_max=100)


def test_a_named_claim_in_rest_is_our_own_fault() -> None:
    with pytest.raises(AssertionError):
        cwt.encode(Claims(rest={4: 1}))


def test_an_unnamed_claim_can_be_taken_out() -> None:
    assert cwt.without(Claims(issuer="i", rest={8: 1, 9: 2}), 8) == Claims(issuer="i", rest={9: 2})
