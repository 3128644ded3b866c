"""How deep a JSON text may nest, to the level, and that width costs next to nothing."""

import time

import pytest

from rahdari.wire import strict_json
from rahdari.wire.errors import TooLarge
from rahdari.wire.strict_json import DEPTH_MAX


def nested(levels: int, *, inside: str = "", kind: str = "[") -> bytes:
    begin, end = ("[", "]") if kind == "[" else ('{"a":', "}")
    return (begin * levels + (inside or ("[]" if kind == "[" else "1")) + end * levels).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"1",
        b"[]",
        nested(DEPTH_MAX, inside="1"),
        nested(DEPTH_MAX, inside="[]"),
        nested(DEPTH_MAX, inside="{}"),
        nested(DEPTH_MAX, kind="{"),
        b"[1," + nested(DEPTH_MAX - 1, kind="{") + b"]",
    ],
)
def test_so_many_levels_are_read(raw: bytes) -> None:
    assert strict_json.encode(strict_json.decode(raw, size_bytes_max=1 << 16)) == raw


@pytest.mark.parametrize(
    "raw",
    [
        nested(DEPTH_MAX + 1, inside="1"),
        nested(DEPTH_MAX + 1, inside="[]"),
        nested(DEPTH_MAX + 1, kind="{"),
        b"[1," + nested(DEPTH_MAX, inside="null") + b"]",
        b'{"b":{},"a":' + nested(DEPTH_MAX, kind="{") + b"}",
        nested(5000),
    ],
)
def test_and_no_more(raw: bytes) -> None:
    with pytest.raises(TooLarge):
        strict_json.decode(raw, size_bytes_max=1 << 16)


def test_a_wide_text_is_not_walked_value_by_value() -> None:
    raw = b"[" * 30 + b",".join([b"1"] * 100_000) + b"]" * 30

    def seconds(depth_of_it: bool) -> float:  # noqa: FBT001 - with the check or without
        began = time.perf_counter()
        if depth_of_it:
            strict_json.decode(raw, size_bytes_max=1 << 20)
        else:
            strict_json._DECODER.decode(raw.decode())
        return time.perf_counter() - began

    alone = min(seconds(depth_of_it=False) for _ in range(3))
    assert min(seconds(depth_of_it=True) for _ in range(3)) < 7 * alone
