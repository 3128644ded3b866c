"""Who may do what over HTTP: one table from operation to roles. An operation that is not in it does not start.

Least privilege: whoever reads people's records needs an office that works on them; the auditor reads what
happened, which names cards and officers, and no holder's data; an institution asks about a pass that it was
shown and reads nothing else. What an act on a card needs beyond this is decided by the room, by its table.
"""

from collections.abc import Mapping
from types import MappingProxyType

from rahdari.access import Role
from rahdari.credentials import MOVES

PUBLIC = frozenset({"anyone"})
"""Anyone, without a token. Not the empty set: what somebody forgot to fill lets nobody in."""


def _roles(*roles: Role) -> frozenset[str]:
    return frozenset(role.value for role in roles)


# The life-cycle table says who may do which act; the system's own acts are no operation.
ACTING = frozenset(role for move in MOVES.values() for role in move.roles) - {"system"}

RIGHTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # Pages and public documents.
        "showVerify": PUBLIC,
        "submitVerify": PUBLIC,
        "showProducts": PUBLIC,
        "showTrust": PUBLIC,
        "showProblems": PUBLIC,
        "showProblem": PUBLIC,
        "showReference": PUBLIC,
        "getStatic": PUBLIC,
        "getDocument": PUBLIC,
        "getHealth": PUBLIC,
        "listStatusLists": PUBLIC,
        "getStatusList": PUBLIC,
        "getTrustList": PUBLIC,
        "getRoot": PUBLIC,
        # Verifying.
        "checkPass": PUBLIC,
        "askAboutPass": _roles(Role.VERIFIER),
        # Holders: personal data.
        "addHolder": _roles(Role.REGISTRAR),
        "importHolders": _roles(Role.REGISTRAR),
        "listHolders": _roles(Role.REGISTRAR, Role.SUPERVISOR),
        "findHolder": _roles(Role.REGISTRAR, Role.ISSUER, Role.STATUS_OFFICER, Role.SUPERVISOR),
        "getHolder": _roles(Role.REGISTRAR, Role.ISSUER, Role.STATUS_OFFICER, Role.SUPERVISOR),
        # Cards: their stage and history name nobody; their passes and pictures show the holder.
        "applyForCard": _roles(Role.REGISTRAR),
        "actOnCard": ACTING,
        "getCard": _roles(Role.REGISTRAR, Role.ISSUER, Role.STATUS_OFFICER, Role.SUPERVISOR, Role.AUDITOR),
        "getCardHistory": _roles(Role.STATUS_OFFICER, Role.SUPERVISOR, Role.AUDITOR),
        "getPass": _roles(Role.ISSUER),
        "drawQr": _roles(Role.ISSUER),
        "drawCardPng": _roles(Role.ISSUER),
        "drawCardPdf": _roles(Role.ISSUER),
        # The authority.
        "listProducts": PUBLIC,
        "publishStatus": _roles(Role.STATUS_OFFICER, Role.SUPERVISOR, Role.KEY_OFFICER),
        "getAuditFinding": _roles(Role.AUDITOR),
    }
)
