"""Readers of configurations, requests and acts: a value, or a refusal by name, and nothing else."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rahdari.wire import jws
from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.ndel import configuration
from rahdari.wire.ndel.act_token import TYP as ACT_TYP
from rahdari.wire.ndel.act_token import read_act, sign_act
from rahdari.wire.ndel.acts import Act, Enter, Proposed
from rahdari.wire.ndel.certificates import read_certificate_of
from rahdari.wire.ndel.joining import JOIN_TYP, RENEWAL_TYP, read_join, read_renewal
from tests.unit.wire.ndel_scene import (
    NOW,
    REGISTRY,
    full_configuration,
    gateway_of,
    signed_join,
    signed_renewal,
)

REFUSALS = (MalformedInput, BadSignature, UnsupportedAlgorithm)
ACT = Act(0, bytes(32), NOW, "Sample One", Proposed(Enter(full_configuration().pins[0])))
READERS: dict[str, tuple[Callable[[str], object], str, str]] = {
    "configuration": (
        configuration.decode, configuration.sign(REGISTRY, full_configuration()), configuration.TYP,
    ),
    "join": (read_join, signed_join("1001"), JOIN_TYP),
    "renewal": (read_renewal, signed_renewal("1001", at=NOW)[0], RENEWAL_TYP),
    "act": (read_act, sign_act(REGISTRY, ACT), ACT_TYP),
}  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 2**53, 2**64, "", "A", "é", "\u202e", "=", [], [[]], {}, {"x": []}, "A" * 400,
    "PK/GOV/1001", "//", "https://a:1", "..",
)  # fmt: skip


def places(value: object, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """List every place of a JSON value, as its parent and its name there."""
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, child in list(children):
        found.append((value, name))
        places(child, found)
    return found


@pytest.mark.parametrize("name", READERS)
@given(text=st.text(max_size=200) | st.binary(max_size=100).map(lambda raw: raw.decode("latin-1")))
@settings(max_examples=60)
def test_any_text_is_read_or_refused(name: str, text: str) -> None:
    read, _, _ = READERS[name]
    with pytest.raises(REFUSALS):
        read(text)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("seed", range(40))
def test_any_odd_value_in_any_place_is_read_or_refused(name: str, seed: int) -> None:
    read, text, typ = READERS[name]
    chosen = random.Random(seed)
    for _ in range(3):
        changed = jws.decode(text, size_chars_max=configuration.TEXT_CHARS_MAX).payload_object()
        for _ in range(chosen.randrange(1, 4)):
            parent, place = chosen.choice(places(changed, []))
            parent[place] = chosen.choice(ODD)
        signed = jws.sign(REGISTRY, {"typ": typ}, json.dumps(changed).encode())
        with suppress(*REFUSALS):
            read(signed)


@given(st.data())
@settings(max_examples=150)
def test_any_altered_certificate_is_read_or_refused(data: st.DataObject) -> None:
    der = bytearray(gateway_of("1001").certificates[0])
    for _ in range(data.draw(st.integers(1, 3))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(der)))
    for raw in (bytes(der), bytes(der[:cut])):
        try:
            read_certificate_of(raw, url=gateway_of("1001").url)
        except REFUSALS:
            continue
