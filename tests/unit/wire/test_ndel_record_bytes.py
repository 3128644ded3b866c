"""Log entries as canonical bytes: one form for each value, and nothing else is read."""

import json
from dataclasses import replace

import pytest

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.ndel.record_bytes import (
    ENTRY_BYTES_MAX,
    PARTICULARS_BYTES_MAX,
    encode_entry,
    encode_particulars,
    read_entry,
    read_particulars,
    request_id_of,
)
from rahdari.wire.ndel.records import (
    ExchangeRecord,
    LogEntry,
    Particulars,
    ReceiptRecord,
    Role,
    SignatureMark,
    SubjectIndex,
    WithholdingAct,
    WithholdingRecord,
)
from rahdari.wire.xroad import MemberId, ServiceId, SubsystemId

MARK = SignatureMark('("@method");created=1;keyid="k"', "k", bytes(range(64)))
SUBJECT = SubjectIndex("2027-03", bytes(range(32)))
FULL = ExchangeRecord(
    role=Role.PROVIDER,
    request_id="r-1",
    message_id="m-1",
    began=1_800_000_000_000,
    ended=1_800_000_000_040,
    client=SubsystemId("PK", "COM", "2002", "قرض 贷款"),
    service=ServiceId("PK", "GOV", "1001", "registry", "person"),
    operation="GET /v1/persons/{id}",
    purpose="lending",
    configuration_version=7,
    request_hash="aGFzaA==",
    request_digest="sha-256=:AAAA:",
    request=MARK,
    request_base=bytes(32),
    status=200,
    response_digest="sha-256=:BBBB:",
    response=replace(MARK, keyid="p"),
    response_base=bytes(range(32)),
    consent_id="c-1",
    consent_digest=bytes(32),
    subject=SUBJECT,
    is_strict=True,
    is_sealed=True,
    fault="server.serverproxy.access_denied",
)
BARE = replace(
    FULL,
    client=MemberId("PK", "COM", "2002"),
    response_digest=None,
    response=None,
    response_base=None,
    consent_id=None,
    consent_digest=None,
    subject=None,
    is_strict=False,
    is_sealed=False,
    fault="",
)
RECEIPT = ReceiptRecord("r-1", 1_800_000_001, MARK)
ORDER = WithholdingRecord(
    "w-1", 1_800_000_000, WithholdingAct.WITHHOLD, "court_order", "7/2027", "a court",
    FULL.client, SUBJECT, 1_800_086_400,
)  # fmt: skip
ENTRIES: tuple[LogEntry, ...] = (
    FULL,
    BARE,
    RECEIPT,
    ORDER,
    replace(ORDER, act=WithholdingAct.LIFT, client=None, subject=None),
)


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_is_read_again_as_it_was_written(entry: LogEntry) -> None:
    assert read_entry(encode_entry(entry)) == entry


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_form_is_that_of_rfc_8785(entry: LogEntry) -> None:
    raw = encode_entry(entry)
    plain = json.loads(raw)
    # For names in ASCII, whole numbers and texts, Python's own writer is RFC 8785 (sorted, without spaces).
    assert raw == json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("text", ['"\\/\b\f\n\r\t\x00\x1f\x7f', "\u2028\u2029\ufeff", "😀 گھڑی 时钟", ""])
def test_texts_are_escaped_as_rfc_8785_says(text: str) -> None:
    raw = encode_entry(replace(FULL, purpose=text))
    assert json.dumps(text, ensure_ascii=False).encode() in raw
    assert read_entry(raw) == replace(FULL, purpose=text)


def test_what_is_absent_or_false_is_left_out() -> None:
    assert json.loads(encode_entry(BARE)).keys() == {
        "@type", "began", "client", "conf", "ended", "hash", "id", "message", "op", "purpose", "req", "req_base",
        "req_digest", "role", "service", "status",
    }  # fmt: skip


@pytest.mark.parametrize(
    "altered",
    [
        lambda raw: raw.replace(b'{"@type"', b'{ "@type"'),
        lambda raw: raw + b"\n",
        lambda raw: raw.replace(b'"conf":7', b'"conf":7.0'),
        lambda raw: raw.replace(b'"conf":7', b'"conf":07'),
        lambda raw: raw.replace(b'"conf":7', b'"conf":-7'),
        lambda raw: raw.replace(b'"conf":7', b'"conf":7,"conf":7'),
        lambda raw: raw.replace(b'"conf":7', b'"conf":9007199254740992'),
        lambda raw: raw.replace(b'"status":200', b'"status":1000'),
        lambda raw: raw.replace(b'"strict":true', b'"strict":false'),
        lambda raw: raw.replace(b'"strict":true', b'"strict":1'),
        lambda raw: raw.replace(b'"strict":true,', b""),
        lambda raw: raw.replace(b'"purpose":"lending"', b'"purpose":"\\u006cending"'),
        lambda raw: raw.replace(b'"purpose":"lending"', b'"purpose":null'),
        lambda raw: raw.replace(b'"consent":"c-1",', b'"consent":null,'),
        lambda raw: raw.replace(b'"fault":"server.serverproxy.access_denied"', b'"fault":""'),
        lambda raw: raw.replace(b'"role":"provider"', b'"role":"witness"'),
        lambda raw: raw.replace(b'"period":"2027-03"', b'"period":"2027-03","x":1'),
        lambda raw: raw.replace(b'"exchange-1"', b'"exchange-2"'),
        lambda raw: raw.replace(b'"service":"PK/GOV', b'"service":"PK%2FGOV'),
        lambda raw: raw.replace(b'"service":"PK/GOV', b'"service":"%50K/GOV'),
        lambda raw: raw.replace(b"AAECAwQF", b"AAECAwQ="),
        lambda raw: raw.replace(b'"id":"r-1"', b'"id":"\xff"'),
        lambda raw: raw.replace(b'"id":"r-1"', b'"id":"\\ud800"'),
        lambda raw: raw[:-1],
        lambda _: b"",
        lambda _: b"null",
        lambda _: b"[" * 100_000,
    ],
)
def test_every_other_form_is_refused(altered: object) -> None:
    assert callable(altered)
    raw = altered(encode_entry(FULL))
    is_same = raw == encode_entry(FULL)
    # Leaving "strict" out is another value, not another form.
    if b'"strict"' not in raw and raw.startswith(b'{"@type":"exchange-1"') and raw.endswith(b"}"):
        assert read_entry(raw) == replace(FULL, is_strict=False)
        return
    assert not is_same
    with pytest.raises(MalformedInput):
        read_entry(raw)


@pytest.mark.parametrize(
    "entry",
    [
        replace(FULL, request_base=bytes(31)),
        replace(FULL, subject=SubjectIndex("2027-03", b"")),
        replace(FULL, request=replace(MARK, signature=bytes(63))),
        replace(FULL, began=-1),
        replace(FULL, ended=1 << 53),
        replace(FULL, status=1000),
        replace(FULL, purpose="\ud800"),
        replace(RECEIPT, at=-1),
        replace(ORDER, until=1 << 53),
        replace(FULL, operation="x" * ENTRY_BYTES_MAX),
    ],
)
def test_what_nobody_would_read_is_not_written(entry: LogEntry) -> None:
    with pytest.raises(MalformedInput):
        encode_entry(entry)


def test_an_entry_that_is_too_long_is_refused_by_name() -> None:
    with pytest.raises(TooLarge):
        read_entry(b'{"@type":"exchange-1"' + bytes(ENTRY_BYTES_MAX))


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (FULL, "r-1"),
        (BARE, "r-1"),
        (RECEIPT, "r-1"),
        (ORDER, None),
        (replace(FULL, request_id='a"b\\'), 'a"b\\'),
    ],
)
def test_the_id_of_a_request_is_found_quickly_and_rightly(entry: LogEntry, found: str | None) -> None:
    assert request_id_of(encode_entry(entry)) == found


def test_an_id_is_not_taken_from_another_members_text() -> None:
    assert request_id_of(encode_entry(replace(FULL, request_hash=',"id":"x"'))) == "r-1"
    assert request_id_of(encode_entry(replace(FULL, fault='x,"id":"y"'))) == "r-1"


@pytest.mark.parametrize(
    "particulars",
    [
        Particulars("base"),
        Particulars("base\nlines", "response", b"GET\r\n/\r\n", "a.b.c"),
        Particulars("", "", b"\x00\xff", ""),
    ],
)
def test_particulars_are_read_again_as_they_were_written(particulars: Particulars) -> None:
    raw = encode_particulars(particulars)
    assert read_particulars(raw) == particulars
    assert raw == json.dumps(json.loads(raw), sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b'{"request":1}',
        b'{"request":"a","x":1}',
        b'{"request":"a","header":""}',
        b'{ "request":"a"}',
    ],
)
def test_other_particulars_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        read_particulars(raw)


def test_particulars_have_a_limit() -> None:
    with pytest.raises(TooLarge):
        encode_particulars(Particulars("x" * PARTICULARS_BYTES_MAX))
    with pytest.raises(TooLarge):
        read_particulars(b" " * (PARTICULARS_BYTES_MAX + 1))


def test_neither_persons_nor_secrets_show_in_a_repr() -> None:
    assert "0001020304" not in repr(FULL)
    assert "base" not in repr(Particulars("base")).removeprefix("Particulars(")
