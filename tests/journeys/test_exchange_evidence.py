"""A bank asks about a person by her consent; she sees it; a court verifies it; all by the command line."""

import io
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_socket

from rahdari.wire.jws import read_public_jwk
from rahdari.wire.ndel.configuration import write_registry_key
from rahdari.wire.ndel.parties import ConsentIssuer, MessageKey
from tests.contract.exchange_corridor import CLIENT, REGISTRY, Corridor, serving_corridor
from tests.fakes.gateway_homes import ENVIRONMENT
from tests.fakes.peer_calls import Got
from tests.journeys.commands import CommandLine, Ended

pytestmark = pytest.mark.loopback

NODE = shutil.which("node")
SECOND = Path(__file__).parents[2] / "examples" / "evidence" / "verify.mjs"
PERSON = "35202-1234567-1"
SERVICE = "PK/GOV/1001/registry/persons"


@dataclass
class Story:
    """The corridor, with a registry that signs consents."""

    corridor: Corridor
    line: CommandLine

    @property
    def registry(self) -> Path:
        return self.corridor.registry.home.folder

    @property
    def bank(self) -> Path:
        return self.corridor.bank.home.folder

    @property
    def anchor(self) -> str:
        return f"PK={write_registry_key(self.corridor.instance.registry.public)}"

    def ask(self, token: str | None, person: str = PERSON) -> Got:
        headers = [] if token is None else [("ndel-consent", token)]
        return self.corridor.persons(f"/private/{person}", headers=headers)

    def about(self, monkeypatch: pytest.MonkeyPatch, *words: object, person: str = PERSON) -> Ended:
        """Run a command that reads a person's number from stdin."""
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{person}\n"))
        return self.line.json("exchange", *words, "--identifier-from-stdin", home=self.registry)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    pytest_socket.enable_socket()
    folder = tmp_path_factory.mktemp("evidence")
    line = CommandLine(folder)
    line.environment |= ENVIRONMENT
    with serving_corridor(folder / "corridor", start=False) as corridor:
        told = Story(corridor, line)
        lists = f"http://127.0.0.1:{corridor.registry.home.edge.port}/ndel/consents"
        made = line.json("exchange", "consent", "init", "--lists", lists, home=told.registry)
        assert made.code == 0, made.out
        public = read_public_jwk(json.loads(Path(str(made.document["file"])).read_text(encoding="utf-8")))
        now = datetime.now(UTC)
        window = int((now - timedelta(hours=1)).timestamp()), int((now + timedelta(days=9)).timestamp())
        key = MessageKey(str(made.document["kid"]), public, *window)
        corridor.instance.publish(consent_issuers=(ConsentIssuer(REGISTRY, (key,)),))
        corridor.start(corridor.registry)
        corridor.start(corridor.bank)
        yield told


def given(story: Story, monkeypatch: pytest.MonkeyPatch, person: str = PERSON) -> tuple[str, str]:
    """Let a person give her consent; its id and its token."""
    words = ("consent", "give", "--to", CLIENT, "--service", SERVICE, "--purpose", "kyc", "--days", 30)
    ended = story.about(monkeypatch, *words, person=person)
    assert ended.code == 0, ended.out
    return str(ended.document["consent"]), str(ended.document["token"])


def soon(ask: Callable[[], bool], seconds: float = 12.0) -> None:
    end = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < end, "it has not happened in time"
        time.sleep(0.1)


def exported(story: Story, home: Path, request_id: str, out: Path, *more: object) -> Path:
    words = ("exchange", "evidence", "export", request_id, "--out", out, *more)
    soon(lambda: story.line.json(*words, home=home).code == 0)
    return out


def test_a_verifier_demands_steps_and_brings_the_registrys_present_word(story: Story, tmp_path: Path) -> None:
    out = exported(story, story.bank, story.ask(None).one("x-road-request-id"), tmp_path / "bank.json")
    verify = ("exchange", "evidence", "verify", out, "--registry-key", story.anchor)
    enough = story.line.json(*verify, "--demand", "request", "--demand", "response")
    assert (enough.code, enough.document["lacking"]) == (0, [])
    wanting = story.line.json(*verify, "--demand", "time", "--demand", "request")
    assert (wanting.code, wanting.document["verdict"], wanting.document["lacking"]) == (1, "proved", ["time"])
    assert "Not enough" in story.line(*verify, "--demand", "time").out
    present = story.corridor.instance.folder / "configuration.jws"
    assert story.line.json(*verify, "--configuration", present).code == 0
    other = tmp_path / "other.jws"
    for raw, code in ((b"no configuration", 3), (b"\xff", 2)):
        other.write_bytes(raw)
        assert story.line.json(*verify, "--configuration", other).code == code


def test_a_court_verifies_what_both_gateways_kept(
    story: Story, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    consent, token = given(story, monkeypatch)
    got = story.ask(token)
    assert got.status == 200
    request_id = got.one("x-road-request-id")
    theirs = exported(story, story.bank, request_id, tmp_path / "bank.json")
    # The receipt comes by itself, a few seconds later.
    both = tmp_path / "both.json"
    soon(
        lambda: (
            b'"receipts"' in exported(story, story.registry, request_id, both, "--join", theirs).read_bytes()
        )
    )
    assert both.stat().st_mode & 0o077 == 0
    verify = ("exchange", "evidence", "verify", both, "--registry-key", story.anchor)
    ended = story.line.json(*verify, "--post-quantum", "--unpack", tmp_path / "parts")
    assert ended.code == 0, ended.out
    document = ended.document
    steps = {(one["record"], one["step"]): one["state"] for one in document["steps"]}  # type: ignore[attr-defined]
    assert steps[None, "agreement"] == "proved"
    provider = {step: state for (record, step), state in steps.items() if record == 0}
    assert provider == {
        "record": "proved",
        "log": "proved",
        "witnesses": "absent",
        "time": "absent",
        "request": "proved",
        "response": "proved",
        "request-hash": "proved",
        "consent": "proved",
        "receipt": "proved",
    }
    assert [one["consent"] for one in document["exchanges"]] == [consent, None]  # type: ignore[attr-defined]
    assert PERSON not in (tmp_path / "parts" / "0-record.json").read_text(encoding="utf-8")
    said = story.line(*verify).out
    assert f"Proved: exchange {request_id}. When it was, nobody but the parties says." in said
    for words in (
        "GET /private/{id}",
        "kyc: Know your customer; it rests on: Banking law",
        "answered, status 200",
        "the times are the gateways' own word",
    ):
        assert words in said, words
    assert {one["basis"] for one in document["exchanges"]} == {"Banking law"}  # type: ignore[attr-defined]
    second = subprocess.run(  # noqa: S603 - the second verifier, of the examples
        [NODE or "", str(SECOND), str(both), "--registry-key", story.anchor, "--json"],
        capture_output=True, text=True, check=False,
    ) if NODE else None  # fmt: skip
    assert second is None or json.loads(second.stdout)["verdict"] == "proved"


def test_what_was_altered_or_is_anothers_is_refused_with_an_exit_code(
    story: Story, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, token = given(story, monkeypatch)
    request_id = story.ask(token).one("x-road-request-id")
    file = exported(story, story.registry, request_id, tmp_path / "good.json")
    bad = tmp_path / "bad.json"
    bad.write_text(file.read_text(encoding="utf-8").replace('\\"kyc\\"', '\\"tax\\"'), encoding="utf-8")
    ended = story.line.json("exchange", "evidence", "verify", bad, "--registry-key", story.anchor)
    assert (ended.code, ended.problem) == (3, "exchange.evidence_refused")
    ended = story.line.json("exchange", "evidence", "verify", file)
    assert (ended.code, ended.problem) == (2, "cli.bad_usage"), "without a registry's key anybody made it"
    other = story.anchor.replace("PK=", "CN=")
    assert story.line.json("exchange", "evidence", "verify", file, "--registry-key", other).code == 3
    ended = story.line.json(
        "exchange", "evidence", "export", "r-0", "--out", tmp_path / "x", home=story.registry
    )
    assert (ended.code, ended.problem) == (4, "exchange.unknown_exchange")


def test_without_a_consent_or_by_anothers_nobody_is_asked_about(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = given(story, monkeypatch)
    for got in (story.ask(None), story.ask("none"), story.ask(token, "99999"), story.ask("a.b.c")):
        assert got.status >= 400
        assert "access_denied" in got.one("x-road-error")


def test_a_person_rests_resumes_and_ends_her_consent(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    person = "77"
    consent, _ = given(story, monkeypatch, person)
    for act, state in (("pause", "paused"), ("resume", "given"), ("revoke", "revoked")):
        ended = story.about(monkeypatch, "consent", act, consent, person=person)
        assert (ended.code, ended.document.get("state")) == (0, state)
    ended = story.about(monkeypatch, "consent", "resume", consent, person=person)
    assert (ended.code, ended.problem) == (3, "exchange.consent_refused")
    ended = story.about(monkeypatch, "consent", "revoke", consent, person="78")
    assert (ended.code, ended.problem) == (4, "exchange.unknown_consent")
    listed = story.about(monkeypatch, "consent", "show", person=person).document["consents"]
    assert isinstance(listed, list)
    assert [one["state"] for one in listed] == ["revoked"]
    (shown,) = listed
    assert (shown["services"], shown["purposes"], shown["data_classes"]) == ([SERVICE], ["kyc"], [])
    monkeypatch.setattr("sys.stdin", io.StringIO(person))
    said = story.line("exchange", "consent", "show", "--identifier-from-stdin", home=story.registry).out
    assert SERVICE in said
    assert "kyc" in said


@pytest.mark.parametrize(
    ("changed", "to"),
    [
        ("--to", "PK/COM/9999/app"),
        ("--service", f"{SERVICE}-of-nobody"),
        ("--service", "PK/GOV/9999/x/y"),
        ("--purpose", "nonsense"),
        ("--data", "zzz"),
    ],
)
def test_nobody_consents_to_what_there_is_not(
    story: Story, monkeypatch: pytest.MonkeyPatch, changed: str, to: str
) -> None:
    words = {"--to": CLIENT, "--service": SERVICE, "--purpose": "kyc"} | {changed: to}
    ended = story.about(monkeypatch, "consent", "give", *(part for pair in words.items() for part in pair))
    assert (ended.code, ended.problem) == (3, "exchange.consent_refused")
    assert to in ended.out


def test_a_person_sees_who_asked_and_an_order_withholds_for_its_time_only(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = "42"
    _, token = given(story, monkeypatch, person)
    assert story.ask(token, person).status == 200

    def seen() -> list[dict[str, object]]:
        ended = story.about(monkeypatch, "citizen", "log", "--language", "zh", person=person)
        assert ended.code == 0, ended.out
        lookups = ended.document["lookups"]
        assert isinstance(lookups, list)
        return lookups

    soon(lambda: len(seen()) == 1)
    (told,) = seen()
    assert told["client"] == CLIENT
    assert (told["purpose_title"], told["outcome"]) == ("了解客户", "answered")
    order = (
        "withholding",
        "order",
        "--kind",
        "court_order",
        "--order",
        "7/2027",
        "--by",
        "A court",
        "--days",
        9,
    )
    ended = story.about(monkeypatch, *order, "--client", CLIENT, person=person)
    assert ended.code == 0, ended.out
    assert ended.document["remarks"] == []
    soon(lambda: seen() == [])
    listed = story.line.json("exchange", "withholding", "list", home=story.registry).document["orders"]
    assert [one["order"] for one in listed][:1] == ["7/2027"]  # type: ignore[attr-defined]
    lift = ("exchange", "withholding", "lift", ended.document["withholding"], "--by", "A court")
    assert story.line.json(*lift, home=story.registry).code == 0
    soon(lambda: len(seen()) == 1)
    after = story.line.json("exchange", "withholding", "list", home=story.registry).document["orders"]
    assert [(one["state"], one["lifted_by"]) for one in after] == [("lifted", "A court")]  # type: ignore[attr-defined]
    mistyped = story.about(monkeypatch, *order, "--client", f"{CLIENT}z", person="another")
    assert f"no client {CLIENT}z" in str(mistyped.document["remarks"])
    too_long = (*order[:-1], 9999)
    ended = story.about(monkeypatch, *too_long, person=person)
    assert (ended.code, ended.problem) == (3, "exchange.withholding_refused")


def test_a_number_never_stands_in_a_command(story: Story) -> None:
    ended = story.line.json("exchange", "citizen", "log", home=story.registry)
    assert (ended.code, ended.problem) == (2, "cli.bad_usage")


def test_keys_of_months_are_erased_and_the_index_is_made_again(story: Story) -> None:
    story.ask(None)
    ended = story.line.json("exchange", "citizen", "erase-keys", "2020-01", home=story.registry)
    assert ended.document == {"erased": []}
    for wrong in ("20-1", "2020-1", "2020-13", "2999-01"):
        ended = story.line.json("exchange", "citizen", "erase-keys", wrong, home=story.registry)
        assert (ended.code, ended.problem) == (2, "cli.bad_usage")
    assert list((story.registry / "keys" / "subjects").glob("20*.key")), "what is needed now is there"
    rebuild = ("exchange", "citizen", "rebuild")
    soon(lambda: int(str(story.line.json(*rebuild, home=story.registry).document["records"])) > 0)


def test_lists_are_published_as_files(story: Story, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(story, monkeypatch)
    ended = story.line.json("exchange", "consent", "publish", tmp_path, home=story.registry)
    assert ended.document == {"files": [str(tmp_path / "0.jwt")]}
