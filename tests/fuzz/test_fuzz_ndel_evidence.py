"""Readers of records, particulars, consents and evidence files: a value, or a refusal by name, and nothing else."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rahdari.exchange.errors import EvidenceRefused
from rahdari.exchange.rules.evidence import verify_evidence
from rahdari.wire import jws, strict_json
from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.ndel import consent_token, evidence_file
from rahdari.wire.ndel.record_bytes import (
    encode_entry,
    encode_particulars,
    read_entry,
    read_particulars,
    request_id_of,
)
from rahdari.wire.ndel.records import Particulars
from tests.fuzz.test_fuzz_ndel import ODD, places
from tests.unit.exchange.evidence_scene import ISSUER_KEY, anchors, consent, written
from tests.unit.wire.test_ndel_record_bytes import FULL, ORDER, RECEIPT

REFUSALS = (MalformedInput, BadSignature, UnsupportedAlgorithm)
ROUNDS = 1500


def read_consent(raw: bytes) -> object:
    """Sign whatever is claimed, so that its reader is reached."""
    claims = json.loads(raw)
    text = jws.sign(ISSUER_KEY, {"typ": consent_token.TYP}, strict_json.encode(claims))
    return consent_token.decode(text)


READERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "exchange": (read_entry, encode_entry(FULL)),
    "receipt": (read_entry, encode_entry(RECEIPT)),
    "withholding": (read_entry, encode_entry(ORDER)),
    "particulars": (read_particulars, encode_particulars(Particulars("a", "b", b"c", "d"))),
    "consent": (read_consent, jws.decode(consent_token.sign(ISSUER_KEY, consent())).payload),
}


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


@pytest.mark.parametrize("name", READERS)
def test_odd_values_in_every_place_are_read_or_refused(name: str) -> None:
    read, raw = READERS[name]
    chance, accepted = random.Random(7), 0
    for _ in range(ROUNDS):
        value = json.loads(raw)
        for parent, child in chance.sample(places(value, []), k=1):
            parent[child] = chance.choice(ODD)
        try:
            read(canonical(value))
        except REFUSALS:
            continue
        accepted += 1
    assert accepted < ROUNDS / 2


@given(raw=st.binary(max_size=300))
@settings(max_examples=200)
def test_any_bytes_are_an_entry_or_refused(raw: bytes) -> None:
    for start in (b"", b'{"@type":"exchange-1"', b'{"@type":"receipt-1",', b'{"@type":"withholding-1",'):
        for read in (read_entry, read_particulars, request_id_of):
            try:
                read(start + raw)
            except MalformedInput:
                continue


@given(text=st.text(max_size=300))
@settings(max_examples=100)
def test_any_text_is_a_consent_or_refused(text: str) -> None:
    with pytest.raises(REFUSALS):
        consent_token.decode(text)


def test_odd_values_in_an_evidence_file_are_refused_or_prove_less() -> None:
    chance, whole = random.Random(11), json.loads(written())
    for _ in range(300):
        value: Any = json.loads(json.dumps(whole))
        parent, child = chance.choice(places(value, []))
        parent[child] = chance.choice(ODD)
        raw = json.dumps(value).encode()
        try:
            file = evidence_file.decode(raw)
        except MalformedInput:
            with pytest.raises(EvidenceRefused):
                verify_evidence(raw, anchors())
            continue
        assert evidence_file.decode(evidence_file.encode(file)) == file
        with pytest.raises(EvidenceRefused):
            verify_evidence(raw, anchors())


@given(raw=st.binary(max_size=300))
@settings(max_examples=100)
def test_any_bytes_are_no_evidence(raw: bytes) -> None:
    with pytest.raises(EvidenceRefused):
        verify_evidence(raw, anchors())
