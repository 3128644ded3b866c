"""One case, and the messages that several sorts of cases are made of."""

from dataclasses import dataclass, field
from typing import Any

from rahdari.wire import base64url, cbor, cose
from tests.conformance.verifier.workshop import (
    BARE,
    BARE_PASS,
    NOW,
    OTHER,
    OTHER_PASS,
    PASS_ES,
    PREFIX,
    forge,
    usual_claims,
)


@dataclass(frozen=True, slots=True)
class Case:
    """One folder: the text, the shared context with its changes, when it is asked, and what must come of it."""

    name: str
    raw: str
    verdict: str
    step: int | None = None
    shared: str = "stream"
    at: float = NOW
    changes: dict[str, Any] = field(default_factory=dict)


def place(index: int) -> dict[str, object]:
    return {"status_list": {"idx": index, "uri": f"{PREFIX}1"}}


def other_house(product: str) -> str:
    return forge(usual_claims(k1=OTHER, k169={1: "1", 75: product}, k65535=None), signer=OTHER_PASS)


def bare(place: object) -> str:
    return forge(usual_claims(k1=BARE, k169={1: "1"}, k65535=place), signer=BARE_PASS)


def message() -> bytes:
    return cose.sign(PASS_ES, cbor.encode(usual_claims()))


def base64url_of(text: str) -> str:
    return base64url.encode(text.encode())
