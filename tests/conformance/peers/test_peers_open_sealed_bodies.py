"""A second program, written on PyPI pyhpke from the page of the format, opens our sealed bodies; we open its own.

It knows X25519 alone; for X-Wing there are the vectors in ``tests/conformance/sealed``.
"""

import json
import subprocess
from dataclasses import astuple, replace
from typing import Any

import pytest

from benchmarks.peer_room import PYTHON
from rahdari.wire.sealed import CHUNK_BYTES, Aead, Binding, Kem, open_sealed
from tests.conftest import REPOSITORY
from tests.unit.wire.sealed_scene import EXCHANGE, OURS, sealed

SIZES = [0, 5, CHUNK_BYTES, 2 * CHUNK_BYTES + 1]
OUR_KEY = OURS[Kem.X25519]


def ask(*questions: dict[str, Any]) -> list[str]:
    if not list(PYTHON.parent.parent.glob("lib/*/site-packages/pyhpke")):
        pytest.skip("PyPI pyhpke is not installed: run make peers")
    told = subprocess.run(  # noqa: S603 - our own script
        [str(PYTHON), str(REPOSITORY / "benchmarks" / "peers" / "sealed_peer.py")],
        input=json.dumps(questions), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    answers = json.loads(told.stdout)
    assert isinstance(answers, list)
    return answers


def question(raw: bytes, binding: Binding = EXCHANGE) -> dict[str, Any]:
    secret = OUR_KEY.as_secret_bytes().hex()
    return {"sealed": raw.hex(), "secret": secret, "binding": astuple(binding)}


def test_the_second_program_opens_our_bodies_and_refuses_changed_ones() -> None:
    bodies = [sealed(b"x" * size, aead=aead) for size in SIZES for aead in Aead]
    changed = bodies[0][:-1] + bytes([bodies[0][-1] ^ 1])
    told = ask(
        *map(question, bodies),
        question(changed),
        question(bodies[-1][:-17]),
        question(bodies[0], replace(EXCHANGE, purpose="marketing")),
    )
    assert told[: len(bodies)] == [(b"x" * size).hex() for size in SIZES for _ in Aead]
    assert told[len(bodies) :] == ["refused"] * 3


def test_we_open_the_bodies_of_the_second_program() -> None:
    asked = [
        {
            "public": OUR_KEY.public.raw.hex(),
            "aead": aead,
            "binding": astuple(EXCHANGE),
            "content": "78" * size,
        }
        for size in SIZES
        for aead in Aead
    ]
    opened = [open_sealed(bytes.fromhex(raw), [OUR_KEY], binding=EXCHANGE) for raw in ask(*asked)]
    assert opened == [b"x" * size for size in SIZES for _ in Aead]
