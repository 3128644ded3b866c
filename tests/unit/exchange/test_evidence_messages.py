"""What the gateways signed, held against the log line by line: each line is looked at by itself."""

from dataclasses import replace
from hashlib import sha256

import pytest

from rahdari.exchange.rules.evidence_messages import (
    SIGNED_WITHIN_SECONDS,
    read_request,
    read_response,
    receipt_base,
    target_of,
)
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.record_bytes import read_entry
from rahdari.wire.ndel.records import ExchangeRecord, Particulars, ReceiptRecord, SignatureMark
from tests.unit.exchange.evidence_scene import SECONDS, evidence


def kept() -> tuple[ExchangeRecord, Particulars]:
    first = evidence().records[0]
    record = read_entry(first.logged.record)
    assert isinstance(record, ExchangeRecord)
    assert first.particulars is not None
    return record, first.particulars


def rebased(record: ExchangeRecord, base: str) -> ExchangeRecord:
    """A record whose hash fits another base, so that only the lines themselves can tell."""
    digest = sha256(base.encode()).digest()
    return replace(record, request_base=digest, response_base=digest)


def lines_of(base: str) -> list[str]:
    return base.split("\n")[:-1]


@pytest.mark.parametrize("number", range(9))
def test_each_line_of_a_request_is_held_against_the_record(number: int) -> None:
    record, particulars = kept()
    assert read_request(record, particulars.request_base).keyid == record.request.keyid
    line = lines_of(particulars.request_base)[number]
    name, _, value = line.partition(": ")
    other = {
        '"@target-uri"': value.replace("person-status", "person-other"),
        '"x-road-client"': "PK/COM/2003/loans",
    }.get(name, f"{value}0")
    base = particulars.request_base.replace(line, f"{name}: {other}")
    with pytest.raises(MalformedInput):
        read_request(rebased(record, base), base)


@pytest.mark.parametrize("number", range(4))
def test_each_line_of_a_response_is_held_against_the_record(number: int) -> None:
    record, particulars = kept()
    whole = particulars.response_base or ""
    assert read_response(record, whole).created == SECONDS
    line = lines_of(whole)[number]
    base = whole.replace(line, line[:-2] + ("0:" if line.endswith(":") else "11"))
    assert base != whole
    with pytest.raises(MalformedInput):
        read_response(rebased(record, base), base)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('tag="ndel-req-v1"', 'tag="ndel-rsp-v1"'),
        (";created=", ";nothing="),
        ('"@method" "@target-uri"', '"@target-uri" "@method"'),
        ('"ndel-purpose" ', ""),
        (f"created={SECONDS}", f"created={SECONDS + SIGNED_WITHIN_SECONDS + 1}"),
        (f"created={SECONDS}", f"created={SECONDS - SIGNED_WITHIN_SECONDS - 1}"),
        (";nonce=", ';more="x";nonce='),
    ],
)
def test_the_parameters_are_those_of_the_profile(old: str, new: str) -> None:
    record, particulars = kept()
    assert old in record.request.input
    mark = replace(record.request, input=record.request.input.replace(old, new))
    base = particulars.request_base.replace(record.request.input, mark.input)
    with pytest.raises(MalformedInput):
        read_request(replace(rebased(record, base), request=mark), base)


def test_a_key_or_nonce_that_is_not_the_records_is_refused() -> None:
    record, particulars = kept()
    base = particulars.request_base
    for other in (
        replace(record, request=replace(record.request, keyid="another")),
        replace(record, request_id="another"),
    ):
        with pytest.raises(MalformedInput):
            read_request(other, base)


def test_a_base_of_something_else_or_with_other_signs_is_refused() -> None:
    record, particulars = kept()
    for base in (
        "",
        "x",
        particulars.request_base + "\n",
        particulars.request_base.replace("loans", "lōans"),
    ):
        with pytest.raises(MalformedInput):
            read_request(record, base)
    with pytest.raises(MalformedInput):
        read_response(replace(record, response=None), particulars.response_base or "")


@pytest.mark.parametrize("changed", ["another", '("@method")'])
def test_a_receipt_covers_the_signature_of_the_response_and_nothing_else(changed: str) -> None:
    receipt = read_entry(evidence().records[0].receipts[0].record)
    assert isinstance(receipt, ReceiptRecord)
    record, _ = kept()
    assert record.response is not None
    signed, base = receipt_base(receipt, record.response)
    assert signed.created == SECONDS
    assert base.startswith(b'"signature";key="sig1": :')
    other = receipt.receipt.input.replace('("signature";key="sig1")', changed)
    mark = SignatureMark(other, receipt.receipt.keyid, receipt.receipt.signature)
    with pytest.raises(MalformedInput):
        receipt_base(replace(receipt, receipt=mark), record.response)
    with pytest.raises(MalformedInput):
        receipt_base(replace(receipt, request_id="another"), record.response)


@pytest.mark.parametrize("uri", ["", "/r1/x", "ftp://a/b", "https://", "https://a", "https:///b", "a://b/c"])
def test_what_is_no_absolute_uri_has_no_target(uri: str) -> None:
    with pytest.raises(MalformedInput):
        target_of(uri)
    assert target_of("https://a:1/b?c=d") == "/b?c=d"
