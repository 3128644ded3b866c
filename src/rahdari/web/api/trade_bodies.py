"""The JSON bodies of questions of trade: shapes alone, no decisions."""

from typing import Annotated

import msgspec
from msgspec import Meta


class TradeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: ``tables`` by name, the one to read first is ``table``; each row maps column to value.

    ``rows`` tells how many rows a table has in all. ``manifest`` holds what is needed to make the figures again.
    """

    question: str
    scope: dict[str, str | list[int]]
    source: dict[str, str]
    figures: dict[str, float | str | bool | None]
    notes: list[dict[str, str | dict[str, float | str | bool | None]]]
    rows: dict[str, int]
    tables: dict[str, list[dict[str, float | str | bool | None]]]
    manifest: Annotated[object, Meta(extra_json_schema={"type": "object"})]
