"""services.toml is read strictly, and anew when it changes."""

from pathlib import Path

import pytest

from rahdari.app.errors import FolderFailed
from rahdari.app.exchange.offers import OfferFile, read_offer, read_offer_file
from rahdari.exchange import ConsentRule, Durability, OfferRefused, Rate, SubjectSource
from rahdari.wire.xroad import MemberId, ServiceType, read_client, read_service

MEMBER = MemberId("PK", "GOV", "1001")
SERVICE = read_service("PK/GOV/1001/registry/persons")
CLIENT = read_client("PK/COM/2002/app")
GOOD = """\
[[service]]
id = "PK/GOV/1001/registry/persons"
title = { en = "Persons", ur = "افراد" }
base_url = "http://127.0.0.1:9001/api/"
type = "OPENAPI"
timeout_seconds = 2.5
body_bytes_max = 1000
concurrent_max = 10
keeps_particulars = false

[[service.operation]]
method = "GET"
path = "/v1/persons/{id}"
purposes = ["kyc"]
data_classes = ["identity"]
consent = "required-now"
subject = { in = "path", name = "id" }
durability = "strict"
rate = { per_second = 2, burst = 5 }

[[service.operation]]
method = "POST"
path = "/v1/sealed"
purposes = ["kyc"]
sealed = true

[[grant]]
client = "PK/COM/2002/app"
service = "PK/GOV/1001/registry/persons"
operations = ["GET /v1/persons/{id}"]

[rates]
"PK/COM/2002/app" = { per_second = 50.5, burst = 100 }
"""


def test_everything_of_a_service_is_read() -> None:
    read = read_offer(GOOD.encode(), MEMBER)
    service = read.offer.services[SERVICE]
    assert (service.base_url, service.type, service.timeout_seconds) == (
        "http://127.0.0.1:9001/api", ServiceType.OPENAPI, 2.5,
    )  # fmt: skip
    assert (service.body_bytes_max, service.concurrent_max, service.keeps_particulars) == (1000, 10, False)
    first, second = service.operations
    assert (first.consent, first.durability, first.rate) == (
        ConsentRule.REQUIRED_NOW, Durability.STRICT, Rate(2.0, 5),
    )  # fmt: skip
    assert (first.subject.source, first.subject.name) == (SubjectSource.PATH, "id")
    assert second.is_sealed
    assert service.operation(service.templates.templates[0]) is first
    assert read.offer.grants == {(CLIENT, SERVICE): frozenset({"GET /v1/persons/{id}"})}
    assert read.offer.rates == {"PK/COM/2002/app": Rate(50.5, 100)}
    assert read.remarks == ()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('id = "PK/GOV/1001', 'id = "PK/GOV/9999', "not one of PK/GOV/1001"),
        ('/persons"\ntitle', '/listMethods"\ntitle', "metaservice"),
        ('title = { en = "Persons", ur = "افراد" }', "", 'no title; write title = { en = "…" }'),
        ("http://127.0.0.1:9001/api/", "ftp://127.0.0.1/", "base_url"),
        ("http://127.0.0.1:9001/api/", "http://user:word@127.0.0.1/", "base_url"),
        ("http://127.0.0.1:9001/api/", "http://127.0.0.1/?q=1", "base_url"),
        ("http://127.0.0.1:9001/api/", "http://127.0.0.1:99999/", "base_url"),
        ('type = "OPENAPI"', 'type = "SOAP"', "type is one of"),
        ("timeout_seconds = 2.5", "timeout_seconds = 1000", "timeout_seconds"),
        ("timeout_seconds = 2.5", "timeout_seconds = true", "timeout_seconds"),
        ("concurrent_max = 10", "concurrent_max = 0", "concurrent_max"),
        ("keeps_particulars = false", "keeps_all = false", "keeps_all"),
        ('method = "POST"', 'method = "TRACE"', "method"),
        ('path = "/v1/sealed"', 'path = "v1/sealed"', "slash"),
        ('path = "/v1/sealed"', 'path = "/v1/../sealed"', "segment"),
        (
            'method = "POST"\npath = "/v1/sealed"',
            'method = "GET"\npath = "/v1/persons/{other}"',
            "same calls",
        ),
        ('consent = "required-now"', 'consent = "perhaps"', "consent is one of"),
        ('name = "id" }\nd', 'name = "other" }\nd', "no variable {other}"),
        ('in = "path", name = "id"', 'in = "answer"', "needs a consent"),
        ('in = "path", name = "id"', 'in = "path"', "name is missing"),
        ('durability = "strict"', 'durability = "maybe"', "durability is one of"),
        ("rate = { per_second = 2, burst = 5 }", "rate = { per_second = 2 }", "both above 0"),
        ('operations = ["GET /v1/persons/{id}"]', 'operations = ["GET /v1/none"]', "GET /v1/none is not one"),
        ('operations = ["GET /v1/persons/{id}"]', "operations = []", "none at all"),
        ('service = "PK/GOV/1001/registry/persons"', 'service = "PK/GOV/1001/registry/other"', "not offered"),
        ('"PK/COM/2002/app" = { per_second', '"PK/COM" = { per_second', "parts"),
        ("[rates]", "[prices]", "prices"),
        ("[rates]", "[rates", "TOML"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(before: str, after: str, told: str) -> None:
    assert GOOD.count(before) == 1
    with pytest.raises(OfferRefused) as refused:
        read_offer(GOOD.replace(before, after).encode(), MEMBER)
    assert told in refused.value.message


def test_the_line_of_the_table_is_told() -> None:
    with pytest.raises(OfferRefused, match=r"table at line 1\)"):
        read_offer(GOOD.replace("concurrent_max = 10", 'concurrent_max = "ten"').encode(), MEMBER)
    with pytest.raises(OfferRefused, match=r"table at line 27\)"):
        read_offer(GOOD.replace('client = "PK/COM/2002/app"', 'client = "no"').encode(), MEMBER)


@pytest.mark.parametrize("table", ["service", "grant"])
def test_nothing_stands_twice(table: str) -> None:
    begin = GOOD.index(f"[[{table}]]")
    end = GOOD.index("[[grant]]") if table == "service" else GOOD.index("[rates]")
    with pytest.raises(OfferRefused, match="twice"):
        read_offer((GOOD[:end] + GOOD[begin:end] + GOOD[end:]).encode(), MEMBER)


def test_what_is_odd_is_remarked() -> None:
    odd = """
[[service]]
id = "PK/GOV/1001/registry/persons"
title = { en = "Persons" }
base_url = "http://127.0.0.1:9001"
[[service.operation]]
method = "GET"
path = "/{a}/x"
[[service.operation]]
method = "GET"
path = "/y/{b}"
purposes = ["kyc"]
"""
    remarks = read_offer(odd.encode(), MEMBER).remarks
    assert [one.partition(": ")[2] or one for one in remarks] == [
        "PK/GOV/1001/registry/persons is granted to nobody",
        "GET /{a}/x says nobody whom it is about: it stands in no person's log",
        "GET /{a}/x has no purposes, so nobody may call it",
        "GET /y/{b} says nobody whom it is about: it stands in no person's log",
        "GET /y/{b} and GET /{a}/x cross; the first is chosen where both fit",
    ]


def test_descriptions_are_files_beside_it_and_nowhere_else(tmp_path: Path) -> None:
    file = tmp_path / "services.toml"
    (tmp_path / "persons.json").write_bytes(b"{}")
    described = GOOD.replace('type = "OPENAPI"', 'type = "OPENAPI"\ndescription = "NAME"')
    file.write_text(described.replace("NAME", "persons.json"), encoding="utf-8")
    assert read_offer_file(file, MEMBER).offer.services[SERVICE].description == b"{}"
    for name in ("../secret", "keys/x", ".hidden", "absent.json"):
        file.write_text(described.replace("NAME", name), encoding="utf-8")
        with pytest.raises(OfferRefused, match="description"):
            read_offer_file(file, MEMBER)


def test_without_a_file_nothing_is_offered(tmp_path: Path) -> None:
    read = read_offer_file(tmp_path / "services.toml", MEMBER)
    assert not read.offer.services
    assert read.remarks


def test_a_changed_file_is_read_and_the_last_good_one_kept(tmp_path: Path) -> None:
    file = tmp_path / "services.toml"
    offered = OfferFile(file, MEMBER)
    assert not offered.refresh()
    file.write_text(GOOD, encoding="utf-8")
    assert offered.refresh()
    assert SERVICE in offered.offer.services
    file.write_text("broken [", encoding="utf-8")
    assert not offered.refresh()
    assert SERVICE in offered.offer.services
    assert "TOML" in offered.fault
    file.write_text(GOOD, encoding="utf-8")
    assert offered.refresh()
    assert offered.fault == ""
    file.write_text("", encoding="utf-8")
    assert offered.refresh()
    assert (offered.offer.services, offered.fault) == ({}, "")


def test_a_broken_offer_is_read_again_though_its_own_file_is_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "services.toml"
    offered = OfferFile(file, MEMBER)
    file.write_text(
        GOOD.replace('type = "OPENAPI"', 'type = "OPENAPI"\ndescription = "later.json"'), encoding="utf-8"
    )
    assert not offered.refresh()
    (tmp_path / "later.json").write_text("{}", encoding="utf-8")
    looks = [offered.refresh() for _ in range(25)]
    assert looks.count(True) == 1
    assert SERVICE in offered.offer.services
    assert offered.fault == ""
    assert capsys.readouterr().out.count("offer_not_read") == 1


def test_a_file_that_is_gone_while_it_is_in_use_withdraws_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "services.toml"
    file.write_text(GOOD, encoding="utf-8")
    offered = OfferFile(file, MEMBER)
    file.unlink()
    for _ in range(3):
        assert not offered.refresh()
    assert SERVICE in offered.offer.services
    assert "is gone" in offered.fault
    file.symlink_to(file.name)
    assert not offered.refresh(always=True)
    assert "symbolic links" in offered.fault
    file.unlink()
    assert not offered.refresh(always=True)
    assert SERVICE in offered.offer.services
    assert capsys.readouterr().out.count("offer_not_read") == 3
    file.write_text(GOOD, encoding="utf-8")
    assert offered.refresh()
    assert offered.fault == ""


def test_a_link_that_leads_nowhere_is_no_absent_file(tmp_path: Path) -> None:
    file = tmp_path / "services.toml"
    file.symlink_to(file.name)
    with pytest.raises(FolderFailed, match="symbolic links"):
        OfferFile(file, MEMBER)
