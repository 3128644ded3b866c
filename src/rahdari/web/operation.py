"""What a handler says of itself, so that its description is drawn from the place where it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

JSON = "application/json"
BINARY: Mapping[str, object] = {"type": "string", "format": "binary"}
TEXT: Mapping[str, object] = {"type": "string"}
# Crockford's letters in three groups of four, as kernel.ids draws them.
CARD_NUMBER = "^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$"
HOLDER_ID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
STREAM_ID = "^st_[a-z2-7]{16}$"
FEATURE = "^[a-z][a-z0-9-]{0,31}$"

# A type of msgspec's, or a schema written out.
Shape = type | Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One parameter of the query."""

    name: str
    about: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Describes:
    """One operation for the API's description.

    ``takes`` and ``gives`` map media types to shapes; ``refusals`` are the problem codes of its own, beside
    those that every operation may answer with; ``cached`` ones answer 304 too. Heading and text are the
    handler's docstring.
    """

    tag: str
    gives: Mapping[str, Shape]
    takes: Mapping[str, Shape] = field(default_factory=dict)
    status: int = 200
    refusals: tuple[str, ...] = ()
    query: tuple[Query, ...] = ()
    cached: bool = False


def describes(  # noqa: PLR0913
    tag: str,
    *,
    gives: Mapping[str, Shape],
    takes: Mapping[str, Shape] | None = None,
    status: int = 200,
    refusals: tuple[str, ...] = (),
    query: tuple[Query, ...] = (),
    cached: bool = False,
) -> dict[str, object]:
    """Make the ``opt`` of a handler."""
    said = Describes(
        tag=tag, gives=gives, takes=takes or {}, status=status, refusals=refusals, query=query, cached=cached
    )
    return {"describes": said}
