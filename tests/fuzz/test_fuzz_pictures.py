"""A reader of pictures gives texts or ``MalformedInput``, whatever the bytes."""

import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from rahdari.app import portraits
from rahdari.wire import qr
from rahdari.wire.errors import MalformedInput

SEEDS = [qr.write_png("RAHDARI", module_px=2)]
for _format in ("JPEG", "WEBP", "PNG"):
    _target = io.BytesIO()
    Image.open(io.BytesIO(SEEDS[0])).convert("RGB").save(_target, _format)
    SEEDS.append(_target.getvalue())

damages = st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 255)), min_size=1, max_size=12)


def texts_or_refusal(raw: bytes) -> tuple[str, ...]:
    try:
        return qr.read_picture(raw)
    except MalformedInput:
        return ()


def damaged(whole: bytes, changes: list[tuple[int, int]]) -> bytes:
    raw = bytearray(whole)
    for place, value in changes:
        raw[place % len(raw)] = value
    return bytes(raw)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
@example(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
@example(b"RIFF\x00\x00\x00\x00WEBPVP8 ")
@example(b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM")
def test_any_bytes_give_texts_or_a_refusal(raw: bytes) -> None:
    texts_or_refusal(raw)


@pytest.mark.parametrize("seed", range(len(SEEDS)))
@settings(max_examples=120, deadline=None)
@given(changes=damages)
def test_any_damaged_picture_gives_texts_or_a_refusal(seed: int, changes: list[tuple[int, int]]) -> None:
    texts_or_refusal(damaged(SEEDS[seed], changes))


def test_the_damage_reaches_the_decoder() -> None:
    """Some damaged pictures still decode, some are refused: the property tests both sides."""
    answers = {texts_or_refusal(damaged(SEEDS[1], [(place, 0)])) for place in range(0, len(SEEDS[1]), 7)}
    assert () in answers
    assert ("RAHDARI",) in answers


@settings(max_examples=60, deadline=None)
@given(changes=damages)
def test_a_portrait_is_within_its_budget_or_refused(changes: list[tuple[int, int]]) -> None:
    try:
        portrait = portraits.derivatives(damaged(SEEDS[1], changes))
    except MalformedInput:
        return
    for profile, budget in portraits.BUDGETS.items():
        assert len(portrait.qr[profile]) <= budget.size_bytes_max
