"""Step 6, too: the export roadmap, on the trade data that the package carries."""

import time

import httpx

from rahdari.cli.demo.server import ASKING_SECONDS_MAX, Server
from rahdari.cli.demo.story import Story
from rahdari.cli.errors import ServerFailed

_QUESTION = "/api/v1/trade/select?exporter=PAK&market=CHN&limit=1"


def show_roadmap(story: Story, server: Server) -> None:
    """Open the page, as its first visitor, and tell what it chooses. Raises ``ServerFailed``, ``NotAsTold``."""
    began = time.perf_counter()
    page = _get(server, "/roadmap?lang=en").text
    took = time.perf_counter() - began
    story.require(is_true="CEPII, BACI" in page and "<svg" in page, what="the roadmap shows no figures")
    figures = _get(server, _QUESTION).json()["figures"]
    story.say(
        f"{server.url}/roadmap: Pakistan's raw materials to China, on real trade data that the package carries:",
        f"  {figures['chosen']} of {figures['candidates']} gains are chosen, and {figures['fewest']} give "
        f"{figures['share']:.0%} of what can be had ({took:.1f} s for the first visitor; a lever moves faster).",
    )
    story.note(roadmap_chosen=figures["chosen"], roadmap_candidates=figures["candidates"])


def _get(server: Server, path: str) -> httpx.Response:
    try:
        return httpx.get(f"{server.url}{path}", timeout=2 * ASKING_SECONDS_MAX).raise_for_status()
    except httpx.HTTPError as error:
        raise ServerFailed(f"the server did not answer {path}: {type(error).__name__} {error}") from None
