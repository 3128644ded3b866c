"""Operations as a table has them, and the OpenAPI 3.1 document that is written from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

Json = Mapping[str, object]
Kinds = Mapping[str, Json]
"""Schemas by media type."""

VERSION: Final = "1.0.0"
TEXT: Final[Json] = {"type": "string"}
# JSON Schema has no word for bytes: a schema that says nothing allows them all (OpenAPI 3.1, 4.8.14.3).
BYTES: Final[Json] = {}


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a caller says in the path, the query or a header."""

    name: str
    place: str
    what: str
    schema: Json = field(default_factory=lambda: TEXT)
    is_required: bool = False

    def as_json(self) -> Json:
        """Give it as OpenAPI has it; what stands in the path is required always."""
        return {
            "name": self.name,
            "in": self.place,
            "description": self.what,
            "required": self.is_required or self.place == "path",
            "schema": self.schema,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its status (``default`` for every other one), what it means, bodies and headers.

    What ``headers`` names is there always, what ``also`` names sometimes.
    """

    status: str
    what: str
    kinds: Kinds = field(default_factory=dict)
    headers: Kinds = field(default_factory=dict)
    also: Kinds = field(default_factory=dict)

    def as_json(self) -> Json:
        """Give it as OpenAPI has it."""
        written: dict[str, object] = {"description": self.what}
        if self.headers or self.also:
            written["headers"] = _headers(self.headers, is_required=True) | _headers(
                self.also, is_required=False
            )
        if self.kinds:
            written["content"] = _content(self.kinds)
        return written


@dataclass(frozen=True, slots=True)
class Operation:
    """A method at a path: what it is for, what it takes, every way in which it answers."""

    method: str
    path: str
    name: str
    what: str
    answers: tuple[Answer, ...]
    parameters: tuple[Parameter, ...] = ()
    body: Kinds = field(default_factory=dict)
    is_body_required: bool = True

    def as_json(self) -> Json:
        """Give it as OpenAPI has it."""
        written: dict[str, object] = {
            "operationId": self.name,
            "summary": self.what,
            "responses": {one.status: one.as_json() for one in self.answers},
        }
        if self.parameters:
            written["parameters"] = [one.as_json() for one in self.parameters]
        if self.body:
            written["requestBody"] = {"required": self.is_body_required, "content": _content(self.body)}
        return written


def _headers(schemas: Kinds, *, is_required: bool) -> dict[str, object]:
    return {name: {"required": is_required, "schema": schema} for name, schema in schemas.items()}


def _content(kinds: Kinds) -> Json:
    return {kind: {"schema": schema} for kind, schema in kinds.items()}


def write_document(
    title: str, about: str, operations: Iterable[Operation], *, schemas: Kinds, server: str
) -> dict[str, object]:
    """Write the document. Each path and method stands once in ``operations``."""
    paths: dict[str, dict[str, object]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = one.as_json()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": VERSION,
            "description": about,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"schemas": dict(schemas)},
    }


def reference(name: str) -> Json:
    """Point at a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def shape(members: Mapping[str, object], *, also: Iterable[str] = ()) -> Json:
    """Describe an object of exactly these members; those in ``also`` may be missing."""
    optional = set(also)
    return {
        "type": "object",
        "properties": dict(members),
        "required": [name for name in members if name not in optional],
        "additionalProperties": False,
    }
