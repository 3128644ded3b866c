"""The program ``rahdari``: its commands, its global options, and how every run ends.

Commands are named here and loaded when they are called, so that ``rahdari --help`` opens neither the
database's library nor the printer's.
"""

import io
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Group, Parameter

from rahdari.cli.commands import GLOBAL, GROUPED, PARTS, SINGLE, TRADE, Command
from rahdari.cli.exit_codes import ExitCode, exit_code_of
from rahdari.cli.terminal import Document, PlainConsole, StreamLost, Terminal
from rahdari.cli.words import plain
from rahdari.kernel import Problem

REPORT_AT = "please report this line as an issue; RAHDARI_DEBUG=1 shows the whole story"
_HOME = "Folder of the authority; else RAHDARI_HOME, else ./rahdari-home."
_EXCHANGE_HOME = (
    "Folder of the registry or gateway; else ./exchange-registry or ./exchange-gateway, as the command needs (of a "
    "page for citizens ./exchange-citizens, of a time-stamping authority ./exchange-timestamper)."
)
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
    for group, commands in SINGLE.items():
        for command in commands:
            _register(program, command, group)
    for (name, summary, group), commands in GROUPED.items():
        # "trade pull" is a group within a group, which stands above it in the table.
        above, _, last = name.rpartition(" ")
        part = App(
            name=last,
            help=summary,
            group=None if above else group,
            help_format="plaintext",
            help_epilogue="",
            group_commands=Group("Commands", sort_key=1),
        )
        for command in commands:
            _register(part, command, None)
        (program[above] if above else program).command(part)
    for command in PARTS:
        target = f"rahdari.cli.{command.target}"
        program.command(
            target, name=command.name, help=command.summary, group=TRADE, sort_key=len(list(program))
        )
    program["--help"].group = program["--version"].group = GLOBAL
    return program


def _shown_default(value: object) -> object:
    """Show a default in the help only where it says something."""
    return value or None


def _register(part: App, command: Command, group: Group | None) -> None:
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
        code = _ended(arguments, terminal, environment)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read us has gone, which is no error.
        _let_go_of_stdout()
        return ExitCode.DONE
    except OSError as error:
        _let_go_of_stdout()
        terminal.tell_lost(error.strerror or type(error).__name__)
        return ExitCode.COUNTERPART
    return code


def _ended(arguments: Sequence[str], terminal: Terminal, environment: Mapping[str, str]) -> int:
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
    except (BrokenPipeError, StreamLost):
        raise
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


def _let_go_of_stdout() -> None:
    """Let nothing be written there any more, not even at the interpreter's end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _dispatch(arguments: Sequence[str], terminal: Terminal, environment: Mapping[str, str]) -> int:
    program = make_program()
    called = next((one for one in arguments if one in set(program)), "")
    # An exchange has homes of its own, and officers who sign with keys instead of being named by tokens.
    is_exchange = called == "exchange"
    home_help = _EXCHANGE_HOME if is_exchange else _HOME

    @program.meta.default
    def launch(
        *words: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        home: Annotated[Path | None, Parameter(group=GLOBAL, help=home_help)] = None,
        officer: Annotated[str | None, Parameter(name="--as", group=GLOBAL, show=not is_exchange)] = None,
        is_json: Annotated[bool, Parameter(name="--json", group=GLOBAL)] = False,
        quiet: Annotated[bool, Parameter(group=GLOBAL)] = False,
    ) -> int:
        """Run a command.

        Args:
            words: The command and its own words.
            home: Folder that the command works on.
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
    return int(program.meta(plain(arguments), exit_on_error=False, print_error=False) or 0)


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
    if None in (sys.stdin, sys.stdout, sys.stderr):
        # Imported only where it is needed: most runs have all three, and are to begin at once.
        from rahdari.app.standard_streams import open_standard_streams  # noqa: PLC0415

        open_standard_streams(is_answer_due=True)
    for stream in (sys.stdout, sys.stderr):
        # Where the terminal knows no Urdu, a letter becomes its number rather than a defect of ours.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    raise SystemExit(run(sys.argv[1:]))


def describe_commands() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """List every command for the documentation: its words, its one line, its options with their help."""
    described = []
    every = [("", commands) for commands in SINGLE.values()]
    every += [(f"{name} ", commands) for (name, _, _), commands in GROUPED.items()]
    every += [("", tuple(PARTS)), *((f"{one.name} ", beneath) for one, beneath in PARTS.items())]
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
