"""The lines of a registry's journal: one signed act each, naming the SHA-256 of the line before it.

A line is a compact JWS (typ ``ndel-act+jwt``), signed by the officer who did it, or by the registry's own key where
it acts by itself: at its founding, when a gateway renews its keys, when a configuration is published.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from rahdari.wire import base64url, jws, strict_json
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import PublicKey, Signer
from rahdari.wire.ndel.acts import (
    Act,
    Approved,
    Change,
    Declined,
    Deed,
    DismissOfficer,
    EnrolOfficer,
    Enter,
    Entry,
    EntryKind,
    Founded,
    Join,
    Officer,
    Proposed,
    Published,
    Reinstate,
    Remove,
    RemoveGateway,
    Renewed,
    SetTerms,
    Suspend,
    Terms,
    WithdrawKey,
    name_of_entry,
)
from rahdari.wire.ndel.configuration_parts import (
    consent_issuer_as_json,
    pin_as_json,
    purpose_as_json,
    read_consent_issuer,
    read_pin,
    read_purpose,
    read_timestamper,
    read_witness,
    timestamper_as_json,
    witness_as_json,
)
from rahdari.wire.ndel.json_members import (
    Json,
    bytes_of,
    entries_of,
    number_of,
    object_of,
    require_line,
    seconds_of,
    text_of,
)
from rahdari.wire.ndel.parties_as_json import read_member_id
from rahdari.wire.xroad import read_security_server

TYP: Final = "ndel-act+jwt"
# A request to join (96 KiB) in it, in base64url.
LINE_CHARS_MAX: Final = 192 * 1024
OFFICERS_MAX: Final = 64
NAME_CHARS_MAX: Final = 64

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class SignedAct:
    """A line as it was read. Nothing is trusted until ``verify_with`` returned; ``digest`` is SHA-256 of it."""

    unverified: Act
    token: jws.Jws = field(repr=False)
    digest: bytes

    def verify_with(self, key: PublicKey) -> Act:
        """Give the act if ``key`` signed it. Raises ``BadSignature``."""
        self.token.verify(key)
        return self.unverified


def sign_act(signer: Signer, act: Act) -> str:
    """Sign an act and write it as a line."""
    payload: dict[str, object] = {
        "number": act.number,
        "previous": base64url.encode(act.previous),
        "at": act.at,
        "by": act.by,
        "deed": _deed_as_json(act.deed),
    }
    return jws.sign(signer, {"typ": TYP}, strict_json.encode(payload))


def read_act(line: str) -> SignedAct:
    """Read a line. Trusts nothing.

    Raises:
        MalformedInput: not an act of this form; ``UnsupportedAlgorithm``: a key that the house does not take.
    """
    token = jws.decode(line, size_chars_max=LINE_CHARS_MAX)
    token.require_typ(TYP)
    found = object_of(token.payload_object(size_bytes_max=LINE_CHARS_MAX), _ACT)
    act = Act(
        number=number_of(found, "number"),
        previous=_digest_of(found["previous"]),
        at=seconds_of(found, "at"),
        by=require_line(text_of(found["by"]), NAME_CHARS_MAX),
        deed=_read_deed(found["deed"]),
    )
    return SignedAct(act, token, hashlib.sha256(line.encode("ascii")).digest())


_ACT = frozenset({"number", "previous", "at", "by", "deed"})
_TERM_NAMES = ("approvals_min", "refresh_seconds", "validity_seconds")
_TERMS = frozenset(_TERM_NAMES)
_OFFICER = frozenset({"name", "jwk"})


def _digest_of(value: object) -> bytes:
    raw = bytes_of(value, bytes_max=32)
    if len(raw) != 32:
        raise MalformedInput("a digest of an act is SHA-256")
    return raw


def _deed_as_json(deed: Deed) -> dict[str, object]:
    match deed:
        case Founded():
            return {
                "kind": "founded",
                "instance": deed.instance,
                "officers": [_officer_as_json(one) for one in deed.officers],
                "terms": _terms_as_json(deed.terms),
            }
        case Proposed():
            return {"kind": "proposed", "change": change_as_json(deed.change)}
        case Approved():
            return {"kind": "approved", "proposal": deed.proposal}
        case Declined():
            return {"kind": "declined", "proposal": deed.proposal}
        case Renewed():
            return {"kind": "renewed", "request": deed.request}
        case Published():
            return {
                "kind": "published",
                "version": deed.version,
                "expires": deed.expires,
                "digest": base64url.encode(deed.digest),
            }


def _read_deed(value: object) -> Deed:
    readers: Mapping[str, tuple[frozenset[str], Callable[[Json], Deed]]] = {
        "founded": (frozenset({"instance", "officers", "terms"}), _read_founded),
        "proposed": (frozenset({"change"}), lambda one: Proposed(read_change(one["change"]))),
        "approved": (frozenset({"proposal"}), lambda one: Approved(number_of(one, "proposal"))),
        "declined": (frozenset({"proposal"}), lambda one: Declined(number_of(one, "proposal"))),
        "renewed": (frozenset({"request"}), lambda one: Renewed(text_of(one["request"]))),
        "published": (
            frozenset({"version", "expires", "digest"}),
            lambda one: Published(
                number_of(one, "version", least=1), seconds_of(one, "expires"), _digest_of(one["digest"])
            ),
        ),
    }
    return _read_kind(value, readers)


def _read_founded(found: Json) -> Founded:
    return Founded(
        text_of(found["instance"]),
        entries_of(found, "officers", _read_officer, most=OFFICERS_MAX, least=1),
        _read_terms(found["terms"]),
    )


_ENTRIES: Final[Mapping[EntryKind, Callable[[object], Entry]]] = {
    EntryKind.PURPOSE: read_purpose,
    EntryKind.CONSENT_ISSUER: read_consent_issuer,
    EntryKind.TIMESTAMPER: read_timestamper,
    EntryKind.WITNESS: read_witness,
    EntryKind.PIN: read_pin,
}


_WRITERS: Final[Mapping[type, tuple[str, Callable[[Any], dict[str, object]]]]] = {
    Join: ("join", lambda one: {"request": one.request}),
    Suspend: ("suspend", lambda one: {"member": str(one.member)}),
    Reinstate: ("reinstate", lambda one: {"member": str(one.member)}),
    WithdrawKey: ("withdraw-key", lambda one: {"keyid": one.keyid}),
    RemoveGateway: ("remove-gateway", lambda one: {"gateway": str(one.gateway)}),
    Enter: ("enter", lambda one: _entry_as_json(one.entry)),
    Remove: ("remove", lambda one: {"what": one.kind.value, "name": one.name}),
    SetTerms: ("terms", lambda one: {"terms": _terms_as_json(one.terms)}),
    EnrolOfficer: ("enrol", lambda one: {"officer": _officer_as_json(one.officer)}),
    DismissOfficer: ("dismiss", lambda one: {"name": one.name}),
}
_ENTRY_WRITERS: Final[Mapping[EntryKind, Callable[[Any], dict[str, object]]]] = {
    EntryKind.PURPOSE: purpose_as_json,
    EntryKind.CONSENT_ISSUER: consent_issuer_as_json,
    EntryKind.TIMESTAMPER: timestamper_as_json,
    EntryKind.WITNESS: witness_as_json,
    EntryKind.PIN: pin_as_json,
}


def change_as_json(change: Change) -> dict[str, object]:
    """Write a change."""
    kind, write = _WRITERS[type(change)]
    return {"kind": kind, **write(change)}


def _entry_as_json(entry: Entry) -> dict[str, object]:
    kind, _ = name_of_entry(entry)
    return {"what": kind.value, "entry": _ENTRY_WRITERS[kind](entry)}


def read_change(value: object) -> Change:
    """Read a change. Raises ``MalformedInput``, ``UnsupportedAlgorithm``."""
    readers: Mapping[str, tuple[frozenset[str], Callable[[Json], Change]]] = {
        "join": (frozenset({"request"}), lambda one: Join(text_of(one["request"]))),
        "suspend": (frozenset({"member"}), lambda one: Suspend(read_member_id(one["member"]))),
        "reinstate": (frozenset({"member"}), lambda one: Reinstate(read_member_id(one["member"]))),
        "withdraw-key": (frozenset({"keyid"}), lambda one: WithdrawKey(text_of(one["keyid"]))),
        "remove-gateway": (
            frozenset({"gateway"}),
            lambda one: RemoveGateway(read_security_server(text_of(one["gateway"]))),
        ),
        "enter": (
            frozenset({"what", "entry"}),
            lambda one: Enter(_ENTRIES[_kind_of(one["what"])](one["entry"])),
        ),
        "remove": (
            frozenset({"what", "name"}),
            lambda one: Remove(_kind_of(one["what"]), text_of(one["name"])),
        ),
        "terms": (frozenset({"terms"}), lambda one: SetTerms(_read_terms(one["terms"]))),
        "enrol": (frozenset({"officer"}), lambda one: EnrolOfficer(_read_officer(one["officer"]))),
        "dismiss": (frozenset({"name"}), lambda one: DismissOfficer(text_of(one["name"]))),
    }
    return _read_kind(value, readers)


def _read_kind(
    value: object, readers: Mapping[str, tuple[frozenset[str], Callable[[Json], _Value]]]
) -> _Value:
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in readers:
        raise MalformedInput(f"an act is of one of the kinds {sorted(readers)}")
    members, read = readers[kind]
    return read(object_of(value, members | {"kind"}))


def _kind_of(value: object) -> EntryKind:
    kinds = {one.value: one for one in EntryKind}
    kind = kinds.get(text_of(value))
    if kind is None:
        raise MalformedInput(f"an entry is of one of {sorted(kinds)}")
    return kind


def _officer_as_json(officer: Officer) -> dict[str, object]:
    return {"name": officer.name, "jwk": officer.key.as_jwk()}


def _read_officer(value: object) -> Officer:
    found = object_of(value, _OFFICER)
    return Officer(require_line(text_of(found["name"]), NAME_CHARS_MAX), jws.read_public_jwk(found["jwk"]))


def _terms_as_json(terms: Terms) -> dict[str, object]:
    return {
        "approvals_min": terms.approvals_min,
        "refresh_seconds": terms.refresh_seconds,
        "validity_seconds": terms.validity_seconds,
    }


def _read_terms(value: object) -> Terms:
    found = object_of(value, _TERMS)
    return Terms(*(number_of(found, name, least=1) for name in _TERM_NAMES))
