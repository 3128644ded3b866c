"""What is wrong with a body, in the words of JSON and of this API; never in those of the program behind it."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from rahdari.web.api.bodies import Country, HolderKindName, Line, Nonce, Region
from rahdari.web.api.signal_bodies import Line as ShortLine
from rahdari.web.api.signal_bodies import StreamName, SubjectName


def _pattern_of(shape: object) -> str:
    return str(get_args(shape)[1].pattern)


FORMS: Mapping[str, str] = MappingProxyType(
    {
        _pattern_of(Nonce): "16 to 128 of A-Z a-z 0-9 _ . ~ -, drawn anew for each question",
        _pattern_of(Country): "a country code of three capitals (ISO 3166-1 alpha-3), as PAK",
        _pattern_of(Region): "a region code (ISO 3166-2), as PK-JK",
        _pattern_of(Line): "one line without control characters",
        _pattern_of(ShortLine): "one line without control characters",
        _pattern_of(HolderKindName): "person or organisation",
        _pattern_of(StreamName): "a stream's id, as in the list of your streams",
        _pattern_of(SubjectName): "a subject's id, as it was given when the subject was added",
    }
)
"""What each pattern of the bodies asks for, in words."""

# msgspec quotes a pattern as Python would.
_FORMS_QUOTED: Mapping[str, str] = MappingProxyType({repr(form): words for form, words in FORMS.items()})
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "str": "a string",
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "array": "an array",
        "object": "an object",
        "null": "null",
        "bytes": "a string in base64",
        "date": "a date, as 1990-01-31",
        "datetime": "an instant, as 2026-03-01T12:00:00Z",
    }
)
_WHERE = re.compile(r"(.*) - at `(?:key in )?\$\.?(.*)`", re.DOTALL)
_FORM = re.compile(r"Expected `str` matching regex (.*)", re.DOTALL)
_LENGTH = re.compile(r"Expected `(str|array|object|bytes)` of length (<=|>=) (\d+)")
_BOUND = re.compile(r"Expected `(int|float)` (<=|>=|<|>) (-?[\d.]+)")
_OTHER = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_UNITS = MappingProxyType({"str": "character", "array": "element", "object": "member", "bytes": "byte"})
_BOUNDS = MappingProxyType({"<=": "at most", ">=": "at least", "<": "less than", ">": "more than"})


def say_fault(message: str) -> str:
    """Say what msgspec found, with the place first: ``nonce must be 16 to 128 of ...``."""
    found = _WHERE.fullmatch(message)
    what, where = found.groups() if found else (message, "")
    return f"{where or 'the body'} {said}" if (said := _say(what)) else f"{where}: {what}" if where else what


def _say(what: str) -> str:
    """Say it in the API's words; empty where the words are its own already."""
    if found := _FORM.fullmatch(what):
        return f"must be {_FORMS_QUOTED.get(found[1], 'of another form')}"
    if found := _LENGTH.fullmatch(what):
        unit = _UNITS[found[1]]
        return f"must have {_BOUNDS[found[2]]} {found[3]} {unit if found[3] == '1' else f'{unit}s'}"
    if found := _BOUND.fullmatch(what):
        return f"must be {_BOUNDS[found[2]]} {found[3].removesuffix('.0')}"
    if found := _OTHER.fullmatch(what):
        return f"must be {_name(found[1])}, not {_name(found[2])}"
    return ""


def _name(types: str) -> str:
    return " or ".join(_TYPES.get(one, one) for one in types.split(" | "))
