"""HPKE as the house uses it opens what RFC 9180 and the hybrid draft publish, with keys expanded by us."""

import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl

from rahdari.wire.sealed import Aead, Kem, OpeningKey
from rahdari.wire.sealed.suites import HKDF_SHA256, SUITES

CASES = sorted(Path(__file__).parent.glob("*/vector.json"))
cases = pytest.mark.parametrize("path", CASES, ids=[path.parent.name for path in CASES])


def read(path: Path) -> tuple[dict[str, int], dict[str, bytes]]:
    whole = json.loads(path.read_text())
    numbers = {name: value for name, value in whole.items() if isinstance(value, int)}
    return numbers, {name: bytes.fromhex(value) for name, value in whole.items() if isinstance(value, str)}


def test_there_are_three_vectors() -> None:
    assert len(CASES) == 3


@cases
def test_the_public_key_follows_from_the_private_one(path: Path) -> None:
    numbers, values = read(path)
    key = OpeningKey(Kem(numbers["kem_id"]), values["skRm"])
    assert key.public.raw == values["pkRm"]
    assert len(values["enc"]) == key.public.kem.encapsulated_bytes


@cases
def test_the_published_ciphertext_opens_and_a_changed_one_does_not(path: Path) -> None:
    """The library's public call takes no associated data, and the vectors have some: hence its private one."""
    numbers, values = read(path)
    key = OpeningKey(Kem(numbers["kem_id"]), values["skRm"])
    suite = SUITES[key.public.kem, Aead(numbers["aead_id"])]
    assert numbers["kdf_id"] == HKDF_SHA256
    sealed = values["enc"] + values["ct"]
    opened = openssl.hpke._decrypt_with_aad(suite, sealed, key.key, values["info"], values["aad"])
    assert opened == values["pt"]
    for at in (0, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(InvalidTag):
            openssl.hpke._decrypt_with_aad(suite, bytes(changed), key.key, values["info"], values["aad"])
