"""Two gateways in memory: when records become durable, what goes out when, what breaks off."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from rahdari.app.exchange.upstream import Late, UpstreamFailed
from rahdari.exchange import Durability
from rahdari.web.exchange import bodies
from rahdari.web.exchange.figures import Figures
from rahdari.web.exchange.own import Own
from rahdari.web.exchange.systems import Systems
from rahdari.wire.ndel.record_bytes import read_entry
from rahdari.wire.ndel.records import ExchangeRecord
from rahdari.wire.xroad import Fault
from tests.unit.web.exchange.in_memory import PERSONS, Chain, MemoryReply, Told, ask, make_chain


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return make_chain(tmp_path)


def records_of(log: object) -> list[ExchangeRecord]:
    read = [read_entry(raw) for raw, _ in log.records]  # type: ignore[attr-defined]
    assert all(isinstance(one, ExchangeRecord) for one in read)
    return read  # type: ignore[return-value]


def test_a_call_leaves_one_record_in_each_log(chain: Chain) -> None:
    told = chain.ask("/loose")
    assert (told.status, told.body, told.error) == (200, b"answer", "")
    (asked,), (answered,) = records_of(chain.bank_log), records_of(chain.registry_log)
    assert asked.response == answered.response
    assert answered.operation == "* /loose"
    assert len(chain.bank.owed) == 1
    assert chain.systems.under_way == 0


@pytest.mark.parametrize(("path", "waits"), [("/strict", True), ("/loose", False)])
def test_only_a_strict_answer_waits_for_its_record(chain: Chain, path: str, waits: bool) -> None:  # noqa: FBT001
    async def story() -> None:
        chain.registry_log.holds = True
        told = Told()
        asking = asyncio.create_task(chain.asking(path, told=told))
        for _ in range(50):
            await asyncio.sleep(0)
        assert (told.events == []) is waits
        chain.registry_log.settle()
        await asking
        assert told.status == 200

    asyncio.run(story())


def test_the_consumers_own_record_can_be_strict_too(chain: Chain) -> None:
    chain.bank.home = replace(
        chain.bank.home, settings=replace(chain.bank.settings, own_record=Durability.STRICT)
    )

    async def story() -> None:
        chain.bank_log.holds = True
        told = Told()
        asking = asyncio.create_task(chain.asking("/loose", told=told))
        for _ in range(50):
            await asyncio.sleep(0)
        assert told.events == []
        chain.bank_log.is_full = True
        chain.bank_log.settle()
        await asking
        assert told.error == "server.clientproxy.logging_failed"

    asyncio.run(story())


def test_a_strict_answer_that_cannot_be_recorded_is_not_given(chain: Chain) -> None:
    chain.registry_log.is_full = True
    told = chain.ask("/strict")
    assert told.error == "server.serverproxy.logging_failed"
    assert b"answer" not in told.body
    assert chain.registry_log.records == []


@pytest.mark.parametrize("path", ["/strict", "/loose"])
def test_where_the_log_is_known_to_be_full_nothing_is_asked(chain: Chain, path: str) -> None:
    chain.registry_log.is_full = chain.registry_log.is_known_full = True
    assert chain.ask(path).error == "server.serverproxy.logging_failed"
    assert chain.systems.asked == []
    chain.bank_log.is_known_full = True
    assert chain.ask(path).error == "server.clientproxy.logging_failed"


def test_a_refusal_waits_for_no_disk_that_does_not_answer(chain: Chain) -> None:
    async def story() -> None:
        chain.registry_log.holds = chain.registry_log.is_known_full = True
        async with asyncio.timeout(5):
            assert (await chain.asking("/strict")).error == "server.serverproxy.logging_failed"

    asyncio.run(story())
    assert chain.systems.asked == []


def test_strict_operations_stop_where_time_stamps_have_failed_for_too_long(chain: Chain) -> None:
    chain.registry.is_stamping_overdue = lambda: True  # type: ignore[method-assign]
    assert chain.ask("/strict").error == "server.serverproxy.timestamping_failed"
    assert chain.ask("/loose").error == ""


def test_a_refusal_is_recorded_in_both_logs(chain: Chain) -> None:
    told = chain.ask("/forbidden")
    assert told.error == "server.serverproxy.access_denied"
    assert [one.fault for one in records_of(chain.bank_log)] == [told.error]
    assert [one.fault for one in records_of(chain.registry_log)] == [told.error]


def test_without_consent_nothing_is_asked_and_the_record_says_about_whom_it_would_have_been(
    chain: Chain,
) -> None:
    assert chain.ask("/private/7").error == "server.serverproxy.access_denied"
    assert chain.systems.asked == []
    (refused,) = records_of(chain.registry_log)
    assert refused.subject is not None
    assert refused.operation == "GET /private/{id}"


def test_an_answer_must_say_whom_it_is_about_where_its_operation_says_so(chain: Chain) -> None:
    assert chain.ask("/answer").error != ""
    chain.systems.answering = lambda _, __: MemoryReply(200, [(b"ndel-subject", b"35202-1")], [b"x"])
    told = chain.ask("/answer")
    assert told.error == ""
    assert records_of(chain.registry_log)[-1].subject is not None
    chain.systems.answering = lambda _, __: MemoryReply(404, [], [b"x"])
    assert chain.ask("/answer").status == 404


def test_a_question_whose_answer_no_record_could_keep_is_recorded_all_the_same(chain: Chain) -> None:
    def lying(reply: MemoryReply) -> MemoryReply:
        return MemoryReply(reply.status, [*reply.fields, (b"x-road-error", b"x" * 20_000)], [b"answer"])

    chain.peers.altering = lying
    told = chain.ask("/loose")
    assert told.error == "server.clientproxy.service_failed.inconsistent_response"
    assert [one.fault for one in records_of(chain.bank_log)] == [told.error]


@pytest.mark.parametrize(
    "failure", [UpstreamFailed("gone", Fault.NETWORK_ERROR), Late("late", Fault.NETWORK_ERROR)]
)
def test_a_provider_that_is_not_reached_is_recorded(chain: Chain, failure: Exception) -> None:
    chain.peers.failure = failure
    assert chain.ask("/loose").error == "server.clientproxy.service_failed.network_error"
    assert [one.fault for one in records_of(chain.bank_log)] == [
        "server.clientproxy.service_failed.network_error"
    ]


def test_a_service_whose_answer_breaks_off_is_told(chain: Chain) -> None:
    broken = UpstreamFailed("the connection ended", Fault.NETWORK_ERROR)
    chain.systems.answering = lambda _, __: MemoryReply(200, [], [b"half", broken])
    assert chain.ask("/loose").error == "server.serverproxy.service_failed.network_error"
    assert (chain.systems.under_way, chain.systems.ended) == (0, [False])


@pytest.mark.parametrize("status", [101, 199, 600, 999])
def test_what_is_no_final_status_is_not_signed(chain: Chain, status: int) -> None:
    chain.systems.answering = lambda _, __: MemoryReply(status, [], [])
    assert chain.ask("/loose").error == "server.serverproxy.service_failed.http_error"


@pytest.mark.parametrize("line", [(b"x y", b"1"), (b"x", b"1\r\nx-road-error: y"), (b"x", b"\x00")])
def test_field_lines_that_could_be_two_are_not_passed_on(chain: Chain, line: tuple[bytes, bytes]) -> None:
    chain.systems.answering = lambda _, __: MemoryReply(200, [line], [b"x"])
    told = chain.ask("/loose")
    assert told.error
    assert told.status >= 400


LARGE = [b"l" * (bodies.HELD_BYTES_MAX // 2)] * 5


def test_a_large_body_is_spooled_on_both_sides_and_comes_back(chain: Chain) -> None:
    chain.systems.answering = lambda _, body: MemoryReply(200, [], [*LARGE, b"%d" % body.facts.size])
    told = chain.ask("/loose", method="POST", body=LARGE)
    assert told.body == b"".join(LARGE) + b"%d" % sum(map(len, LARGE))
    assert told.is_ended
    assert records_of(chain.bank_log)[0].request_digest == records_of(chain.registry_log)[0].request_digest


def test_a_large_answer_that_is_another_is_broken_off(chain: Chain) -> None:
    chain.systems.answering = lambda _, __: MemoryReply(200, [], LARGE)
    parts = [*LARGE[:-1], b"x" * len(LARGE[-1])]
    chain.peers.altering = lambda reply: MemoryReply(reply.status, reply.fields, parts)
    told = chain.ask("/loose")
    assert told.is_aborted
    assert not told.is_ended
    assert len(told.body) < sum(map(len, LARGE))
    assert records_of(chain.bank_log)[0].fault == "server.clientproxy.service_failed.inconsistent_response"
    assert len(chain.bank.owed) == 0, "nobody signs for what did not come"


def test_a_large_answer_that_ends_early_is_broken_off(chain: Chain) -> None:
    chain.systems.answering = lambda _, __: MemoryReply(200, [], LARGE)
    broken = UpstreamFailed("gone", Fault.NETWORK_ERROR)
    chain.peers.altering = lambda reply: MemoryReply(reply.status, reply.fields, [*LARGE[:-1], broken])
    told = chain.ask("/loose")
    assert told.is_aborted
    assert not told.is_ended


def test_a_large_answer_is_read_no_further_once_the_client_has_gone(chain: Chain) -> None:
    chain.systems.answering = lambda _, __: MemoryReply(200, [], LARGE)
    endless = MemoryReply(0, [], [*LARGE, *[b"x"] * 100])

    def lying(reply: MemoryReply) -> MemoryReply:
        endless.status, endless.fields = reply.status, reply.fields
        return endless

    chain.peers.altering = lying
    told = Told(goes_after=2)
    chain.ask("/loose", told=told)
    assert len(told.events) == 2
    assert asyncio.run(endless.read()) == b"x", "the rest was left unread"
    assert endless.is_released
    assert [one.fault for one in records_of(chain.bank_log)] == ["client.network_error"]
    assert len(chain.bank.owed) == 0, "nobody signs for what was not read"


def test_a_whole_answer_is_signed_for_though_the_client_has_gone(chain: Chain) -> None:
    size = bodies.COUNTED_BYTES * 3
    chain.systems.answering = lambda _, __: MemoryReply(200, [], [b"x" * size])
    told = Told(goes_after=2)
    chain.ask("/loose", told=told)
    assert len(told.body) < size
    assert [one.fault for one in records_of(chain.bank_log)] == [""]
    assert len(chain.bank.owed) == 1


@pytest.mark.parametrize("size", [20_000, bodies.HELD_BYTES_MAX * 2])
def test_an_answer_beyond_the_gateways_limit_is_given_up(chain: Chain, size: int) -> None:
    most = 10_000 if size < bodies.HELD_BYTES_MAX else bodies.HELD_BYTES_MAX + 600_000
    chain.bank.home = replace(chain.bank.home, settings=replace(chain.bank.settings, body_bytes_max=most))
    chain.systems.answering = lambda _, __: MemoryReply(200, [], [b"x" * size])
    chain.peers.altering = lambda reply: MemoryReply(reply.status, reply.fields, [b"x" * (size // 4)] * 4)
    told = chain.ask("/loose")
    assert not told.is_ended or told.status >= 500
    assert told.is_aborted is (size > bodies.HELD_BYTES_MAX)
    assert [one.fault for one in records_of(chain.bank_log)] == ["server.clientproxy.service_failed.io_error"]


def test_where_all_calls_hold_much_already_bodies_lie_in_files_and_answers_pass_through(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies.BUDGET, "held", bodies.BUDGET.bytes_max)
    spooled: list[bool] = []

    def answering(_: object, body: bodies.Body) -> MemoryReply:
        spooled.append(body.held is None)
        return MemoryReply(200, [], [b"y" * 50_000] * 3)

    chain.systems.answering = answering
    for parts in ([b"x" * 1000], [b"x" * 50_000] * 3):
        told = chain.ask("/loose", method="POST", body=parts)
        assert told.body == b"y" * 150_000
        assert told.is_ended
    assert spooled == [False, True]
    assert bodies.BUDGET.held == bodies.BUDGET.bytes_max


def test_what_was_held_before_a_body_went_into_a_file_is_given_back(chain: Chain) -> None:
    size = bodies.HELD_BYTES_MAX // 10
    chain.systems.answering = lambda _, __: MemoryReply(200, [], [b"y" * size] * 12)
    told = chain.ask("/loose", method="POST", body=[b"x" * size] * 12)
    assert len(told.body) == size * 12
    assert bodies.BUDGET.held == 0


@pytest.mark.parametrize("goes_after", [2, 1_000_000])
def test_what_calls_hold_is_given_back(chain: Chain, goes_after: int) -> None:
    assert bodies.BUDGET.held == 0
    held: list[int] = []

    def answering(_: object, body: bodies.Body) -> MemoryReply:
        held.append(bodies.BUDGET.held)
        return MemoryReply(200, [], [b"y" * 150_000])

    chain.systems.answering = answering
    chain.ask("/loose", method="POST", body=[b"x" * 50_000] * 3, told=Told(goes_after=goes_after))
    chain.ask("/loose", method="POST", body=[b"x" * 50_000] * 3, told=Told(goes_after=goes_after))
    # The consumer's gateway and the provider's share this process.
    assert held == [300_000, 300_000]
    assert bodies.BUDGET.held == 0


@pytest.mark.parametrize("body", [[b"x" * 2000], [b"x" * 1000, b"x" * 1000]])
def test_a_body_beyond_the_gateways_limit_is_refused(chain: Chain, body: list[bytes]) -> None:
    chain.bank.home = replace(chain.bank.home, settings=replace(chain.bank.settings, body_bytes_max=1024))
    told = chain.ask("/loose", method="POST", body=body)
    assert (told.status, told.error) == (413, "client.invalid_body")
    assert chain.bank_log.records == []


def test_a_disk_without_room_for_a_body_is_told(chain: Chain, tmp_path: Path) -> None:
    chain.bank.home = replace(chain.bank.home, folder=tmp_path / "absent")
    assert chain.ask("/loose", method="POST", body=LARGE).error == "server.clientproxy.io_error"


def test_a_caller_who_goes_away_leaves_nothing(chain: Chain) -> None:
    async def story() -> Told:
        told = Told()

        async def receive() -> dict[str, object]:
            return {"type": "http.disconnect"}

        async def send(event: object) -> None:
            told.events.append(event)  # type: ignore[arg-type]

        scope: dict[str, object] = {
            "type": "http", "method": "POST", "raw_path": f"{PERSONS}/loose".encode(), "query_string": b"",
            "headers": [(b"x-road-client", b"PK/COM/2002/app")], "client": ("127.0.0.1", 1),
        }  # fmt: skip
        await chain.edge(scope, receive, send)
        return told

    assert asyncio.run(story()).events == []
    assert chain.bank_log.records == []


@pytest.mark.parametrize(
    ("address", "error"), [("127.0.0.1", ""), ("::1", ""), ("10.0.0.1", "denied"), ("", "denied")]
)
def test_a_client_by_network_calls_from_this_machine_alone(chain: Chain, address: str, error: str) -> None:
    told = chain.ask("/loose", address=address)
    assert told.error == ("server.clientproxy.ssl_authentication_failed" if error else "")


OTHERS_PAGES: list[list[tuple[bytes, bytes]]] = [
    [(b"host", b"evil.example:8080")],
    [(b"host", b"localhost.evil.example")],
    [(b"host", b"evil.example"), (b"origin", b"http://evil.example"), (b"sec-fetch-site", b"same-origin")],
    [(b"host", b"127.0.0.1:1"), (b"origin", b"http://evil.example")],
    [(b"host", b"127.0.0.1:1"), (b"origin", b"null")],
    [(b"host", b"127.0.0.1:1"), (b"origin", b"http://127.0.0.1:2")],
    [(b"host", b"localhost:1"), (b"sec-fetch-site", b"cross-site")],
    [(b"host", b"localhost:1"), (b"sec-fetch-site", b"same-site")],
    [(b"origin", b"http://localhost")],
]
OWN: list[list[tuple[bytes, bytes]]] = [
    [],
    [(b"host", b"localhost")],
    [(b"host", b"LocalHost:8080")],
    [(b"host", b"127.0.0.1:8080")],
    [(b"host", b"[::1]:8080")],
    [(b"host", b"[::1]")],
    [(b"host", b"127.0.0.1:1"), (b"origin", b"http://127.0.0.1:1"), (b"sec-fetch-site", b"same-origin")],
    [(b"host", b"127.0.0.1:1"), (b"sec-fetch-site", b"none")],
]


@pytest.mark.parametrize(
    ("fields", "is_own"), [*((one, False) for one in OTHERS_PAGES), *((one, True) for one in OWN)]
)
def test_a_page_of_another_site_proves_nothing_by_the_browser_it_is_shown_in(
    chain: Chain,
    fields: list[tuple[bytes, bytes]],
    is_own: bool,  # noqa: FBT001 - a case of the test
) -> None:
    told = chain.ask("/loose", fields=[(b"x-road-client", b"PK/COM/2002/app"), *fields])
    assert told.error == ("" if is_own else "server.clientproxy.ssl_authentication_failed")


@pytest.mark.parametrize("path", ["/health", "/metrics", "/metrics/operational", "/status", "/description"])
def test_what_is_about_the_gateway_is_not_told_under_a_strangers_name(chain: Chain, path: str) -> None:
    own = Own(chain.bank, Figures(), Systems(chain.bank.tick))
    for host in (b"evil.example", b"evil.example:8080", b"localhost.evil.example", b"[evil]"):
        told = asyncio.run(ask(own, path, fields=[(b"host", host)]))
        assert (told.status, told.error) == (403, "client.access_denied")
    told = asyncio.run(ask(own, path, fields=[(b"host", b"127.0.0.1:8080")]))
    assert told.status != 403


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1"])
def test_what_is_about_the_gateway_is_for_this_machine_alone(chain: Chain, address: str) -> None:
    told = asyncio.run(ask(chain.edge, "/status", address=address))
    assert (told.body == b"own") is (address == "127.0.0.1")


def test_a_clock_set_back_makes_the_gateway_ask_its_log(chain: Chain) -> None:
    asked: list[None] = []
    remembering = chain.registry.remembering
    remembering._reader = lambda: asked.append(None)
    chain.ask("/loose")
    assert asked == []
    remembering._latest = remembering._latest.replace(year=2100)
    assert chain.ask("/loose").error == ""
    chain.ask("/loose")
    assert len(asked) == 1


def test_receipts_go_out_behind_the_answers(chain: Chain) -> None:
    chain.ask("/loose")
    asyncio.run(chain.receipts.send_all())
    assert len(chain.peers.posted) == 1
    assert len(chain.bank.owed) == 0


@pytest.mark.parametrize("failure", [UpstreamFailed("gone", Fault.NETWORK_ERROR), 503])
def test_receipts_that_were_not_taken_are_sent_again_later(chain: Chain, failure: Exception | int) -> None:
    chain.ask("/loose")
    chain.peers.post_status = failure
    asyncio.run(chain.receipts.send_all())
    asyncio.run(chain.receipts.send_all())
    assert len(chain.peers.posted) == 1, "a gateway that failed is left alone for a moment"
    assert len(chain.bank.owed) == 1
    chain.bank.tick = lambda: 1e12
    chain.peers.post_status = 200
    asyncio.run(chain.receipts.send_all())
    assert len(chain.bank.owed) == 0


def test_what_was_counted_names_templates_and_no_persons(chain: Chain) -> None:
    chain.ask("/private/3520212345671")
    ((series, count),) = chain.bank_figures.counted()
    assert count == 1
    assert series[:3] == ("Client", "PK/COM/2002/app", "PK/GOV/1001")
    text = chain.bank_figures.write().decode() + str(list(chain.bank_figures.recent()))
    assert "3520212345671" not in text
    assert 'le="0.001"' in text
