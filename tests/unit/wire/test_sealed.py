"""Sealed bodies: only the recipient opens them, in their exchange, and only whole."""

from dataclasses import replace

import pytest

from rahdari.wire.errors import MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.sealed import (
    CHUNK_BYTES,
    HEAD_BYTES_MAX,
    Aead,
    Binding,
    Direction,
    Kem,
    Opener,
    OpeningKey,
    RecipientKey,
    SealBroken,
    SealedToAnother,
    Sealer,
    begins_sealed,
    open_sealed,
    seal,
)
from tests.unit.wire.sealed_scene import CONTENT_KEY, EXCHANGE, OURS, THEIRS, sealed

HEAD = 18 + 32 + 32 + 16  # X25519
SEALED_CHUNK = CHUNK_BYTES + 16
kems = pytest.mark.parametrize("kem", Kem)
THREE = bytes(range(256)) * (2 * CHUNK_BYTES // 256) + b"the end"


def opened(raw: bytes, kem: Kem = Kem.X25519) -> bytes:
    return open_sealed(raw, [OURS[kem]], binding=EXCHANGE)


@kems
@pytest.mark.parametrize("aead", Aead)
@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES])
def test_what_was_sealed_opens(kem: Kem, aead: Aead, size: int) -> None:
    content = b"x" * size
    raw = sealed(content, kem, aead)
    assert opened(raw, kem) == content
    assert len(raw) == 18 + kem.encapsulated_bytes + 48 + size + 16 * max(1, -(-size // CHUNK_BYTES))


@kems
def test_the_content_is_not_to_be_seen_and_no_two_sealings_are_alike(kem: Kem) -> None:
    """Not even with one content key used twice: the library's ephemeral key enters the derivation."""
    content = b"a name that nobody on the way should read"
    first, second = sealed(content, kem), sealed(content, kem)
    assert content not in first
    assert first[-len(content) - 16 :] != second[-len(content) - 16 :]


@kems
def test_another_key_does_not_open(kem: Kem) -> None:
    raw = sealed(b"x", kem)
    with pytest.raises(SealedToAnother, match=OURS[kem].public.kid.hex()):
        open_sealed(raw, [THEIRS[kem]], binding=EXCHANGE)
    with pytest.raises(SealedToAnother):
        open_sealed(raw, [], binding=EXCHANGE)


def test_a_body_relabelled_for_another_key_does_not_open() -> None:
    raw = bytearray(sealed(b"x"))
    raw[10:18] = THEIRS[Kem.X25519].public.kid
    with pytest.raises(SealBroken):
        open_sealed(bytes(raw), [OURS[Kem.X25519], THEIRS[Kem.X25519]], binding=EXCHANGE)


def test_the_right_one_of_several_keys_is_found() -> None:
    keys = [*THEIRS.values(), *OURS.values()]
    for kem in Kem:
        assert open_sealed(sealed(b"x", kem), keys, binding=EXCHANGE) == b"x"


@kems
@pytest.mark.parametrize(
    "other",
    [
        replace(EXCHANGE, direction=Direction.RESPONSE),
        replace(EXCHANGE, request_id="0190b1f0-0000-7000-8000-000000000002"),
        replace(EXCHANGE, client="PK/BANK/0003/loans"),
        replace(EXCHANGE, service="PK/GOV/0002/identity/age-over"),
        replace(EXCHANGE, purpose="marketing"),
        replace(EXCHANGE, content_type="text/html"),
        replace(EXCHANGE, client="PK/BANK/0001/loansPK", service="/GOV/0002/identity/person-status"),
    ],
)
def test_a_body_cannot_be_moved_into_another_exchange(kem: Kem, other: Binding) -> None:
    with pytest.raises(SealBroken, match="another exchange"):
        open_sealed(sealed(b"x", kem), [OURS[kem]], binding=other)


def test_bindings_are_bounded_text() -> None:
    replace(EXCHANGE, purpose="x" * 1024)
    with pytest.raises(MalformedInput, match="1025 bytes"):
        replace(EXCHANGE, purpose="x" * 1025)
    with pytest.raises(MalformedInput, match="UTF-8"):
        replace(EXCHANGE, purpose="\ud800")


def test_dropped_repeated_and_exchanged_chunks_do_not_open() -> None:
    raw = sealed(THREE)
    head, first, second, last = (
        raw[:HEAD], raw[HEAD : HEAD + SEALED_CHUNK], raw[HEAD + SEALED_CHUNK : HEAD + 2 * SEALED_CHUNK],
        raw[HEAD + 2 * SEALED_CHUNK :],
    )  # fmt: skip
    assert opened(head + first + second + last) == THREE
    for chunks in (
        (first, last), (second, last), (last,), (first, first, last), (first, first, second, last),
        (second, first, last), (first, second), (first,), (), (first, second, last, last), (first, second, second),
        (first, second, last[:-1]), (first, second, last + b"\0"), (first, second, first[:16]),
    ):  # fmt: skip
        with pytest.raises(SealBroken):
            opened(head + b"".join(chunks))


def test_a_chunk_of_another_body_does_not_fit() -> None:
    one, other = sealed(THREE), sealed(THREE)
    with pytest.raises(SealBroken):
        opened(one[: HEAD + SEALED_CHUNK] + other[HEAD + SEALED_CHUNK :])
    with pytest.raises(SealBroken):
        opened(one[:HEAD] + other[HEAD:])


def test_an_empty_last_chunk_stands_alone() -> None:
    """Somebody with the recipient's public key could write one content in two ways otherwise."""
    sealer = Sealer(OURS[Kem.X25519].public, binding=EXCHANGE, content_key=CONTENT_KEY)
    first = sealer._seal(b"x" * CHUNK_BYTES, last=False)
    empty = sealer._seal(b"", last=True)
    with pytest.raises(SealBroken, match="cut short"):
        opened(sealer.head + first + empty)


@kems
def test_a_body_in_pieces_is_the_body_at_once(kem: Kem) -> None:
    sealer = Sealer(OURS[kem].public, binding=EXCHANGE, content_key=CONTENT_KEY)
    sent = [sealer.head]
    for at in range(0, len(THREE), 10_007):
        sent.append(sealer.update(THREE[at : at + 10_007]))
        assert len(sealer._buffer) <= CHUNK_BYTES
    raw = b"".join([*sent, sealer.finish()])
    opener = Opener([OURS[kem]], binding=EXCHANGE)
    told = []
    for at in range(0, len(raw), 9_973):
        told.append(opener.update(raw[at : at + 9_973]))
        assert len(opener._buffer) <= SEALED_CHUNK
    assert b"".join([*told, opener.finish()]) == THREE


def test_a_body_byte_by_byte_is_the_body_at_once() -> None:
    raw = sealed(b"salam", Kem.X_WING)
    opener = Opener([OURS[Kem.X_WING]], binding=EXCHANGE)
    assert b"".join(opener.update(raw[at : at + 1]) for at in range(len(raw))) == b""
    assert opener.finish() == b"salam"


def test_content_comes_out_while_the_body_still_comes_in() -> None:
    raw = sealed(THREE)
    opener = Opener([OURS[Kem.X25519]], binding=EXCHANGE)
    assert opener.update(raw[: HEAD + SEALED_CHUNK]) == b""
    assert opener.update(raw[HEAD + SEALED_CHUNK : HEAD + SEALED_CHUNK + 1]) == THREE[:CHUNK_BYTES]


def test_a_larger_body_than_expected_is_refused_before_it_is_read() -> None:
    raw = sealed(THREE)
    size = len(THREE)
    assert open_sealed(raw, [OURS[Kem.X25519]], binding=EXCHANGE, size_bytes_max=size) == THREE
    for limit in (size - 1, CHUNK_BYTES, 0):
        with pytest.raises(TooLarge, match=f"more than {limit} bytes"):
            open_sealed(raw, [OURS[Kem.X25519]], binding=EXCHANGE, size_bytes_max=limit)


def test_after_a_refusal_or_the_end_nothing_more_is_read() -> None:
    opener = Opener([OURS[Kem.X25519]], binding=EXCHANGE)
    with pytest.raises(MalformedInput):
        opener.update(b"junk")
    for more in (opener.finish, lambda: opener.update(b"")):
        with pytest.raises(SealBroken, match="nothing more"):
            more()
    ended = Opener([OURS[Kem.X25519]], binding=EXCHANGE)
    ended.update(sealed(b"x"))
    ended.finish()
    with pytest.raises(SealBroken, match="nothing more"):
        ended.finish()
    sealer = Sealer(OURS[Kem.X25519].public, binding=EXCHANGE, content_key=CONTENT_KEY)
    sealer.finish()
    with pytest.raises(AssertionError):
        sealer.update(b"x")


@pytest.mark.parametrize("raw", [b"{}", b"RSB2" + bytes(100), b"r"])
def test_what_is_not_sealed_is_told_apart(raw: bytes) -> None:
    with pytest.raises(MalformedInput, match="no sealed body"):
        opened(raw)


@pytest.mark.parametrize("end", [0, 3, 4, 17, 18, HEAD - 1, HEAD, HEAD + 15])
def test_a_body_cut_within_its_head_is_cut_short(end: int) -> None:
    with pytest.raises(SealBroken, match="cut short"):
        opened(sealed(b"")[:end])


@pytest.mark.parametrize(("at", "value"), [(4, 0xFF), (5, 0x10), (7, 2), (9, 1), (9, 0xFF)])
def test_other_suites_are_refused_by_number(at: int, value: int) -> None:
    """P-256, HKDF-SHA384, AES-128 and "export only" among them."""
    raw = bytearray(sealed(b"x"))
    raw[at] = value
    with pytest.raises(UnsupportedAlgorithm, match="suite"):
        opened(bytes(raw))


def test_a_body_relabelled_with_another_suite_does_not_open() -> None:
    raw = bytearray(sealed(b"x"))
    raw[9] = Aead.CHACHA20_POLY1305
    with pytest.raises(SealBroken):
        opened(bytes(raw))


def test_a_head_is_never_longer_than_its_maximum() -> None:
    assert HEAD_BYTES_MAX == 18 + 1120 + 48 == len(sealed(b"", Kem.X_WING)) - 16


@kems
def test_a_key_is_kept_by_its_32_bytes(kem: Kem) -> None:
    key = OURS[kem]
    again = OpeningKey(kem, key.as_secret_bytes())
    assert again.public == key.public
    assert RecipientKey(kem, key.public.raw).kid == key.public.kid
    assert key.as_secret_bytes().hex() not in repr(key)
    assert repr(bytes(range(32))) not in repr(key)


def test_the_kids_of_two_kinds_of_key_differ() -> None:
    assert len({key.public.kid for keys in (OURS, THEIRS) for key in keys.values()}) == 4


@kems
def test_keys_of_another_length_are_refused(kem: Kem) -> None:
    for size in (0, 31, 33, 1215, 1217):
        with pytest.raises(MalformedInput, match=f"of {size} bytes"):
            RecipientKey(kem, bytes(size))
    with pytest.raises(MalformedInput, match="31 bytes"):
        OpeningKey(kem, bytes(31))


def test_a_key_that_is_none_of_ml_kem_is_refused() -> None:
    """FIPS 203, 7.2: coefficients are below 3329."""
    with pytest.raises(MalformedInput, match="not a key"):
        RecipientKey(Kem.X_WING, b"\xff" * 1216)


def test_nothing_is_sealed_to_a_point_of_small_order() -> None:
    """RFC 7748, 6.1 and RFC 9180, 7.1.4: a shared secret of zeros is refused."""
    with pytest.raises(MalformedInput, match="small order"):
        seal(b"x", RecipientKey(Kem.X25519, bytes(32)), binding=EXCHANGE, content_key=CONTENT_KEY)


def test_an_encapsulated_point_of_small_order_does_not_open() -> None:
    raw = bytearray(sealed(b"x"))
    raw[18:50] = bytes(32)
    with pytest.raises(SealBroken):
        opened(bytes(raw))


def test_a_content_key_has_32_bytes() -> None:
    for size in (0, 31, 33):
        with pytest.raises(MalformedInput, match=f"content key of {size}"):
            seal(b"x", OURS[Kem.X25519].public, binding=EXCHANGE, content_key=bytes(size))


@pytest.mark.parametrize("kem", list(Kem))
def test_a_sealed_body_is_known_by_its_whole_head_alone(kem: Kem) -> None:
    raw = sealed(b"x", kem)
    assert begins_sealed(raw[:HEAD_BYTES_MAX])
    assert not begins_sealed(b"")
    assert not begins_sealed(raw[:-20])
    assert not begins_sealed(b"{" + raw[1:])
    assert not begins_sealed(raw[:4] + b"\xff\xff" + raw[6:])
