"""The registry's and the gateway's commands: in words, and as one JSON document each; and a journey over HTTP."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from rahdari.app.clock import SystemClock
from rahdari.app.exchange.joining import make_request
from rahdari.app.exchange.registry import Registry
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.acts import Enter, Suspend, WithdrawKey
from rahdari.wire.ndel.configuration import write_registry_key
from tests.fakes.exchange_registry import OFFICERS, decide, enter, make_gateway, make_registry
from tests.journeys.commands import CommandLine, Ended
from tests.unit.wire.ndel_scene import PURPOSE, certificate, full_configuration, keys_of

URL = "https://127.0.0.1:5001"
MEMBER = "PK/GOV/1001"
BY = ("--officer", OFFICERS[0])
FULL = full_configuration()


class Desk:
    """A registry and a gateway that is entered in it, and the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.registry: Registry = make_registry(folder / "registry", SystemClock())
        self.home, self.keys = make_gateway(folder / "gateway", self.registry, SystemClock())
        enter(self.registry, self.home, self.keys, SystemClock())
        self.run = CommandLine(folder / "registry")

    @property
    def registry_key(self) -> str:
        return write_registry_key(self.registry.public)

    def file(self, name: str, content: bytes) -> Path:
        (self.folder / name).write_bytes(content)
        return self.folder / name

    def request(self) -> Path:
        """A request of a second gateway, as a file."""
        home, keys = make_gateway(self.folder / "second", self.registry, SystemClock(), code="1002")
        make_request(home, keys, SystemClock())
        return home.request_file

    def proposal(self) -> int:
        return self.registry.propose(Enter(PURPOSE), *self.registry.officer(OFFICERS[1], {})).number

    def jwk(self) -> Path:
        public = SoftwareSigner.generate(Algorithm.ES256).public
        return self.file("issuer.jwk", json.dumps(public.as_jwk()).encode())

    def der(self) -> Path:
        return self.file("tsa.der", certificate(generate_private_key(SECP256R1()), "tsa.example"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def suspended(desk: Desk) -> tuple[object, ...]:
    decide(desk.registry, Suspend(desk.home.member))
    return (MEMBER, *BY)


def entered(desk: Desk) -> tuple[object, ...]:
    decide(desk.registry, Enter(PURPOSE))
    return ("purpose", PURPOSE.code, *BY)


ACTS: dict[str, Callable[[Desk], Sequence[object]]] = {
    "pending": lambda desk: (desk.proposal(),)[:0],
    "receive": lambda desk: (desk.request(),),
    "approve": lambda desk: (desk.proposal(), *BY),
    "decline": lambda desk: (desk.proposal(), *BY),
    "suspend-member": lambda _: (MEMBER, *BY),
    "reinstate-member": suspended,
    "withdraw-key": lambda desk: (desk.keys.messages[0].key.keyid, *BY),
    "remove-gateway": lambda _: (f"{MEMBER}/gw1", *BY),
    "remove": entered,
    "terms": lambda _: ("--approvals", 1, "--refresh-seconds", 10, *BY),
    "officer add": lambda _: ("Sample Three", *BY),
    "officer list": lambda _: (),
    "purpose add": lambda _: (
        "passport", "--title", "en=Passport", "--title", "ur=پاسپورٹ", "--basis", "Act 1", *BY,
    ),
    "consent-issuer add": lambda desk: (MEMBER, "--key", desk.jwk(), *BY),
    "timestamper add": lambda desk: ("TSA", "--url", "http://127.0.0.1:3180/", "--certificate", desk.der(), *BY),
    "witness add": lambda _: (
        "court", "--url", "https://court.example/", "--key", keys_of("1001").notes[2].key.text, *BY,
    ),
    "pin add": lambda desk: (
        "CN", "--url", "https://registry.example/configuration.jws", "--registry-key", desk.registry_key,
        "--inbound", f"trade@{MEMBER}/persons", "--outbound", "trade,customs", *BY,
    ),
    "configuration show": lambda _: (),
}  # fmt: skip


@pytest.mark.parametrize("command", ACTS)
def test_the_answer_is_one_json_document(desk: Desk, command: str) -> None:
    ended = desk.run.json("exchange", *command.split(), *ACTS[command](desk))
    assert ended.code == 0, ended.out + ended.err
    assert ended.document


@pytest.mark.parametrize("command", ACTS)
def test_without_json_the_answer_is_words(desk: Desk, command: str) -> None:
    ended = desk.run("exchange", *command.split(), *ACTS[command](desk))
    assert ended.code == 0, ended.err
    assert ended.out.strip()


REFUSED: dict[str, tuple[tuple[object, ...], int, str]] = {
    "no such proposal": (("approve", 99, *BY), 4, "exchange.unknown_act"),
    "nobody's key": (("suspend-member", MEMBER, "--officer", "Nobody"), 4, "app.not_initialised"),
    "an unknown member": (("suspend-member", "PK/GOV/9", *BY), 4, "exchange.unknown_act"),
    "too few officers": (("officer", "dismiss", OFFICERS[1], *BY), 5, "exchange.act_refused"),
    "terms that cannot be": (("terms", "--validity-seconds", 5, *BY), 5, "exchange.act_refused"),
    "a title without language": (
        ("purpose", "add", "p", "--title", "Passport", "--basis", "x", *BY), 2, "cli.bad_usage",
    ),
    "an allowance of two parts": (
        (
            "pin", "add", "CN", "--url", "https://a.example/", "--registry-key", "ed25519:" + "A" * 43,
            "--inbound", "trade@PK/GOV", *BY,
        ),
        2,
        "wire.malformed",
    ),
    "a request that is none": (("receive", __file__), 2, "wire.malformed"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_told_with_its_code(desk: Desk, name: str) -> None:
    words, code, problem = REFUSED[name]
    ended = desk.run.json("exchange", *words)
    assert (ended.code, ended.problem) == (code, problem), ended.out


def test_a_gateway_tells_how_it_stands(desk: Desk) -> None:
    ended = desk.run.json("exchange", "status", home=desk.home.folder)
    assert (ended.document["entered"], ended.document["expired"]) == (False, True)
    ended = desk.run.json("exchange", "status", "--fetch", home=desk.home.folder)
    assert (ended.document["entered"], ended.document["version"]) == (True, 2)
    assert "yes" in desk.run("exchange", "status", home=desk.home.folder).out
    shown = desk.run.json("exchange", "configuration", "show", home=desk.home.folder).document
    assert shown["verified"] is True
    assert shown["registry_keys"] == [desk.registry_key]


def test_the_configuration_shows_the_keys_that_other_commands_ask_for(desk: Desk) -> None:
    decide(desk.registry, Enter(FULL.witnesses[0]))
    said = desk.run("exchange", "configuration", "show").out
    assert desk.keys.messages[0].key.keyid in said, "withdraw-key asks for it"
    for witness in (FULL.witnesses[0].keys[0].text, desk.keys.cosigner.key.text):
        assert witness in said, "evidence verify --witness asks for it"
    shown = desk.run.json("exchange", "configuration", "show").document
    witnesses, members = shown["witnesses"], shown["members"]
    assert isinstance(witnesses, list)
    assert isinstance(members, list)
    assert witnesses[0]["keys"] == [FULL.witnesses[0].keys[0].text]
    gateway = members[0]["gateways"][0]
    assert gateway["witness_keys"] == [desk.keys.cosigner.key.text]
    assert gateway["log_keys"] == [one.key.text for one in desk.keys.log_signers]


def test_a_configuration_that_nobody_vouches_for_is_shown_as_such(desk: Desk, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    shown = desk.run.json("exchange", "configuration", "show", desk.registry.public_file, home=nowhere)
    assert shown.document["verified"] is False
    other = write_registry_key(SoftwareSigner.generate(Algorithm.EDDSA).public)
    words = ("exchange", "configuration", "show", desk.registry.public_file, "--registry-key", other)
    assert desk.run.json(*words, home=nowhere).problem == "wire.bad_signature"
    assert desk.run.json("exchange", "configuration", "show", home=nowhere).problem == "app.not_initialised"


def joining(desk: Desk, registry: object, folder: str, *more: object) -> Ended:
    return desk.run.json(
        "exchange", "join", "--registry", registry, "--registry-key", desk.registry_key,
        "--member", "PK/COM/2002", "--subsystem", "app", "--name", "en=Sample Bank",
        "--url", "https://127.0.0.1:15502", "--edge-port", 18082, *more, home=desk.folder / folder,
    )  # fmt: skip


def test_a_members_second_gateway_joins_like_the_first_one(desk: Desk) -> None:
    member = ("--member", "PK/COM/2003", "--subsystem", "app")
    key = ("--registry", desk.registry.folder, "--registry-key", desk.registry_key)
    for name, port in (("gw1", 15511), ("gw2", 15512)):
        place = ("--url", f"https://127.0.0.1:{port}", "--edge-port", port + 100, "--edge-tls")
        # The member's name is said once.
        named = ("--name", "en=Sample Bank of Two") if name == "gw1" else ()
        words = ("exchange", "join", *key, *member, *named, "--gateway", name, *place)
        home = desk.folder / f"two-{name}"
        first = desk.run.json(*words, home=home)
        assert first.code == 0, first.out
        desk.run.json("exchange", "receive", first.document["file"])
        for officer in OFFICERS:
            ended = desk.run.json("exchange", "approve", first.document["request"], "--officer", officer)
            assert ended.code == 0, ended.out
        assert desk.run.json(*words, home=home).document["state"] == "entered"
        shown = desk.run.json("exchange", "status", "--fetch", home=home).document
        assert shown["edge"] == f"https://127.0.0.1:{port + 100}"
    shown = desk.run.json("exchange", "status", "--fetch", home=desk.folder / "two-gw1").document
    assert shown["entered"], "the second one does not take the place of the first"
    entered = desk.run.json("exchange", "configuration", "show", desk.registry.public_file).document
    assert "Sample Bank of Two" in str(entered["members"])


def test_a_gateway_joins_by_files(desk: Desk) -> None:
    first = joining(desk, desk.registry.folder, "bank")
    assert first.document["state"] == "unsent"
    desk.run.json("exchange", "receive", first.document["file"])
    listed = desk.run.json("exchange", "pending").document["requests"]
    assert isinstance(listed, list)
    assert [one["gateway"] for one in listed] == ["PK/COM/2002/gw1"]
    approved = [
        desk.run.json("exchange", "approve", first.document["request"], "--officer", officer).document[
            "state"
        ]
        for officer in OFFICERS
    ]
    assert approved == ["pending", "done"]
    assert joining(desk, desk.registry.folder, "bank").document["state"] == "entered"
    other = joining(desk, desk.registry.folder, "bank", "--gateway", "gw2")
    assert other.problem == "cli.bad_usage"


def test_a_gateway_whose_key_was_withdrawn_joins_anew(desk: Desk) -> None:
    keyid = desk.keys.messages[0].key.keyid
    decide(desk.registry, WithdrawKey(keyid))
    words = (
        "exchange", "join", "--registry", desk.registry.folder, "--registry-key", desk.registry_key,
        "--member", MEMBER, "--subsystem", "registry", "--url", URL, "--anew",
    )  # fmt: skip
    asked = desk.run.json(*words, home=desk.home.folder)
    assert asked.document["state"] == "unsent"
    desk.run.json("exchange", "receive", asked.document["file"])
    for officer in OFFICERS:
        request = ("exchange", "approve", asked.document["request"], "--officer", officer)
        desk.run.json(*request, "--replaces", desk.home.id)
    status = desk.run.json("exchange", "status", "--fetch", home=desk.home.folder).document
    keys = status["keys"]
    assert isinstance(keys, list)
    assert [(one["keyid"] == keyid, one["in_force"]) for one in keys] == [(True, False), (False, True)]


def test_a_registry_is_made_with_two_officers(tmp_path: Path) -> None:
    run = CommandLine(tmp_path / "new")
    made = run.json("exchange", "init", "--instance", "PK")
    assert made.document["officers"] == ["officer-1", "officer-2"]
    assert run.json("exchange", "init", "--instance", "PK").problem == "app.already_initialised"
    assert "officer-1" in run("exchange", "officer", "list").out


@contextlib.contextmanager
def serving(home: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [
        sys.executable,
        "-m",
        "rahdari",
        "exchange",
        "registry",
        "serve",
        "--home",
        str(home),
        "--port",
        str(port),
    ]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as server:  # noqa: S603
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            with contextlib.suppress(OSError, urllib.error.URLError):
                urllib.request.urlopen(f"{url}/health", timeout=5).close()  # noqa: S310
                break
            assert server.poll() is None, server.stderr.read() if server.stderr else ""
            time.sleep(0.1)
        yield url
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=20)


@pytest.mark.loopback
def test_a_gateway_joins_over_http_and_a_suspension_reaches_it(desk: Desk) -> None:
    with serving(desk.registry.folder) as url:
        first = joining(desk, url, "bank")
        assert first.document["state"] == "waiting"
        for officer in OFFICERS:
            desk.run.json("exchange", "approve", first.document["request"], "--officer", officer)
        assert joining(desk, url, "bank", "--wait", 5).document["state"] == "entered"
        number = desk.run.json("exchange", "remove-gateway", "PK/COM/2002/gw1", *BY).document["proposal"]
        desk.run.json("exchange", "approve", number, "--officer", OFFICERS[1])
        assert joining(desk, url, "bank").document["state"] == "left"
        assert "--anew" in desk.run("exchange", "status", home=desk.folder / "bank").out
        again = joining(desk, url, "bank", "--anew")
        for officer in OFFICERS:
            desk.run.json("exchange", "approve", again.document["request"], "--officer", officer)
        assert joining(desk, url, "bank").document["state"] == "entered"
        number = desk.run.json("exchange", "suspend-member", "PK/COM/2002", *BY).document["proposal"]
        desk.run.json("exchange", "approve", number, "--officer", OFFICERS[1])
        status = desk.run.json("exchange", "status", "--fetch", home=desk.folder / "bank").document
        assert status["entered"] is False
    # The registry is away: what was verified last goes on counting.
    away = desk.run.json("exchange", "status", "--fetch", home=desk.folder / "bank").document
    assert away["version"] == status["version"]


def test_a_torn_line_of_the_journal_is_remarked_beside_the_answer(desk: Desk) -> None:
    with (desk.registry.folder / "acts" / "journal").open("ab") as file:
        file.write(b"eyJ")
    ended = desk.run.json("exchange", "suspend-member", MEMBER, *BY)
    assert ended.document["missing"] == 1
    assert "torn_line_cut_off" in ended.err
