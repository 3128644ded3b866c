"""Other people's programs verify our signed messages, refuse every changed one, and we verify theirs.

The judges are ``signature_judges``. Messages of running gateways: ``test_peers_verify_real_messages.py``.
"""

from dataclasses import replace
from typing import Any

import pytest

from rahdari.wire.http_signatures import (
    REQUEST_FIELDS,
    Message,
    Request,
    Response,
    SignatureFields,
    verify_request,
)
from tests.conformance.peers.signature_judges import NAMES, Peer, find_peer
from tests.unit.wire.http_gateway_scene import (
    AT,
    CONSUMER,
    KEYS,
    PROVIDER,
    REQUEST_ID,
    request,
    signed_request,
    signed_response,
    with_fields,
)


@pytest.fixture(scope="module", params=NAMES)
def peer(request: pytest.FixtureRequest) -> Peer:
    return find_peer(request.param)


def told(message: Message) -> dict[str, Any]:
    headers = {name: list(lines) for name, lines in message.fields.items()}
    if isinstance(message, Response):
        return {"status": message.status, "headers": headers}
    return {"method": message.method, "url": message.target_uri, "headers": headers}


def question(message: Message, key: dict[str, str]) -> dict[str, Any]:
    asked = message.request if isinstance(message, Response) else None
    return {"message": told(message), "request": told(asked) if asked else None, "jwk": key}


def jwk(private: bool = False) -> dict[str, str]:  # noqa: FBT001, FBT002
    whole = CONSUMER.as_private_jwk() if private else CONSUMER.public.as_jwk()
    return {name: whole[name] for name in ("kty", "crv", "x", "d") if name in whole}


def changed(name: str, line: str) -> Request:
    message = signed_request()
    return replace(message, fields={**message.fields, name: [line]})


def test_a_peer_verifies_our_request_and_refuses_each_changed_part(peer: Peer) -> None:
    message = signed_request()
    tampered = [
        replace(message, method="PUT"),
        replace(message, target_uri=message.target_uri + "1"),
        *[changed(name, "x") for name in REQUEST_FIELDS],
        changed("signature-input", message.fields["signature-input"][0].replace("1800000060", "1800000061")),
        changed("signature-input", message.fields["signature-input"][0].replace("consumer-1", "consumer-2")),
        changed("signature", signed_request(AT + 1).fields["signature"][0]),
    ]
    untouched = [message, changed("accept", "text/html")]
    answers = peer([question(one, jwk()) for one in (*untouched, *tampered)])
    assert answers == ["yes"] * len(untouched) + ["no"] * len(tampered)


def test_a_peer_verifies_our_response_with_its_request_and_refuses_it_with_another(peer: Peer) -> None:
    message = signed_response(signed_request())
    provider = {name: PROVIDER.public.as_jwk()[name] for name in ("kty", "crv", "x")}
    tampered = [
        replace(message, status=201),
        replace(message, request=signed_request(AT + 1)),
        replace(message, fields={**message.fields, "x-road-request-hash": ["x"]}),
    ]
    answers = peer([question(one, provider) for one in (message, *tampered)])
    assert answers == ["yes", "no", "no", "no"]


def test_we_verify_what_a_peer_signs(peer: Peer) -> None:
    covered = ["@method", "@target-uri", *REQUEST_FIELDS]
    asked = {
        "message": told(request()),
        "fields": covered,
        "params": ["keyid", "tag", "nonce", "created", "expires"],
        "values": {
            "keyid": "consumer-1",
            "tag": "ndel-req-v1",
            "nonce": REQUEST_ID,
            "created": AT,
            "expires": AT + 60,
        },
        "jwk": jwk(private=True),
    }
    [answer] = peer([asked])
    assert isinstance(answer, dict), answer
    signed = {name.lower(): value for name, value in answer.items()}
    message = with_fields(request(), SignatureFields(signed["signature-input"], signed["signature"]))
    assert verify_request(message, key_of=KEYS.get, at=AT).replay_key == (REQUEST_ID, "consumer-1")
