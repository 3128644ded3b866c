"""Streams beside the log: one that was put into the table, taken out of it or led elsewhere is found.

Whoever could lead a stream elsewhere, or move its position on, could keep a bank from learning of a suspension; so
the log tells of every stream that is opened, changed and deleted.
"""

import hashlib
import json
from collections.abc import Iterable

from rahdari.credentials import AuditEntry, AuditFault
from rahdari.credentials.ports.store import StreamStore
from rahdari.signals import Stream, StreamId
from rahdari.signals.ports import Store

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
    return faults + _find_moved(store, register)


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
