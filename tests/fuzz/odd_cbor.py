"""CBOR that careful and careless readers may read differently: odd widths, odd types, doubled keys."""

import random
import struct

from rahdari.wire import cbor

Pair = tuple[bytes, bytes]
# Every tag of the decoder's list of refusals, some that it lets through, and COSE's own.
TAGS = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    16,
    18,
    24,
    25,
    28,
    29,
    30,
    35,
    36,
    37,
    52,
    54,
    55,
    61,
    100,
    256,
    258,
    259,
    260,
    261,
    1004,
    43000,
    55799,
    1 << 16,
    1 << 40,
)
NUMBERS = (
    0,
    1,
    2,
    3,
    9,
    10,
    23,
    24,
    127,
    128,
    255,
    256,
    4095,
    4096,
    65535,
    65536,
    1 << 20,
    (1 << 32) - 1,
    1 << 32,
    (1 << 53) - 1,
    1 << 53,
    (1 << 63) - 1,
    1 << 63,
    (1 << 64) - 1,
    253_402_300_799,
    253_402_300_800,
    1_800_000_000,
    1_799_999_999,
    1_800_000_060,
    1_800_000_061,
)
FLOATS = (
    0.0,
    -0.0,
    1.0,
    1.5,
    -0.5,
    169.0,
    1e300,
    1.8e9,
    1.8e9 + 0.5,
    float("nan"),
    float("inf"),
    float("-inf"),
    2.0**53,
)
TEXTS = (
    "",
    "nic/1",
    "nic/01",
    "poc/2",
    "nic/1000000",
    "NIC/1",
    "19900228",
    "1990-02-28",
    "19000229",
    "00000101",
    "male",
    " F\u00a0",
    "\u001cothers\u2003",
    "\ufeffm",
    "eng",
    "urd",
    "zho",
    "deu",
    "نمونہ",
    "样本",
    "\U0001f600",
    "\x00",
    "https://authority.example",
    "https://authority.example/s/1",
    "x:y",
    "a b:c",
)
NOT_UTF8 = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"a\x80")


def head(rng: random.Random, major: int, argument: int) -> bytes:
    """Write a head in one of the widths that hold its argument, the shortest one as a rule."""
    widths = [size for size in (1, 2, 4, 8) if argument < 1 << (8 * size)]
    if rng.random() < 0.85 and argument < 24:
        return bytes((major << 5 | argument,))
    size = widths[0] if rng.random() < 0.85 else rng.choice(widths)
    return bytes((major << 5 | 24 + widths_index(size),)) + argument.to_bytes(size, "big")


def widths_index(size: int) -> int:
    return {1: 0, 2: 1, 4: 2, 8: 3}[size]


def item(rng: random.Random, depth: int = 0) -> bytes:
    """Write one item of any type."""
    writers = (_number, _number, _text, _text, _bytes, _float, _simple, _array, _map, _tag, _chunks, _broken)
    weights = (6, 4, 6, 4, 5, 4, 4, 3, 4, 1, 1, 0.6)
    kept = writers if depth < 3 else writers[:7]
    return rng.choices(kept, weights[: len(kept)])[0](rng, depth)


def like(rng: random.Random, written: bytes) -> bytes:
    """Write another item of the same type, so that the mutant is read and its meaning is judged."""
    writers = {0: _number, 1: _number, 2: _bytes, 3: _text, 4: _array, 5: _map}
    return writers.get(written[0] >> 5, item)(rng, 2)


def _number(rng: random.Random, _depth: int) -> bytes:
    return head(rng, rng.choice((0, 0, 0, 1)), rng.choice(NUMBERS))


def _text(rng: random.Random, _depth: int) -> bytes:
    raw = rng.choice(NOT_UTF8) if rng.random() < 0.05 else rng.choice(TEXTS).encode()
    return head(rng, 3, len(raw)) + raw


def _bytes(rng: random.Random, _depth: int) -> bytes:
    raw = rng.randbytes(rng.choice((0, 1, 8, 32, 64, 65)))
    return head(rng, 2, len(raw)) + raw


def _float(rng: random.Random, _depth: int) -> bytes:
    value, form = rng.choice(FLOATS), rng.choice("efd")
    try:
        return {"e": b"\xf9", "f": b"\xfa", "d": b"\xfb"}[form] + struct.pack(f">{form}", value)
    except OverflowError:
        return b"\xfb" + struct.pack(">d", value)


def _simple(rng: random.Random, _depth: int) -> bytes:
    return rng.choice(
        (b"\xf4", b"\xf5", b"\xf6", b"\xf7", b"\xf5", b"\xf6", b"\xe0", b"\xe1", b"\xf8\x20", b"\xf8\xff")
    )


def _array(rng: random.Random, depth: int) -> bytes:
    count = rng.randrange(4)
    inner = b"".join(item(rng, depth + 1) for _ in range(count))
    return b"\x9f" + inner + b"\xff" if rng.random() < 0.2 else head(rng, 4, count) + inner


def _map(rng: random.Random, depth: int) -> bytes:
    return write_map(rng, [(item(rng, depth + 1), item(rng, depth + 1)) for _ in range(rng.randrange(4))])


def _tag(rng: random.Random, depth: int) -> bytes:
    return head(rng, 6, rng.choice(TAGS)) + item(rng, depth + 1)


def _chunks(rng: random.Random, _depth: int) -> bytes:
    major = rng.choice((2, 3))
    pieces = [rng.choice((b"", b"ab", b"nic", b"/1", "ن".encode(), b"\xd9")) for _ in range(rng.randrange(3))]
    return bytes((major << 5 | 31,)) + b"".join(head(rng, major, len(one)) + one for one in pieces) + b"\xff"


def _broken(rng: random.Random, _depth: int) -> bytes:
    nested = b"\x81" * rng.choice((10, 13, 14, 15, 16, 17, 40)) + rng.choice((b"\x01", b"\x80", b"\xa0"))
    return rng.choice(
        (b"\xff", b"\x1c", b"\xfc", b"\xf8\x00", b"\x5f\x61a\xff", b"\x9b" + b"\xff" * 8, nested, nested)
    )


def write_map(rng: random.Random, pairs: list[Pair]) -> bytes:
    """Write a map of encoded pairs, of indefinite length now and then."""
    inner = b"".join(key + value for key, value in pairs)
    return b"\xbf" + inner + b"\xff" if rng.random() < 0.1 else head(rng, 5, len(pairs)) + inner


def pairs_of(value: dict[int | str, object]) -> list[Pair]:
    """Encode a map's pairs one by one."""
    return [(cbor.encode(key), cbor.encode(inner)) for key, inner in value.items()]


def twist(rng: random.Random, pairs: list[Pair], *, keys: tuple[object, ...]) -> list[Pair]:
    """Change a map in one place: a value, a key, a pair more or less, one twice, another order."""
    twisted, at = list(pairs), rng.randrange(len(pairs)) if pairs else 0
    act = rng.choice(("value", "value", "value", "add", "add", "drop", "twice", "key", "order"))
    if act == "add" or not pairs:
        twisted.insert(at, (cbor.encode(rng.choice(keys)), item(rng)))
    elif act == "value":
        twisted[at] = (pairs[at][0], like(rng, pairs[at][1]) if rng.random() < 0.6 else item(rng))
    elif act == "drop":
        del twisted[at]
    elif act == "twice":
        twisted.append((pairs[at][0], rng.choice((pairs[at][1], item(rng)))))
    elif act == "key":
        twisted[at] = (item(rng), pairs[at][1])
    else:
        rng.shuffle(twisted)
    return twisted
