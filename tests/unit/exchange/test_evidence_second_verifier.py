"""A second verifier, another program in another language: it says of every file what ours says."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from rahdari.exchange.errors import EvidenceRefused
from rahdari.exchange.rules.evidence import verify_evidence
from rahdari.exchange.values.evidence import Anchors, Bodies
from rahdari.wire import base64url
from rahdari.wire.tlog import KeyKind
from tests.unit.exchange.evidence_damage import damages
from tests.unit.exchange.evidence_scene import (
    REGISTRY_ROOT,
    WITNESS,
    anchors,
    evidence,
    stamper_root,
    written,
)

PROGRAM = Path(__file__).parents[3] / "examples" / "evidence" / "verify.mjs"
NODE = shutil.which("node")
# Reads files, one a line in Base64, and answers each with one line of JSON: one start of Node for all of them.
MANY = """
import { createInterface } from "node:readline";
import { X509Certificate } from "node:crypto";
const [program, key, certificate, witness, id] = process.argv.slice(1);
const { verifyEvidence } = await import(program);
const anchors = {
  registryKeys: [{ instance: "PK", jwk: { kty: "OKP", crv: "Ed25519", x: key } }],
  stampers: [new X509Certificate(Buffer.from(certificate, "base64"))],
  witnesses: [{ name: "witness.example", id, kind: 4, raw: Buffer.from(witness, "base64") }],
  quorum: 1,
};
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(verifyEvidence(Buffer.from(line, "base64"), anchors)));
}
"""

pytestmark = pytest.mark.skipif(
    NODE is None, reason="Node is not installed, and the second verifier needs it"
)


def ours(raw: bytes, trusted: Anchors | None = None) -> dict[str, Any]:
    try:
        found = verify_evidence(raw, trusted or anchors(), bodies=Bodies())
    except EvidenceRefused:
        return {"verdict": "refused"}
    steps = [{"record": one.record, "step": one.name.value, "state": one.state.value} for one in found.steps]
    return {"verdict": "proved", "steps": steps}


def theirs(files: list[bytes]) -> list[dict[str, Any]]:
    words = [
        base64url.encode(REGISTRY_ROOT.public.x),
        base64_of(stamper_root()[0].public_bytes(Encoding.DER)),
        base64_of(WITNESS.key.public),
        WITNESS.key.key_id.hex(),
    ]
    assert WITNESS.key.kind is KeyKind.COSIGNATURE
    done = subprocess.run(  # noqa: S603 - the program of the examples
        [str(NODE), "--input-type=module", "-e", MANY, PROGRAM.as_uri(), *words],
        input="\n".join(base64_of(one) for one in files) + "\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [{name: one[name] for name in ("verdict", "steps") if name in one} for one in found]


def base64_of(raw: bytes) -> str:
    return base64url.encode(raw)


def test_both_programs_say_the_same_of_good_files_and_of_every_single_damage() -> None:
    named = [
        ("whole", written()),
        ("one record", written_of(0)),
        ("the other record", written_of(1)),
        ("without a consent", written(evidence(is_consented=False))),
        ("with a body", written(evidence(is_consented=False, body=b"{}"))),
        ("without a stamp", written(evidence(is_stamped=False))),
        *damages(),
        *((f"cut at {size}", written()[:size]) for size in (0, 1, 1000, len(written()) - 2)),
    ]
    answers = theirs([raw for _, raw in named])
    assert len(answers) == len(named) >= 90
    for (name, raw), answer in zip(named, answers, strict=True):
        # Node 20 has no ML-DSA: of its signature alone it says nothing.
        if "proof" not in name or ours(raw)["verdict"] == "proved":
            assert answer == ours(raw), name
    assert [one["verdict"] for one in answers[:6]] == ["proved"] * 6
    assert sum(one["verdict"] == "refused" for one in answers) > 55


def test_both_refuse_whatever_is_altered_in_a_proof_but_for_the_signature_that_one_cannot_check() -> None:
    lines = json.loads(written())["records"][0]["proof"].split("\n")
    ml_dsa = max(range(len(lines)), key=lambda at: len(lines[at]))
    files = []
    for at, line in enumerate(lines):
        if at == ml_dsa or not line:
            continue
        for place in {0, len(line) // 2, len(line) - 1}:
            altered = line[:place] + chr(ord(line[place]) ^ 1) + line[place + 1 :]
            file = json.loads(written())
            file["records"][0]["proof"] = "\n".join([*lines[:at], altered, *lines[at + 1 :]])
            files.append(json.dumps(file).encode())
    assert len(files) > 20
    for raw, answer in zip(files, theirs(files), strict=True):
        assert answer == ours(raw)


def test_both_say_the_same_of_every_altered_byte_of_a_time_stamp() -> None:
    """What no signature covers in CMS (versions, the list of digests) is refused by both as well."""
    files = []
    for place in range(0, len(json.loads(written())["records"][0]["stamp"]), 13):
        file = json.loads(written())
        kept = file["records"][0]
        text = kept["stamp"]
        kept["stamp"] = text[:place] + ("A" if text[place] != "A" else "Z") + text[place + 1 :]
        files.append(json.dumps(file).encode())
    assert len(files) > 80
    differing = [
        at for at, (raw, answer) in enumerate(zip(files, theirs(files), strict=True)) if answer != ours(raw)
    ]
    assert differing == []


def test_the_program_runs_by_itself_and_ends_as_scripts_expect(tmp_path: Path) -> None:
    (tmp_path / "tsa.pem").write_bytes(stamper_root()[0].public_bytes(Encoding.PEM))
    (tmp_path / "good.json").write_bytes(written())
    (tmp_path / "bad.json").write_bytes(written().replace(b"lending", b"trading", 1))
    key = f"PK={base64url.encode(REGISTRY_ROOT.public.x)}"
    trusted = ["--registry-key", key, "--tsa-certificate", str(tmp_path / "tsa.pem")]
    witnesses = ["--witness", WITNESS.key.text, "--quorum", "1"]
    good = run(str(tmp_path / "good.json"), *trusted, *witnesses)
    assert good.returncode == 0
    assert "ML-DSA-44 signatures were not checked" in good.stdout
    assert f"proved: exchange {evidence().request_id}" in good.stdout
    bad = run(str(tmp_path / "bad.json"), *trusted, "--json")
    assert bad.returncode == 1
    assert json.loads(bad.stdout)["verdict"] == "refused"
    assert run(str(tmp_path / "good.json")).returncode == 2, "without a registry's key nothing can be proved"


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - the program of the examples
        [str(NODE), str(PROGRAM), *words], capture_output=True, text=True, check=False, timeout=60
    )


def written_of(number: int) -> bytes:
    whole = json.loads(written())
    whole["records"] = [whole["records"][number]]
    return json.dumps(whole).encode()
