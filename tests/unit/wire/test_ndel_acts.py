"""The lines of a registry's journal."""

import json
from hashlib import sha256
from typing import Any

import pytest

from rahdari.wire import jws
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.act_token import LINE_CHARS_MAX, TYP, read_act, sign_act
from rahdari.wire.ndel.acts import (
    NOTHING_BEFORE,
    REGISTRY,
    Act,
    Approved,
    Change,
    Declined,
    Deed,
    DismissOfficer,
    EnrolOfficer,
    Enter,
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
from rahdari.wire.xroad import MemberId, SecurityServerId
from tests.unit.wire.ndel_scene import NOW, full_configuration, signed_join

SIGNER = SoftwareSigner.generate(Algorithm.EDDSA)
OFFICER = Officer("Sample One", SIGNER.public)
MEMBER = MemberId("PK", "GOV", "1001")
FULL = full_configuration()
CHANGES: tuple[Change, ...] = (
    Join(signed_join("1001")),
    Suspend(MEMBER),
    Reinstate(MEMBER),
    WithdrawKey("some-key"),
    RemoveGateway(SecurityServerId("PK", "GOV", "1001", "gw1")),
    Enter(FULL.purposes[0]),
    Enter(FULL.consent_issuers[0]),
    Enter(FULL.timestampers[0]),
    Enter(FULL.witnesses[0]),
    Enter(FULL.pins[0]),
    Remove(EntryKind.PIN, "CN"),
    SetTerms(Terms(3, 10, 7200)),
    EnrolOfficer(OFFICER),
    DismissOfficer("Sample Two"),
)
DEEDS: tuple[Deed, ...] = (
    Founded("PK", (OFFICER,), Terms()),
    *(Proposed(change) for change in CHANGES),
    Approved(3),
    Declined(4),
    Renewed("a.b.c"),
    Published(7, NOW, bytes(range(32))),
)


def line(deed: Deed) -> str:
    return sign_act(SIGNER, Act(5, bytes(range(32)), NOW, "Sample One", deed))


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: type(getattr(deed, "change", deed)).__name__)
def test_an_act_is_read_back(deed: Deed) -> None:
    written = line(deed)
    read = read_act(written)
    assert read.verify_with(SIGNER.public) == Act(5, bytes(range(32)), NOW, "Sample One", deed)
    assert read.digest == sha256(written.encode()).digest()


def test_what_another_signed_is_refused() -> None:
    read = read_act(line(Approved(1)))
    with pytest.raises(BadSignature):
        read.verify_with(SoftwareSigner.generate(Algorithm.EDDSA).public)


def resigned(payload: object, typ: str = TYP) -> str:
    return jws.sign(SIGNER, {"typ": typ}, json.dumps(payload).encode())


def payload(deed: Deed) -> dict[str, Any]:
    return dict(jws.decode(line(deed)).payload_object())


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: type(getattr(deed, "change", deed)).__name__)
def test_an_act_has_its_members_and_no_other(deed: Deed) -> None:
    for path in (("deed",), ("deed", "change")):
        changed = payload(deed)
        inner = changed
        for name in path:
            inner = inner.get(name, {})
        for name in list(inner):
            broken = payload(deed)
            found = broken
            for one in path:
                found = found[one]
            del found[name]
            with pytest.raises(MalformedInput):
                read_act(resigned(broken))
        if inner:
            inner["surprise"] = 1
            with pytest.raises(MalformedInput):
                read_act(resigned(changed))


@pytest.mark.parametrize("name", ["number", "previous", "at", "by", "deed"])
@pytest.mark.parametrize("wrong", [None, -1, True, "", [], {"kind": "other"}, {"kind": 1}, "\n"])
def test_an_act_of_wrong_types_is_refused(name: str, wrong: object) -> None:
    with pytest.raises(MalformedInput):
        read_act(resigned({**payload(Approved(1)), name: wrong}))


def test_an_unknown_kind_of_entry_is_refused() -> None:
    changed = payload(Proposed(Remove(EntryKind.PIN, "CN")))
    changed["deed"]["change"]["what"] = "person"
    with pytest.raises(MalformedInput, match="is of one of"):
        read_act(resigned(changed))


def test_a_line_has_a_length_and_a_sort() -> None:
    with pytest.raises(TooLarge):
        read_act("A" * (LINE_CHARS_MAX + 1))
    with pytest.raises(MalformedInput, match="another sort"):
        read_act(resigned(payload(Approved(1)), typ="ndel-configuration+jwt"))


def test_entries_are_found_by_kind_and_name() -> None:
    entries = [change.entry for change in CHANGES if isinstance(change, Enter)]
    assert [name_of_entry(entry) for entry in entries] == [
        (EntryKind.PURPOSE, "passport-issue"),
        (EntryKind.CONSENT_ISSUER, "PK/GOV/1001"),
        (EntryKind.TIMESTAMPER, "Sample TSA"),
        (EntryKind.WITNESS, "court"),
        (EntryKind.PIN, "CN"),
    ]


def test_the_registry_has_a_name_that_no_officer_has() -> None:
    assert REGISTRY == "(registry)"
    assert len(NOTHING_BEFORE) == 32
