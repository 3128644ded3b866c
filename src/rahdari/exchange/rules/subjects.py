"""Whose data were asked for: found in the call where its operation says, kept as a pseudonym by a month's key.

The log holds HMAC-SHA-256 of the identifier under the key of its month. Whoever has the key and the identifier
finds the entries; whoever has neither learns nothing; and once a month's key is erased nobody finds them any more,
while the log itself stays whole.
"""

import hmac
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from rahdari.exchange.errors import SubjectUnreadable
from rahdari.exchange.values.services import SubjectPlace, SubjectSource
from rahdari.wire import strict_json
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.records import SubjectIndex

# An identity number has 13 digits (CNIC) to 18 (China); account numbers (IBAN) 34; names of keys stay below this.
IDENTIFIER_CHARS_MAX: Final = 128
# A question about one person; larger bodies are uploads, and their operations name the person in the path.
BODY_BYTES_MAX: Final = 64 * 1024
# Reading costs by the value, not by the byte: so many take some 4 ms of a gateway that answers everybody else.
BODY_VALUES_MAX: Final = 4096
# RFC 6901 sets none; a schema deeper than this has no identifier in it.
POINTER_STEPS_MAX: Final = 16
# A query of 2,000 characters has no more parameters than this.
PARAMETERS_MAX: Final = 256
# The key of a month has as many bits as its hash (RFC 2104, 3).
KEY_BYTES: Final = 32
ANSWER_FIELD: Final = b"ndel-subject"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PERIOD: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
# What people put into numbers so that they read well: spaces and hyphens of any script, dots, slashes.
_BETWEEN: Final = re.compile(r"[\s\u00ad\u200b-\u200f\u2010-\u2015\u2212./\-]+")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ARRAY_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")


def normalise(identifier: str) -> str:
    """Write an identifier in the one form that pseudonyms and consents are made of.

    Unicode form KC (so that digits of other widths are the same), no spaces, hyphens, dots or slashes, upper case;
    digits of every script as ASCII.

    Raises:
        SubjectUnreadable: nothing is left of it, or it is too long.
    """
    if len(identifier) > IDENTIFIER_CHARS_MAX:
        raise SubjectUnreadable(f"an identifier of {len(identifier)} characters; one has fewer")
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", identifier)).upper()
    plain = "".join(str(unicodedata.decimal(sign, sign)) for sign in plain)
    # Upper case can change the form (RFC 5198 knows the like): once more, so that the form is stable.
    plain = unicodedata.normalize("NFKC", plain)
    if not 0 < len(plain) <= IDENTIFIER_CHARS_MAX or not plain.isprintable():
        raise SubjectUnreadable(
            "no identifier is left once spaces and hyphens are gone, or it is not visible"
        )
    return plain


def find_subject(
    place: SubjectPlace,
    *,
    variables: Mapping[str, str],
    query: str = "",
    body: bytes | None = None,
    answer_fields: Iterable[tuple[bytes, bytes]] = (),
) -> str | None:
    """Find whose data the call is about, normalised; None where the operation is about nobody.

    ``variables`` are those of the template, decoded; ``query`` the raw query; ``answer_fields`` those of the
    provider's system, names in lower case.

    Raises:
        SubjectUnreadable: the operation says where, and there is none, or there are two: then nothing is exchanged,
            so that no call slips past the citizen's log by hiding whom it is about.
    """
    if place.source is SubjectSource.NOBODY:
        return None
    if place.source is SubjectSource.PATH:
        found = variables.get(place.name)
    elif place.source is SubjectSource.QUERY:
        found = _in_query(query, place.name)
    elif place.source is SubjectSource.BODY:
        found = _in_body(body, place.name)
    else:
        found = _in_answer(answer_fields)
    if found is None:
        raise SubjectUnreadable(
            f"the call does not say in its {place.source} whom it is about; see the catalogue"
        )
    return normalise(found)


def period_of(milliseconds: int) -> str:
    """Give the month (UTC) of an instant in milliseconds since 1970, as ``2026-11``."""
    return f"{_EPOCH + timedelta(milliseconds=milliseconds):%Y-%m}"


def is_period(text: str) -> bool:
    """Tell whether this is the name of a month."""
    return _PERIOD.fullmatch(text) is not None


def subject_index(identifier: str, key: bytes, *, period: str) -> SubjectIndex:
    """Make the pseudonym of a normalised identifier in a month (RFC 2104 with SHA-256)."""
    if len(key) != KEY_BYTES:
        raise AssertionError(f"the key of a month has {KEY_BYTES} bytes")
    return SubjectIndex(period, hmac.digest(key, identifier.encode(), "sha256"))


def _in_query(query: str, name: str) -> str | None:
    pairs = query.split("&", PARAMETERS_MAX)
    if len(pairs) > PARAMETERS_MAX:
        raise SubjectUnreadable(f"a query of more than {PARAMETERS_MAX} parameters")
    split = [pair.partition("=") for pair in pairs]
    found = [value for key, _, value in split if _unescaped(key) == name]
    # Two of one name are two persons for two readers: the provider's system might take the other.
    if len(found) > 1:
        raise SubjectUnreadable(f"the query names {name} {len(found)} times; name it once")
    return _unescaped(found[0]) if found else None


def _unescaped(text: str) -> str:
    """Undo the escapes of a query's part (WHATWG URL, application/x-www-form-urlencoded), strictly."""
    raw = text.replace("+", " ").encode()
    if _BAD_ESCAPE.search(raw):
        raise SubjectUnreadable("the query has a percent sign without two hexadecimal digits behind it")
    try:
        return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode("ascii")), raw).decode("utf-8")
    except UnicodeDecodeError as refusal:
        raise SubjectUnreadable("the query is not UTF-8 once its escapes are undone") from refusal


def _in_body(body: bytes | None, pointer: str) -> str | None:
    if body is None or len(body) > BODY_BYTES_MAX:
        raise SubjectUnreadable(
            f"the body is too large to be looked into; at most {BODY_BYTES_MAX} bytes are"
        )
    # Every value but the first of its container has a comma before it, and every container a bracket.
    if body.count(b",") + body.count(b"[") + body.count(b"{") > BODY_VALUES_MAX:
        raise SubjectUnreadable(f"the body has more than {BODY_VALUES_MAX} values, and is not looked into")
    try:
        value = strict_json.decode(body, size_bytes_max=BODY_BYTES_MAX)
    except MalformedInput as refusal:
        raise SubjectUnreadable("the body is not JSON that every reader reads alike") from refusal
    for step in _steps(pointer):
        value = _child(value, step)
    # A number would have several forms (1e3, 1000); True is an int in Python and no number in JSON.
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _in_answer(fields: Iterable[tuple[bytes, bytes]]) -> str | None:
    found = [value for name, value in fields if name.lower() == ANSWER_FIELD]
    if len(found) > 1:
        raise SubjectUnreadable("the answer names its subject more than once")
    try:
        return found[0].decode("utf-8") if found else None
    except UnicodeDecodeError as refusal:
        raise SubjectUnreadable("the answer's subject is not UTF-8") from refusal


def _steps(pointer: str) -> list[str]:
    # RFC 6901, 3: empty, or each step behind a slash.
    if pointer and not pointer.startswith("/"):
        raise SubjectUnreadable("a JSON Pointer begins with a slash (RFC 6901, 3)")
    steps = pointer.split("/")[1:]
    if len(steps) > POINTER_STEPS_MAX:
        raise SubjectUnreadable(
            f"a JSON Pointer of {len(steps)} steps; at most {POINTER_STEPS_MAX} are taken"
        )
    # RFC 6901, 4: "~1" first, then "~0".
    return [step.replace("~1", "/").replace("~0", "~") for step in steps]


def _child(value: object, step: str) -> object:
    if isinstance(value, Mapping):
        return value.get(step)
    # RFC 6901, 4: a whole number without leading zeros.
    if isinstance(value, list) and _ARRAY_INDEX.fullmatch(step) and int(step) < len(value):
        return value[int(step)]
    return None
