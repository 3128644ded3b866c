"""Who may run which command: one table from command to roles, checked before a command runs for a named actor.

Where the HTTP interface has the same operation, the roles are the same; a test compares the two tables. Nobody
named means the operator, who reads the home folder and with it every key: no table keeps him from anything.

A row may name an option, such as ``pass show --text``: what it shows beyond the command needs its own roles.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from rahdari.access import Role
from rahdari.credentials import MOVES, Act

ANYONE = frozenset({"anyone"})
"""Opens no records: what is public, a verifier's own folder, or what only the machine's own files decide."""

OPERATOR = frozenset({"operator"})
"""Nobody who is named: no officer holds this role, for these acts stand in the log as the operator's."""


def _roles(*roles: Role) -> frozenset[str]:
    return frozenset(role.value for role in roles)


def _doers(what: Act) -> frozenset[str]:
    """Those who may do an act at some stage, by the life-cycle table; the room decides by the card's own stage."""
    found = frozenset(role for (_, act), move in MOVES.items() if act is what for role in move.roles)
    return found - {"system", "holder"}


_COUNTERS = _roles(Role.REGISTRAR, Role.ISSUER, Role.STATUS_OFFICER, Role.SUPERVISOR)
_STATUS = _roles(Role.STATUS_OFFICER, Role.SUPERVISOR)
_FRAUD = _roles(Role.FRAUD_OFFICER)
_PRINTING = _roles(Role.ISSUER)
_KEYS = _roles(Role.KEY_OFFICER)
_OVERSEEING = _roles(Role.SUPERVISOR, Role.AUDITOR)

_QUESTIONS = (
    "screen", "complexity", "potential", "diversify", "tariff", "relocate", "ladder", "substitute", "select",
    "path", "mirror", "again", "data", "pull baci", "pull comtrade",
)  # fmt: skip

_EXCHANGE = (
    "init", "join", "status", "pending", "receive", "approve", "decline", "suspend-member", "reinstate-member",
    "withdraw-key", "remove-gateway", "remove", "terms", "registry serve", "configuration show", "officer add",
    "officer dismiss", "officer list", "purpose add", "consent-issuer add", "timestamper add",
    "timestamper init", "timestamper serve", "witness add", "pin add", "evidence export", "evidence verify",
    "consent init", "consent give", "consent show", "consent pause", "consent resume", "consent revoke",
    "consent publish", "citizen log", "citizen rebuild", "citizen erase-keys", "citizen init", "citizen admit",
    "citizen serve", "log show", "log verify", "log erase-particulars", "seal", "open",
    "sealing-keys hand-over", "withholding order", "withholding lift", "withholding list", "serve", "call",
    "service list", "service check", "service identity",
)  # fmt: skip

RIGHTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # Before there is a register, or beside it: the machine's files decide.
        "init": ANYONE,
        "demo": ANYONE,
        "serve": ANYONE,
        "migrate": ANYONE,
        # Holders: personal data.
        "holder add": _roles(Role.REGISTRAR),
        "holder import": _roles(Role.REGISTRAR),
        "holder list": _roles(Role.REGISTRAR, Role.SUPERVISOR),
        "holder show": _COUNTERS,
        # Cards: their stage and history name nobody; their passes and pictures show the holder.
        "pass issue": _doers(Act.ISSUE),
        "pass show": _COUNTERS | _roles(Role.AUDITOR),
        "pass show --text": _PRINTING,
        "pass show --wallet": _PRINTING,
        "pass show --qr": _PRINTING,
        "pass render": _PRINTING,
        "pass verify": ANYONE,
        "pass activate": _doers(Act.ACTIVATE),
        "pass suspend": _doers(Act.SUSPEND),
        "pass reinstate": _doers(Act.REINSTATE),
        "pass revoke": _doers(Act.REVOKE),
        "pass replace": _doers(Act.REPLACE),
        "pass expire": _STATUS,
        "pass history": _OVERSEEING | _roles(Role.STATUS_OFFICER),
        "card sheet": _PRINTING,
        "card passkey": _roles(Role.REGISTRAR, Role.ISSUER),
        # Keys are the authority's; what a verifier trusts and knows lies in the verifier's own folder.
        "trust export": _KEYS,
        "trust import": ANYONE,
        "trust show": ANYONE,
        "trust rotate": _KEYS,
        "trust withdraw": _KEYS,
        "status publish": _STATUS | _KEYS,
        "status sync": ANYONE,
        "status follow": ANYONE,
        "status show": ANYONE,
        # The streams of every institution; an institution manages its own over HTTP.
        "signal list": _STATUS,
        "signal show": _STATUS,
        "signal pause": _STATUS,
        "signal resume": _STATUS,
        "signal replay": _STATUS,
        "signal deliver": _STATUS,
        "audit verify": _roles(Role.AUDITOR),
        "audit log": _roles(Role.AUDITOR),
        "flag list": _FRAUD,
        "flag show": _FRAUD,
        "flag decide": _FRAUD,
        "flag index": _FRAUD,
        "flag forget": _FRAUD,
        "officer list": _OVERSEEING,
        "officer tokens": _OVERSEEING,
        "officer enrol": OPERATOR,
        "officer token": OPERATOR,
        "officer revoke-token": OPERATOR,
        "officer disable": OPERATOR,
        "product list": ANYONE,
        "product show": ANYONE,
        "product check": ANYONE,
        # Published trade statistics and files of one's own; nothing of the register.
        **dict.fromkeys((f"trade {question}" for question in _QUESTIONS), ANYONE),
        # Folders of their own: a registry's acts are signed by its own officers' keys, whoever runs the command.
        **dict.fromkeys((f"exchange {one}" for one in _EXCHANGE), ANYONE),
        "roadmap": ANYONE,
        "roadmap score": ANYONE,
    }
)


def rows_of(command: str, options: Iterable[str] = ()) -> tuple[frozenset[str], ...]:
    """Give the roles that each part of a command needs, as it was called; each must be met.

    A command that is not in the table may be run by nobody who is named.
    """
    named = (RIGHTS[row] for one in options if (row := f"{command} --{one}") in RIGHTS)
    return (RIGHTS.get(command, OPERATOR), *named)
