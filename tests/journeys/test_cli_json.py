"""With --json, every command answers with one JSON document and nothing else on stdout."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from rahdari.access import Enrolment
from rahdari.app.analyst import open_analyst
from rahdari.app.roadmap.plan import SAMPLE
from rahdari.cli import describe_commands
from rahdari.credentials import Stage
from rahdari.kernel import Actor, ActorKind
from rahdari.oversight import Circumstances, Purpose, check_place
from rahdari.signals import Delivery, Method, Wanted
from tests.journeys.commands import CommandLine
from tests.journeys.test_cli_bad_input import GOOD, HEADING

Words = Callable[[CommandLine, Path], Sequence[object]]


def _csv(folder: Path) -> Path:
    path = folder / "people.csv"
    path.write_text(HEADING + GOOD.format(serial=1, photo=""), encoding="utf-8")
    return path


def _product(folder: Path) -> Path:
    shipped = Path(__file__).parents[2] / "src" / "rahdari" / "credentials" / "products" / "nic.toml"
    path = folder / "nic2.toml"
    path.write_text(
        shipped.read_text(encoding="utf-8").replace("version = 1", "version = 2"), encoding="utf-8"
    )
    return path


def _kid(rahdari: CommandLine) -> str:
    with rahdari.house() as house:
        return house.authority.list_keys()[0].public.kid.hex()


def _token(rahdari: CommandLine) -> str:
    with rahdari.house() as house:
        supervisor = house.officers.find_named("supervisor")
        assert supervisor
        return house.officers.find_tokens(supervisor.id)[0].id


def _stream(rahdari: CommandLine) -> str:
    with rahdari.house() as house:
        enrolment = Enrolment(ActorKind.INSTITUTION, "Sample Bank", frozenset({"verifier"}))
        bank = house.officers.enrol(enrolment).as_actor()
        return house.signals.create(Wanted(Delivery(Method.POLL)), actor=bank).stream.id


def _flag(rahdari: CommandLine) -> str:
    """A flag of a card that was at two places at once."""
    places = (check_place("Lahore", 31.549, 74.344), check_place("Kashgar", 39.467, 75.994))
    with rahdari.house() as house:
        bank = Actor("institution-1", ActorKind.INSTITUTION, frozenset({"verifier"}))
        for place in places:
            told = Circumstances(Purpose.CUSTOMS, place)
            house.oversight.record(rahdari.card().number, told, asker=bank, verdict="valid")
        return house.oversight.list_flags(actor=house.officers.authenticate_named("officer"))[0].id


def _plan(folder: Path) -> Path:
    """The sample without its pictures and its print, which take longest (tests/journeys/test_cli_roadmap.py)."""
    path = folder / "plan.toml"
    sample = SAMPLE.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^(pdf|charts) = true$", r"\1 = false", sample), encoding="utf-8")
    return path


def _manifest(folder: Path) -> Path:
    analyst = open_analyst(folder, release="carried")
    path = folder / "screen.csv.manifest.json"
    path.write_bytes(analyst.manifest(analyst.screen()).to_json())
    return path


QUESTIONS = (
    "screen", "complexity", "potential", "diversify", "tariff", "relocate", "ladder", "substitute", "select",
    "path",
)  # fmt: skip

COMMANDS: dict[str, Words] = {
    "roadmap": lambda _, folder: (_plan(folder), "--out", folder / "roadmap", "--release", "carried"),
    "roadmap score": lambda _, __: ("--release", "carried"),
    "holder list": lambda _, __: (),
    "holder show": lambda it, _: (it.card().holder,),
    "holder import": lambda _, folder: (_csv(folder),),
    "pass issue": lambda _, __: ("--all",),
    "pass show": lambda it, _: (it.card().number, "--qr"),
    "pass render": lambda it, folder: (it.card().number, "--qr", "--out", folder),
    "card passkey": lambda it, _: (it.card().number,),
    "card sheet": lambda it, folder: (it.card().number, "--out", folder / "cards.pdf"),
    "pass verify": lambda it, _: ("--text", it.text(it.card())),
    "pass activate": lambda it, _: (it.card(stage=Stage.APPLIED).number,),
    "pass suspend": lambda it, _: (it.card().number,),
    "pass reinstate": lambda it, _: (it.card().number,),
    "pass revoke": lambda it, _: (it.card().number,),
    "pass replace": lambda it, _: (it.card().number, "--reason", "lost"),
    "pass expire": lambda _, __: (),
    "pass history": lambda it, _: (it.card().number,),
    "trust export": lambda _, __: (),
    "trust import": lambda it, _: (it.home / "public" / "trust.jwt",),
    "trust show": lambda _, __: (),
    "trust rotate": lambda _, __: ("--use", "answer"),
    "trust withdraw": lambda it, _: (_kid(it),),
    "status publish": lambda _, __: (),
    "status sync": lambda it, _: ("--from", it.home / "public"),
    "status show": lambda _, __: (),
    "signal list": lambda it, _: _stream(it)[:0],
    "signal show": lambda it, _: (_stream(it),),
    "signal pause": lambda it, _: (_stream(it), "--reason", "maintenance"),
    "signal resume": lambda it, _: (_stream(it),),
    "signal replay": lambda it, _: (_stream(it), "--after", 0),
    "signal deliver": lambda _, __: ("--once",),
    "audit verify": lambda _, __: (),
    "audit log": lambda _, __: (),
    "officer enrol": lambda _, __: ("counter-3", "--role", "issuer", "--role", "registrar"),
    "officer token": lambda _, __: ("officer",),
    "officer tokens": lambda _, __: ("officer",),
    "officer revoke-token": lambda it, _: (_token(it),),
    "flag list": lambda it, _: ("--limit", len(_flag(it))),  # a flag is made first
    "flag show": lambda it, _: (_flag(it),),
    "flag decide": lambda it, _: (_flag(it), "--confirm", "--ground", "card_lent"),
    "flag index": lambda _, __: (),
    "flag forget": lambda _, __: (),
    "officer list": lambda _, __: (),
    "officer disable": lambda _, __: ("supervisor",),
    "product list": lambda _, __: (),
    "product show": lambda _, __: ("nic",),
    "product check": lambda _, folder: (_product(folder),),
    "migrate": lambda _, __: (),
    **{f"trade {question}": lambda _, __: ("--release", "carried", "--limit", 2) for question in QUESTIONS},
    "trade data": lambda _, __: (),
    "trade again": lambda _, folder: (_manifest(folder), "--release", "carried", "--limit", 2),
    "trade mirror": lambda _, __: ("--imports", "carried", "--release", "carried"),
    "trade pull baci": lambda _, folder: (folder / "no-such-release.zip",),
    "trade pull comtrade": lambda _, folder: (folder / "no-such-file.csv",),
    "init": lambda _, __: (),
}
# Refusals are documents too; these start where the small authority does not stand.
REFUSED = {
    "pass activate": 5, "pass reinstate": 5, "init": 5,
    # One release has no mirror in itself; pulling without a network finds no file.
    "trade mirror": 2, "trade pull baci": 4, "trade pull comtrade": 4,
}  # fmt: skip
# "demo" has a test of its own; "serve" becomes another program; "holder add" stands in the life of a card;
# "status follow" needs a server (test_cli_follow.py).
ELSEWHERE = {
    "demo", "serve", "holder add", "status follow",
    # These need gateways (tests/journeys/test_exchange_calls.py).
    "exchange serve", "exchange call", "exchange service list", "exchange service check",
    # These need a registry's home (test_cli_exchange.py).
    "exchange init", "exchange join", "exchange status", "exchange pending", "exchange receive", "exchange approve",
    "exchange decline", "exchange suspend-member", "exchange reinstate-member", "exchange withdraw-key",
    "exchange remove-gateway", "exchange remove", "exchange terms", "exchange registry serve",
    "exchange configuration show", "exchange officer add", "exchange officer dismiss", "exchange officer list",
    "exchange purpose add", "exchange consent-issuer add", "exchange timestamper add", "exchange witness add",
    "exchange pin add",
    # These need a gateway that is entered (test_cli_exchange_sealing.py).
    "exchange service identity", "exchange seal", "exchange open", "exchange sealing-keys hand-over",
    # These need gateways, a consent book and an exchange (test_exchange_evidence.py).
    "exchange evidence export", "exchange evidence verify", "exchange consent init", "exchange consent give",
    "exchange consent show", "exchange consent pause", "exchange consent resume", "exchange consent revoke",
    "exchange consent publish", "exchange citizen log", "exchange citizen rebuild", "exchange citizen erase-keys",
    "exchange withholding order", "exchange withholding lift", "exchange withholding list",
    # These need a gateway, and become another program (test_exchange_citizens.py).
    "exchange citizen init", "exchange citizen admit", "exchange citizen serve",
    # These make an authority, and become another program (test_cli_exchange_timestamper.py).
    "exchange timestamper init", "exchange timestamper serve",
    # These need a gateway's log (test_cli_exchange_log.py).
    "exchange log show", "exchange log verify", "exchange log erase-particulars",
}  # fmt: skip


def test_every_command_stands_in_this_table() -> None:
    words = {command.removeprefix("rahdari ") for command, _, _ in describe_commands()}
    assert words == set(COMMANDS) | ELSEWHERE


@pytest.mark.parametrize("command", COMMANDS)
def test_the_answer_is_one_json_document(rahdari: CommandLine, tmp_path: Path, command: str) -> None:
    ended = rahdari.json(*command.split(), *COMMANDS[command](rahdari, tmp_path))
    assert ended.code == REFUSED.get(command, 0), ended.out + ended.err
    assert ended.document


# A whole roadmap takes longest of all: its words are read in tests/journeys/test_cli_roadmap.py.
@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in {*REFUSED, "roadmap"}])
def test_without_json_the_answer_is_words(rahdari: CommandLine, tmp_path: Path, command: str) -> None:
    ended = rahdari(*command.split(), *COMMANDS[command](rahdari, tmp_path))
    assert ended.code == 0, ended.err
    assert ended.out.strip()


def test_quiet_says_nothing_beside_the_answer(rahdari: CommandLine) -> None:
    assert rahdari("pass", "issue", "--all", "--quiet").err == ""


def test_an_enrolled_institution_has_a_token_that_is_not_kept(rahdari: CommandLine) -> None:
    told = rahdari.json("officer", "enrol", "Sample Bank", "--institution", "--attribute", "name").document
    assert told["roles"] == ["verifier"]
    assert told["kept_in"] is None
    assert str(told["token"]).startswith("rah_")


def test_a_name_that_is_a_path_is_never_written_to(rahdari: CommandLine) -> None:
    told = rahdari.json("officer", "enrol", "../../outside", "--role", "issuer").document
    assert told["kept_in"] is None
    assert not (rahdari.home.parent / "outside.token").exists()
