"""What the commands of registries and gateways share: whose folder it is, and who acts."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.registry import Registry
from rahdari.app.exchange.registry_founding import open_registry
from rahdari.cli.session import Session
from rahdari.wire.keys import Signer
from rahdari.wire.ndel.acts import Officer

REGISTRY_HOME = Path("exchange-registry")
GATEWAY_HOME = Path("exchange-gateway")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Acting:
    """Which officer signs."""

    officer: Annotated[str, Parameter(help="Officer of the registry who signs this.")]
    officer_folder: Annotated[
        Path | None, Parameter(help="Folder with the officer's key, if it is not in the registry's home.")
    ] = None


@contextmanager
def remarks_aside() -> Iterator[None]:
    """Let what the exchange remarks as it works go to stderr: stdout belongs to the answer."""
    with redirect_stdout(sys.stderr):
        yield


def registry_home(session: Session) -> Path:
    """Give the folder of the registry."""
    return session.home or REGISTRY_HOME


def gateway_home(session: Session) -> Path:
    """Give the folder of the gateway."""
    return session.home or GATEWAY_HOME


def open_home(session: Session) -> Registry:
    """Open the registry of the home folder. Raises ``NotInitialised``, ``KeysLocked``, ``LogDamaged``."""
    with remarks_aside():
        return open_registry(
            registry_home(session), session.environment, clock=SystemClock(), chance=SystemChance()
        )


def open_officer(registry: Registry, acting: Acting, session: Session) -> tuple[Officer, Signer]:
    """Open the key of the officer who acts. Raises ``ActRefused``, ``KeysLocked``, ``NotInitialised``."""
    return registry.officer(acting.officer, session.environment, acting.officer_folder)
