"""``rahdari init`` and ``rahdari migrate``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rahdari.cli.session import Session
from rahdari.cli.terminal import pairs

Given = Annotated[Session, Parameter(parse=False)]


def init(
    *,
    issuer: str | None = None,
    name: str | None = None,
    public_url: str | None = None,
    algorithm: Literal["ES256", "EdDSA"] | None = None,
    session: Given,
) -> None:
    """Make an authority: its keys, its signed trust list, its register and two officers.

    Args:
        issuer: The name in every pass (`iss`); short is good, for it stands in the QR code.
        name: The authority's name, as people read it.
        public_url: Where the world reaches the server; status lists are published under it.
        algorithm: Algorithm of the keys.
        session: This run.
    """
    settings = session.settings()
    given = {"issuer": issuer, "name": name, "public_url": public_url, "algorithm": algorithm}
    settings = replace(settings, **{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
    from rahdari.app.house import found_house  # noqa: PLC0415 - verifying offline imports this module too

    house, told = found_house(settings)
    session.keep(house)
    document = {
        "home": str(told.home),
        "root_fingerprint": told.root_fingerprint,
        "root": str(house.authority.public_folder / "root.jwk"),
        "trust_list": str(told.trust_list),
        "officers": list(told.officers),
    }
    session.terminal.answer(
        document,
        "An authority was made.",
        pairs(document),
        "Read the root's fingerprint out to whoever will verify your passes, and keep the folder "
        f"{_root(told.home)} offline: it signs trust lists and nothing else.",
        f"Next: {session.command('holder import FILE.csv')}, then {session.command('pass issue --all')}",
    )


def _root(home: Path) -> Path:
    return home / "root"


def migrate(*, session: Given) -> None:
    """Bring the tables of an existing register to this version of the program."""
    from rahdari.app.house import migrate_house  # noqa: PLC0415 - verifying offline imports this module too

    was_changed = migrate_house(session.settings())
    said = "The tables were brought to this version." if was_changed else "The tables are of this version."
    session.terminal.answer({"changed": was_changed}, said)
