"""Officers beside the log: a role, a right, a principal or a token that was put into the tables is found.

Whoever could make himself a second supervisor could revoke alone, and whoever could widen what an institution is
told would read photographs; so the log tells of every enrolment and every token, and this comparison tells whether
the tables still agree with it.
"""

import hashlib
from collections.abc import Collection, Iterable

from rahdari.access import Principal, Token
from rahdari.access.ports import Store
from rahdari.app.passkey_audit import PasskeysSeen
from rahdari.app.session_audit import SessionsSeen
from rahdari.credentials import AuditEntry, AuditFault


def find_access_faults(log: Iterable[AuditEntry], store: Store) -> list[AuditFault]:
    """Compare principals, tokens, tickets, passkeys and sessions with the acts of the log that made them."""
    seen, passkeys, sessions = _Seen(), PasskeysSeen(), SessionsSeen(store)
    for entry in log:
        seen.feed(entry)
        passkeys.feed(entry.event)
        sessions.feed(entry.event)
    faults: list[AuditFault] = []
    principals = store.find_principals()
    for principal in principals:
        faults.extend(seen.compare(principal, store.find_tokens(principal.id)))
    if seen.roles.keys() - {one.id for one in principals}:
        faults.append(AuditFault(None, "an officer or institution stands in the log and not in the register"))
    return faults + passkeys.compare(store) + sessions.compare()


def told_of(principal: Principal) -> dict[str, str]:
    """Give what the log's entry tells of an enrolment: what decides what a principal may do and be told."""
    return {
        "kind": principal.kind.value,
        "roles": " ".join(sorted(principal.roles)),
        "attributes": " ".join(sorted(principal.attributes)),
    }


def fingerprint_of(token: Token) -> str:
    """Digest what decides whether a token opens: its own digest and its end."""
    return hashlib.sha256(token.digest + token.expires_at.isoformat().encode()).hexdigest()


class _Seen:
    """What the log says of access."""

    def __init__(self) -> None:
        self.roles: dict[str, str] = {}
        self._enrolled: dict[str, dict[str, str]] = {}
        self._disabled: set[str] = set()
        self._tokens: dict[str, tuple[str, str | None]] = {}
        self._revoked: set[str] = set()

    def feed(self, entry: AuditEntry) -> None:
        event, details = entry.event, dict(entry.event.details)
        if event.act == "enrol":
            self.roles[event.subject] = details.get("roles", "")
            self._enrolled[event.subject] = details
        elif event.act == "disable":
            self._disabled.add(event.subject)
        elif event.act == "issue_token":
            self._tokens[details.get("token", "")] = event.subject, details.get("digest")
        elif event.act == "revoke_token":
            self._revoked.add(details.get("token", ""))

    def compare(self, principal: Principal, tokens: Collection[Token]) -> list[AuditFault]:
        told, enrolled = told_of(principal), self._enrolled.get(principal.id, {})
        is_disabled = principal.disabled_at is not None
        wrong = {
            "has other roles than": self.roles.get(principal.id) != told["roles"],
            # Entries of the first versions told the roles alone.
            "is of another kind than": enrolled.get("kind", told["kind"]) != told["kind"],
            "may be told other things than": enrolled.get("attributes", told["attributes"])
            != told["attributes"],
            "is otherwise enabled than": (principal.id in self._disabled) != is_disabled,
            "has a token unknown to": any(
                self._tokens.get(one.id) != (principal.id, fingerprint_of(one)) for one in tokens
            ),
            "has a token otherwise revoked than": any(
                (one.id in self._revoked) != (one.revoked_at is not None) for one in tokens
            ),
        }
        return [
            AuditFault(None, f"principal {principal.id} {what} the log says")
            for what, is_wrong in wrong.items()
            if is_wrong
        ]
