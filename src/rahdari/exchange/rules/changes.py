"""What each change does to the register, and the configuration that the register makes."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, TypeVar

from rahdari.exchange.errors import ActRefused, UnknownAct
from rahdari.exchange.rules.membership import (
    join_member,
    prune,
    reinstate_member,
    remove_gateway,
    suspend_member,
    withdraw_key,
)
from rahdari.exchange.values.registrations import Register
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.act_token import NAME_CHARS_MAX
from rahdari.wire.ndel.acts import (
    REGISTRY,
    Change,
    DismissOfficer,
    EnrolOfficer,
    Enter,
    Join,
    Officer,
    Reinstate,
    Remove,
    RemoveGateway,
    SetTerms,
    Suspend,
    Terms,
    WithdrawKey,
    name_of_entry,
)
from rahdari.wire.ndel.configuration import REFRESH_SECONDS_MAX, require_configuration
from rahdari.wire.ndel.joining import read_join
from rahdari.wire.ndel.parties import (
    Configuration,
    ConsentIssuer,
    Gateway,
    Pin,
    Purpose,
    Timestamper,
    Witness,
)
from rahdari.wire.xroad import SecurityServerId

# Shorter than ten minutes, a gateway that misses a few refreshes stands still (X-Road's default); longer than a
# week, a gateway that is cut off from its registry goes on believing a suspended member.
VALIDITY_SECONDS: Final = (600, 7 * 86_400)
# Signed anew when a quarter of the validity is gone: the registry may be away for three quarters.
_RESIGN_PART: Final = 4

_Kind = TypeVar("_Kind")


def change_register(register: Register, change: Change, *, at: int, is_new: bool) -> Register:
    """Give the register as it is after ``change``; one that ``is_new`` must fit into a configuration.

    Raises:
        ActRefused, UnknownAct, JoinRefused, MalformedInput, BadSignature: it cannot be done.
    """
    changed = _changed(register, change, at)
    if not is_new:
        return changed
    try:
        # Each limit of a configuration is met here, before two officers have agreed on what nobody can publish.
        require_configuration(draft_configuration(changed, at=at))
    except MalformedInput as refusal:
        raise ActRefused(f"no configuration can say that: {refusal.message}") from None
    return changed


def find_replaced(register: Register, change: Change) -> Gateway | None:
    """Find the gateway whose keys a request to join would take the place of; None, where it adds one.

    Raises:
        MalformedInput, BadSignature: the request does not hold together.
    """
    if not isinstance(change, Join):
        return None
    asked = read_join(change.request).request
    member = register.members.get(asked.member.id)
    known = None if member is None else next((g for g in member.gateways if g.id == asked.gateway.id), None)
    return None if known == asked.gateway else known


def require_replacement(register: Register, change: Change, named: SecurityServerId | None) -> None:
    """Pass only where an officer names the very gateway that a change replaces, and none where it replaces none.

    Whoever can reach the registry can ask in the name of a gateway that is at work; nothing in a request proves who
    sent it. Raises ``ActRefused``.
    """
    found = find_replaced(register, change)
    replaced = None if found is None else found.id
    if replaced == named:
        return
    if replaced is None:
        raise ActRefused(
            f"this replaces no gateway {named}; look at it again, and sign it without --replaces"
        )
    raise ActRefused(
        f"this REPLACES the keys of the gateway {replaced}, known since version "
        f"{register.known_since.get(replaced, 0)}: once it counts, the keys in use now are believed no more. "
        f"Ask the member by another way whether it sent this; if it did, sign with --replaces {replaced}"
    )


def draft_configuration(register: Register, *, at: int) -> Configuration:
    """Give the configuration that the register makes now, of the next version."""
    members = sorted(register.members.values(), key=lambda one: one.id.parts)
    entries = [entry for _, entry in sorted(register.entries.items())]
    return Configuration(
        instance=register.instance,
        version=register.version + 1,
        issued_at=at,
        expires=at + register.terms.validity_seconds,
        refresh_seconds=register.terms.refresh_seconds,
        members=tuple(prune(one, at=at) for one in members),
        purposes=_of_kind(entries, Purpose),
        consent_issuers=_of_kind(entries, ConsentIssuer),
        timestampers=_of_kind(entries, Timestamper),
        witnesses=_of_kind(entries, Witness),
        pins=_of_kind(entries, Pin),
    )


def is_publication_due(register: Register, *, at: int) -> bool:
    """Tell whether a configuration is to be signed: something changed, or a quarter of the validity is gone.

    Also where the last one lies in the future, since the clock went back: versions go on, whatever the clock says.
    """
    age = at - register.published_at
    return register.is_changed or age < 0 or age >= register.terms.validity_seconds // _RESIGN_PART


def require_terms(terms: Terms, *, officers: int) -> None:
    """Pass only for terms that this number of officers can keep. Raises ``ActRefused``."""
    if not 1 <= terms.approvals_min <= officers:
        raise ActRefused(
            f"{terms.approvals_min} approvals of {officers} officers cannot be; enrol more first"
        )
    least, most = VALIDITY_SECONDS
    if not least <= terms.validity_seconds <= most:
        raise ActRefused(f"a configuration is good for {least} to {most} seconds")
    if not 1 <= terms.refresh_seconds <= min(terms.validity_seconds // 4, REFRESH_SECONDS_MAX):
        raise ActRefused("gateways ask at least four times while a configuration is good")


def require_officer_name(name: str) -> None:
    """Pass only for a name that officers can have. Raises ``ActRefused``."""
    if name == REGISTRY or not name.isprintable() or not 0 < len(name.strip()) <= NAME_CHARS_MAX:
        raise ActRefused(f"an officer's name has 1 to {NAME_CHARS_MAX} visible characters")


def _changed(register: Register, change: Change, at: int) -> Register:  # noqa: C901, PLR0911 - a table of changes
    members = register.members
    match change:
        case Join():
            return _join(register, change)
        case Suspend():
            return replace(register, members=suspend_member(members, change.member, at=at))
        case Reinstate():
            return replace(register, members=reinstate_member(members, change.member))
        case WithdrawKey():
            return replace(register, members=withdraw_key(members, change.keyid, at=at))
        case RemoveGateway():
            left = {one: version for one, version in register.known_since.items() if one != change.gateway}
            return replace(register, members=remove_gateway(members, change.gateway), known_since=left)
        case Enter():
            return replace(register, entries={**register.entries, name_of_entry(change.entry): change.entry})
        case Remove():
            return _remove(register, change)
        case SetTerms():
            require_terms(change.terms, officers=len(register.officers))
            return replace(register, terms=change.terms)
        case EnrolOfficer():
            require_officer_name(change.officer.name)
            return _enrol(register, change.officer)
        case DismissOfficer():
            return _dismiss(register, change.name)


def _join(register: Register, change: Join) -> Register:
    joined = join_member(register.members, change.request, instance=register.instance)
    # It stands in the version that is published next.
    first = {read_join(change.request).request.gateway.id: register.version + 1}
    return replace(register, members=joined, known_since={**first, **register.known_since})


def _remove(register: Register, change: Remove) -> Register:
    left = dict(register.entries)
    if left.pop((change.kind, change.name), None) is None:
        raise UnknownAct(f"there is no {change.kind} {change.name!r}")
    return replace(register, entries=left)


def _enrol(register: Register, officer: Officer) -> Register:
    if officer.key in register.officers.values():
        raise ActRefused("another officer, or this one, has that key; each officer has her own")
    return replace(register, officers={**register.officers, officer.name: officer.key})


def _dismiss(register: Register, name: str) -> Register:
    left = dict(register.officers)
    if left.pop(name, None) is None:
        raise UnknownAct(f"{name!r} is no officer of this registry")
    require_terms(register.terms, officers=len(left))
    return replace(register, officers=left)


def _of_kind(entries: Iterable[object], kind: type[_Kind]) -> tuple[_Kind, ...]:
    return tuple(one for one in entries if isinstance(one, kind))
