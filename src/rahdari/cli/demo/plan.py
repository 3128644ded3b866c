"""What a demonstration was begun with, kept in its folder so that a second run goes on with the same people."""

import json
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from rahdari.app.files import read_limited, write_whole
from rahdari.cli.errors import BadUsage, OtherDemo

FILE_NAME = "demo.json"
FILE_BYTES_MAX = 4096
HOLDERS_MAX = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many people, drawn from which seed as of which day, served at which port."""

    holders: int
    seed: int
    port: int
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line asked for; None: as it is, or as usual."""

    holders: int | None
    seed: int | None
    port: int | None


def begin(home: Path, wish: Wish, *, today: date, is_fresh: bool) -> tuple[Plan, bool]:
    """Take up the demonstration in ``home``, or plan a new one; tells whether it was there before.

    Raises:
        OtherDemo: the folder belongs to somebody else, or was begun with another seed or port.
        BadUsage: more people than a demonstration should have.
    """
    if wish.holders is not None and not 1 <= wish.holders <= HOLDERS_MAX:
        raise BadUsage(f"--holders must lie between 1 and {HOLDERS_MAX}")
    if is_fresh:
        _clear(home)
    known = _read(home)
    if known is None:
        return Plan(
            holders=wish.holders or 1000, seed=wish.seed or 1, port=wish.port or 8440, today=today
        ), False
    for name in ("seed", "port"):
        asked = getattr(wish, name)
        if asked is not None and asked != getattr(known, name):
            raise OtherDemo(
                f"the demonstration in {home} was begun with {name} {getattr(known, name)}; "
                "leave the option away, or begin anew with --fresh"
            )
    return replace(known, holders=max(known.holders, wish.holders or 0)), True


def keep(home: Path, plan: Plan) -> None:
    """Write the plan down."""
    write_whole(home / FILE_NAME, json.dumps(asdict(plan), default=str).encode())


def _read(home: Path) -> Plan | None:
    path = home / FILE_NAME
    if not path.is_file():
        if home.exists() and any(home.iterdir()):
            raise OtherDemo(f"{home} is in use and holds no demonstration; choose another folder with --home")
        return None
    try:
        kept = json.loads(read_limited(path, size_bytes_max=FILE_BYTES_MAX))
        return Plan(
            holders=int(kept["holders"]),
            seed=int(kept["seed"]),
            port=int(kept["port"]),
            today=date.fromisoformat(kept["today"]),
        )
    except (ValueError, KeyError, TypeError):
        raise OtherDemo(f"{path} cannot be read; begin anew with --fresh") from None


def _clear(home: Path) -> None:
    """Remove an earlier demonstration, and only a demonstration."""
    if not home.exists():
        return
    if not (home / FILE_NAME).is_file():
        raise OtherDemo(
            f"{home} holds no demonstration and is not removed; choose another folder with --home"
        )
    shutil.rmtree(home)
