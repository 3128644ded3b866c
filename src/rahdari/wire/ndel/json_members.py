"""Reads the members of JSON objects strictly: each is there, of its type, counted, and no other one beside it."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from rahdari.wire import base64url
from rahdari.wire.errors import MalformedInput, TooLarge

LANGUAGES_MAX: Final = 16
# A name or title is shown on one line.
NAME_CHARS_MAX: Final = 200
URL_CHARS_MAX: Final = 512
# 9999-12-31T23:59:59Z, the last second that a calendar of the house can show.
SECONDS_MAX: Final = 253_402_300_799
# The largest integer that every JSON reader keeps exact (RFC 8259, 6).
NUMBER_MAX: Final = (1 << 53) - 1

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")  # RFC 5646, 2.1, without its rare forms
# Shown to officers who must believe it: no control characters, none that turn the text around.
_TREACHEROUS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_WORD = re.compile(r"[A-Za-z0-9'()+,\-.=?_~]+")
_HOST = r"(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])"
_ORIGIN = re.compile(rf"https://({_HOST}):([1-9][0-9]{{0,4}})")
# No user part, no fragment (RFC 3986, 3.2.1 and 3.5): the one deceives, the other is never sent.
_ADDRESS = re.compile(rf"https?://{_HOST}(?::[1-9][0-9]{{0,4}})?(?:/[!$-;=?-Z_a-z~]*)?")

Json = Mapping[str, object]
_Entry = TypeVar("_Entry")


def object_of(value: object, required: frozenset[str], optional: frozenset[str] = frozenset()) -> Json:
    """Give an object that has all of ``required`` and nothing beside it and ``optional``."""
    if not isinstance(value, dict):
        raise MalformedInput("an entry is not a JSON object")
    if not required <= value.keys() or not value.keys() <= required | optional:
        raise MalformedInput(f"an entry has the members {sorted(required)}, and no unknown one")
    return value


def text_of(value: object) -> str:
    """Give text."""
    if not isinstance(value, str):
        raise MalformedInput("a member is not text")
    return value


def word_of(value: object, *, chars_max: int = 64) -> str:
    """Give a short code of letters, digits and a few signs."""
    return require_word(text_of(value), chars_max)


def seconds_of(parent: Json, name: str) -> int:
    """Give a time in seconds since 1970."""
    return number_of(parent, name, most=SECONDS_MAX)


def number_of(parent: Json, name: str, *, least: int = 0, most: int = NUMBER_MAX) -> int:
    """Give a whole number between two bounds."""
    value = parent[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise MalformedInput(f"{name} is a whole number from {least} to {most}")
    return value


def bytes_of(value: object, *, bytes_max: int) -> bytes:
    """Give bytes written as base64url, at least one."""
    text = text_of(value)
    if len(text) > bytes_max * 4 // 3 + 2:
        raise TooLarge(f"a member of {len(text)} characters; it has at most {bytes_max} bytes")
    raw = base64url.decode(text)
    if not 0 < len(raw) <= bytes_max:
        raise MalformedInput(f"a member of {len(raw)} bytes; it has 1 to {bytes_max}")
    return raw


def entries_of(
    parent: Json, name: str, read: Callable[[object], _Entry], *, most: int, least: int = 0
) -> tuple[_Entry, ...]:
    """Give the entries of an array; it is counted before any of them is read."""
    listed = parent[name]
    if not isinstance(listed, list):
        raise MalformedInput(f"{name} is an array")
    require_count(len(listed), name, most=most, least=least)
    return tuple([read(one) for one in listed])


def names_of(value: object) -> dict[str, str]:
    """Give a text for people by language code."""
    if not isinstance(value, dict):
        raise MalformedInput("a name is an object of texts by language")
    names = {language: text_of(text) for language, text in value.items()}
    require_names(names)
    return names


def require_count(count: int, what: str, *, most: int, least: int = 0) -> None:
    """Raise ``TooLarge`` beyond ``most``, ``MalformedInput`` below ``least``."""
    if count > most:
        raise TooLarge(f"{count} {what}; at most {most} are read")
    if count < least:
        raise MalformedInput(f"{count} {what}; at least {least} must be there")


def require_unique(entries: Iterable[object], what: str) -> None:
    """Raise ``MalformedInput`` where one stands twice: which of them counts would be unclear."""
    listed = list(entries)
    if len(set(listed)) != len(listed):
        raise MalformedInput(f"{what} stands twice; which entry counts would be unclear")


def require_names(names: Mapping[str, str]) -> None:
    """Raise ``MalformedInput`` for names that cannot be shown."""
    require_count(len(names), "names", most=LANGUAGES_MAX, least=1)
    for language, text in names.items():
        if not _LANGUAGE.fullmatch(language):
            raise MalformedInput("a name stands under a language tag such as en or ur (RFC 5646)")
        require_line(text, NAME_CHARS_MAX)


def require_line(text: str, chars_max: int) -> str:
    """Give a line of text that shows what it is. Raises ``MalformedInput``."""
    if not text.strip() or len(text) > chars_max or _TREACHEROUS.search(text):
        raise MalformedInput(f"a text has 1 to {chars_max} characters, none of them for control")
    return text


def require_word(text: str, chars_max: int = 64) -> str:
    """Give a short code. Raises ``MalformedInput``."""
    if len(text) > chars_max or not _WORD.fullmatch(text):
        raise MalformedInput(f"a code has 1 to {chars_max} letters, digits and signs among '()+,-.=?_~")
    return text


def require_origin(url: str) -> tuple[str, int]:
    """Give host and port of ``https://host:port``, the one form in which a gateway is named."""
    found = _ORIGIN.fullmatch(url) if len(url) <= URL_CHARS_MAX else None
    if found is None or int(found[2]) > 65_535:
        raise MalformedInput("a gateway's address is https://host:port in small letters, and nothing more")
    return found[1].strip("[]"), int(found[2])


def require_address(url: str) -> str:
    """Give an http or https address without user and fragment. Raises ``MalformedInput``."""
    if len(url) > URL_CHARS_MAX or not _ADDRESS.fullmatch(url):
        raise MalformedInput("an address is https:// or http://, a host in small letters, perhaps a path")
    return url
