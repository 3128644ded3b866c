"""The roadmap's first view, made ready in the background for a house that asks for it."""

import threading
from typing import Final

from rahdari.app.countries import name_country
from rahdari.app.roadmap_door import RoadmapDoor
from rahdari.app.roadmap_view import View
from rahdari.kernel import Problem

# The server answers by then; what is made ready here would only make its start longer.
_AFTER_SECONDS: Final = 2.0


class RoadmapWarmer:
    """Shows the default view once, so that its first visitor finds answers kept. A ``web.workers.Worker``."""

    def __init__(self, door: RoadmapDoor, language: str, *, after_seconds: float = _AFTER_SECONDS) -> None:
        """Make ready what ``door`` leads to, with the charts' words in ``language``."""
        self._door, self._language, self._after_seconds = door, language, after_seconds
        self._is_done = False

    def run(self, stop: threading.Event) -> None:
        """Make the view ready, then wait until ``stop`` is set.

        A computation that has begun is not broken off; the server's end waits ``web.workers.END_SECONDS`` for it.
        """
        # A worker that broke is begun anew; what broke here would break again, each time at a core's cost.
        if not self._is_done and not stop.wait(self._after_seconds):
            self._is_done = True
            self._show()
        stop.wait()

    def _show(self) -> None:
        try:
            desk = self._door.desk()
            desk.show(
                desk.settle(View()), self._language, lambda code: name_country(code, self._language) or code
            )
        except Problem:
            # Without data, or with data that lack the default countries, the visitor is told, and nobody else.
            return
