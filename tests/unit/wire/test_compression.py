import gzip
import time
import zlib

import brotli  # type: ignore[import-untyped]
import pytest

from rahdari.wire.compression import Compression, compress, expand, sniff
from rahdari.wire.errors import MalformedInput, TooLarge

COSE = b"\xd2\x84\x43\xa1\x01\x26" + bytes(range(256)) * 4


@pytest.mark.parametrize("kind", Compression)
def test_what_is_packed_is_unpacked_and_its_compression_told(kind: Compression) -> None:
    assert expand(compress(COSE, kind), size_bytes_max=len(COSE)) == (COSE, kind)


@pytest.mark.parametrize("head", ["d284", "d83dd284", "8443a10126", "d083", "d860", "d861", "d862"])
def test_the_beginnings_of_cose_messages_are_uncompressed(head: str) -> None:
    assert sniff(bytes.fromhex(head)) is Compression.NONE


@pytest.mark.parametrize("level", range(10))
@pytest.mark.parametrize("window", range(9, 16))
def test_every_zlib_header_is_recognised_not_only_0x78(level: int, window: int) -> None:
    packer = zlib.compressobj(level, zlib.DEFLATED, window)
    raw = packer.compress(COSE) + packer.flush()
    assert expand(raw, size_bytes_max=5000) == (COSE, Compression.ZLIB)


@pytest.mark.parametrize("window", [10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22, 23, 24])
@pytest.mark.parametrize("quality", [0, 1, 5, 9, 11])
def test_brotli_of_other_writers_is_recognised(window: int, quality: int) -> None:
    for size in (1, 20, 300, len(COSE)):
        raw = brotli.compress(COSE[:size], quality=quality, lgwin=window)
        assert expand(raw, size_bytes_max=5000) == (COSE[:size], Compression.BROTLI)


@pytest.mark.parametrize("kind", Compression)
def test_what_is_a_picture_is_packed_without_a_search_and_read_like_the_rest(kind: Compression) -> None:
    packed = compress(COSE, kind, is_packed_already=True)
    assert expand(packed, size_bytes_max=len(COSE)) == (COSE, kind)
    if kind is Compression.ZLIB:
        assert (
            len(packed) == len(COSE) + 11
        )  # RFC 1950: 6 bytes around; RFC 1951, 3.2.4: 5 before a stored block


@pytest.mark.parametrize("kind", Compression)
def test_contents_may_have_exactly_the_limit_and_no_byte_more(kind: Compression) -> None:
    packed = compress(COSE, kind)
    assert expand(packed, size_bytes_max=len(COSE))[0] == COSE
    with pytest.raises(TooLarge, match="larger than"):
        expand(packed, size_bytes_max=len(COSE) - 1)


@pytest.mark.parametrize("kind", [Compression.ZLIB, Compression.BROTLI])
def test_a_bomb_is_refused_without_being_inflated(kind: Compression) -> None:
    bomb = (
        compress(bytes(200_000_000), kind)
        if kind is Compression.ZLIB
        else brotli.compress(bytes(200_000_000), quality=1)
    )
    began = time.process_time()
    with pytest.raises(TooLarge):
        expand(bomb, size_bytes_max=1 << 15)
    assert time.process_time() - began < 0.05  # inflating all of it takes more than a tenth of a second


@pytest.mark.parametrize("kind", [Compression.ZLIB, Compression.BROTLI])
def test_a_stream_cut_anywhere_is_refused(kind: Compression) -> None:
    packed = compress(COSE, kind)
    for end in range(len(packed)):
        with pytest.raises(MalformedInput):
            expand(packed[:end], size_bytes_max=5000)


@pytest.mark.parametrize("kind", [Compression.ZLIB, Compression.BROTLI])
def test_a_stream_followed_by_anything_is_refused(kind: Compression) -> None:
    with pytest.raises(MalformedInput):
        expand(compress(COSE, kind) + b"\x00", size_bytes_max=5000)


def test_damage_and_other_formats_are_refused() -> None:
    packed = bytearray(compress(COSE, Compression.ZLIB))
    packed[-1] ^= 1  # the checksum (RFC 1950, 2.2)
    for raw in (bytes(packed), b"", b"x", gzip.compress(COSE), b"\x78\xbb\x00\x00\x00\x01", b"%PDF-1.7"):
        with pytest.raises(MalformedInput):
            expand(raw, size_bytes_max=5000)
