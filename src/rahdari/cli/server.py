"""``rahdari serve``: the web server, which is a program of its own."""

import os
import sys

from rahdari.app.errors import NotInitialised
from rahdari.app.house import is_initialised
from rahdari.cli.authority import Given
from rahdari.cli.ports import require_free


def serve(*, host: str | None = None, port: int | None = None, session: Given) -> None:
    """Serve the web pages, the API and the status lists.

    Args:
        host: Address to listen on, else the one of the settings.
        port: Port to listen on, else the one of the settings.
        session: This run.
    """
    settings = session.settings()
    if not is_initialised(settings):
        raise NotInitialised(
            f"there is no authority in {settings.home}; run: rahdari init --home {settings.home}"
        )
    host, port = host or settings.host, settings.port if port is None else port
    require_free(host, port)
    # The program below refuses it too; here the refusal is one that --json can tell.
    session.require_own_address()
    session.house().close()
    session.terminal.note(f"Serving {settings.home} at http://{host}:{port}/ (Ctrl-C ends it)")
    sys.stdout.flush()
    sys.stderr.flush()
    # The edges do not know each other: the web is started as the program that it is, in this one's place.
    words = server_words(str(settings.home), host, port)
    os.execv(words[0], words)  # noqa: S606 - our own interpreter with our own words, no shell


def server_words(home: str, host: str, port: int) -> list[str]:
    """Write the command that starts the web server."""
    return [sys.executable, "-P", "-m", "rahdari.web", "--home", home, "--host", host, "--port", str(port)]
