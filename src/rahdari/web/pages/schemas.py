"""JSON schemas for people: the fields of an object, each with a word for its type."""

from collections.abc import Mapping
from typing import NamedTuple

# Ours nest four deep; a description that refers to itself would otherwise never end.
_DEPTH_MAX = 8


class Field(NamedTuple):
    """One field: its name with the path to it, whether it must be there, its type and its meaning in words."""

    name: str
    required: bool
    kind: str
    about: str


def list_fields(
    schema: Mapping[str, object], document: Mapping[str, object], prefix: str = ""
) -> list[Field]:
    """List the fields of an object schema, those of inner objects after it with a dot between the names."""
    found: list[Field] = []
    for branch in _branches(_resolve(schema, document), document):
        required, properties = branch.get("required", ()), branch.get("properties", {})
        if not isinstance(properties, Mapping) or not isinstance(required, list | tuple):
            continue
        for name, inner in properties.items():
            resolved = _resolve(inner, document)
            about = str(inner.get("description") or resolved.get("description") or "")
            about = "; ".join(part for part in (about, _bounds(resolved)) if part)
            found.append(Field(f"{prefix}{name}", name in required, _kind(inner, document), about))
            if prefix.count(".") < _DEPTH_MAX:
                found += list_fields(_element(resolved, document), document, f"{prefix}{name}.")
    return found


def sketch(schema: Mapping[str, object], document: Mapping[str, object], depth: int = 0) -> object:
    """Draw a body of the schema's shape, every field in it, to be filled in: ``{"pass": "..."}``."""
    resolved = _branches(_resolve(schema, document), document)[0]
    properties = resolved.get("properties")
    if isinstance(properties, Mapping) and depth <= _DEPTH_MAX:
        return {name: sketch(inner, document, depth + 1) for name, inner in properties.items()}
    for known in ("enum", "examples"):
        if isinstance(choices := resolved.get(known), list) and choices:
            return choices[0]
    if isinstance(items := resolved.get("items"), Mapping):
        return [sketch(items, document, depth + 1)] if depth <= _DEPTH_MAX else []
    return _BLANKS.get(str(resolved.get("format") or resolved.get("type")), "...")


_BLANKS: Mapping[str, object] = {"integer": 0, "boolean": False, "date": "1990-01-31", "object": {}}


def _bounds(schema: Mapping[str, object]) -> str:
    """Say what JSON Schema says of a text's or a list's form, in its own words."""
    said = ("pattern", "minLength", "maxLength", "maxItems", "minimum", "maximum")
    return ", ".join(f"{word} {schema[word]}" for word in said if word in schema)


def _branches(schema: Mapping[str, object], document: Mapping[str, object]) -> list[Mapping[str, object]]:
    choices = schema.get("anyOf") or schema.get("oneOf")
    if not isinstance(choices, list):
        return [schema]
    return [_resolve(one, document) for one in choices]


def _element(schema: Mapping[str, object], document: Mapping[str, object]) -> Mapping[str, object]:
    items = schema.get("items")
    return _resolve(items, document) if isinstance(items, Mapping) else schema


def _resolve(schema: Mapping[str, object], document: Mapping[str, object]) -> Mapping[str, object]:
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    found: object = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part] if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


def _kind(schema: Mapping[str, object], document: Mapping[str, object]) -> str:
    choices = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(choices, list):
        return " | ".join(dict.fromkeys(_kind(one, document) for one in choices))
    if isinstance(reference := schema.get("$ref"), str):
        target = _resolve(schema, document)
        return _kind(target, document) if "enum" in target else reference.rsplit("/", 1)[-1]
    if isinstance(enum := schema.get("enum"), list):
        return " | ".join(f'"{one}"' for one in enum)
    if isinstance(items := schema.get("items"), Mapping):
        return f"[{_kind(items, document)}]"
    return str(schema.get("format") or schema.get("contentEncoding") or schema.get("type") or "any")
