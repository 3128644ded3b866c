"""A second verifier, another program in another language: it says of every file what ours says."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from rahdari.exchange.errors import EvidenceRefused
from rahdari.exchange.rules.evidence import verify_evidence
from rahdari.exchange.values.evidence import Anchors, Bodies
from rahdari.wire import base64url
from rahdari.wire.http_signatures import DigestAlgorithm, content_digest
from rahdari.wire.ndel import configuration as configuration_text
from rahdari.wire.ndel import consent_token
from rahdari.wire.ndel.evidence_file import EvidenceFile
from rahdari.wire.tlog import KeyKind
from tests.unit.exchange.evidence_damage import damages
from tests.unit.exchange.evidence_scene import (
    ISSUER_KEY,
    REGISTRY_ROOT,
    SECONDS,
    WITNESS,
    anchors,
    configuration,
    consent,
    evidence,
    stamper_root,
    written,
)
from tests.unit.exchange.test_evidence import (
    configured,
    relogged,
    stamped_after,
    with_key_of,
    with_witness,
    without_gateway,
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
    vouched = sorted(one.value for one in found.vouched)
    return {"verdict": found.verdict.value, "steps": steps, "vouched": vouched}


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
    return [{name: one[name] for name in ("verdict", "steps", "vouched") if name in one} for one in found]


def one_sided() -> EvidenceFile:
    """What a provider's gateway alone could have made: nothing that the client's gateway signed is in it."""
    whole = evidence(is_consented=False)
    return replace(whole, records=(replace(whole.records[0], particulars=None, receipts=()),))


def taken_out(at: int) -> tuple[str, ...]:
    """A later configuration, without the client's gateway."""
    return without_gateway(0, version=9, issued_at=at).configurations


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
        ("one party's word", written(one_sided())),
        *damages(),
        ("of brackets", b'{"records":[' + b"[]," * 60_000 + b"[]]}"),
        *((f"cut at {size}", written()[:size]) for size in (0, 1, 1000, len(written()) - 2)),
    ]
    answers = theirs([raw for _, raw in named])
    assert len(answers) == len(named) >= 90
    for (name, raw), answer in zip(named, answers, strict=True):
        # Node 20 has no ML-DSA: of its signature alone it says nothing.
        if "proof" not in name or ours(raw)["verdict"] == "proved":
            assert answer == ours(raw), name
    assert [one["verdict"] for one in answers[:7]] == [*["proved"] * 6, "one_sided"]
    assert sum(one["verdict"] == "refused" for one in answers) > 55


def test_both_say_the_same_of_what_a_thief_or_a_log_alone_could_have_made() -> None:
    own = tuple(
        replace(one, gateways=tuple(with_witness(gateway, WITNESS.key) for gateway in one.gateways))
        for one in configuration().members
    )
    provider = replace(evidence(), records=evidence().records[:1])
    kept = evidence(is_consented=False).records[0]
    assert kept.particulars is not None
    stray = replace(kept.particulars, consent=consent_token.sign(ISSUER_KEY, consent()))
    foreign = configuration_text.sign(
        REGISTRY_ROOT, configuration(instance="CN", members=(), consent_issuers=())
    )
    named = {
        "stamped in time": stamped_after(4 * 3600 - 1),
        "stamped late": stamped_after(4 * 3600 + 1),
        "withdrawn before the stamp": with_key_of(0, withdrawn_at=SECONDS + 29),
        "withdrawn after it": with_key_of(0, withdrawn_at=SECONDS + 32),
        "withdrawn, and the provider's word alone": replace(
            with_key_of(0, withdrawn_at=SECONDS + 29), records=provider.records
        ),
        "withdrawn, and never stamped": replace(
            with_key_of(0, withdrawn_at=SECONDS + 32),
            records=(replace(provider.records[0], stamp=None),),
        ),
        "the provider's withdrawn": with_key_of(1, withdrawn_at=SECONDS + 29),
        "taken out": replace(
            evidence(), configurations=(*evidence().configurations, *taken_out(SECONDS + 29))
        ),
        "taken out, and never stamped": replace(
            evidence(),
            configurations=(*evidence().configurations, *taken_out(SECONDS + 40)),
            records=(replace(provider.records[0], stamp=None),),
        ),
        "taken out after the stamp": replace(
            evidence(), configurations=(*evidence().configurations, *taken_out(SECONDS + 40))
        ),
        "suspended before the stamp": configured(
            members=tuple(replace(one, suspended_at=SECONDS + 29) for one in configuration().members)
        ),
        "witnessed by itself": configured(members=own),
        "a consent that no record names": replace(
            evidence(is_consented=False), records=(replace(kept, particulars=stray),)
        ),
        "another instance by the same key": replace(
            evidence(), configurations=(*evidence().configurations, foreign)
        ),
    }
    answers = dict(zip(named, theirs([written(one) for one in named.values()]), strict=True))
    for name, file in named.items():
        assert answers[name] == ours(written(file)), name
    verdicts = [one["verdict"] for one in answers.values()]
    assert (
        verdicts
        == ["proved"] * 4
        + ["one_sided"] * 2
        + ["proved"] * 2
        + ["one_sided"]
        + ["proved"] * 2
        + ["refused"] * 3
    )


def test_both_count_the_verifiers_own_configuration(tmp_path: Path) -> None:
    newer = with_key_of(0, withdrawn_at=SECONDS + 20, version=9, issued_at=SECONDS + 20).configurations
    file = replace(evidence(), records=(replace(evidence().records[0], stamp=None),))
    (tmp_path / "file.json").write_bytes(written(file))
    (tmp_path / "newer.jws").write_text(f"{newer[0]}\n", encoding="ascii")
    (tmp_path / "other.jws").write_text(newer[0][:-4] + "AAAA", encoding="ascii")
    words = [str(tmp_path / "file.json"), "--registry-key", f"PK={base64url.encode(REGISTRY_ROOT.public.x)}"]
    trusted = anchors(witnesses=(), quorum=0, stampers=())
    assert run(*words).returncode == 0
    told = json.loads(run(*words, "--configuration", str(tmp_path / "newer.jws"), "--json").stdout)
    expected = ours(written(file), replace(trusted, configurations=newer))
    assert {name: told[name] for name in expected} == expected
    assert told["verdict"] == "one_sided"
    assert run(*words, "--configuration", str(tmp_path / "other.jws")).returncode == 3
    assert run(*words, "--demand", "request").returncode == 0
    short = run(*words, "--demand", "request", "--demand", "time")
    assert (short.returncode, "what you demand: time" in short.stdout) == (1, True)


def test_both_know_the_digests_of_the_standard(tmp_path: Path) -> None:
    """RFC 9530: sha-256, sha-512, or both; what neither knows proves nothing."""
    body = b'{"status":"good"}'
    wide = content_digest(body, DigestAlgorithm.SHA_512)
    (tmp_path / "body").write_bytes(body)
    for digest, is_good in (
        (wide, True),
        (f"{content_digest(body)}, {wide}", True),
        (f"unixsum=:AAA=:, {wide}", True),
        (f"{content_digest(b'another')}, {wide}", False),
        ("unixsum=:AAA=:", False),
    ):
        file = relogged(replace(evidence(), records=(one_sided().records[0],)), response_digest=digest)
        (tmp_path / "file.json").write_bytes(written(file))
        key = f"PK={base64url.encode(REGISTRY_ROOT.public.x)}"
        words = ["--registry-key", key, "--response-body", str(tmp_path / "body")]
        assert run(str(tmp_path / "file.json"), *words).returncode == (1 if is_good else 3), digest
        try:
            verify_evidence(written(file), anchors(witnesses=(), quorum=0), bodies=Bodies(response=body))
        except EvidenceRefused:
            assert not is_good
        else:
            assert is_good


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
    (tmp_path / "one.json").write_bytes(written(one_sided()))
    one = run(str(tmp_path / "one.json"), *trusted)
    assert (one.returncode, "one party's word, not proved" in one.stdout) == (1, True)
    bad = run(str(tmp_path / "bad.json"), *trusted, "--json")
    assert bad.returncode == 3
    assert json.loads(bad.stdout)["verdict"] == "refused"
    assert run(str(tmp_path / "good.json")).returncode == 2, "without a registry's key nothing can be proved"
    vague = run(str(tmp_path / "good.json"), *trusted, "--registry-key", key.removeprefix("PK="))
    assert (vague.returncode, "say of each whose it is" in vague.stderr) == (2, True)


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - the program of the examples
        [str(NODE), str(PROGRAM), *words], capture_output=True, text=True, check=False, timeout=60
    )


def written_of(number: int) -> bytes:
    whole = json.loads(written())
    whole["records"] = [whole["records"][number]]
    return json.dumps(whole).encode()
