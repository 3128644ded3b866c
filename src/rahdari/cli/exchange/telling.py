"""What a change of the registry would do, in full and in plain words: for officers, before they sign it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rahdari.cli.exchange.showing import moment
from rahdari.exchange import Register, find_replaced
from rahdari.wire.ndel.acts import (
    Change,
    DismissOfficer,
    EnrolOfficer,
    Enter,
    Entry,
    EntryKind,
    Join,
    Reinstate,
    Remove,
    RemoveGateway,
    SetTerms,
    Suspend,
    Terms,
    WithdrawKey,
    name_of_entry,
)
from rahdari.wire.ndel.configuration import write_registry_key
from rahdari.wire.ndel.joining import read_join
from rahdari.wire.ndel.parties import (
    Allowance,
    ConsentIssuer,
    Gateway,
    Member,
    MessageKey,
    Pin,
    Purpose,
    Timestamper,
    Witness,
)
from rahdari.wire.xroad import MemberId, SecurityServerId

# A name, and what it says.
Fact = tuple[str, str]

_KINDS: Final = {
    EntryKind.PURPOSE: "purpose",
    EntryKind.CONSENT_ISSUER: "issuer of consents",
    EntryKind.TIMESTAMPER: "time-stamping authority",
    EntryKind.WITNESS: "witness",
    EntryKind.PIN: "federation with",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A change in words: what it does, what to beware of, and all that it says; ``before``, what stands now."""

    does: str
    warnings: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    before: tuple[Fact, ...] = ()
    replaces: SecurityServerId | None = None

    def as_document(self) -> dict[str, object]:
        """Give it for machines; what stands twice (addresses, keys) stands in a list."""
        return {
            "does": self.does,
            "warnings": list(self.warnings),
            "replaces": None if self.replaces is None else str(self.replaces),
            "facts": _listed(self.facts),
            "before": _listed(self.before),
        }

    def as_lines(self) -> list[str]:
        """Give it for people, each fact on its line."""
        lines = [f"  {one}" for one in self.warnings]
        lines += [f"  {what}: {value}" for what, value in self.facts]
        if self.before:
            # What stays as it is need not be compared by eye.
            gone = [f"    {what}: {value}" for what, value in self.before if (what, value) not in self.facts]
            lines += ["  in the place of:", *gone] if gone else ["  which stands there already"]
        return lines


def tell_change(register: Register, change: Change) -> Told:  # noqa: C901, PLR0911 - a table of changes
    """Tell what a change does, as the register stands. Raises ``MalformedInput``: a request is damaged."""
    match change:
        case Join():
            return _tell_join(register, change)
        case Suspend():
            member = register.members.get(change.member)
            return Told(
                f"suspend the member {change.member}: it neither asks nor answers", facts=_member(member)
            )
        case Reinstate():
            member = register.members.get(change.member)
            return Told(f"end the suspension of the member {change.member}", facts=_member(member))
        case WithdrawKey():
            return _tell_withdrawal(register, change.keyid)
        case RemoveGateway():
            found = _gateway(register, change.gateway)
            facts = () if found is None else gateway_facts(found)
            return Told(f"take the gateway {change.gateway} out, with all its keys", facts=facts)
        case Enter():
            return _tell_entry(register, change.entry)
        case Remove():
            gone = register.entries.get((change.kind, change.name))
            facts = () if gone is None else entry_facts(gone)
            return Told(f"take out the {_KINDS[change.kind]} {change.name}", facts=facts)
        case SetTerms():
            before = _terms(register.terms)
            return Told("change the terms of the registry", facts=_terms(change.terms), before=before)
        case EnrolOfficer():
            return _tell_officer(register, change)
        case DismissOfficer():
            left = len(register.officers.keys() - {change.name})
            return Told(f"dismiss the officer {change.name!r}", facts=(("officers that stay", str(left)),))


def _tell_join(register: Register, change: Join) -> Told:
    read = read_join(change.request)
    asked = read.request.gateway
    member, known = read.request.member, register.members.get(read.request.member.id)
    facts = (*_asking(member), *gateway_facts(asked), ("asked at", str(moment(read.request.created))))
    replaced = find_replaced(register, change)
    if replaced is not None:
        since = register.known_since.get(replaced.id, 0)
        return Told(
            f"REPLACE the gateway {asked.id}",
            (
                f"REPLACES the keys of gateway {asked.id}, known since version {since}.",
                "Nothing in it proves that the same member sent it: ask the member by another way.",
            ),
            facts,
            (*_asking(known), *gateway_facts(replaced)),
            replaced.id,
        )
    if known is None or not known.gateways:
        return Told(f"take in the gateway {asked.id} of a new member", facts=facts)
    beside = ", ".join(one.id.server_code for one in known.gateways)
    return Told(
        f"take in the gateway {asked.id} beside others of its member",
        (f"ADDS a gateway that speaks for {member.id}, which has {beside}: ask the member by another way.",),
        facts,
        _asking(known),
    )


def _tell_withdrawal(register: Register, keyid: str) -> Told:
    does = f"withdraw the message key {keyid} for ever"
    for member in register.members.values():
        for one in member.gateways:
            keys = [key for key in one.keys if key.keyid == keyid]
            if keys:
                left = sum(1 for key in one.keys if key.withdrawn_at is None and key.keyid != keyid)
                facts = (("gateway", str(one.id)), *_message_keys(keys), ("keys that stay", str(left)))
                return Told(does, facts=facts)
    return Told(does)


def _tell_entry(register: Register, entry: Entry) -> Told:
    kind, name = name_of_entry(entry)
    known = register.entries.get((kind, name))
    what = f"{_KINDS[kind]} {name}"
    if known is None:
        return Told(f"enter the {what}", facts=entry_facts(entry))
    warning = f"REPLACES the {what} as it stands now."
    return Told(f"change the {what}", (warning,), entry_facts(entry), entry_facts(known))


def _tell_officer(register: Register, change: EnrolOfficer) -> Told:
    name, key = change.officer.name, register.officers.get(change.officer.name)
    facts = (("key", write_registry_key(change.officer.key)),)
    if key is None:
        return Told(f"let {name!r} act as an officer", facts=facts)
    warning = f"REPLACES the key of the officer {name!r}."
    return Told(
        f"give the officer {name!r} another key", (warning,), facts, (("key", write_registry_key(key)),)
    )


def entry_facts(entry: Entry) -> tuple[Fact, ...]:
    """Tell all that an entry of the configuration says."""
    match entry:
        case Purpose():
            titles = (("title", f"{language}={title}") for language, title in entry.title.items())
            return (*titles, ("law or contract", entry.basis))
        case ConsentIssuer():
            return _message_keys(entry.keys)
        case Timestamper():
            return (("address", entry.url), ("certificate (SHA-256)", digest_of(entry.certificate)))
        case Witness():
            return (("address", entry.url), *(("key", one.text) for one in entry.keys))
        case Pin():
            return (
                *(("address", one) for one in entry.urls),
                *(("registry key", write_registry_key(one)) for one in entry.keys),
                *_allowances("its members may ask here", entry.inbound),
                *_allowances("our members may ask there", entry.outbound),
            )


def gateway_facts(gateway: Gateway) -> tuple[Fact, ...]:
    """Tell where a gateway is, and its keys by their fingerprints."""
    return (
        ("address", gateway.url),
        *_message_keys(gateway.keys),
        *(("certificate (SHA-256)", digest_of(one)) for one in gateway.certificates),
        *(("log key", f"{one.name}+{one.key_id.hex()}") for one in gateway.log.keys),
    )


def digest_of(der: bytes) -> str:
    """Write a certificate's fingerprint as ``openssl x509 -fingerprint -sha256`` does."""
    return hashlib.sha256(der).digest().hex(":").upper()


def _message_keys(keys: Iterable[MessageKey]) -> tuple[Fact, ...]:
    return tuple(
        (
            "message key",
            f"{one.keyid} (until {moment(one.not_after)}"
            + (")" if one.withdrawn_at is None else f", withdrawn {moment(one.withdrawn_at)})"),
        )
        for one in keys
    )


def _member(member: Member | None) -> tuple[Fact, ...]:
    if member is None:
        return ()
    gateways = ", ".join(str(one.id) for one in member.gateways) or "none"
    return (*_asking(member), ("gateways", gateways))


def _asking(member: Member | None) -> tuple[Fact, ...]:
    if member is None:
        return ()
    names = (("name", f"{language}={name}") for language, name in member.name.items())
    return (*names, ("subsystems", ", ".join(member.subsystems) or "none"))


def _allowances(what: str, allowances: Iterable[Allowance]) -> tuple[Fact, ...]:
    told = tuple((what, _allowance(one)) for one in allowances)
    return told or ((what, "nothing"),)


def _allowance(allowance: Allowance) -> str:
    where = "every service of every member" if allowance.provider is None else _service(allowance)
    return f"{where}, for {', '.join(sorted(allowance.purposes))}"


def _service(allowance: Allowance) -> str:
    if allowance.service_code is None:
        return f"every service of {allowance.provider}"
    return f"{allowance.service_code} of {allowance.provider}"


def _terms(terms: Terms) -> tuple[Fact, ...]:
    return (
        ("officers who must sign a change", str(terms.approvals_min)),
        ("gateways ask every", f"{terms.refresh_seconds} seconds"),
        ("a configuration is good for", f"{terms.validity_seconds} seconds"),
    )


def _gateway(register: Register, wanted: SecurityServerId) -> Gateway | None:
    member = register.members.get(MemberId(wanted.instance, wanted.member_class, wanted.member_code))
    return None if member is None else next((one for one in member.gateways if one.id == wanted), None)


def _listed(facts: Iterable[Fact]) -> list[dict[str, str]]:
    return [{"what": what, "value": value} for what, value in facts]
