"""Identifiers of X-Road: read, written, and refused where they could be read as something else."""

import dataclasses

import pytest

from rahdari.wire.errors import MalformedInput
from rahdari.wire.xroad import (
    AddressFault,
    AddressRefused,
    MemberId,
    RepresentedParty,
    SecurityServerId,
    ServiceId,
    SubsystemId,
    is_portable,
    read_client,
    read_represented_party,
    read_security_server,
    read_service,
)
from rahdari.wire.xroad.identifiers import IDENTIFIER_CHARS_MAX, PART_CHARS_MAX


def test_a_client_is_a_member_or_its_subsystem() -> None:
    assert read_client("PK/GOV/1001") == MemberId("PK", "GOV", "1001")
    subsystem = read_client("PK/GOV/1001/tax")
    assert subsystem == SubsystemId("PK", "GOV", "1001", "tax")
    assert isinstance(subsystem, SubsystemId)
    assert subsystem.member == read_client("PK/GOV/1001")


def test_a_service_has_five_parts_and_names_its_provider() -> None:
    service = read_service("PK/GOV/1001/tax/status")
    assert service == ServiceId("PK", "GOV", "1001", "tax", "status")
    assert service.provider == SubsystemId("PK", "GOV", "1001", "tax")
    assert read_security_server("PK/GOV/1001/gate-1") == SecurityServerId("PK", "GOV", "1001", "gate-1")


def test_identifiers_of_two_kinds_are_never_equal() -> None:
    assert len({read_client("PK/GOV/1001/x"), read_security_server("PK/GOV/1001/x")}) == 2


def test_a_represented_party_has_a_class_or_none() -> None:
    assert read_represented_party("COM/77") == RepresentedParty("COM", "77")
    assert read_represented_party("77") == RepresentedParty(None, "77")
    assert [str(read_represented_party(one)) for one in ("COM/77", "77")] == ["COM/77", "77"]


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("tax%20office", "tax office"),
        ("%C3%B6%C3%A4%C3%A5", "öäå"),
        ("%D9%85%D8%AD%D8%B5%D9%88%D9%84", "محصول"),
        ("a_b", "a_b"),
        ("'()+,-.=%3F", "'()+,-.=?"),
        ("a%23b", "a#b"),
    ],
)
def test_each_part_is_encoded_by_itself(written: str, part: str) -> None:
    client = read_client(f"PK/GOV/1001/{written}")
    assert client.parts[3] == part
    assert str(client) == f"PK/GOV/1001/{written}"


def test_an_identifier_is_written_in_one_form_whatever_it_was_read_from() -> None:
    assert str(read_client("%50K/GOV/1001/%c3%b6")) == "PK/GOV/1001/%C3%B6"
    assert read_client("%50K/GOV/1001") == read_client("PK/GOV/1001")


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("", AddressFault.PARTS),
        ("x" * 256, AddressFault.PARTS),
        ("a%2Fb", AddressFault.SLASH),
        ("a%5Cb", AddressFault.DELIMITER),
        ("a%3Bb", AddressFault.DELIMITER),
        ("a%3Ab", AddressFault.DELIMITER),
        ("a:b", AddressFault.DELIMITER),
        ("a%25b", AddressFault.DELIMITER),
        ("%252F", AddressFault.DELIMITER),
        ("a%00", AddressFault.CONTROL),
        ("a%0Ab", AddressFault.CONTROL),
        ("a%C2%85", AddressFault.CONTROL),
        ("a%E2%80%8Bb", AddressFault.CONTROL),
        ("%EF%BB%BFa", AddressFault.CONTROL),
        (".", AddressFault.DOT_SEGMENT),
        ("%2e%2E", AddressFault.DOT_SEGMENT),
        ("%20a", AddressFault.DOT_SEGMENT),
        ("e%CC%81", AddressFault.CHARACTER),
        ("a b", AddressFault.CHARACTER),
        ("ü", AddressFault.CHARACTER),
        ("a%2", AddressFault.ESCAPE),
        ("a%zz", AddressFault.ESCAPE),
        ("%C0%AF", AddressFault.ENCODING),
        ("%ED%A0%80", AddressFault.ENCODING),
        ("%FF", AddressFault.ENCODING),
    ],
)
def test_a_part_that_could_be_read_otherwise_is_refused(part: str, fault: AddressFault) -> None:
    with pytest.raises(AddressRefused) as refused:
        read_client(f"PK/GOV/1001/{part}")
    assert refused.value.fault is fault
    assert part in ("", ".", "ü") or part not in refused.value.message


@pytest.mark.parametrize("text", ["", "PK", "PK/GOV", "PK/GOV/1/a/b", "PK/GOV/1/", "/GOV/1", "PK//1"])
def test_a_client_of_another_number_of_parts_is_refused(text: str) -> None:
    with pytest.raises(AddressRefused):
        read_client(text)


def test_a_service_of_four_parts_is_refused_as_in_the_code() -> None:
    with pytest.raises(AddressRefused, match="4 parts"):
        read_service("PK/GOV/1001/status")


def test_what_is_too_long_is_refused_before_it_is_taken_apart() -> None:
    longest = "x" * PART_CHARS_MAX
    assert read_client(f"PK/GOV/{longest}").parts[2] == longest
    with pytest.raises(AddressRefused) as refused:
        read_client("/" * (IDENTIFIER_CHARS_MAX + 1))
    assert refused.value.fault is AddressFault.TOO_LONG


def test_identifiers_cannot_be_made_of_what_could_not_be_read() -> None:
    for part in ("", "a/b", "..", "a\n"):
        with pytest.raises(MalformedInput):
            MemberId("PK", "GOV", part)
        with pytest.raises(MalformedInput):
            RepresentedParty(part, "1")
    with pytest.raises(dataclasses.FrozenInstanceError):
        read_client("PK/GOV/1001").instance = "CN"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("part", "portable"),
    [("a-b.c", True), ("'()+,-.=?", True), ("a_b", False), ("a b", False), ("ö", False), ("#", False)],
)
def test_the_specification_allows_fewer_signs_than_are_read(part: str, portable: bool) -> None:  # noqa: FBT001
    assert is_portable(MemberId("PK", "GOV", part)) is portable
