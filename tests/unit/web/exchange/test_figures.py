"""What is counted, how it is written, and what is not in it."""

from dataclasses import replace

import pytest

from rahdari.web.exchange import figures
from rahdari.web.exchange.figures import Figures, Trip
from rahdari.web.exchange.status_page import Standing, write_page
from rahdari.web.languages import catalogue
from rahdari.wire.xroad import (
    CallHeaders,
    Side,
    read_call_headers,
    read_client,
    read_target,
    read_template,
)

CALL = read_target(b"/r1/PK/GOV/1001/registry/persons/v1/persons/3520212345671?name=x")


def trip(**changes: object) -> Trip:
    made = Trip(Side.PRODUCER, 1_000, 10.0, "GET", CALL, CallHeaders(read_client("PK/COM/2002/app"), "m-1"))
    made.operation, made.status = read_template("GET", "/v1/persons/{id}"), 200
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_calls_are_counted_by_who_what_and_how_it_ended() -> None:
    counted = Figures()
    for _ in range(3):
        counted.note(trip(request_size=5, response_size=7), tick=10.004, milliseconds=1_004)
    counted.note(trip(status=500, fault="server.serverproxy.access_denied"), tick=11.0, milliseconds=2_000)
    written = counted.write().decode()
    operation = 'operation="GET /v1/persons/{id}",service="PK/GOV/1001/registry/persons"'
    labels = f'client="PK/COM/2002/app",fault="",{operation}'
    assert f'rahdari_exchange_calls_total{{{labels},side="Producer",status="200"}} 3.0' in written
    assert f'rahdari_exchange_request_bytes_total{{{labels},side="Producer",status="200"}} 15.0' in written
    assert f'rahdari_exchange_response_bytes_total{{{labels},side="Producer",status="200"}} 21.0' in written
    assert 'le="0.005"' in written
    assert 'fault="server.serverproxy.access_denied"' in written
    assert "3520212345671" not in written


@pytest.mark.parametrize(
    ("seconds", "bound"), [(0.0, "0.001"), (0.001, "0.001"), (0.0011, "0.002"), (200.0, "+Inf")]
)
def test_a_time_falls_into_its_bucket(seconds: float, bound: str) -> None:
    counted = Figures()
    counted.note(trip(began=0.0), tick=seconds, milliseconds=1)
    lines = [
        one for one in counted.write().decode().splitlines() if "_bucket" in one and one.endswith(" 1.0")
    ]
    assert f'le="{bound}"' in lines[0]


def test_gauges_are_asked_when_somebody_reads() -> None:
    counted = Figures({"rahdari_exchange_log_records": ("Records.", lambda: 42.0)})
    assert b"rahdari_exchange_log_records 42.0" in counted.write()


def test_series_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "SERIES_MAX", 3)
    counted = Figures()
    for number in range(10):
        counted.note(trip(status=200 + number), tick=11.0, milliseconds=1)
    assert len(list(counted.counted())) == 4
    assert sum(count for _, count in counted.counted()) == 10


@pytest.mark.parametrize("side", list(Side))
def test_what_callers_invent_becomes_no_label(side: Side) -> None:
    counted = Figures()
    for number in range(20):
        call = read_target(f"/r1/PK/GOV/1001/registry/invented{number}/x".encode())
        said = CallHeaders(read_client("PK/COM/2002/app" if side is Side.CLIENT else f"PK/COM/2002/{number}"))
        fault = "server.serverproxy.unknown_service" if number % 2 else f"server.invented{number}"
        asked = trip(side=side, call=call, said=said, fault=fault, operation=None, status=500)
        counted.note(asked, tick=11.0, milliseconds=1)
    assert len(list(counted.counted())) == 2
    assert b"invented" not in counted.write()


def test_a_service_that_answered_keeps_its_name_when_it_fails() -> None:
    counted = Figures()
    for fault in ("", "server.serverproxy.service_failed"):
        counted.note(trip(side=Side.CLIENT, operation=None, fault=fault), tick=11.0, milliseconds=1)
    assert {key[2] for key, _ in counted.counted()} == {"PK/GOV/1001/registry/persons"}


def test_only_so_many_services_of_others_become_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "SERVICES_MAX", 3)
    counted = Figures()
    for number in range(10):
        call = read_target(f"/r1/PK/GOV/1001/registry/s{number}/x".encode())
        counted.note(trip(side=Side.CLIENT, call=call, operation=None), tick=11.0, milliseconds=1)
    assert len(list(counted.counted())) == 4


def test_the_last_calls_are_told_as_x_road_tells_them() -> None:
    counted = Figures()
    counted.note(trip(request_id="r-1", request_out=1_001, response_in=1_002), tick=11.0, milliseconds=1_003)
    (told,) = counted.recent()
    expected = {
        "securityServerType": "Producer", "restMethod": "GET", "restPath": "/v1/persons/{id}", "statusCode": 200,
        "requestInTs": 1_000, "requestOutTs": 1_001, "responseInTs": 1_002, "responseOutTs": 1_003,
        "messageId": "m-1", "xRequestId": "r-1", "serviceCode": "persons", "succeeded": True,
    }  # fmt: skip
    assert expected.items() <= told.items()
    assert "3520212345671" not in str(told)


def test_what_callers_say_of_people_is_in_no_record() -> None:
    counted = Figures()
    said = read_call_headers(
        [
            (b"x-road-client", b"PK/COM/2002/app"), (b"x-road-userid", b"PK3520212345671"),
            (b"x-road-issue", b"case of 3520212345671"), (b"x-road-represented-party", b"PER/3520212345671"),
        ]
    )  # fmt: skip
    assert said.user_id == "PK3520212345671"
    counted.note(trip(said=said), tick=11.0, milliseconds=1_003)
    (told,) = counted.recent()
    assert "3520212345671" not in str(told)
    assert told["clientSubsystemCode"] == "app"


def test_a_fault_that_x_road_does_not_have_is_left_out() -> None:
    counted = Figures()
    counted.note(trip(fault="no.such.fault"), tick=11.0, milliseconds=1)
    (told,) = counted.recent()
    assert told["succeeded"] is False
    assert "faultCode" not in told


def test_what_is_kept_of_the_last_calls_is_bounded() -> None:
    counted = Figures()
    for _ in range(figures.RECENT_MAX + 5):
        counted.note(trip(), tick=11.0, milliseconds=1)
    assert len(list(counted.recent())) == figures.RECENT_MAX


@pytest.mark.parametrize("language", ["en", "ur", "zh"])
def test_the_page_says_what_is_wrong_and_lets_nothing_in(language: str) -> None:
    standing = Standing(
        gateway="PK/GOV/<b>", is_ready=False, configuration_version=7, configuration_expires=1_800_000_000,
        is_configuration_expired=True, key_fault="<script>", log_size=3, log_published=3, is_log_writable=False,
        log_fault="full & broken", receipts_owed=2, services={"PK/GOV/1001/registry/persons": "open"},
        calls=9, faults=1,
    )  # fmt: skip
    page = write_page(standing, language).decode()
    assert "<script>" not in page
    assert "full &amp; broken" in page
    assert "PK/GOV/&lt;b&gt;" in page
    assert 'role="status" class="bad"' in page
    assert "2027-01-15" in page


@pytest.mark.parametrize("language", ["en", "ur", "zh"])
def test_the_page_tells_that_somebody_holds_a_newer_configuration_back(language: str) -> None:
    standing = Standing(
        gateway="PK/GOV/1001/gw1", is_ready=True, configuration_version=7, configuration_expires=1_800_000_000,
        is_configuration_expired=False, key_fault="", log_size=3, log_published=3, is_log_writable=True,
        log_fault="", receipts_owed=0, services={}, calls=0, faults=0,
    )  # fmt: skip
    quiet = write_page(standing, language).decode()
    told = write_page(replace(standing, is_configuration_old=True, contradictions=2), language).decode()
    words = catalogue(language)
    label = words.say("gateway.contradictions")
    assert (label in quiet, label in told) == (False, True)
    assert words.say("gateway.contradicted", count=2) in told
    warning = words.say("gateway.old", version=7, at="|").partition("|")[2]
    assert (warning in quiet, warning in told) == (False, True)
    expired = replace(standing, is_configuration_old=True, is_configuration_expired=True)
    assert warning not in write_page(expired, language).decode()
