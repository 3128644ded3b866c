"""The roadmap's address: a query to a view and back, each view with one address."""

from urllib.parse import parse_qsl, urlencode

from rahdari.app.roadmap_view import View, read_view
from rahdari.trade import BadParameter as NotOfTheRoadmap
from rahdari.web.errors import BadParameter

# Every field of a view and the language, twice over; what is longer was not written by the page.
QUERY_BYTES_MAX = 2_000
FIELDS_MAX = 40
# What a query may say beside the view.
BESIDE = frozenset({"lang", "limit"})


def read_query(raw: bytes) -> View:
    """Read the query of a request.

    Raises:
        BadParameter: it is too long, says something twice, or something that the roadmap does not know.
    """
    if len(raw) > QUERY_BYTES_MAX:
        raise BadParameter(f"the query has {len(raw)} bytes; {QUERY_BYTES_MAX} are the most")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
        )
    except ValueError:
        raise BadParameter("the query is no list of names and values in UTF-8") from None
    told: dict[str, str] = {}
    for name, value in pairs:
        if name in told:
            raise BadParameter(f"{name[:20]!r} stands in the query twice")
        told[name] = value
    try:
        return read_view({name: value for name, value in told.items() if name not in BESIDE})
    except NotOfTheRoadmap as wrong:
        raise BadParameter(wrong.message) from None


def write_query(view: View) -> str:
    """Write a view as a query, its fields always in the same order."""
    return urlencode(view.pairs())
