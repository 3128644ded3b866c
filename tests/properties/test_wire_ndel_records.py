"""For every record: read again as it was written, in one form; for every other form: refused."""

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from rahdari.exchange.rules.subjects import normalise
from rahdari.kernel import Refused
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.record_bytes import (
    WHOLE_MAX,
    encode_entry,
    encode_particulars,
    read_entry,
    read_particulars,
    request_id_of,
)
from rahdari.wire.ndel.records import (
    ExchangeRecord,
    Particulars,
    Role,
    SignatureMark,
    SubjectIndex,
)
from tests.unit.wire.test_ndel_record_bytes import FULL

TEXTS = st.text(max_size=40)
WHOLE = st.integers(0, WHOLE_MAX)
DIGESTS = st.binary(min_size=32, max_size=32)
MARKS = st.builds(SignatureMark, TEXTS, TEXTS, st.binary(min_size=64, max_size=64))
RECORDS = st.builds(
    ExchangeRecord,
    role=st.sampled_from(Role),
    request_id=TEXTS,
    message_id=TEXTS,
    began=WHOLE,
    ended=WHOLE,
    client=st.just(FULL.client),
    service=st.just(FULL.service),
    operation=TEXTS,
    purpose=TEXTS,
    configuration_version=WHOLE,
    request_hash=TEXTS,
    request_digest=TEXTS,
    request=MARKS,
    request_base=DIGESTS,
    status=st.integers(0, 999),
    response_digest=st.none() | TEXTS,
    response=st.none() | MARKS,
    response_base=st.none() | DIGESTS,
    consent_id=st.none() | TEXTS,
    consent_digest=st.none() | DIGESTS,
    subject=st.none() | st.builds(SubjectIndex, TEXTS, DIGESTS),
    is_strict=st.booleans(),
    is_sealed=st.booleans(),
    fault=TEXTS,
)


@given(record=RECORDS)
@settings(max_examples=150)
def test_every_record_is_read_again_and_found_by_its_id(record: ExchangeRecord) -> None:
    raw = encode_entry(record)
    assert read_entry(raw) == record
    assert request_id_of(raw) == record.request_id
    assert raw == json.dumps(
        json.loads(raw), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode("utf-8")


@given(record=RECORDS, other=RECORDS)
@settings(max_examples=60)
def test_two_records_have_one_form_only_if_they_are_one(
    record: ExchangeRecord, other: ExchangeRecord
) -> None:
    assert (encode_entry(record) == encode_entry(other)) == (record == other)


@given(record=RECORDS, at=st.integers(0, 10_000), byte=st.integers(0, 255))
@settings(max_examples=150)
def test_another_byte_is_another_record_or_none(record: ExchangeRecord, at: int, byte: int) -> None:
    raw = bytearray(encode_entry(record))
    raw[at % len(raw)] = byte
    try:
        read = read_entry(bytes(raw))
    except MalformedInput:
        return
    assert (read == record) == (bytes(raw) == encode_entry(record))


@given(texts=st.tuples(TEXTS, st.none() | TEXTS, st.none() | TEXTS), header=st.binary(max_size=60))
def test_particulars_are_read_again(texts: tuple[str, str | None, str | None], header: bytes) -> None:
    particulars = Particulars(texts[0], texts[1], header, texts[2])
    assert read_particulars(encode_particulars(particulars)) == particulars


@given(text=st.text(max_size=60))
@settings(max_examples=300)
def test_an_identifier_in_its_one_form_stays_so(text: str) -> None:
    try:
        plain = normalise(text)
    except Refused:
        return
    assert normalise(plain) == plain
    assert normalise(f" {text}-") == plain
    assert replace(FULL, purpose=plain).purpose == plain
