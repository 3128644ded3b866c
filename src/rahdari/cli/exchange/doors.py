"""``rahdari exchange citizen init``, ``admit``, ``serve``: the page on which a person reads who asked about her."""

import os
import sys
from pathlib import Path

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.admissions import Admissions
from rahdari.app.exchange.citizen_door import PORT, DoorAddress, create_door, read_door
from rahdari.app.exchange.home import Listener
from rahdari.cli.authority import Given
from rahdari.cli.exchange.consents import read_identifier
from rahdari.cli.exchange.opened import GATEWAY_HOME
from rahdari.cli.instants import instant
from rahdari.cli.ports import require_free
from rahdari.cli.session import Session

DOOR_HOME = Path("exchange-citizens")


def init(
    *,
    gateway: Path = GATEWAY_HOME,
    host: str = "127.0.0.1",
    port: int = PORT,
    url: str | None = None,
    trusted_proxy: str = "",
    session: Given,
) -> None:
    """Make the home of the page on which persons read who asked about them; it gets one key of a gateway.

    Args:
        gateway: Folder of the gateway whose log is read.
        host: Address to listen on.
        port: Port to listen on.
        url: Address of the page as people's browsers have it, such as https://mylog.example.pk.
        trusted_proxy: Addresses of the proxy before it, by commas: only its X-Forwarded-For is believed.
        session: This run.
    """
    door = create_door(
        door_home(session),
        gateway,
        session.environment,
        address=DoorAddress(Listener(host, port), url or f"http://{host}:{port}", trusted_proxy),
        chance=SystemChance(),
    )
    session.terminal.answer(
        {"home": str(door.folder), "gateway": str(door.gateway), "url": door.url},
        f"The page for citizens in {door.folder} reads the log of {door.log.origin}. Start it:",
        f"  {session.command('exchange citizen serve')}",
    )


def admit(*, by: str, minutes: int = 15, identifier_from_stdin: bool = False, session: Given) -> None:
    """Make a code that lets a person in to her own log once; whoever runs this has made sure who she is.

    Args:
        by: Who made sure who she is, such as a counter; she reads it.
        minutes: For how long the code is good.
        identifier_from_stdin: Must stand here; the person's number is read from stdin, never from the command.
        session: This run.
    """
    identifier = read_identifier(is_wanted=identifier_from_stdin)
    door = read_door(door_home(session))
    admissions = Admissions(door.admissions_folder, clock=SystemClock(), chance=SystemChance())
    made = admissions.admit(identifier, by=by, minutes=minutes)
    session.terminal.answer(
        {"code": made.code, "until": instant(made.until), "url": door.url},
        f"{made.code}   good once, until {instant(made.until)}, at {door.url}/",
    )


def serve(*, host: str | None = None, port: int | None = None, session: Given) -> None:
    """Serve the page on which persons read who asked about them.

    Args:
        host: Address to listen on, else the one of citizens.toml.
        port: Port to listen on, else the one of citizens.toml.
        session: This run.
    """
    door = read_door(door_home(session))
    host, port = host or door.listener.host, door.listener.port if port is None else port
    require_free(host, port)
    # The program that takes this one's place says that it serves, once it listens.
    session.terminal.note("Starting the page for citizens ...")
    sys.stdout.flush()
    sys.stderr.flush()
    # The edges do not know each other: the web is started as the program that it is, in this one's place.
    words = door_words(door.folder, host, port)
    os.execv(words[0], words)  # noqa: S606 - our own interpreter with our own words, no shell


def door_words(home: Path, host: str, port: int) -> list[str]:
    """Write the command that starts the page."""
    words = [sys.executable, "-P", "-m", "rahdari.web.exchange.citizens"]
    return [*words, "--home", str(home), "--host", host, "--port", str(port)]


def door_home(session: Session) -> Path:
    """Give the folder of the page for citizens."""
    return session.home or DOOR_HOME
