"""Whether a port can be listened on, before a program is started that would."""

import socket

from rahdari.cli.errors import PortTaken


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


def require_free(host: str, port: int, *, where: str = "with --port") -> None:
    """Refuse a port on which somebody listens; ``where`` another is chosen. Raises ``PortTaken``."""
    if not is_free(host, port):
        raise PortTaken(
            f"port {port} of {host} is taken by another program; choose another {where}, or end that one"
        )
