"""The way to the roadmap's desk, which is set up when the first visitor comes."""

import os
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rahdari.app.roadmap_desk import RoadmapDesk


class RoadmapDoor:
    """Opens the desk once. Its libraries take seconds and memory that a house of passes alone need not spend."""

    def __init__(self, trade_folder: str) -> None:
        """Look for releases in ``trade_folder`` (empty: the user's own), else take the extract of the package."""
        self._trade_folder = trade_folder
        self._desk: RoadmapDesk | None = None
        self._lock = Lock()

    def desk(self) -> "RoadmapDesk":
        """Give the desk. Raises ``DataMissing``, ``EngineFailed``; the next visitor then tries anew."""
        with self._lock:
            if self._desk is None:
                from rahdari.app.roadmap_desk import open_desk  # noqa: PLC0415 - see the class
                from rahdari.app.trade_data import find_trade_folder  # noqa: PLC0415

                self._desk = open_desk(find_trade_folder(self._trade_folder, os.environ))
            return self._desk
