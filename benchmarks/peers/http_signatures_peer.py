"""PyPI http-message-signatures as judge: the same questions and answers as ``http_signatures_peer.mjs``.

Runs in the second environment; see ``test_peers_verify_http_signatures.py``.
"""

import base64
import datetime as dt
import json
import sys
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)


class _Keys(HTTPSignatureKeyResolver):  # type: ignore[misc] # the peer is not in the first environment
    def __init__(self, jwk: dict[str, str]) -> None:
        self._jwk = jwk

    def _raw(self, name: str) -> bytes:
        return base64.urlsafe_b64decode(self._jwk[name] + "==")

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:  # noqa: ARG002 - its port
        return Ed25519PublicKey.from_public_bytes(self._raw("x"))

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:  # noqa: ARG002
        return Ed25519PrivateKey.from_private_bytes(self._raw("d"))


class _AnyTime(HTTPMessageVerifier):  # type: ignore[misc]
    """Our times stand still; the judge knows no clock but the real one."""

    def validate_created_and_expires(self, *args: object, **kwargs: object) -> None:
        pass


def _message(told: dict[str, Any]) -> SimpleNamespace:
    headers = {name: ", ".join(lines) for name, lines in told["headers"].items()}
    if "status" in told:
        return SimpleNamespace(status_code=told["status"], headers=headers)
    return SimpleNamespace(method=told["method"], url=told["url"], headers=headers)


def _verdict(told: dict[str, Any]) -> str:
    message = _message(told["message"])
    if told.get("request"):
        message.request = _message(told["request"])
    verifier = _AnyTime(signature_algorithm=algorithms.ED25519, key_resolver=_Keys(told["jwk"]))
    try:
        verifier.verify(message, max_age=dt.timedelta(days=100_000))
    except InvalidSignature:
        return "no"
    return "yes"


def _signed(told: dict[str, Any]) -> dict[str, str]:
    message, values = _message(told["message"]), told["values"]
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Keys(told["jwk"]))
    signer.sign(
        message,
        key_id=values["keyid"],
        created=dt.datetime.fromtimestamp(values["created"], dt.UTC),
        expires=dt.datetime.fromtimestamp(values["expires"], dt.UTC),
        nonce=values["nonce"],
        tag=values["tag"],
        label="sig1",
        include_alg=False,
        covered_component_ids=told["fields"],
        use_existing_digest=True,
    )
    return dict(message.headers)


def _answer(told: dict[str, Any]) -> str | dict[str, str]:
    try:
        return _signed(told) if "fields" in told else _verdict(told)
    except Exception as refusal:  # noqa: BLE001 - whatever it says is its answer
        return f"cannot: {type(refusal).__name__}: {refusal}"


if __name__ == "__main__":
    sys.stdout.write(json.dumps([_answer(told) for told in json.load(sys.stdin)]))
