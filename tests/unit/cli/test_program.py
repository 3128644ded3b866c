"""The program as a whole: quick help, one description of every command."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from rahdari.cli import describe_commands, run
from rahdari.cli.exit_codes import ExitCode
from rahdari.cli.program import make_program
from rahdari.cli.terminal import Terminal, pairs, printable
from rahdari.cli.words import plain

# What --help must not open: it would cost a second and more.
HEAVY = (
    "sqlalchemy",
    "alembic",
    "litestar",
    "typst",
    "httpx",
    "PIL",
    "numpy",
    "rahdari.app",
    "rahdari.credentials",
)


def test_help_opens_neither_the_database_nor_the_printer() -> None:
    program = (
        "import sys, json; from rahdari.cli import run; code = run(['--help']); "
        "sys.stderr.write(json.dumps([code, sorted(sys.modules)]))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)  # noqa: S603
    code, modules = json.loads(ended.stderr)
    assert code == 0
    assert "Examples:" in ended.stdout
    assert [one for one in modules if one.startswith(HEAVY)] == []


def test_every_summary_is_the_first_line_of_its_function() -> None:
    program = make_program()
    for command, summary, _ in describe_commands():
        part = program
        for word in command.split()[1:]:
            part = part[word]
        function = part.default_command
        assert function is not None
        assert (function.__doc__ or "").splitlines()[0] == summary, command


def test_every_option_of_every_command_explains_itself() -> None:
    described = describe_commands()
    assert len(described) > 30
    silent = [f"{command} {name}" for command, _, options in described for name, told in options if not told]
    assert silent == []


@pytest.mark.parametrize("command", [command for command, _, _ in describe_commands()])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command.split()[1:], "--help"], environment={}) == 0
    assert "Usage: rahdari" in capsys.readouterr().out


def test_the_command_line_does_not_know_the_web() -> None:
    folder = Path(__file__).parents[3] / "src" / "rahdari" / "cli"
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("rahdari.web"), path


def test_a_reader_who_goes_away_is_no_error() -> None:
    words = [sys.executable, "-m", "rahdari", "--help"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert said == b""
    assert process.returncode == 0


@pytest.mark.parametrize("to", [">/dev/full", ">&-"])
@pytest.mark.parametrize(
    "words", ["--help", "--version", "--json nonsense", "exchange status --json --home /none"]
)
def test_an_answer_that_cannot_be_written_is_told_in_a_sentence(words: str, to: str) -> None:
    line = f'exec "$0" -m rahdari {words} {to}'
    ended = subprocess.run(["sh", "-c", line, sys.executable], stderr=subprocess.PIPE, check=False, text=True)  # noqa: S603, S607
    assert ended.returncode == ExitCode.COUNTERPART
    assert ended.stderr.startswith("The answer could not be written: ")
    assert ended.stderr.count("\n") == 1


def test_where_nobody_can_be_told_the_exit_code_is_the_same() -> None:
    for to in ("2>/dev/full", "2>&-", "2>&- >&- <&-"):
        line = f'exec "$0" -m rahdari nonsense {to}'
        ended = subprocess.run(["sh", "-c", line, sys.executable], check=False)  # noqa: S603, S607
        assert ended.returncode == ExitCode.USAGE, to


def test_a_pass_that_begins_with_a_hyphen_stays_a_pass() -> None:
    text = "-" + "A" * 100
    assert plain(["--text", text]) == [f"--text={text}"]
    assert plain(["--text", "--json"]) == ["--text", "--json"]


def test_a_strangers_text_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[31mb\u202ec\n") == "a\ufffd[31mb\ufffdc\ufffd"
    # Letters of Urdu stay, and so does the joiner between them (U+200C).
    urdu = "\u0645\u06cc\u200c\u062e\u0648\u0627\u06c1\u0645"
    assert printable(urdu) == urdu


def test_markup_in_a_name_is_printed_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(is_json=False, is_quiet=False)
    terminal.answer({}, pairs({"name": "[bold]A[/bold]"}), "[red]B[/red] :smile:")
    assert "[bold]A[/bold]" in capsys.readouterr().out


def test_the_home_of_an_exchange_command_is_told_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for words in (["exchange", "status"], ["--quiet", "exchange", "pin", "add"], ["officer", "enrol"]):
        run([*words, "--help"])
        said[words[-1]] = " ".join(capsys.readouterr().out.split())
    for name in ("status", "add"):
        assert "./exchange-gateway" in said[name]
        assert "RAHDARI_HOME" not in said[name]
        assert "--as" not in said[name]
    assert "RAHDARI_HOME" in said["enrol"]
    assert "--as" in said["enrol"]


@pytest.mark.parametrize("words", ["pending", "status", "service list"])
def test_a_command_of_the_exchange_opens_neither_passes_nor_the_database(words: str, tmp_path: Path) -> None:
    program = (
        "import sys, json; from rahdari.cli import run; code = run(sys.argv[1:]); "
        "sys.stderr.write(json.dumps([code, sorted(sys.modules)]))"
    )
    called = [sys.executable, "-c", program, "exchange", *words.split(), "--home", str(tmp_path), "--json"]
    ended = subprocess.run(called, capture_output=True, check=True, text=True)  # noqa: S603
    code, modules = json.loads(ended.stderr)
    assert code == 4
    heavy = ("sqlalchemy", "alembic", "psycopg", "numpy", "litestar", "aiohttp", "rahdari.credentials")
    assert [one for one in modules if one in heavy] == []
