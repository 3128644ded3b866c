"""Passkeys beside the log: one that was put into the table, moved to another card or given another key is found.

Whoever could put a passkey into the table could sign in as a holder; so the log tells of every ticket that was
opened at a counter, by whom, and of every passkey that came and went.
"""

import hashlib

from rahdari.access import Passkey, Ticket
from rahdari.access.ports import Store
from rahdari.credentials import AuditFault
from rahdari.credentials.values.audit import AuditEvent

OPEN_TICKET = "open_passkey_ticket"
REGISTER = "register_passkey"
REMOVE = "remove_passkey"
SUSPECT = "suspect_passkey"
"""A passkey's counter went back: somebody may hold a copy."""


def fingerprint_of_passkey(passkey: Passkey) -> str:
    """Digest what decides whom a passkey lets in: the card, the credential, its key, the user handle."""
    parts = (passkey.card.encode(), passkey.credential, passkey.public_key, passkey.handle)
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()


def fingerprint_of_ticket(ticket: Ticket) -> str:
    """Digest what decides what a ticket opens: its own digest, its card and its end."""
    said = f"{ticket.card} {ticket.expires_at.isoformat()}".encode()
    return hashlib.sha256(ticket.digest + said).hexdigest()


class PasskeysSeen:
    """What the log says of tickets and passkeys."""

    def __init__(self) -> None:
        """Begin before the first entry."""
        self._tickets: dict[str, tuple[str, str]] = {}
        self._passkeys: dict[str, tuple[str, str, str]] = {}
        self._removed: set[str] = set()

    def feed(self, event: AuditEvent) -> None:
        """Take in the next entry of the log."""
        details = dict(event.details)
        if event.act == OPEN_TICKET:
            self._tickets[details.get("ticket", "")] = event.subject, details.get("digest", "")
        elif event.act == REGISTER:
            told = event.subject, details.get("ticket", ""), details.get("digest", "")
            self._passkeys[details.get("passkey", "")] = told
        elif event.act == REMOVE:
            self._removed.add(details.get("passkey", ""))

    def compare(self, store: Store) -> list[AuditFault]:
        """Find every ticket and passkey that is otherwise than the log says."""
        faults = [
            AuditFault(None, f"ticket {one.id} for a passkey is not as the log says")
            for one in store.find_tickets()
            if self._tickets.get(one.id) != (one.card, fingerprint_of_ticket(one))
        ]
        seen = set[str]()
        for passkey in store.iterate_passkeys():
            seen.add(passkey.id)
            faults += self._compare_passkey(passkey)
        if self._passkeys.keys() - seen:
            faults.append(AuditFault(None, "a passkey stands in the log and not in the register"))
        return faults

    def _compare_passkey(self, passkey: Passkey) -> list[AuditFault]:
        told = passkey.card, passkey.ticket, fingerprint_of_passkey(passkey)
        wrong = {
            "is otherwise than": self._passkeys.get(passkey.id) != told,
            "came by a ticket unknown to": self._tickets.get(passkey.ticket, ("", ""))[0] != passkey.card,
            "is otherwise removed than": (passkey.id in self._removed) != (passkey.removed_at is not None),
        }
        return [
            AuditFault(None, f"passkey {passkey.id} {what} the log says")
            for what, is_wrong in wrong.items()
            if is_wrong
        ]
