"""The program ``rahdari``: its commands, its global options, and how every run ends.

Commands are named here and loaded when they are called, so that ``rahdari --help`` opens neither the
database's library nor the printer's.
"""

import io
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Group, Parameter

from rahdari.cli.exit_codes import ExitCode, exit_code_of
from rahdari.cli.terminal import Document, PlainConsole, Terminal
from rahdari.cli.words import plain
from rahdari.kernel import Problem

REPORT_AT = "please report this line as an issue; RAHDARI_DEBUG=1 shows the whole story"
_EPILOGUE = """
Examples:
  rahdari demo                              see everything at work
  rahdari init                              make an authority
  rahdari holder import people.csv          register holders
  rahdari pass issue --all                  issue what was applied for
  rahdari pass render 7K3F-9QX2-M4TD        draw a card
  rahdari pass verify card.png              verify it, from its picture
  rahdari pass suspend 7K3F-9QX2-M4TD --reason lost

Every command explains itself: rahdari pass verify --help
Exit codes stand in docs/look-up/cli.md.
"""


@dataclass(frozen=True, slots=True)
class _Command:
    """A command: its words, its one line, and the function that does it (module:function, in this package)."""

    name: str
    summary: str
    target: str


_BEGIN = Group("Begin", sort_key=1)
_REGISTER = Group("Register and issue", sort_key=2)
_TRUST = Group("Verify and trust", sort_key=3)
_RUN = Group("Run and oversee", sort_key=4)
_GLOBAL = Group("Options of every command", sort_key=9)

_SINGLE: Mapping[Group, tuple[_Command, ...]] = {
    _BEGIN: (
        _Command(
            "init",
            "Make an authority: its keys, its signed trust list, its register and two officers.",
            "authority:init",
        ),
        _Command(
            "demo",
            "Show everything at work, true from end to end, with synthetic people.",
            "demo.command:demo",
        ),
    ),
    _RUN: (
        _Command("serve", "Serve the web pages, the API and the status lists.", "server:serve"),
        _Command(
            "migrate",
            "Bring the tables of an existing register to this version of the program.",
            "authority:migrate",
        ),
    ),
}
_GROUPED: Mapping[tuple[str, str, Group], tuple[_Command, ...]] = {
    ("holder", "Persons and organisations.", _REGISTER): (
        _Command("add", "Register a holder with an application for a card.", "holders:add"),
        _Command("import", "Register the holders of a CSV file, all or none.", "holders:import_file"),
        _Command("show", "Show a holder with all cards.", "holders:show"),
        _Command("list", "List holders in the order of their registration.", "holders:list_holders"),
    ),
    ("pass", "Cards and the passes they carry: issue, draw, verify, suspend, revoke.", _REGISTER): (
        _Command("issue", "Issue the cards that were applied for.", "passes:issue"),
        _Command("show", "Show a card: its stage, its validity, its passes, its QR code.", "passes:show"),
        _Command("render", "Write a card's files: picture, PDF, QR code, wallet file.", "passes:render"),
        _Command(
            "verify", "Verify a pass: offline, or with --online against the register.", "verifying:verify"
        ),
        _Command("activate", "Note that an issued card was handed over.", "life:activate"),
        _Command("suspend", "Suspend a card at once; it can be reinstated.", "life:suspend"),
        _Command("reinstate", "Make a suspended card good again.", "life:reinstate"),
        _Command(
            "revoke", "Revoke a card for ever: one supervisor proposes, another approves.", "life:revoke"
        ),
        _Command("replace", "Replace a lost, stolen, damaged or outdated card by a new one.", "life:replace"),
        _Command("expire", "Note every card whose validity has ended.", "life:expire"),
        _Command("history", "Tell the life of a card, from the log.", "life:history"),
    ),
    ("card", "Cards to hold in the hand.", _REGISTER): (
        _Command(
            "sheet",
            "Write print sheets: A4 with ten cards, Letter with eight; fronts and backs on alternate pages.",
            "sheets:sheet",
        ),
        _Command(
            "passkey", "Open a link by which the holder registers a passkey for the card.", "passkeys:passkey"
        ),
    ),
    ("trust", "Trust lists and keys.", _TRUST): (
        _Command("export", "Sign the next trust list with the offline root.", "trust:export"),
        _Command("import", "Take over a signed trust list into the verifier.", "trust:import_list"),
        _Command("show", "Show whom the verifier trusts.", "trust:show"),
        _Command("rotate", "Make a new key; what the old one signed stays good.", "trust:rotate"),
        _Command("withdraw", "Withdraw a key: whatever it signed is dead.", "trust:withdraw"),
    ),
    ("status", "Status lists: who is suspended, as verifiers learn it.", _TRUST): (
        _Command("publish", "Sign the status lists as the register stands now.", "status:publish"),
        _Command(
            "sync",
            "Bring the statuses of every trusted issuer up to date: by their stream, or list by list.",
            "status:sync",
        ),
        _Command(
            "follow",
            "Stay connected with every status stream: a suspension is known here within seconds.",
            "status:follow",
        ),
        _Command(
            "show",
            "Show the status lists and streams that the verifier holds, and how old they are.",
            "status:show",
        ),
    ),
    ("signal", "Who is told of suspensions: streams of institutions.", _RUN): (
        _Command("list", "List the streams of all institutions, and how they fare.", "signals:list_streams"),
        _Command("show", "Show a stream: its state, what waits, and why. Never a secret.", "signals:show"),
        _Command(
            "pause",
            "Keep a stream's notices instead of sending them. Its institution is told.",
            "signals:pause",
        ),
        _Command(
            "resume",
            "Send a stream's notices again, after a pause or after the house gave up on its receiver.",
            "signals:resume",
        ),
        _Command(
            "replay",
            "Send everything after an order number again, in order and under the same ids.",
            "signals:replay",
        ),
        _Command(
            "deliver",
            "Deliver what is due now, and end. A running server does this all the time.",
            "signals:deliver",
        ),
    ),
    ("audit", "The log of every act.", _RUN): (
        _Command("verify", "Examine the whole log and find any alteration.", "audit:verify"),
        _Command("log", "Show the last entries of the log.", "audit:log"),
    ),
    ("flag", "What fraud officers look at: cards used strangely, holders likely registered twice.", _RUN): (
        _Command("list", "List flags, the newest first.", "flags:list_flags"),
        _Command("show", "Show a flag with its evidence.", "flags:show"),
        _Command("decide", "Dismiss or confirm a flag, once and for all.", "flags:decide"),
        _Command("index", "Index every holder anew, to find likely duplicates.", "flags:index"),
        _Command("forget", "Forget uses that are older than the settings keep them.", "flags:forget"),
    ),
    ("officer", "Officers, institutions and their tokens.", _RUN): (
        _Command("enrol", "Enrol an officer or an institution and give a token.", "officers:enrol"),
        _Command("token", "Give a further token to an officer or institution.", "officers:token"),
        _Command("list", "List officers and institutions.", "officers:list_principals"),
        _Command("tokens", "List the tokens of an officer or institution.", "officers:list_tokens"),
        _Command("revoke-token", "End one token now.", "officers:revoke_token"),
        _Command("disable", "Let an officer or institution in no more.", "officers:disable"),
    ),
    ("product", "Card products: what the data files say.", _REGISTER): (
        _Command("list", "List the card products.", "products:list_products"),
        _Command("show", "Show a card product.", "products:show"),
        _Command("check", "Check a product's data file before it is used.", "products:check"),
    ),
}


def make_program() -> App:
    """Make the program anew; it holds no state of a run."""
    program = App(
        name="rahdari",
        help="Passes that people and firms prove themselves with: signed, QR-verifiable, suspendable.",
        help_format="plaintext",
        help_epilogue=_EPILOGUE,
        version=version("rahdari"),
        group_commands=Group("Other", sort_key=8),
        # "--no-once" would be one more word to learn for every switch.
        default_parameter=Parameter(negative=(), show_default=_shown_default),
        console=PlainConsole(sys.stdout),
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    for group, commands in _SINGLE.items():
        for command in commands:
            _register(program, command, group)
    for (name, summary, group), commands in _GROUPED.items():
        part = App(
            name=name,
            help=summary,
            group=group,
            help_format="plaintext",
            help_epilogue="",
            group_commands=Group("Commands", sort_key=1),
        )
        for command in commands:
            _register(part, command, None)
        program.command(part)
    program["--help"].group = program["--version"].group = _GLOBAL
    return program


def _shown_default(value: object) -> object:
    """Show a default in the help only where it says something."""
    return value or None


def _register(part: App, command: _Command, group: Group | None) -> None:
    part.command(
        f"rahdari.cli.{command.target}",
        name=command.name,
        help=command.summary,
        group=group,
        # In the order of the tables above, which is the order in which one needs them.
        sort_key=len(list(part)),
        help_epilogue="",
    )


def run(arguments: Sequence[str], *, environment: Mapping[str, str] | None = None) -> int:
    """Run one command and tell its exit code; never raises but for ``SystemExit`` of an ``exec``."""
    environment = os.environ if environment is None else environment
    terminal = Terminal(is_json="--json" in arguments, is_quiet="--quiet" in arguments)
    try:
        return _dispatch(arguments, terminal, environment)
    except CycloptsError as error:
        what = str(error).strip().rstrip(".")
        terminal.refuse("cli.bad_usage", f"{what}; see rahdari --help", ExitCode.USAGE)
        return ExitCode.USAGE
    except Problem as problem:
        code = exit_code_of(problem.code, family=type(problem))
        terminal.refuse(problem.code, _sentence(problem), code, _details(problem))
        return code
    except KeyboardInterrupt:
        terminal.note("Interrupted. What was done whole is kept; nothing was left half done.")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has gone; nothing may be written any more, not even at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return ExitCode.DONE
    # The last line of defence: no stranger's data in a traceback, one line that can be reported.
    except Exception as defect:  # noqa: BLE001
        if environment.get("RAHDARI_DEBUG"):
            traceback.print_exc()
        name, place = type(defect).__name__, traceback.extract_tb(defect.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        terminal.refuse(
            "cli.internal", f"a defect of this program, {name} at {where}; {REPORT_AT}", ExitCode.INTERNAL
        )
        return ExitCode.INTERNAL


def _dispatch(arguments: Sequence[str], terminal: Terminal, environment: Mapping[str, str]) -> int:
    program = make_program()

    @program.meta.default
    def launch(
        *words: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        home: Annotated[Path | None, Parameter(group=_GLOBAL)] = None,
        officer: Annotated[str | None, Parameter(name="--as", group=_GLOBAL)] = None,
        is_json: Annotated[bool, Parameter(name="--json", group=_GLOBAL)] = False,
        quiet: Annotated[bool, Parameter(group=_GLOBAL)] = False,
    ) -> int:
        """Run a command.

        Args:
            words: The command and its own words.
            home: Folder of the authority; else RAHDARI_HOME, else ./rahdari-home.
            officer: Act as this officer, whose token is kept in the home folder; else by RAHDARI_TOKEN. Shows what
                an officer may do and is no wall: whoever can read the home folder is the operator.
            is_json: Answer with one JSON document on stdout.
            quiet: No progress and no remarks on stderr.
        """
        terminal.tune(is_json=is_json, is_quiet=quiet)
        command, bound, ignored = program.parse_args(words, exit_on_error=False, print_error=False)
        if not ignored:
            return int(command(*bound.args, **bound.kwargs) or 0)
        # Imported here, once: it opens the whole house, which neither help nor a mistyped command needs.
        from rahdari.cli.session import Session  # noqa: PLC0415

        chain, _, _ = program.parse_commands(words)
        options = [name.replace("_", "-") for name, value in bound.arguments.items() if value]
        with Session(home, officer=officer, terminal=terminal, environment=environment) as session:
            session.require(" ".join(chain), options)
            return int(command(*bound.args, **bound.kwargs, session=session) or 0)

    program.meta.suppress_keyboard_interrupt = False
    code = program.meta(plain(arguments), exit_on_error=False, print_error=False)
    sys.stdout.flush()
    return int(code or 0)


def _sentence(problem: Problem) -> str:
    field = getattr(problem, "field", "")
    return f"{field}: {problem.message}" if field else problem.message


def _details(problem: Problem) -> list[Document]:
    """List the bad rows or other faults of a file, where the problem has some."""
    faults = getattr(problem, "faults", ())
    if faults:
        return [{"fault": one} for one in faults]
    rows = getattr(problem, "rows", ())
    return [{"line": one.line, "column": one.column, "what": one.message} for one in rows]


def main() -> None:
    """Run the command that the process was started with, and end the process with its code."""
    for stream in (sys.stdout, sys.stderr):
        # Where the terminal knows no Urdu, a letter becomes its number rather than a defect of ours.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    raise SystemExit(run(sys.argv[1:]))


def describe_commands() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """List every command for the documentation: its words, its one line, its options with their help."""
    described = []
    every = [("", commands) for commands in _SINGLE.values()]
    every += [(f"{name} ", commands) for (name, _, _), commands in _GROUPED.items()]
    program = make_program()
    for prefix, commands in every:
        for command in commands:
            words = [*prefix.split(), command.name]
            described.append((f"rahdari {' '.join(words)}", command.summary, _options(program, words)))
    return sorted(described)


def _options(program: App, words: Sequence[str]) -> list[tuple[str, str]]:
    part = program
    for word in words:
        part = part[word]
    return [
        (", ".join(argument.names), argument.parameter.help or "")
        for argument in part.assemble_argument_collection(parse_docstring=True)
        if argument.parse and argument.show
    ]
