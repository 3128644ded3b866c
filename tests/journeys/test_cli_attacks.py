"""Passes that were made to deceive or to exhaust: refused in a moment, and not one claim is shown."""

import time
import zlib
from collections.abc import Callable

import cbor2
import pytest

from rahdari.wire import base45
from tests.journeys.commands import CommandLine

MEBIBYTE = 1 << 20
# A verification costs a millisecond; whoever needs seconds to refuse can be kept busy by anybody.
REFUSAL_SECONDS_MAX = 2.0


def _write(raw: bytes) -> str:
    return base45.encode(zlib.compress(raw, 9))


def _open(text: str) -> list[object]:
    """The four parts of a COSE_Sign1, whatever tags stand before it."""
    read = cbor2.loads(zlib.decompress(base45.decode(text)))
    while isinstance(read, cbor2.CBORTag):
        read = read.value
    return list(read)


def _close(parts: list[object]) -> str:
    return _write(cbor2.dumps(cbor2.CBORTag(61, cbor2.CBORTag(18, parts))))


def _with_header(text: str, changes: dict[int, object]) -> str:
    parts = _open(text)
    assert isinstance(parts[0], bytes)
    parts[0] = cbor2.dumps(dict(cbor2.loads(parts[0])) | changes)
    return _close(parts)


def _without_signature(text: str) -> str:
    parts = _open(text)
    parts[3] = bytes(64)
    return _close(parts)


def _with_payload_bit_flipped(text: str) -> str:
    parts = _open(text)
    assert isinstance(parts[2], bytes)
    at = parts[2].index(b"nic") if b"nic" in parts[2] else len(parts[2]) // 2
    parts[2] = parts[2][:at] + bytes([parts[2][at] ^ 1]) + parts[2][at + 1 :]
    return _close(parts)


ATTACKS: dict[str, tuple[Callable[[str], str], set[str]]] = {
    "inflation bomb": (lambda _: _write(bytes(50 * MEBIBYTE)), {"malformed"}),
    "deep CBOR": (lambda _: _write(b"\x81" * 100_000 + b"\x00"), {"malformed"}),
    "algorithm that nobody accepts": (lambda text: _with_header(text, {1: -257}), {"malformed"}),
    "algorithm none": (lambda text: _with_header(text, {1: 0}), {"malformed"}),
    "algorithm of another key type": (lambda text: _with_header(text, {1: -8}), {"tampered"}),
    "key id of nobody": (lambda text: _with_header(text, {4: b"\x00" * 8}), {"unknown_issuer"}),
    "signature of zeros": (_without_signature, {"tampered", "malformed"}),
    "one bit of the payload": (_with_payload_bit_flipped, {"tampered", "malformed"}),
    "letters that are no Base45": (lambda text: text[:100] + "é" + text[101:], {"malformed"}),
    "nothing but zeros": (lambda _: "0" * 2000, {"malformed"}),
}


def test_taking_a_pass_apart_and_together_again_leaves_it_valid(rahdari: CommandLine) -> None:
    # Else every attack below would be refused for the wrong reason.
    text = rahdari.text(rahdari.card())
    assert rahdari("pass", "verify", "--text", _close(_open(text))).code == 0


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("mode", ["offline", "online"])
def test_an_attack_is_refused_quickly_and_shows_no_claim(rahdari: CommandLine, name: str, mode: str) -> None:
    attack, verdicts = ATTACKS[name]
    text = attack(rahdari.text(rahdari.card()))
    began = time.process_time()
    words = ("--online",) if mode == "online" else ()
    refused = rahdari.json("pass", "verify", "--text", text, *words)
    assert time.process_time() - began < REFUSAL_SECONDS_MAX
    assert refused.document["verdict"] in verdicts
    assert 10 <= refused.code <= 17
    assert refused.document["pass"] is None


def test_a_pass_with_the_key_id_of_another_good_key_is_tampered(rahdari: CommandLine) -> None:
    text = rahdari.text(rahdari.card())
    rahdari("trust", "rotate", "--use", "pass")
    with rahdari.house() as house:
        newest = [key for key in house.authority.list_keys() if key.use == "pass"][-1]
    swapped = _with_header(text, {4: newest.public.kid})
    refused = rahdari.json("pass", "verify", "--text", swapped)
    assert refused.document["verdict"] == "tampered"
