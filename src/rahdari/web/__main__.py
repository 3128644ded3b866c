"""Serve the house of a folder: ``python -m rahdari.web --home DIR [--host HOST] [--port PORT]``."""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from rahdari.app.settings import read_settings
from rahdari.app.standard_streams import open_standard_streams
from rahdari.kernel import Problem
from rahdari.web.server import serve


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; 0 at a graceful end, 2 where it cannot begin."""
    parser = argparse.ArgumentParser(prog="python -m rahdari.web", description="Serve a Rahdari house.")
    parser.add_argument("--home", type=Path, help="the folder of the authority")
    parser.add_argument("--host", help="the address to listen on (default: loopback, or the settings')")
    parser.add_argument("--port", type=int, help="the port to listen on")
    asked = parser.parse_args(arguments)
    open_standard_streams()
    try:
        settings = read_settings(asked.home, os.environ)
        settings = replace(
            settings,
            host=settings.host if asked.host is None else asked.host,
            port=settings.port if asked.port is None else asked.port,
        )
        serve(settings)
    except Problem as problem:
        sys.stderr.write(f"{problem.message}\n")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
