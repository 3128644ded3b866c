"""A holder who signed in gets a code for the page where she reads who asked about her through the exchange.

The passkey belongs to this authority's site and proves nothing to another; the code carries over what was proved.
"""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from rahdari.app.clock import tell_seconds
from rahdari.app.errors import NotInitialised
from rahdari.app.exchange.admissions import BY_CHARS_MAX, Admissions
from rahdari.app.exchange.citizen_door import read_door
from rahdari.app.settings import Settings
from rahdari.exchange import AdmissionRefused
from rahdari.kernel import Chance, Clock

# She reads it on this page and types it on the next.
MINUTES: Final = 5
# One code a minute for a holder: five of hers are open at most, of the thousand that there may be.
_PAUSE_SECONDS: Final = 60.0
_HOLDERS_MAX: Final = 10_000


class CitizenCode(NamedTuple):
    """A code, and the address of the page that takes it."""

    code: str
    url: str


class CitizenCodes:
    """Makes codes in the home that the settings name; where they name none, there is no such page."""

    def __init__(
        self, settings: Settings, clock: Clock, chance: Chance, *, tick: Callable[[], float] = tell_seconds
    ) -> None:
        """Touch nothing yet."""
        self._home, self._by = settings.citizens_home, f"{settings.name} (passkey)"[-BY_CHARS_MAX:]
        self._clock, self._chance, self._tick = clock, chance, tick
        self._made: OrderedDict[str, float] = OrderedDict()

    @property
    def is_offered(self) -> bool:
        """Tell whether there is such a page."""
        return bool(self._home)

    def admit(self, number: str) -> CitizenCode:
        """Make a code for the holder of a number, who has just proved that it is she.

        Raises:
            AdmissionRefused: she was given one within the last minute, or too many are open.
            NotInitialised, BadSettings, FolderFailed: the page's home is not there, or cannot be used.
        """
        if not self._home:
            raise NotInitialised("the settings name no page for citizens (citizens_home)")
        door = read_door(Path(self._home))
        self._pause(number)
        admissions = Admissions(door.admissions_folder, clock=self._clock, chance=self._chance)
        made = admissions.admit(number, by=self._by, minutes=MINUTES)
        return CitizenCode(made.code, f"{door.url}/")

    def _pause(self, number: str) -> None:
        now = self._tick()
        if now - self._made.get(number, now - _PAUSE_SECONDS) < _PAUSE_SECONDS:
            raise AdmissionRefused("a code was made a moment ago; use it, or wait a minute for another")
        self._made[number] = now
        self._made.move_to_end(number)
        if len(self._made) > _HOLDERS_MAX:
            self._made.popitem(last=False)
