"""The draft's own examples: arrays, tokens and references, and damaged copies of them."""

import json
from pathlib import Path

import pytest

from rahdari.wire import base64url, cbor, cose, strict_json
from rahdari.wire import status_list as lists
from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.keys import Algorithm, SoftwareSigner

HERE = Path(__file__).parent
CWT = bytes.fromhex((HERE / "status_list_cwt" / "input.hex").read_text())
JWT = (HERE / "status_list_jwt" / "input.jwt").read_text().strip()
REFERENCED = bytes.fromhex((HERE / "referenced_token_cwt" / "input.hex").read_text())
URI = "https://example.com/statuslists/1"
# 4.1: the statuses of 0xB9A3, which both tokens carry.
STATUSES = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]

both = pytest.mark.parametrize("token", [lists.decode_cwt(CWT), lists.decode_jwt(JWT)], ids=["cwt", "jwt"])


@both
def test_the_example_tokens_say_what_the_draft_says(token: lists.StatusListToken) -> None:
    assert (token.uri, token.issued_at, token.expires, token.ttl) == (URI, 1686920170, 2291720170, 43200)
    assert token.algorithm is Algorithm.ES256
    assert token.unverified.statuses.bits == 1
    assert [token.status_of(index) for index in range(16)] == STATUSES


@both
def test_an_index_beyond_the_example_is_refused(token: lists.StatusListToken) -> None:
    with pytest.raises(MalformedInput, match="outside"):
        token.status_of(16)


@both
def test_the_example_is_not_believed_with_a_key_of_ours(token: lists.StatusListToken) -> None:
    with pytest.raises(BadSignature):
        token.verify(SoftwareSigner.generate(Algorithm.ES256).public)


def test_the_example_cwt_names_its_key() -> None:
    assert lists.decode_cwt(CWT).kid == b"12"


@pytest.mark.parametrize("head", [b"", b"\xd2", b"\xd8\x3d\xd2"], ids=["untagged", "18", "61(18)"])
def test_the_example_cwt_is_read_under_every_tag_of_a_cwt(head: bytes) -> None:
    assert CWT[:1] == b"\xd2"
    assert lists.decode_cwt(head + CWT[1:]) == lists.decode_cwt(CWT)


@pytest.mark.parametrize(
    "head", [b"\xd1", b"\xd8\x3d", b"\xd8\x3d\xd8\x3d\xd2", b"\xd2\xd2", b"\xd9\xd9\xf7\xd2"]
)
def test_the_example_cwt_is_refused_under_any_other_tag(head: bytes) -> None:
    with pytest.raises(MalformedInput):
        lists.decode_cwt(head + CWT[1:])


@pytest.mark.parametrize("length", range(0, len(CWT), 7))
def test_a_truncated_example_cwt_is_refused(length: int) -> None:
    with pytest.raises(MalformedInput):
        lists.decode_cwt(CWT[:length])


def test_the_claims_we_write_are_the_bytes_of_the_example() -> None:
    """Same claims, same deterministic CBOR but for the order of the keys: compare what the draft signed."""
    listed = lists.decode_cwt(CWT).unverified
    ours = cose.decode(lists.sign_cwt(SoftwareSigner.generate(), listed))
    theirs = cose.decode(CWT)
    assert cbor.decode(ours.payload, size_bytes_max=1000) == cbor.decode(theirs.payload, size_bytes_max=1000)
    assert ours.headers[16] == theirs.headers[16] == "application/statuslist+cwt"


def test_the_referenced_token_of_the_draft_refers_to_entry_0() -> None:
    claims = cbor.decode(cose.decode(REFERENCED).payload, size_bytes_max=1000)
    assert isinstance(claims, dict)
    reference = lists.StatusReference.from_cbor(claims[65535])
    assert reference == lists.StatusReference(URI, 0)
    assert reference.as_cbor() == claims[65535]
    assert lists.decode_cwt(CWT).status_of(reference.index) == lists.StatusType.INVALID


@pytest.mark.parametrize(
    ("bits", "packed", "lst", "in_cbor"),
    [
        (1, "b9a3", "eNrbuRgAAhcBXQ", "a2646269747301636c73744a78dadbb918000217015d"),
        (2, "c944f9", "eNo76fITAAPfAgc", "a2646269747302636c73744b78da3be9f2130003df0207"),
    ],
)
def test_the_short_arrays_of_the_draft_are_read_and_written(
    bits: int, packed: str, lst: str, in_cbor: str
) -> None:
    statuses = lists.StatusArray(bits, bytes.fromhex(packed))
    assert lists.StatusArray.inflate(bits, base64url.decode(lst)) == statuses
    assert base64url.encode(statuses.deflate()) == lst
    written = cbor.decode(bytes.fromhex(in_cbor), size_bytes_max=100)
    assert written == {"bits": bits, "lst": statuses.deflate()}


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_the_long_arrays_of_the_draft_give_every_expected_status(shared_folder: Path, bits: int) -> None:
    folder = shared_folder / "vectors" / "token-status-list"
    encodings = json.loads((folder / "encodings.json").read_text())[str(bits)]
    expected = json.loads((folder / "expected_values.json").read_text())
    in_json = strict_json.decode_object(encodings["json"].encode(), size_bytes_max=100_000)
    in_cbor = cbor.decode(bytes.fromhex(encodings["cbor"]), size_bytes_max=100_000)
    assert isinstance(in_cbor, dict)
    assert in_json["bits"] == in_cbor["bits"] == bits
    statuses = lists.StatusArray.inflate(bits, in_cbor["lst"])
    assert base64url.decode(str(in_json["lst"])) == in_cbor["lst"]

    values = {int(index): value for index, value in expected["values"][str(bits)].items()}
    assert statuses.size == expected["size"]
    assert {index: statuses.get(index) for index in values} == values
    # All other entries are 0: built from the expected values alone, the array is the same to the last byte.
    assert lists.StatusArray.of_size(expected["size"], values.items(), bits=bits) == statuses
