"""Streams beside the log: one that was put into the table, taken out of it or led elsewhere is found.

Whoever could lead a stream elsewhere, or move its position on, could keep a bank from learning of a suspension; so
the log tells of every stream that is opened, changed and deleted.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from rahdari.credentials import AuditEntry, AuditFault
from rahdari.credentials.ports.store import StreamStore
from rahdari.credentials.values.cards import Standing
from rahdari.signals import Became, Notice, Stream, StreamId
from rahdari.signals.ports import Store

# What a stream is told of each standing that a card comes to.
BECAME: Mapping[Standing, Became] = MappingProxyType(
    {
        Standing.VALID: Became.GOOD,
        Standing.SUSPENDED: Became.SUSPENDED,
        Standing.INVALID: Became.ENDED,
    }
)
_PAGE = 1000
# A card, the instant of its change, and what it became: by these a notice and the outbox say the same.
_Said = tuple[str, datetime, Became]

OPEN_STREAM, CHANGE_STREAM, DELETE_STREAM = "open_stream", "change_stream", "delete_stream"


def fingerprint_of_stream(stream: Stream) -> str:
    """Digest what decides who is told what, and where: institution, method, endpoint, kinds and webhook secret.

    The authorization stays out: it may be a weak password, and a digest in the log could be searched for it.
    Whoever alters it reaches the same endpoint.
    """
    secret = None if stream.secret is None else stream.secret.hex()
    kinds = sorted(kind.value for kind in stream.kinds)
    told = [stream.institution, stream.delivery.method.value, stream.delivery.url, kinds, secret]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def find_signal_faults(log: Iterable[AuditEntry], store: Store, register: StreamStore) -> list[AuditFault]:
    """Compare the streams with the acts of the log that made, changed and ended them, and every position."""
    told: dict[str, str] = {}
    for entry in log:
        event = entry.event
        if event.act in (OPEN_STREAM, CHANGE_STREAM):
            told[event.subject] = dict(event.details).get("digest", "")
        elif event.act == DELETE_STREAM:
            told.pop(event.subject, None)
    streams = {stream.id: stream for stream in store.list_streams()}
    faults = [
        AuditFault(None, f"stream {stream.id} is not as the log says")
        for stream in streams.values()
        if told.get(stream.id) != fingerprint_of_stream(stream)
    ]
    if told.keys() - streams.keys():
        faults.append(AuditFault(None, "a stream stands in the log and not in the register"))
    faults += [
        AuditFault(None, f"stream {stream} has come to another position than its notices")
        for stream in streams
        if not _is_position_right(store, stream)
    ]
    return faults + _find_altered(store, register, streams) + _find_moved(store, register)


def _find_altered(store: Store, register: StreamStore, streams: Iterable[StreamId]) -> list[AuditFault]:
    """Find streams that lack a notice between two others, or have one that tells what the outbox does not.

    Notices are forgotten from the oldest on, and the outbox keeps all.
    """
    faults: list[AuditFault] = []
    said: dict[StreamId, set[_Said]] = {}
    for stream in streams:
        said[stream], before = set(), None
        for page in _read_pages(store, stream):
            cards = store.find_cards({one.subject for one in page if one.subject})
            for one in page:
                if before is not None and one.order != before + 1:
                    faults.append(AuditFault(None, f"stream {stream} lacks notices before order {one.order}"))
                before = one.order
                if one.subject and one.became:
                    said[stream].add((cards.get(one.subject, ""), one.at, one.became))
    told = _find_told(register, set().union(*said.values()))
    return faults + [
        AuditFault(None, f"stream {stream} has notices of what did not happen so")
        for stream, some in said.items()
        if some - told
    ]


def _read_pages(store: Store, stream: StreamId) -> Iterator[tuple[Notice, ...]]:
    after = 0
    while page := store.list_notices(stream, after=after, limit=_PAGE):
        yield page
        after = page[-1].order


def _find_told(register: StreamStore, said: set[_Said]) -> set[_Said]:
    """Find which of these the outbox has too."""
    told, after = set[_Said](), 0
    while said and (page := register.read_outbox(after=after, limit=_PAGE)):
        told |= said & {(one.card, one.at, BECAME[one.became]) for one in page}
        after = page[-1].position
    return told


def _find_moved(store: Store, register: StreamStore) -> list[AuditFault]:
    """Find a house that claims to have told of what has not happened yet: it would tell nobody when it does."""
    position = store.get_position()
    if position == 0 or register.read_outbox(after=position - 1, limit=1):
        return []
    return [AuditFault(None, f"streams were told up to position {position}, past the end of the outbox")]


def _is_position_right(store: Store, stream: StreamId) -> bool:
    """Tell whether the last order that a stream took is that of its last notice.

    Notices are forgotten from the oldest on, so where one is left, the last one is.
    """
    last = store.get_progress(stream).last_order
    newest = [one.order for one in store.list_notices(stream, after=max(0, last - 1), limit=2)]
    if newest:
        return newest == [last]
    return not store.list_notices(stream, after=0, limit=1)
