"""Other people's readers read what we write, and refuse what was changed.

They live in a second environment (``make peers``), because PyPI ``cwt`` pins a cbor2 that the house does not use.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from benchmarks.peer_room import ABSENT, PeerRoom, is_present
from benchmarks.sample_pass import CLAIMS, IDENTITY, photo
from rahdari.wire import base45, claim169
from rahdari.wire.claim169 import Profile
from rahdari.wire.compression import Compression, compress, expand
from rahdari.wire.keys import Algorithm, SoftwareSigner

# Each peer with the dialects that it reads: claim169 0.3.0 knows neither tag 61 nor a byte string in 169.
READS = [("claim169", Profile.MAP), ("cwt", Profile.MAP), ("cwt", Profile.MOSIP)]
BOTH = pytest.mark.parametrize("algorithm", Algorithm)


@pytest.fixture(scope="module")
def room() -> Iterator[PeerRoom]:
    if not is_present():
        pytest.skip(ABSENT)
    with PeerRoom() as opened:
        yield opened


def write(signer: SoftwareSigner, profile: Profile) -> str:
    return claim169.write(signer, CLAIMS, IDENTITY, profile=profile, compression=Compression.ZLIB)


@BOTH
@pytest.mark.parametrize(("peer", "profile"), READS)
def test_a_peer_reads_our_pass_with_its_photo(
    room: PeerRoom, peer: str, profile: Profile, algorithm: Algorithm
) -> None:
    signer = SoftwareSigner.generate(algorithm)
    answer = room.ask(peer, write(signer, profile), signer.public)
    assert answer["ok"], answer
    assert answer["full_name"] == IDENTITY.full_name
    assert answer["face"] == photo().hex()


@BOTH
@pytest.mark.parametrize(("peer", "profile"), READS)
def test_a_peer_refuses_our_pass_under_another_key(
    room: PeerRoom, peer: str, profile: Profile, algorithm: Algorithm
) -> None:
    signer, other = SoftwareSigner.generate(algorithm), SoftwareSigner.generate(algorithm)
    text = write(signer, profile)
    assert room.ask(peer, text, signer.public)["ok"]
    assert not room.ask(peer, text, other.public)["ok"]


@BOTH
@pytest.mark.parametrize(("peer", "profile"), READS)
@pytest.mark.parametrize("at", [-1, -40, -200])
def test_a_peer_refuses_our_pass_with_one_bit_changed(
    room: PeerRoom, peer: str, profile: Profile, algorithm: Algorithm, at: int
) -> None:
    signer = SoftwareSigner.generate(algorithm)
    signed = bytearray(expand(base45.decode(write(signer, profile)), size_bytes_max=1 << 15)[0])
    signed[at] ^= 1
    text = base45.encode(compress(bytes(signed), Compression.ZLIB))
    assert not room.ask(peer, text, signer.public)["ok"]


@pytest.mark.parametrize(("peer", "profile"), READS)
def test_a_peer_refuses_our_expired_pass(room: PeerRoom, peer: str, profile: Profile) -> None:
    signer = SoftwareSigner.generate()
    expired = replace(CLAIMS, expires=1_700_000_001)
    text = claim169.write(signer, expired, IDENTITY, profile=profile, compression=Compression.ZLIB)
    assert not room.ask(peer, text, signer.public)["ok"]
