"""For every log and every alteration of it: the reader of the chain finds it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rahdari.credentials.rules.audit_chain import GENESIS, ChainReader, append, digest_of
from rahdari.credentials.values.audit import AuditEntry, AuditEvent
from rahdari.wire.keys import SoftwareSigner

SIGNER = SoftwareSigner.generate()
OTHER = SoftwareSigner.generate()
KEYS = {SIGNER.public.kid: (SIGNER.public,)}
START = datetime(2026, 3, 1, tzinfo=UTC)

words = st.text(max_size=12)
events = st.builds(
    AuditEvent,
    at=st.integers(0, 10**12).map(lambda number: START + timedelta(microseconds=number)),
    actor=words,
    act=words,
    subject=words,
    reason=st.none() | words,
    details=st.lists(st.tuples(words, words), max_size=3).map(tuple),
)
# Transactions of one to three events; each seals its last entry.
logs = st.lists(st.lists(events, min_size=1, max_size=3), min_size=1, max_size=6)


def chained(transactions: Sequence[Sequence[AuditEvent]]) -> list[AuditEntry]:
    log: list[AuditEntry] = []
    for transaction in transactions:
        log.extend(append(log[-1] if log else None, transaction, SIGNER))
    return log


def faults(log: Sequence[AuditEntry]) -> list[str]:
    reader = ChainReader(KEYS)
    for entry in log:
        reader.feed(entry)
    reader.finish()
    return [fault.what for fault in reader.faults]


@given(logs)
def test_a_log_that_nobody_touched_is_whole(transactions: list[list[AuditEvent]]) -> None:
    log = chained(transactions)
    assert faults(log) == []
    assert [entry.sequence for entry in log] == list(range(1, len(log) + 1))
    assert log[0].previous == GENESIS
    assert sum(entry.seal is not None for entry in log) == len(transactions)


@settings(max_examples=300)
@given(logs, st.data())
def test_another_event_in_any_place_is_found(
    transactions: list[list[AuditEvent]], draw: st.DataObject
) -> None:
    log = chained(transactions)
    at = draw.draw(st.integers(0, len(log) - 1))
    other = draw.draw(events.filter(lambda event: event != log[at].event))
    log[at] = replace(log[at], event=other)
    assert "was altered: its fields do not give its digest" in faults(log)


@settings(max_examples=300)
@given(logs, st.data())
def test_another_event_with_a_chain_computed_anew_is_found(
    transactions: list[list[AuditEvent]], draw: st.DataObject
) -> None:
    log = chained(transactions)
    at = draw.draw(st.integers(0, len(log) - 1))
    other = draw.draw(events.filter(lambda event: event != log[at].event))
    log[at] = replace(log[at], event=other)
    previous = log[at].previous
    for place in range(at, len(log)):
        digest = digest_of(log[place].sequence, log[place].event, previous)
        log[place] = replace(log[place], previous=previous, digest=digest)
        previous = digest
    assert faults(log)
    assert faults([replace(entry, seal=None, kid=None) for entry in log])
    resealed = append(None, [entry.event for entry in log], OTHER)
    assert faults(resealed)


@settings(max_examples=300)
@given(logs.filter(lambda made: sum(map(len, made)) > 2), st.data())
def test_an_entry_that_is_missing_doubled_or_out_of_place_is_found(
    transactions: list[list[AuditEvent]], draw: st.DataObject
) -> None:
    log = chained(transactions)
    at = draw.draw(st.integers(0, len(log) - 2))
    assert faults(log[:at] + log[at + 1 :])
    assert faults([*log[: at + 1], *log[at:]])
    assert faults([*log[:at], log[at + 1], log[at], *log[at + 2 :]])


@given(logs, st.data())
def test_two_logs_of_the_same_key_joined_in_the_middle_are_found(
    transactions: list[list[AuditEvent]], draw: st.DataObject
) -> None:
    """Both halves are genuine and numbered rightly; only the link between them is not."""
    log = chained(transactions)
    other_first = replace(transactions[0][0], subject=transactions[0][0].subject + "x")
    other = chained([[other_first, *transactions[0][1:]], *transactions[1:], [other_first]])
    at = draw.draw(st.integers(1, len(log)))
    assert faults(log[:at] + other[at:]) == ["does not chain to the entry before it"]


@given(logs, st.data())
def test_a_tail_cut_inside_a_transaction_is_found(
    transactions: list[list[AuditEvent]], draw: st.DataObject
) -> None:
    log = chained([*transactions, [transactions[0][0]] * 3])
    cut = draw.draw(st.integers(1, 2))
    assert faults(log[:-cut]) == ["is the last entry and bears no seal: the log was cut after it"]


@pytest.mark.parametrize("field", ["at", "actor", "act", "subject", "reason", "details"])
def test_every_field_of_an_event_counts_in_its_digest(field: str) -> None:
    event = AuditEvent(at=START, actor="a", act="b", subject="c", reason="d", details=(("e", "f"),))
    changes: dict[str, object] = {"at": START + timedelta(microseconds=1), "details": (("e", "g"),)}
    other = replace(event, **{field: changes.get(field, "x")})  # type: ignore[arg-type]
    digests = {
        digest_of(1, event, GENESIS),
        digest_of(1, other, GENESIS),
        digest_of(2, event, GENESIS),
        digest_of(1, event, b"\1" * 32),
    }
    assert len(digests) == 4
