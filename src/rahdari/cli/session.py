"""One run of the command line: the settings, the house and the officer, each opened when first needed."""

import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rahdari.app.settings import Settings, check_settings, read_settings
from rahdari.cli.terminal import Terminal
from rahdari.kernel import Actor

if TYPE_CHECKING:
    # The house brings the database along, and the gate the passes: a verification offline must not wait for the
    # one, nor a registry or gateway for either.
    from rahdari.app.gate import Gate
    from rahdari.app.house import House

FIRST_OFFICER = "officer"
NAME = "rahdari"
HOME_DEFAULT = Path("rahdari-home")


def program_word(called: str) -> str:
    """Write how the program was called: by a path where the shell would not find it by its name alone.

    Example:
        >>> program_word("some/where/rahdari"), program_word("-m")
        ('some/where/rahdari', 'rahdari')
    """
    if Path(called).name != NAME or "/" not in called:
        return NAME
    known = shutil.which(NAME)
    return NAME if known and Path(known).resolve() == Path(called).resolve() else shlex.quote(called)


class Session:
    """What every command is given. Opens nothing that the command does not ask for."""

    def __init__(
        self, home: Path | None, *, officer: str | None, terminal: Terminal, environment: Mapping[str, str]
    ) -> None:
        """Keep what was asked for."""
        self.home = home
        self.terminal = terminal
        self.environment = environment
        self._officer = officer
        self._house: House | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database, if it was opened."""
        if self._house is not None:
            self._house.close()

    def settings(self) -> Settings:
        """Read the settings. Raises ``BadSettings``."""
        return read_settings(self.home, self.environment)

    def house(self) -> "House":
        """Open the house in the home folder. Raises ``NotInitialised``, ``DatabaseFailed``."""
        if self._house is None:
            from rahdari.app.house import open_house  # noqa: PLC0415 - see above

            self._house = open_house(self.settings())
        return self._house

    def require_own_address(self) -> None:
        """Pass only where the settings name the address that every pass carries. Raises ``BadSettings``."""
        from rahdari.app.house import require_own_address  # noqa: PLC0415 - see above

        require_own_address(self.house())

    def keep(self, house: "House") -> "House":
        """Take over a house that a command made."""
        self._house = house
        return house

    def gate(self, folder: Path | None = None, *, status_age_max: int | None = None) -> "Gate":
        """Open the offline verifier of the home folder, or that in ``folder``.

        ``status_age_max``: seconds, in the place of the setting. Raises ``BadSettings``.
        """
        from rahdari.app.gate import open_gate  # noqa: PLC0415 - see above

        settings = self.settings()
        if status_age_max is not None:
            settings = replace(settings, status_age_max_seconds=status_age_max)
            check_settings(settings)
        return open_gate(settings, folder=folder)

    def command(self, words: str) -> str:
        """Write a command of this program for people to type: as it was called, in the same home folder."""
        is_usual = self.home in (None, HOME_DEFAULT) and not (
            self.home and self.environment.get("RAHDARI_HOME")
        )
        place = "" if is_usual else f" --home {shlex.quote(str(self.home))}"
        return f"{program_word(sys.argv[0])} {words}{place}"

    def actor(self) -> Actor:
        """Tell who acts: ``--as NAME``, else the bearer of ``RAHDARI_TOKEN``, else the first officer.

        Raises:
            NotInitialised: no token of that name is kept here.
            NotAuthenticated: the token is not valid.
        """
        token = self.environment.get("RAHDARI_TOKEN", "")
        if token and not self._officer:
            return self.house().officers.authenticate(token)
        return self.house().officers.authenticate_named(self._officer or FIRST_OFFICER)

    def require(self, command: str, options: Iterable[str] = ()) -> None:
        """Pass only if whoever is named may run ``command`` with ``options``; nobody named is the operator.

        Raises:
            NotAllowed: the roles of ``cli/rights.py`` are missing.
            NotInitialised, NotAuthenticated: see ``actor``.
        """
        if not self._is_named:
            return
        # They bring rooms along that help and a verification offline do not need.
        from rahdari.access import require_any  # noqa: PLC0415
        from rahdari.cli.rights import ANYONE, rows_of  # noqa: PLC0415

        for roles in rows_of(command, options):
            if roles != ANYONE:
                require_any(self.actor(), roles)

    def may(self, command: str, *options: str) -> bool:
        """Tell whether whoever is named, or the operator, may run ``command``."""
        from rahdari.access import NotAllowed  # noqa: PLC0415

        try:
            self.require(command, options)
        except NotAllowed:
            return False
        return True

    @property
    def _is_named(self) -> bool:
        return bool(self._officer or self.environment.get("RAHDARI_TOKEN"))
