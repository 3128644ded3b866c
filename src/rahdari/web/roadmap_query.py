"""The roadmap's address: a query to a view and back, each view with one address."""

import re
from typing import Final
from urllib.parse import parse_qsl, urlencode

from rahdari.app.roadmap_view import View, read_view
from rahdari.trade import BadParameter as NotOfTheRoadmap
from rahdari.trade import Ground
from rahdari.web.errors import BadParameter

# Every field of a view and the language, twice over; what is longer was not written by the page.
QUERY_BYTES_MAX = 2_000
FIELDS_MAX = 40
# What a query may say beside the view.
BESIDE = frozenset({"lang", "limit"})
# A product, what relocates of it, or a step of a ladder: "261000", "410410:relocate", "copper:ore>blister".
CANDIDATE: Final = "[0-9]{2}([0-9]{2}){0,2}(:relocate)?|[a-z_-]{1,40}:[a-z0-9_-]{1,40}>[a-z0-9_-]{1,40}"


def read_query(raw: bytes) -> View:
    """Read the query of a request.

    Raises:
        BadParameter: it is too long, says something twice, or something that the roadmap does not know.
    """
    try:
        told = _told(raw)
        return read_view({name: value for name, value in told.items() if name not in BESIDE})
    except NotOfTheRoadmap as wrong:
        raise BadParameter(wrong.message) from wrong


def _told(raw: bytes) -> dict[str, str]:
    """Take a query apart, each name once."""
    if len(raw) > QUERY_BYTES_MAX:
        raise _damaged(f"the query has {len(raw)} bytes; {QUERY_BYTES_MAX} are the most")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
        )
    except ValueError:
        raise _damaged("the query is no list of names and values in UTF-8") from None
    told: dict[str, str] = {}
    for name, value in pairs:
        if name in told:
            raise NotOfTheRoadmap(
                f"{name[:20]!r} stands in the query twice", ground=Ground.TWICE, values={"name": name[:20]}
            )
        told[name] = value
    return told


def _damaged(message: str) -> NotOfTheRoadmap:
    return NotOfTheRoadmap(message, ground=Ground.BAD_QUERY, values={"bytes_max": QUERY_BYTES_MAX})


def read_candidate(text: str) -> str:
    """Read the name of something that may be chosen. Raises ``BadParameter``."""
    if re.fullmatch(CANDIDATE, text):
        return text
    told = "a candidate is a product of two, four or six digits, as the page's links have it"
    raise BadParameter(told) from NotOfTheRoadmap(
        told, ground=Ground.UNKNOWN_CANDIDATE, values={"candidate": text[:40]}
    )


def write_query(view: View) -> str:
    """Write a view as a query, its fields always in the same order."""
    return urlencode(view.pairs())
