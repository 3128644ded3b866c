"""``rahdari serve``: the web server, which is a program of its own."""

import os
import socket
import sys

from rahdari.app.errors import NotInitialised
from rahdari.app.house import is_initialised
from rahdari.cli.authority import Given
from rahdari.cli.errors import PortTaken


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
    return [sys.executable, "-m", "rahdari.web", "--home", home, "--host", host, "--port", str(port)]


def is_free(host: str, port: int) -> bool:
    """Tell whether nobody listens on the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As a server does it: a port that only lingers from a server that just ended counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def require_free(host: str, port: int) -> None:
    """Refuse a port on which somebody listens. Raises ``PortTaken``."""
    if not is_free(host, port):
        raise PortTaken(
            f"port {port} of {host} is taken by another program; choose another with --port, or end that one"
        )
