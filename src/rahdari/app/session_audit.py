"""Sessions beside the log: one that was put into the table, or made over to another card, is found.

Whoever could put a session into the table would be signed in as any holder; so the log tells of every signing in.
"""

import hashlib

from rahdari.access import Session
from rahdari.access.ports import Store
from rahdari.credentials import AuditFault
from rahdari.credentials.values.audit import AuditEvent

SIGN_IN = "sign_in"


def fingerprint_of_session(session: Session) -> str:
    """Digest what decides whom a session lets in, and how long: token, card, passkey and beginning."""
    said = f"{session.id} {session.card} {session.passkey} {session.began_at.isoformat()}".encode()
    return hashlib.sha256(session.digest + said).hexdigest()


class SessionsSeen:
    """Which of the sessions in the table the log does not vouch for.

    Those of the table are read first: they are few, and the log tells of every session that ever was.
    """

    def __init__(self, store: Store) -> None:
        """Begin before the first entry, with the sessions as they stand."""
        self._waiting = {str(one.id): told_of(one) for one in store.iterate_sessions()}

    def feed(self, event: AuditEvent) -> None:
        """Take in the next entry of the log."""
        if event.act == SIGN_IN and self._waiting.get(event.subject) == dict(event.details):
            del self._waiting[event.subject]

    def compare(self) -> list[AuditFault]:
        """Find every session that has no entry of its own, or is otherwise than its entry says."""
        return [AuditFault(None, f"session {one} is not as the log says") for one in self._waiting]


def told_of(session: Session) -> dict[str, str]:
    """Give what the log's entry tells of a session beside its id."""
    return {"digest": fingerprint_of_session(session), "passkey": session.passkey}
