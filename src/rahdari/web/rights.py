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
ACTING = frozenset(role for move in MOVES.values() for role in move.roles) - {"system", "holder"}

RIGHTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # Pages and public documents.
        "showVerify": PUBLIC,
        "submitVerify": PUBLIC,
        "showVerifier": PUBLIC,
        "getVerifierWorker": PUBLIC,
        "getVerifierManifest": PUBLIC,
        "getVerifierPart": PUBLIC,
        "showProducts": PUBLIC,
        "showTrust": PUBLIC,
        # Open data and what follows from them: no token, nobody's records.
        "showRoadmap": PUBLIC,
        "showRoadmapWhy": PUBLIC,
        "getRoadmapFile": PUBLIC,
        "askTrade": PUBLIC,
        "askWhyNot": PUBLIC,
        "showProblems": PUBLIC,
        "showProblem": PUBLIC,
        "showReference": PUBLIC,
        "getStatic": PUBLIC,
        "getDocument": PUBLIC,
        "getHealth": PUBLIC,
        "listStatusLists": PUBLIC,
        "getStatusList": PUBLIC,
        "getStatusHead": PUBLIC,
        "getStatusManifest": PUBLIC,
        "getStatusBundle": PUBLIC,
        "listStatusDeltas": PUBLIC,
        "followStatus": PUBLIC,
        "getTrustList": PUBLIC,
        "getRoot": PUBLIC,
        # The holder's own: needs no token, but a session that the desk proves, and comes from the own page alone.
        "showHolder": PUBLIC,
        "showEnrolment": PUBLIC,
        "showReport": PUBLIC,
        "lockChannel": PUBLIC,
        "reportCard": PUBLIC,
        "openOwnLog": PUBLIC,
        "removePasskey": PUBLIC,
        "signOut": PUBLIC,
        "beginEnrolment": PUBLIC,
        "finishEnrolment": PUBLIC,
        "beginSignIn": PUBLIC,
        "finishSignIn": PUBLIC,
        # Verifying.
        "checkPass": PUBLIC,
        "askAboutPass": _roles(Role.VERIFIER),
        # The authority's own exchange gateway: it asks, and learns yes, no and how a person stands.
        "tellPersonStatus": _roles(Role.EXCHANGE),
        "matchAttributes": _roles(Role.EXCHANGE),
        "matchOneAttribute": _roles(Role.EXCHANGE),
        "tellAgeOver": _roles(Role.EXCHANGE),
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
        "openPasskeyTicket": _roles(Role.REGISTRAR, Role.ISSUER),
        "getPass": _roles(Role.ISSUER),
        "drawQr": _roles(Role.ISSUER),
        "drawCardPng": _roles(Role.ISSUER),
        "drawCardPdf": _roles(Role.ISSUER),
        "drawSheets": _roles(Role.ISSUER),
        # The authority.
        # Subscriptions: an institution manages its own streams, and sees nobody else's.
        "getSsfConfiguration": PUBLIC,
        "getJwks": PUBLIC,
        "createStream": _roles(Role.VERIFIER),
        "readStreams": _roles(Role.VERIFIER),
        "changeStream": _roles(Role.VERIFIER),
        "replaceStream": _roles(Role.VERIFIER),
        "deleteStream": _roles(Role.VERIFIER),
        "renewStreamSecret": _roles(Role.VERIFIER),
        "readStreamStatus": _roles(Role.VERIFIER),
        "setStreamStatus": _roles(Role.VERIFIER),
        "addSubject": _roles(Role.VERIFIER),
        "removeSubject": _roles(Role.VERIFIER),
        "verifyStream": _roles(Role.VERIFIER),
        "pollStream": _roles(Role.VERIFIER),
        "replayStream": _roles(Role.VERIFIER),
        "listProducts": PUBLIC,
        "publishStatus": _roles(Role.STATUS_OFFICER, Role.SUPERVISOR, Role.KEY_OFFICER),
        "getAuditFinding": _roles(Role.AUDITOR),
        # Flags name cards, holders' ids and places: enough to look into, and no holder's data.
        "listFlags": _roles(Role.FRAUD_OFFICER),
        "getFlag": _roles(Role.FRAUD_OFFICER),
        "decideFlag": _roles(Role.FRAUD_OFFICER),
    }
)
