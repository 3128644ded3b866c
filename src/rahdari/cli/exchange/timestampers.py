"""``rahdari exchange timestamper init`` and ``serve``: a time-stamping authority of one's own."""

import os
import sys
from pathlib import Path

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.timestamper import CERTIFICATE_NAME, create_timestamper, read_certificate
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.instants import instant
from rahdari.cli.ports import require_free
from rahdari.cli.session import Session

TIMESTAMPER_HOME = Path("exchange-timestamper")
_HOST, _PORT = "127.0.0.1", 8318
# X.520: a common name has at most 64 characters.
_NAME_CHARS_MAX = 64


def init(*, name: str, session: Given) -> None:
    """Make a time-stamping authority. The registry's officers then enter it: exchange timestamper add.

    Args:
        name: Its name, as the certificate shows it.
        session: This run.
    """
    if not 1 <= len(name) <= _NAME_CHARS_MAX or not name.isprintable():
        raise BadUsage(f"the name of an authority has 1 to {_NAME_CHARS_MAX} visible characters")
    home = timestamper_home(session)
    made = create_timestamper(
        home, session.environment, name=name, clock=SystemClock(), chance=SystemChance()
    )
    path = home / CERTIFICATE_NAME
    ends = instant(made.not_valid_after_utc)
    session.terminal.answer(
        {"home": str(home), "name": name, "certificate": str(path), "until": ends},
        f"{name} stamps until {ends}. Serve it, and give {path} to the registry:",
        f"  {session.command('exchange timestamper serve')}",
        f"  rahdari exchange timestamper add tsa --url http://{_HOST}:{_PORT}/ --certificate {path} --officer …",
    )


def serve(*, host: str = _HOST, port: int = _PORT, session: Given) -> None:
    """Serve a time-stamping authority (RFC 3161) over HTTP.

    Args:
        host: Address to listen on.
        port: Port to listen on.
        session: This run.
    """
    home = timestamper_home(session)
    read_certificate(home)
    require_free(host, port)
    # The program that takes this one's place says that it serves, once it listens.
    session.terminal.note("Starting the time-stamping authority ...")
    sys.stdout.flush()
    sys.stderr.flush()
    # The edges do not know each other: the web is started as the program that it is, in this one's place.
    words = timestamper_words(home, host=host, port=port)
    os.execv(words[0], words)  # noqa: S606 - our own interpreter with our own words, no shell


def timestamper_words(home: Path, *, host: str = _HOST, port: int) -> list[str]:
    """Write the command that starts a time-stamping authority."""
    words = [sys.executable, "-P", "-m", "rahdari.web.exchange.timestamper", "--home", str(home)]
    return [*words, "--host", host, "--port", str(port)]


def timestamper_home(session: Session) -> Path:
    """Give the folder of the authority."""
    return session.home or TIMESTAMPER_HOME
