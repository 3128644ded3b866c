"""One card's life over HTTP: applied for, issued, suspended, reinstated, revoked, and what verifiers see."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from rahdari.app.gate import Gate
from rahdari.app.status_sources import HttpSource
from rahdari.credentials import VerdictKind
from tests.unit.web.conftest import Stage, make_entries, make_stage


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Stage]:
    made = make_stage(tmp_path / "house")
    with made.client:
        yield made
    made.house.close()


def register(setting: Stage) -> str:
    """An officer registers a holder and applies, issues and hands over the card; gives its number."""
    party, _, product = make_entries(setting.clock, 40)[-1]
    names = {
        "guardian": party.guardian,
        "address": party.address,
        "permanent_address": party.permanent_address,
    }
    record = {
        "kind": "person",
        "number": party.number,
        "name": dict(party.name),
        "gender": party.gender,
        "date_of_birth": party.date_of_birth.isoformat(),
        "nationality": party.nationality,
        "family_number": party.family_number,
        "permanent_region": party.permanent_region,
        "country_of_stay": party.country_of_stay,
        "passport_number": party.passport_number,
        "captured": sorted(party.captured),
    } | {name: dict(text) for name, text in names.items()}
    body = {"product": product, "party": {name: value for name, value in record.items() if value is not None}}
    made = setting.client.post("/api/v1/holders", json=body, headers=setting.headers("registrar"))
    assert made.status_code == 201, made.text
    number = str(made.json()["card"]["number"])
    for act in ("issue", "activate"):
        do(setting, number, act, by="issuer")
    return number


def do(setting: Stage, number: str, act: str, *, by: str, reason: str | None = None) -> None:
    body = {"act": act} | ({"reason": reason} if reason else {})
    done = setting.client.post(f"/api/v1/cards/{number}/acts", json=body, headers=setting.headers(by))
    assert done.status_code == 200, done.text


def online(setting: Stage, text: str) -> str:
    return str(setting.check(text).json()["verdict"])


def make_gate(setting: Stage, folder: Path) -> Gate:
    """A verifier that begins with what it fetches, and a fingerprint that it compares."""
    gate = Gate(folder, setting.clock)
    gate.pin_root(setting.client.get("/root.jwk").content)
    gate.import_trust(setting.client.get("/trust.jwt").text)
    return gate


def publish_and_sync(setting: Stage, gate: Gate) -> None:
    setting.clock.wind(timedelta(seconds=2))
    published = setting.client.post("/api/v1/status/publications", headers=setting.headers("status_officer"))
    assert published.status_code == 201
    assert gate.sync(HttpSource(setting.client)).failed == ()


def test_a_card_lives_from_application_to_revocation(setting: Stage, tmp_path: Path) -> None:
    number = register(setting)
    path = f"/api/v1/cards/{number}/passes/qr"
    text = setting.client.get(path, headers=setting.headers("issuer")).json()["text"]
    gate = make_gate(setting, tmp_path / "gate")
    publish_and_sync(setting, gate)
    assert (online(setting, text), gate.examine(text).verdict) == ("valid", VerdictKind.VALID)

    do(setting, number, "suspend", by="status_officer", reason="lost")
    assert online(setting, text) == "suspended"
    assert gate.examine(text).verdict is VerdictKind.VALID, "offline it shows with the next sync, not before"
    publish_and_sync(setting, gate)
    assert gate.examine(text).verdict is VerdictKind.SUSPENDED

    do(setting, number, "reinstate", by="supervisor", reason="found")
    publish_and_sync(setting, gate)
    assert (online(setting, text), gate.examine(text).verdict) == ("valid", VerdictKind.VALID)

    do(setting, number, "propose_revocation", by="supervisor", reason="fraud_proven")
    do(setting, number, "revoke", by="officer")
    assert online(setting, text) == "revoked"
    publish_and_sync(setting, gate)
    assert gate.examine(text).verdict is VerdictKind.REVOKED

    history = setting.client.get(f"/api/v1/cards/{number}/history", headers=setting.headers("auditor")).json()
    assert [one["act"] for one in history["entries"]] == [
        "apply",
        "issue",
        "activate",
        "suspend",
        "reinstate",
        "propose_revocation",
        "revoke",
    ]
    finding = setting.client.get("/api/v1/audit/finding", headers=setting.headers("auditor")).json()
    assert finding["is_intact"], json.dumps(finding)
