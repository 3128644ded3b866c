"""Subscriptions over HTTP: one's own streams and nobody else's, events that anyone can verify."""

from datetime import timedelta

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from rahdari.access import Role
from tests.unit.web.conftest import Stage, enrol

STREAMS = "/api/v1/signals/streams"
PUSH = {"method": "urn:ietf:rfc:8935", "endpoint_url": "https://bank.example/events"}
WEBHOOK = {"method": "urn:rahdari:delivery:standard-webhooks", "endpoint_url": "https://bank.example/hook"}
SESSION = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
CHANGE = "https://schemas.openid.net/secevent/caep/event-type/credential-change"
VERIFICATION = "https://schemas.openid.net/secevent/ssf/event-type/verification"


def create(stage: Stage, by: str = "bank", **asked: object) -> dict[str, object]:
    made = stage.client.post(STREAMS, json=asked, headers=stage.headers(by))
    assert made.status_code == 201, made.text
    told = made.json()
    assert isinstance(told, dict)
    return told


@pytest.fixture
def insurer(stage: Stage) -> str:
    if "insurer" not in stage.tokens:
        stage.tokens["insurer"] = enrol(stage.house, "Sample insurer", Role.VERIFIER)
    return "insurer"


@pytest.fixture(autouse=True)
def _no_streams(stage: Stage) -> None:
    """Each test begins without streams, whatever the one before it left."""
    for name in ("bank", "insurer"):
        if name in stage.tokens:
            for one in stage.client.get(STREAMS, headers=stage.headers(name)).json():
                where = f"{STREAMS}?stream_id={one['stream_id']}"
                stage.client.delete(where, headers=stage.headers(name))


def ask(stage: Stage, path: str, body: object, by: str = "bank") -> httpx.Response:
    return stage.client.post(f"/api/v1/signals/{path}", json=body, headers=stage.headers(by))


def add(stage: Stage, stream: object, text: str, by: str = "bank") -> httpx.Response:
    shown = {"stream_id": stream, "subject": {"format": "rahdari_pass", "pass": text}}
    return ask(stage, "subjects", shown, by)


def poll(stage: Stage, stream: object, by: str = "bank", **asked: object) -> dict[str, object]:
    body = {"returnImmediately": True} | asked
    answer = ask(stage, f"streams/{stream}/poll", body, by)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert isinstance(told, dict)
    return told


def opened(stage: Stage, polled: dict[str, object]) -> list[dict[str, object]]:
    """The events of a poll, verified by a library that is not ours, in their order."""
    keys = KeySet.import_key_set(stage.client.get("/.well-known/jwks.json").json())
    sets = polled["sets"]
    assert isinstance(sets, dict)
    tokens = [jwt.decode(text, keys, algorithms=["ES256", "EdDSA"]) for text in sets.values()]
    assert all(one.header["typ"] == "secevent+jwt" for one in tokens)
    assert [one.claims["jti"] for one in tokens] == list(sets)
    return sorted((one.claims for one in tokens), key=lambda claims: claims["rahdari_order"])


def test_the_transmitter_tells_where_everything_is(stage: Stage) -> None:
    told = stage.client.get("/.well-known/ssf-configuration").json()
    assert told["spec_version"] == "1_0"
    assert told["default_subjects"] == "NONE"
    assert told["delivery_methods_supported"][1:] == ["urn:ietf:rfc:8935", "urn:ietf:rfc:8936"]
    for name in ("configuration", "status", "add_subject", "remove_subject", "verification"):
        path = told[f"{name}_endpoint"].removeprefix(told["issuer"])
        assert stage.client.options(path).status_code == 204, path
    assert stage.client.get(told["jwks_uri"].removeprefix(told["issuer"])).status_code == 200


def test_a_stream_without_a_delivery_is_polled_for(stage: Stage) -> None:
    made = create(stage)
    assert made["delivery"] == {
        "method": "urn:ietf:rfc:8936",
        "endpoint_url": f"{made['iss']}{STREAMS}/{made['stream_id']}/poll",
    }
    assert made["events_delivered"] == [SESSION, CHANGE]
    assert poll(stage, made["stream_id"]) == {"sets": {}, "moreAvailable": False}


def test_a_secret_is_shown_once_and_an_authorization_never(stage: Stage) -> None:
    hook = create(stage, delivery=WEBHOOK)
    push = create(stage, delivery=PUSH | {"authorization_header": "Bearer sample"})
    delivery = hook["delivery"]
    assert isinstance(delivery, dict)
    assert delivery["secret"].startswith("whsec_")
    assert "sample" not in str(push)
    everything = stage.client.get(STREAMS, headers=stage.headers("bank")).text
    assert "whsec_" not in everything
    assert "sample" not in everything
    path = f"{STREAMS}/{hook['stream_id']}/secret"
    renewed = stage.client.post(path, headers=stage.headers("bank")).json()
    assert renewed["secret"] != delivery["secret"]
    path = f"{STREAMS}/{push['stream_id']}/secret"
    assert stage.client.post(path, headers=stage.headers("bank")).json()["code"] == "signals.wrong_method"


def test_a_suspension_and_its_end_are_fetched_verified_and_acknowledged(stage: Stage) -> None:
    stream, card = create(stage)["stream_id"], stage.cards[0]
    added = add(stage, stream, stage.text(card)).json()
    assert added["stream_id"] == stream
    stage.act(card, "suspend", reason="lost")
    stage.act(card, "reinstate", by="supervisor", reason="found")
    revoked, changed, restored = opened(stage, poll(stage, stream))
    assert [list(one["events"]) for one in (revoked, changed, restored)] == [[SESSION], [CHANGE], [CHANGE]]  # type: ignore[call-overload]
    for order, claims in enumerate((revoked, changed, restored), 1):
        assert claims["rahdari_order"] == order
        assert claims["sub_id"] == {"format": "opaque", "id": added["subject"]["id"]}
        assert claims["aud"] == stage.client.get(STREAMS, headers=stage.headers("bank")).json()[0]["aud"]
        assert claims["iss"] == stage.client.get("/.well-known/ssf-configuration").json()["issuer"]
        assert not {"sub", "exp"} & set(claims)
    assert revoked["txn"] == changed["txn"] != restored["txn"]
    payload = changed["events"][CHANGE]  # type: ignore[index]
    assert payload["credential_type"] == "verifiable-credential"
    assert payload["change_type"] == "update"
    assert payload["rahdari_standing"] == "suspended"
    assert payload["event_timestamp"] == int(stage.clock.now().timestamp())
    assert set(payload["reason_user"]) == {"en", "ur", "zh"}
    whole = str([revoked, changed, restored])
    assert card.number not in whole
    assert "lost" not in whole


def test_what_was_acknowledged_or_refused_comes_no_more_until_it_is_replayed(stage: Stage) -> None:
    stream, card = create(stage)["stream_id"], stage.cards[0]
    add(stage, stream, stage.text(card))
    stage.act(card, "suspend", reason="lost")
    stage.act(card, "reinstate", by="supervisor", reason="found")
    revoked, changed, restored = opened(stage, poll(stage, stream))
    first = poll(stage, stream, maxEvents=1)
    assert first == {"sets": first["sets"], "moreAvailable": True}
    error = {"err": "invalid_request", "description": "sample"}
    left = opened(stage, poll(stage, stream, ack=[revoked["jti"]], setErrs={changed["jti"]: error}))
    assert [one["jti"] for one in left] == [restored["jti"]]
    assert poll(stage, stream, ack=[restored["jti"], "nonsense", f"{stream}-999"], maxEvents=0)["sets"] == {}
    assert poll(stage, stream) == {"sets": {}, "moreAvailable": False}
    path = f"{STREAMS}/{stream}/replay?after=1"
    assert stage.client.post(path, headers=stage.headers("bank")).json() == {"replayed": 2}
    assert [one["jti"] for one in opened(stage, poll(stage, stream))] == [changed["jti"], restored["jti"]]


def test_a_poll_waits_for_something_to_happen(stage: Stage) -> None:
    stream, card = create(stage)["stream_id"], stage.cards[1]
    add(stage, stream, stage.text(card))
    stage.act(card, "suspend", reason="lost")
    answer = ask(stage, f"streams/{stream}/poll", {})
    assert len(answer.json()["sets"]) == 2
    stage.act(card, "reinstate", by="supervisor", reason="found")


def test_an_institution_never_sees_another_ones_stream(stage: Stage, insurer: str) -> None:
    stream, card = create(stage)["stream_id"], stage.cards[2]
    subject = add(stage, stream, stage.text(card)).json()["subject"]
    theirs = create(stage, by=insurer)["stream_id"]
    refused = [
        stage.client.get(f"{STREAMS}?stream_id={stream}", headers=stage.headers(insurer)),
        stage.client.patch(
            STREAMS, json={"stream_id": stream, "description": "x"}, headers=stage.headers(insurer)
        ),
        stage.client.put(STREAMS, json={"stream_id": stream}, headers=stage.headers(insurer)),
        stage.client.delete(f"{STREAMS}?stream_id={stream}", headers=stage.headers(insurer)),
        stage.client.get(f"/api/v1/signals/status?stream_id={stream}", headers=stage.headers(insurer)),
        ask(stage, "status", {"stream_id": stream, "status": "disabled"}, insurer),
        ask(stage, "verify", {"stream_id": stream}, insurer),
        ask(stage, "subjects/remove", {"stream_id": stream, "subject": subject}, insurer),
        add(stage, stream, stage.text(card), insurer),
        ask(stage, f"streams/{stream}/poll", {"returnImmediately": True}, insurer),
        ask(stage, f"streams/{stream}/replay", {}, insurer),
        ask(stage, f"streams/{stream}/secret", {}, insurer),
    ]
    assert [(one.status_code, one.json()["code"]) for one in refused] == [
        (404, "signals.unknown_stream")
    ] * len(refused)
    listed = stage.client.get(STREAMS, headers=stage.headers(insurer)).json()
    assert [one["stream_id"] for one in listed] == [theirs]
    # Nor does knowing the name that another one knows a card by help with one's own stream.
    gone = ask(stage, "subjects/remove", {"stream_id": theirs, "subject": subject}, insurer)
    assert gone.json()["code"] == "signals.unknown_subject"


def test_two_institutions_know_one_card_by_two_names_and_one_by_one(stage: Stage, insurer: str) -> None:
    text = stage.text(stage.cards[3])
    first, second = create(stage)["stream_id"], create(stage)["stream_id"]
    theirs = create(stage, by=insurer)["stream_id"]
    names = [
        add(stage, stream, text, by).json()["subject"]["id"]
        for stream, by in ((first, "bank"), (second, "bank"), (theirs, insurer))
    ]
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize("text", ["NOT A PASS", "suspended"])
def test_only_a_valid_pass_adds_a_subject(stage: Stage, text: str) -> None:
    stream, card = create(stage)["stream_id"], stage.cards[4]
    shown = text
    if text == "suspended":
        shown = stage.text(card)
        stage.act(card, "suspend", reason="lost")
    refused = add(stage, stream, shown)
    assert (refused.status_code, refused.json()["code"]) == (422, "signals.pass_not_good")
    status = stage.client.get(f"/api/v1/signals/status?stream_id={stream}", headers=stage.headers("bank"))
    assert status.json()["subjects"] == 0
    if text == "suspended":
        stage.act(card, "reinstate", by="supervisor", reason="found")


def test_a_subject_that_was_removed_is_told_of_no_more(stage: Stage) -> None:
    stream, card = create(stage)["stream_id"], stage.cards[5]
    subject = add(stage, stream, stage.text(card)).json()["subject"]
    gone = ask(stage, "subjects/remove", {"stream_id": stream, "subject": subject})
    assert (gone.status_code, gone.content) == (204, b"")
    stage.act(card, "suspend", reason="lost")
    assert poll(stage, stream)["sets"] == {}
    stage.act(card, "reinstate", by="supervisor", reason="found")


def test_a_verification_event_echoes_the_state_of_its_receiver_and_not_too_often(stage: Stage) -> None:
    stream = create(stage)["stream_id"]
    asked = {"stream_id": stream, "state": "sample state"}
    assert ask(stage, "verify", asked).status_code == 204
    again = ask(stage, "verify", asked)
    assert (again.status_code, again.json()["code"]) == (429, "signals.too_soon")
    assert again.headers["retry-after"] == "10"
    stage.clock.wind(timedelta(seconds=10))
    assert ask(stage, "verify", {"stream_id": stream}).status_code == 204
    first, second = opened(stage, poll(stage, stream))
    assert first["events"] == {VERIFICATION: {"state": "sample state"}}
    assert second["events"] == {VERIFICATION: {}}
    assert first["sub_id"] == {"format": "opaque", "id": stream}


def test_a_stream_is_changed_in_part_or_replaced(stage: Stage) -> None:
    made = create(stage, delivery=PUSH, events_requested=[CHANGE, "urn:example:other"], description="trials")
    stream = made["stream_id"]
    assert made["events_delivered"] == [CHANGE]
    where = {**PUSH, "endpoint_url": "https://bank.example/new"}
    headers = stage.headers("bank")
    changed = stage.client.patch(STREAMS, json={"stream_id": stream, "delivery": where}, headers=headers)
    assert changed.json() == {**made, "delivery": where}
    repeated = {"stream_id": stream, "iss": made["iss"], "aud": made["aud"], "delivery": PUSH}
    assert stage.client.put(STREAMS, json=repeated, headers=headers).json() == {
        **made,
        "events_delivered": [SESSION, CHANGE],
        "description": "",
    }
    wrong = stage.client.patch(STREAMS, json={"stream_id": stream, "aud": "other"}, headers=headers)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "web.bad_body")
    other = stage.client.patch(STREAMS, json={"stream_id": stream, "delivery": WEBHOOK}, headers=headers)
    assert other.json()["code"] == "signals.wrong_method"


@pytest.mark.parametrize("requested", [[], ["nope"], ["card.suspended"], [VERIFICATION, "nope"]])
def test_a_stream_that_would_never_tell_anything_is_refused(stage: Stage, requested: list[str]) -> None:
    headers, asked = stage.headers("bank"), {"events_requested": requested}
    refused = stage.client.post(STREAMS, json=asked, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "signals.no_events")
    made = create(stage)
    for change in (stage.client.patch, stage.client.put):
        changed = change(STREAMS, json={"stream_id": made["stream_id"], **asked}, headers=headers)
        assert (changed.status_code, changed.json()["code"]) == (422, "signals.no_events")
    assert stage.client.get(STREAMS, headers=headers).json() == [made]


def test_a_webhook_may_name_its_own_types(stage: Stage) -> None:
    made = create(stage, delivery=WEBHOOK, events_requested=["card.suspended"])
    assert made["events_delivered"] == ["card.suspended", "card.reinstated", "card.ended"]


def test_a_delivery_of_null_is_no_absent_delivery(stage: Stage) -> None:
    headers = stage.headers("bank")
    refused = stage.client.post(STREAMS, json={"delivery": None}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (400, "web.bad_body")
    named = {"stream_id": create(stage)["stream_id"], "delivery": None}
    assert stage.client.patch(STREAMS, json=named, headers=headers).status_code == 400


@pytest.mark.parametrize(
    "url",
    [
        "http://bank.example/events",
        "https://127.0.0.1/events",
        "https://169.254.169.254/latest",
        "https://[::ffff:10.0.0.1]/",
        "https://user@bank.example/",
        "ftp://bank.example/",
    ],
)
def test_an_endpoint_inside_or_without_tls_is_refused(stage: Stage, url: str) -> None:
    asked = {"delivery": {**PUSH, "endpoint_url": url}}
    refused = stage.client.post(STREAMS, json=asked, headers=stage.headers("bank"))
    assert (refused.status_code, refused.json()["code"]) == (422, "signals.bad_endpoint")


def test_streams_are_bounded_and_states_are_told(stage: Stage) -> None:
    streams = [create(stage)["stream_id"] for _ in range(8)]
    refused = stage.client.post(STREAMS, json={}, headers=stage.headers("bank"))
    assert (refused.status_code, refused.json()["code"]) == (409, "signals.too_many_streams")
    told = ask(stage, "status", {"stream_id": streams[0], "status": "paused"}).json()
    assert (told["status"], told["last_order"], told["pending"]) == ("paused", 0, 0)
    later = stage.client.post(f"{STREAMS}/{streams[0]}/replay?after=5", headers=stage.headers("bank"))
    assert (later.status_code, later.json()["code"]) == (409, "signals.not_kept")
    for wrong in ("x", "-1", "9" * 30):
        path = f"{STREAMS}/{streams[0]}/replay?after={wrong}"
        assert stage.client.post(path, headers=stage.headers("bank")).status_code == 400
