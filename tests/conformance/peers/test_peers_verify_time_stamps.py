"""Other people's programs verify our time stamps and refuse changed ones; we verify theirs and answer them.

The judges are ``openssl ts`` and PyPI ``rfc3161-client``, which reads DER strictly (run in the second environment).
"""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import Certificate

from benchmarks.peer_room import PYTHON
from rahdari.wire.timestamps import (
    Authority,
    Failure,
    TimestampMismatch,
    Trust,
    answer,
    read_request,
    read_response,
    verify,
)
from tests.conftest import REPOSITORY
from tests.unit.wire.timestamp_scene import (
    AT,
    AUTHORITY,
    CERTIFICATE,
    CONTENT,
    IMPRINT,
    KEY,
    NONCE,
    POLICY,
    REQUEST,
    ROOT,
    TRUST,
    make_certificate,
    make_root,
    rsa_authority,
)

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
BETWEEN = make_root("Example Between", above=ROOT)
CHAINED = replace(AUTHORITY, certificate=make_certificate(KEY, BETWEEN), chain=(BETWEEN.certificate,))
AUTHORITIES = pytest.mark.parametrize(
    "authority", [lambda: AUTHORITY, rsa_authority, lambda: CHAINED], ids=["ecdsa", "rsa", "chain"]
)


def pem(certificate: Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def openssl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own files
        [str(OPENSSL), "ts", *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "root.pem").write_text(pem(ROOT.certificate))
    (tmp_path / "content").write_bytes(CONTENT)
    return tmp_path


def stamp(authority: Authority, raw: bytes) -> bytes:
    return answer(authority, raw, serial=7, at=AT)


@needs_openssl
@AUTHORITIES
def test_openssl_verifies_our_answer_to_its_request(folder: Path, authority: Callable[[], Authority]) -> None:
    openssl(folder, "-query", "-data", "content", "-sha256", "-cert", "-tspolicy", POLICY, "-out", "request")
    raw = (folder / "request").read_bytes()
    request = read_request(raw)
    assert (request.imprint, request.policy, request.wants_certificate) == (IMPRINT, POLICY, True)
    (folder / "response").write_bytes(stamp(authority(), raw))
    at = str(int(AT.timestamp()))
    against = ("-verify", "-in", "response", "-CAfile", "root.pem", "-attime", at)
    assert "Verification: OK" in openssl(folder, *against, "-queryfile", "request").stdout
    assert "Verification: OK" in openssl(folder, *against, "-data", "content").stdout
    (folder / "content").write_bytes(CONTENT + b".")
    assert openssl(folder, *against, "-data", "content").returncode != 0


@needs_openssl
def test_openssl_reads_our_request_and_we_verify_its_answer(folder: Path) -> None:
    """OpenSSL has no option for the time, so its certificates here are in force today."""
    (folder / "request").write_bytes(REQUEST.encode())
    (folder / "tsa.pem").write_text(pem(CERTIFICATE))
    (folder / "tsa.key").write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "serial").write_text("01")
    (folder / "tsa.cnf").write_text(CONFIGURATION)
    made = openssl(folder, "-reply", "-config", "tsa.cnf", "-queryfile", "request", "-out", "response")
    assert (folder / "response").exists(), made.stderr
    token = read_response((folder / "response").read_bytes()).require_token()
    assert (token.unverified.nonce, token.unverified.accuracy) == (
        NONCE,
        timedelta(seconds=1, milliseconds=500),
    )
    if CERTIFICATE.not_valid_before_utc <= token.unverified.at <= CERTIFICATE.not_valid_after_utc:
        verify(token, TRUST, imprint=IMPRINT, nonce=NONCE)
    with pytest.raises(TimestampMismatch):
        verify(token, TRUST, imprint=IMPRINT, nonce=NONCE + 1)


CONFIGURATION = f"""
[tsa]
default_tsa = here
[here]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
ess_cert_id_alg = sha256
default_policy = {POLICY}
digests = sha256, sha384
accuracy = secs:1, millisecs:500
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
"""


@needs_openssl
def test_openssl_reads_why_we_gave_no_token(folder: Path) -> None:
    (folder / "response").write_bytes(stamp(AUTHORITY, replace(REQUEST, policy="1.2.3").encode()))
    told = openssl(folder, "-reply", "-in", "response", "-text").stdout
    assert "Rejected" in told
    assert "unaccepted policy" in told.lower() or "not supported by the TSA" in told


def ask(*questions: dict[str, Any]) -> list[Any]:
    if not list(PYTHON.parent.parent.glob("lib/*/site-packages/rfc3161_client")):
        pytest.skip("PyPI rfc3161-client is not installed: run make peers")
    told = subprocess.run(  # noqa: S603 - our own script
        [str(PYTHON), str(REPOSITORY / "benchmarks" / "peers" / "timestamps_peer.py")],
        input=json.dumps(questions), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    answers = json.loads(told.stdout)
    assert isinstance(answers, list)
    return answers


def question(
    response: bytes, *, content: bytes = CONTENT, nonce: int = NONCE, policy: str = POLICY
) -> dict[str, Any]:
    return {
        "response": base64.b64encode(response).decode(),
        "content": base64.b64encode(content).decode(),
        "root": pem(ROOT.certificate),
        "intermediates": [],
        "nonce": nonce,
        "policy": policy,
    }


def test_the_strict_client_verifies_our_stamps_and_refuses_changed_ones() -> None:
    good = stamp(AUTHORITY, REQUEST.encode())
    rsa = stamp(rsa_authority(), REQUEST.encode())
    chained = stamp(CHAINED, REQUEST.encode())
    late = bytearray(good)
    late[good.index(b"20260301090000") + 13] ^= 1
    told = ask(
        question(good),
        question(rsa),
        question(chained),
        question(good, content=b"other"),
        question(good, nonce=1),
        question(good, policy="1.2.3"),
        question(bytes(late)),
    )
    assert told[:3] == ["verified", "verified", "verified"]
    assert [one.split(":")[0] for one in told[3:]] == ["refused"] * 4


def test_we_answer_the_requests_of_the_strict_client() -> None:
    raw = base64.b64decode(ask({"content": base64.b64encode(CONTENT).decode()})[0])
    request = read_request(raw)
    assert request.nonce is not None
    verify(
        read_response(stamp(AUTHORITY, raw)).require_token(),
        Trust((ROOT.certificate,), frozenset({POLICY})),
        imprint=request.imprint,
        nonce=request.nonce,
    )


def test_a_time_outside_of_the_certificate_gets_no_stamp_for_any_peer() -> None:
    late = answer(AUTHORITY, REQUEST.encode(), serial=1, at=datetime(2030, 1, 1, tzinfo=UTC))
    assert read_response(late).failures == {Failure.TIME_NOT_AVAILABLE}
