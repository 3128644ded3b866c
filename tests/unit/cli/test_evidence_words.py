"""What a court reads of a record: in words, and never more than the record says."""

from dataclasses import replace

import pytest

from rahdari.cli.exchange.evidence_words import outcome_of, record_document, record_words
from rahdari.wire.ndel.parties import Purpose
from rahdari.wire.ndel.records import ExchangeRecord, Role, SignatureMark
from rahdari.wire.xroad import ServiceId, SubsystemId

MARK = SignatureMark("()", "key", bytes(64))
RECORD = ExchangeRecord(
    role=Role.PROVIDER,
    request_id="r-1",
    message_id="m-1",
    began=1_795_358_239_120,
    ended=1_795_358_239_132,
    client=SubsystemId("PK", "COM", "2002", "app"),
    service=ServiceId("PK", "GOV", "1001", "registry", "persons"),
    operation="GET /private/{id}",
    purpose="kyc",
    configuration_version=1,
    request_hash="",
    request_digest="",
    request=MARK,
    request_base=bytes(32),
    status=200,
    response=MARK,
    consent_id="01a4",
)
KYC = {"kyc": Purpose("kyc", {"ur": "x", "en": "Know your customer"}, "Banking law")}


def test_each_question_of_a_court_has_its_line() -> None:
    assert record_words(RECORD, KYC) == {
        "recorded_by": "the provider's gateway",
        "when": "2026-11-22T14:37:19.120Z, for 12 ms, by its own clock",
        "who_asked": "PK/COM/2002/app",
        "whom": "PK/GOV/1001/registry/persons",
        "which_operation": "GET /private/{id}",
        "what_for": "kyc: Know your customer; it rests on: Banking law",
        "with_what_consent": "01a4",
        "what_came_of_it": "answered, status 200",
    }
    document = record_document(RECORD, KYC)
    assert (document["basis"], document["fault"]) == ("Banking law", None)
    assert document["began"] == "2026-11-22T14:37:19.120Z"


def test_a_call_that_was_refused_before_its_operation_was_found_is_told_so() -> None:
    words = record_words(replace(RECORD, operation="GET", fault="server.serverproxy.access_denied"), KYC)
    assert words["which_operation"] == "GET (refused before an operation was found)"


def test_what_a_consumers_record_does_not_know_is_not_made_up() -> None:
    record = replace(RECORD, role=Role.CONSUMER, operation="GET", consent_id=None, consent_digest=bytes(32))
    words = record_words(record, {})
    assert "the provider's record names the operation" in str(words["which_operation"])
    assert words["with_what_consent"] == "one was sent; the provider's record names it"
    assert "no configuration in the file has this purpose" in str(words["what_for"])
    assert record_words(replace(record, consent_digest=None), {})["with_what_consent"] == "none"
    assert record_document(record, {})["purpose_title"] is None


@pytest.mark.parametrize(
    ("status", "fault", "is_signed", "words"),
    [
        (302, "", True, "answered, status 302"),
        (404, "", True, "the provider's own system answered, status 404"),
        (
            500,
            "server.serverproxy.access_denied",
            True,
            "refused, status 500, and no data were given: no right",
        ),
        (500, "server.serverproxy.service_failed.network_error", True, "failed, status 500: the other"),
        (500, "server.clientproxy.network_error", False, "no answer of the provider's gateway, status 500"),
        (500, "server.serverproxy.new_word", True, "no data were given: server.serverproxy.new_word"),
    ],
)
def test_a_refusal_is_told_from_an_answer_and_from_silence(
    status: int, fault: str, *, is_signed: bool, words: str
) -> None:
    record = replace(RECORD, status=status, fault=fault, response=MARK if is_signed else None)
    assert outcome_of(record).startswith(words) or outcome_of(record).endswith(words)
