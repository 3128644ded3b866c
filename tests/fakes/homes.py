"""The folder of a house that was founded once for this process, and is copied for whoever needs one.

A copy is as good as a founding for every test that is not of the founding: the same tables, keys and officers. What
copies share is the root, so a house that shall be a stranger to another is founded anew.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from rahdari.app.clock import SystemChance
from rahdari.app.files import SECRET_MODE, write_whole
from rahdari.app.house import House, found_house, open_house
from rahdari.app.settings import FILE_NAME, Settings, write_settings
from rahdari.kernel import Clock
from tests.fakes.clock import WoundClock


def copied_house(settings: Settings, clock: Clock, prepared: Path) -> House:
    """Open a copy of a prepared home under other settings, with a clock of the time at which it was prepared."""
    shutil.copytree(prepared, settings.home, dirs_exist_ok=True)
    write_whole(settings.home / FILE_NAME, write_settings(settings).encode(), mode=SECRET_MODE)
    return open_house(settings, clock=clock, chance=SystemChance())


@cache
def plain_home() -> Path:
    """A home as founding leaves it, at the time at which every clock begins that is wound by hand."""
    return keep(lambda home: found_house(Settings(home=home), clock=WoundClock(), scrypt_n=2)[0].close())


@cache
def present_home() -> Path:
    """A home that was founded in this run of the tests, by the machine's clock."""
    return keep(lambda home: found_house(Settings(home=home), scrypt_n=2)[0].close())


def keep(make: Callable[[Path], object]) -> Path:
    """Make a home that lasts as long as this process."""
    folder = tempfile.TemporaryDirectory(prefix="rahdari-prepared-")
    atexit.register(folder.cleanup)
    home = Path(folder.name) / "home"
    make(home)
    return home
