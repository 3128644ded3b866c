"""How often, how much, how long; and what every answer carries."""

from collections.abc import Mapping, Sequence
from functools import partial

import anyio
import pytest
import structlog
from litestar.types import Receive, Scope, Send

from rahdari.web.arriving import Pace
from rahdari.web.doorman import SECURITY_HEADERS, Doorman
from rahdari.web.limits import ADDRESSES_A_SITE, FETCHES_A_REQUEST, Bodies, Buckets, name_address, name_site
from rahdari.web.places import Places, Room, Standing
from rahdari.web.server import Site, build_app
from rahdari.web.visit import visit_of
from tests.unit.web.conftest import Stage, Ticker


def test_a_bucket_empties_and_fills_evenly() -> None:
    ticker = Ticker()
    buckets = Buckets(60, ticker)
    assert [buckets.take("a") for _ in range(60)] == [0] * 60
    assert buckets.take("a") == 1
    assert buckets.take("b") == 0
    ticker.seconds += 0.5
    assert buckets.take("a") == 1
    ticker.seconds += 0.5
    assert (buckets.take("a"), buckets.take("a")) == (0, 1)


def test_a_bucket_never_holds_more_than_a_minutes_worth() -> None:
    ticker = Ticker()
    buckets = Buckets(2, ticker)
    buckets.take("a")
    ticker.seconds += 1e6
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 30]


def test_the_table_of_callers_is_bounded_and_forgets_the_one_seen_longest_ago() -> None:
    buckets = Buckets(1, Ticker(), callers_max=3)
    for caller in "abcd":
        buckets.take(caller)
    assert len(buckets) == 3
    assert (buckets.wait("a"), buckets.wait("b")) == (0, 60)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.7", "address:192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "address:2001:db8:1:2::/64"),
        ("testclient", "address:unknown"),
    ],
)
def test_a_caller_is_named_by_its_address(host: str, name: str) -> None:
    assert name_address(host) == name


def test_a_site_is_named_by_its_48_and_an_old_address_by_itself() -> None:
    assert name_site("2001:db8:1:2:3:4:5:6") == name_site("2001:db8:1:ffff::1") == "address:2001:db8:1::/48"
    assert name_site("192.0.2.7") == "address:192.0.2.7"


def test_whoever_asks_too_often_is_told_when_to_come_back(strict_stage: Stage) -> None:
    client = strict_stage.client
    assert [client.get("/nowhere").status_code for _ in range(10)] == [404] * 10
    refused = client.get("/nowhere")
    assert (refused.status_code, refused.json()["code"]) == (429, "web.too_many_requests")
    assert refused.headers["retry-after"] == "6"
    page = client.get("/", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (429, "text/html; charset=utf-8")

    assert client.get("/health").status_code == 200
    assert client.get("/static/tokens.css").status_code == 200
    officer = client.get("/api/v1/products", headers=strict_stage.headers("officer"))
    assert officer.status_code == 200, "an officer is not kept out by strangers of the same address"
    strict_stage.ticker.seconds += 6
    assert client.get("/nowhere").status_code == 404


def test_an_officers_requests_are_counted_for_the_officer(strict_stage: Stage) -> None:
    answers = [
        strict_stage.client.get("/api/v1/products", headers=strict_stage.headers("officer")).status_code
        for _ in range(11)
    ]
    assert answers == [200] * 10 + [429]
    assert strict_stage.client.get("/api/v1/products").status_code == 200


def test_an_institution_over_its_limit_of_questions_still_hears_its_signals(strict_stage: Stage) -> None:
    headers, client = strict_stage.headers("bank"), strict_stage.client
    made = client.post("/api/v1/signals/streams", json={}, headers=headers).json()["stream_id"]
    asked = [client.post("/api/v1/verifications", json={}, headers=headers).status_code for _ in range(10)]
    assert asked[-1] == 429
    path, at_once = f"/api/v1/signals/streams/{made}/poll", {"returnImmediately": True}
    polls = [client.post(path, json=at_once, headers=headers).status_code for _ in range(11)]
    assert polls == [200] * 10 + [429]
    strict_stage.ticker.seconds += 5.5
    # One second is not several.
    refused = client.post(path, json=at_once, headers=headers).json()["detail"]
    assert refused.endswith("come back in 1 second")


def test_verifiers_behind_one_address_fetch_lists_without_locking_each_other_out(strict_stage: Stage) -> None:
    per_minute = strict_stage.house.settings.rate_per_minute
    fetched = [strict_stage.client.get("/s/lists").status_code for _ in range(per_minute + 2)]
    assert set(fetched) == {200}
    assert strict_stage.client.get("/trust.jwt").status_code == 200
    for _ in range(FETCHES_A_REQUEST * per_minute):
        strict_stage.client.get("/s/lists")
    refused = strict_stage.client.get("/s/lists")
    assert (refused.status_code, refused.json()["code"]) == (429, "web.too_many_requests")


def test_guessing_tokens_comes_to_an_end_and_locks_no_neighbour_out_of_the_pages(strict_stage: Stage) -> None:
    guess = {"authorization": "Bearer rah_guess"}
    answers = [strict_stage.client.get("/api/v1/products", headers=guess).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    assert strict_stage.client.get("/").status_code == 200


def test_a_request_that_takes_too_long_is_ended(stage: Stage) -> None:
    app = build_app(stage.house, seconds_max=0.2)

    async def run() -> tuple[int, bytes]:
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            await anyio.sleep(30)
            raise AssertionError("the deadline did not come")

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/v1/checks",
            "raw_path": b"/api/v1/checks",
            "root_path": "",
            "query_string": b"",
            "scheme": "http",
            "headers": [(b"content-type", b"application/json"), (b"content-length", b"9")],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 1),
            "state": {},
            "http_version": "1.1",
        }
        await app(scope, receive, send)  # type: ignore[arg-type]
        status, body = sent[0]["status"], sent[1]["body"]
        assert isinstance(status, int)
        assert isinstance(body, bytes)
        return status, body

    status, body = anyio.run(run)
    assert (status, b"web.too_slow" in body) == (408, True)


async def deliver(
    app: Site | Doorman,
    messages: Sequence[Mapping[str, object]],
    *,
    path: str = "/api/v1/checks",
    host: str = "127.0.0.1",
) -> list[dict[str, object]]:
    """Send a POST whose body arrives as ``messages``; give what was answered."""
    sent: list[dict[str, object]] = []
    waiting = list(messages)

    async def receive() -> Mapping[str, object]:
        return waiting.pop(0)

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "scheme": "http",
        "headers": [(b"content-type", b"application/json")],
        "client": (host, 1),
        "server": ("127.0.0.1", 1),
        "state": {},
        "http_version": "1.1",
    }
    await app(scope, receive, send)  # type: ignore[arg-type]
    return sent


def piece(body: bytes, *, more: bool) -> Mapping[str, object]:
    return {"type": "http.request", "body": body, "more_body": more}


def begin_from(stage: Stage, host: str) -> object:
    begin = partial(deliver, path="/api/v1/holder/sign-ins/options", host=host)
    return anyio.run(begin, stage.app, [piece(b"{}", more=False)])[0]["status"]


def test_the_many_addresses_of_one_site_do_not_begin_everybodys_ceremonies(strict_stage: Stage) -> None:
    codes = [begin_from(strict_stage, f"2001:db8:1:{one:x}::1") for one in range(ADDRESSES_A_SITE + 2)]
    assert 429 not in codes[:-2]
    assert codes[-2:] == [429, 429]
    assert begin_from(strict_stage, "2001:db8:2::1") == codes[0]


def test_bodies_that_together_are_too_much_are_refused_and_the_room_is_given_back(stage: Stage) -> None:
    app = build_app(stage.house)
    assert app.doorman
    bodies = Bodies(100)
    app.doorman = Doorman(stage.house, app.doorman._inner, bodies=bodies)
    half = piece(b" " * 60, more=True)
    sent = anyio.run(deliver, app, [half, half])
    assert sent[0]["status"] == 429
    assert b"at once" in bytes(sent[1]["body"])  # type: ignore[call-overload]
    assert bodies.held == 0
    sent = anyio.run(deliver, app, [half, piece(b"", more=False)])
    assert (sent[0]["status"], bodies.held) == (400, 0)


def test_a_caller_who_goes_away_in_the_middle_of_a_body_is_no_fault_of_ours(stage: Stage) -> None:
    gone: Mapping[str, object] = {"type": "http.disconnect"}
    with structlog.testing.capture_logs() as noted:
        sent = anyio.run(deliver, build_app(stage.house), [piece(b"{", more=True), gone])
    assert sent[0]["status"] == 408
    assert [line["event"] for line in noted] == ["request"]


@pytest.mark.parametrize("path", ["/", "/health", "/nowhere", "/api/v1/holders", "/static/tokens.css"])
def test_every_answer_carries_the_security_headers(stage: Stage, path: str) -> None:
    answer = stage.client.get(path)
    for name, value in SECURITY_HEADERS:
        if name != "cache-control":
            assert answer.headers[name] == value
    assert "strict-transport-security" not in answer.headers
    assert "server" not in answer.headers


def test_transport_security_is_promised_under_https_alone(stage: Stage) -> None:
    answer = stage.client.get("https://rahdari.example/?lang=zh")
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert "; Secure" in answer.headers["set-cookie"]


def test_no_page_may_run_a_script_of_its_own_or_of_others(stage: Stage) -> None:
    policy = stage.client.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy


def test_head_answers_as_get_without_the_content(stage: Stage) -> None:
    with structlog.testing.capture_logs() as noted:
        answer = stage.client.head("/about")
    assert (noted[0]["method"], noted[0]["route"]) == ("HEAD", "/about")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 1000


def test_the_journal_notes_the_route_and_the_principal_and_nothing_personal(stage: Stage) -> None:
    holder = stage.cards[0].holder
    with structlog.testing.capture_logs() as noted:
        stage.client.get(f"/api/v1/holders/{holder}?x=personal", headers=stage.headers("registrar"))
    (line,) = noted
    assert line["route"] == "/api/v1/holders/{holder}"
    assert line["status"] == 200
    assert str(line["principal"]).startswith("officer-")
    assert holder not in str(line)
    assert "personal" not in str(line)


def test_a_request_beyond_those_at_once_is_refused_and_a_stream_gives_its_place_back(stage: Stage) -> None:
    """A stream begins as a request, and lifts its limits once it is let in."""
    ends, began = anyio.Event(), list[str]()

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        began.append(scope["path"])
        if scope["path"] == "/stream":
            visit_of(scope).lift_limits()  # type: ignore[arg-type]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await ends.wait()

    places = Places({Standing.STRANGER: Room(1, 1)})
    doorman = Doorman(stage.house, inner, places=places, pace=Pace(0.5))

    async def ask(path: str) -> None:
        statuses[path] = int(str((await deliver(doorman, [], path=path))[0]["status"]))

    async def story() -> None:
        async with anyio.create_task_group() as asked:
            for path in ("/stream", "/first", "/second"):
                asked.start_soon(ask, path)
                await anyio.sleep(0.05)
            await anyio.sleep(0.7)
            # The request was ended by its time limit, the stream lives on, and its place is free.
            asked.start_soon(ask, "/third")
            await anyio.sleep(0.05)
            ends.set()

    statuses: dict[str, int] = {}
    anyio.run(story)
    assert statuses == {"/stream": 200, "/first": 200, "/second": 503, "/third": 200}
    assert began == ["/stream", "/first", "/third"]
