"""Evidence in files: anchors as people hand them on, parts for other programs, two parties' files joined."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.exchange.evidence_desk import read_anchors, unpack_file, verify_file
from rahdari.app.exchange.evidence_export import join_evidence
from rahdari.exchange.errors import EvidenceRefused
from rahdari.exchange.values.evidence import Anchors, Proven, RegistryKey
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.configuration import write_registry_key
from tests.unit.exchange.evidence_scene import (
    REGISTRY_ROOT,
    SECONDS,
    WITNESS,
    evidence,
    stamper_root,
    written,
)

KEY = write_registry_key(REGISTRY_ROOT.public)
OPENSSL = shutil.which("openssl")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "evidence.json"
    path.write_bytes(written())
    return path


@pytest.fixture
def stamper(tmp_path: Path) -> Path:
    path = tmp_path / "tsa.pem"
    path.write_bytes(stamper_root()[0].public_bytes(Encoding.PEM))
    return path


def verified(file: Path, request_body: Path | None = None) -> Proven:
    return verify_file(file, read_anchors(registry_keys=(KEY,)), request_body=request_body)


def test_anchors_are_read_as_people_hand_them_on(stamper: Path, tmp_path: Path) -> None:
    der = tmp_path / "tsa.der"
    der.write_bytes(stamper_root()[0].public_bytes(Encoding.DER))
    found = read_anchors(
        registry_keys=(f"PK={KEY}", f"CN={KEY}"), stampers=(stamper, der), witnesses=(WITNESS.key.text,)
    )
    assert found == Anchors(
        registry_keys=(RegistryKey(REGISTRY_ROOT.public, "PK"), RegistryKey(REGISTRY_ROOT.public, "CN")),
        stampers=(stamper_root()[0], stamper_root()[0]),
        witnesses=(WITNESS.key,),
        quorum=1,
    )
    assert read_anchors(registry_keys=(KEY,)).registry_keys == (RegistryKey(REGISTRY_ROOT.public),)
    assert read_anchors(registry_keys=(KEY,), witnesses=(WITNESS.key.text,), quorum=0).quorum == 0


@pytest.mark.parametrize("keys", [(KEY, KEY), (f"PK={KEY}", KEY)])
def test_of_several_registry_keys_it_is_said_whose_each_is(keys: tuple[str, ...]) -> None:
    with pytest.raises(MalformedInput, match="INSTANCE=KEY"):
        read_anchors(registry_keys=keys)


@pytest.mark.parametrize(
    "key", ["", "PK=", "x", f"PK={KEY}A", KEY[:-1]], ids=["none", "no key", "word", "longer", "shorter"]
)
def test_a_registry_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(MalformedInput):
        read_anchors(registry_keys=(key,))


def test_a_file_is_verified_with_its_bodies(file: Path, stamper: Path, tmp_path: Path) -> None:
    anchors = read_anchors(registry_keys=(KEY,), stampers=(stamper,), witnesses=(WITNESS.key.text,))
    body = tmp_path / "body"
    body.write_bytes(b'{"status":"good"}')
    assert verify_file(file, anchors, response_body=body).request_id == evidence().request_id
    body.write_bytes(b'{"status":"bad"}')
    with pytest.raises(EvidenceRefused):
        verify_file(file, anchors, response_body=body)
    with pytest.raises(FolderFailed):
        verify_file(tmp_path / "nothing", anchors)


def test_the_parts_are_written_once_for_other_programs(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    names = {path.name for path in unpack_file(file, folder, verified(file))}
    assert names == {
        "configuration-0.jws", "0-record.json", "0-proof.txt", "0-checkpoint.txt", "0-stamp.tst",
        "0-request-signed.txt", "0-request-header.txt", "0-response-signed.txt", "0-consent.jws",
        "0-receipt-0.json", "0-receipt-0-proof.txt", "1-record.json", "1-proof.txt", "1-checkpoint.txt",
        "1-request-signed.txt", "1-request-header.txt", "1-response-signed.txt", "1-consent.jws",
    }  # fmt: skip
    with pytest.raises(BadFile):
        unpack_file(file, folder, verified(file))


def test_what_nothing_in_the_file_vouches_for_is_not_written_out(tmp_path: Path) -> None:
    """Header lines take part in a hash with the body: without it anybody may have altered them."""
    file = tmp_path / "evidence.json"
    whole = evidence(is_consented=False, body=b"{}")
    kept = whole.records[0]
    assert kept.particulars is not None
    altered = replace(kept.particulars, header_part=b"POST\r\n/another\r\n")
    file.write_bytes(
        written(replace(whole, records=(replace(kept, particulars=altered), *whole.records[1:])))
    )
    names = {path.name for path in unpack_file(file, tmp_path / "parts", verified(file))}
    assert "0-request-signed.txt" in names
    assert "0-request-header.txt" not in names
    file.write_bytes(written(whole))
    (tmp_path / "body").write_bytes(b"{}")
    shown = unpack_file(file, tmp_path / "shown", verified(file, tmp_path / "body"))
    assert "0-request-header.txt" in {path.name for path in shown}


def test_parts_are_written_of_the_file_that_was_verified(file: Path, tmp_path: Path) -> None:
    proven = verified(file)
    file.write_bytes(written(evidence(is_consented=False)))
    with pytest.raises(BadFile, match="another file now"):
        unpack_file(file, tmp_path / "parts", proven)


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
def test_openssl_verifies_the_time_stamp_of_the_parts_and_refuses_another_text(
    file: Path, stamper: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "parts"
    unpack_file(file, folder, verified(file))

    def is_stamped(text: Path) -> bool:
        words = [
            "ts",
            "-verify",
            "-data",
            text,
            "-in",
            folder / "0-stamp.tst",
            "-token_in",
            "-CAfile",
            stamper,
        ]
        # The sample's certificate is of the year that its story happens in.
        done = subprocess.run(  # noqa: S603 - the judge
            [str(OPENSSL), *map(str, words), "-attime", str(SECONDS)],
            capture_output=True,
            check=False,
            text=True,
        )
        return done.returncode == 0

    assert is_stamped(folder / "0-checkpoint.txt")
    assert not is_stamped(folder / "1-checkpoint.txt")


def test_two_parties_files_are_joined_and_each_part_stands_once() -> None:
    whole = evidence()
    mine, theirs = (replace(whole, records=(one,)) for one in whole.records)
    assert join_evidence(mine, theirs) == whole
    assert join_evidence(whole, whole) == whole
    with pytest.raises(EvidenceRefused):
        join_evidence(mine, replace(theirs, request_id="another"))
