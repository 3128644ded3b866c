"""From the value of claim 169, in either dialect, to an identity."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, cast

from rahdari.wire import cbor
from rahdari.wire.claim169.identity import (
    BEST_FINGERS,
    DATE_OF_BIRTH,
    GENDER,
    MARITAL_STATUS,
    PHOTO,
    PHOTO_FORMAT,
    TEXT_FIELDS,
    Biometric,
    BodyPart,
    Gender,
    Identity,
    MaritalStatus,
    PhotoFormat,
)
from rahdari.wire.errors import MalformedInput
from rahdari.wire.frozen import quick

# The largest QR code holds 2953 bytes; what unpacks to more than 32 KiB was not made to be a pass.
CLAIM_BYTES_MAX: Final = 1 << 15
# 23 + 16 named keys and as many private ones (24 to 49, 66 to 99).
KEYS_MAX: Final = 128
# Several takes of one finger, or a face in several formats; each costs 100 bytes of a code that has 2953.
BIOMETRICS_PER_PART_MAX: Final = 16

_quick_identity, _quick_biometric = quick(Identity), quick(Biometric)
_NUMBERS: Final = frozenset({int})
_PARTS: Final = {int(part): part for part in BodyPart}
_GENDERS: Final = {int(gender): gender for gender in Gender}
_MARITAL: Final = {int(status): status for status in MaritalStatus}
# Writers in the wild put the word (MOSIP's own identity data does) where the table has a number.
_GENDER_WORDS: Final = {
    "1": Gender.MALE, "m": Gender.MALE, "male": Gender.MALE,
    "2": Gender.FEMALE, "f": Gender.FEMALE, "female": Gender.FEMALE,
    "3": Gender.OTHER, "o": Gender.OTHER, "other": Gender.OTHER, "others": Gender.OTHER,
}  # fmt: skip


def decode(value: object) -> Identity:
    """Read claim 169, given as a map (its IANA type) or as a byte string that holds the map (MOSIP's).

    Raises:
        TooLarge: a byte string of more than ``CLAIM_BYTES_MAX``.
        MalformedInput: a value of another type than the table of Claim 169 1.2.0 gives its key, a number out
            of its range, or a date that the calendar does not have.
    """
    fields: dict[str, object] = {}
    biometrics: dict[BodyPart, tuple[Biometric, ...]] = {}
    rest: dict[int, object] = {}
    for key, item in _claim(value).items():
        if (name := TEXT_FIELDS.get(key)) is not None:
            if type(item) is not str:
                raise _wrong_type(key, "text")
            fields[name] = item
        elif (part := _PARTS.get(key)) is not None:
            biometrics[part] = _biometrics(key, item)
        else:
            _read_other(key, item, fields, rest)
    if biometrics:
        fields["biometrics"] = MappingProxyType(biometrics)
    if rest:
        fields["rest"] = MappingProxyType(rest)
    return _quick_identity(**fields)  # type: ignore[arg-type] # each value was checked against its field's type


def _claim(value: object) -> Mapping[int, object]:
    """Unwrap the claim and check that it is a map of numbers, and not of too many."""
    if type(value) is bytes:
        value = cbor.decode(value, size_bytes_max=CLAIM_BYTES_MAX)
    if not cbor.is_map(value):
        raise MalformedInput("claim 169 is neither a map nor a byte string that holds one")
    if len(value) > KEYS_MAX:
        raise MalformedInput(f"claim 169 has {len(value)} keys; at most {KEYS_MAX} are read")
    # PixelPass writes the keys as text; the table of Claim 169 has numbers only (and true is not 1).
    if not _NUMBERS.issuperset(map(type, value)):
        raise MalformedInput("claim 169 has a key that is not a number (table of Claim 169 1.2.0)")
    return cast("Mapping[int, object]", value)


def _read_other(key: object, item: object, fields: dict[str, object], rest: dict[int, object]) -> None:
    if type(key) is not int:
        raise MalformedInput(
            "claim 169 has a key that is not a number (the table of Claim 169 has numbers only)"
        )
    reader = _READERS.get(key)
    if reader is None:
        rest[key] = _frozen(item)
        return
    name, read = reader
    found = read(key, item)
    if found is None:  # a gender or photo format that the table does not know is kept, not guessed
        rest[key] = item
    else:
        fields[name] = found


def _date_of_birth(key: int, item: object) -> date:
    """YYYYMMDD by the table; YYYY-MM-DD as several issuers write it. Strict: ASCII digits, a real day."""
    if type(item) is not str:
        raise _wrong_type(key, "text")
    digits = item[:4] + item[5:7] + item[8:] if len(item) == 10 and item[4] == item[7] == "-" else item
    if len(digits) == 8 and digits.isascii() and digits.isdigit():
        try:
            return date.fromisoformat(digits)
        except ValueError:
            pass
    raise MalformedInput("key 8 of claim 169 (date of birth) is not a day as YYYYMMDD or YYYY-MM-DD")


def _gender(key: int, item: object) -> Gender | None:
    if type(item) is str:
        return _GENDER_WORDS.get(item.strip().lower())
    return _GENDERS[_number(key, item, 1, 3)]


def _marital_status(key: int, item: object) -> MaritalStatus:
    return _MARITAL[_number(key, item, 1, 3)]


def _photo(key: int, item: object) -> bytes:
    if type(item) is not bytes:
        raise _wrong_type(key, "a byte string")
    return item


def _photo_format(key: int, item: object) -> PhotoFormat | None:
    number = _number(key, item, 0, 255)
    return PhotoFormat(number) if 1 <= number <= 4 else None


def _best_fingers(key: int, item: object) -> tuple[int, ...]:
    if not isinstance(item, (list, tuple)) or len(item) > 10:
        raise _wrong_type(key, "a list of at most ten fingers")
    return tuple(_number(key, finger, 0, 10) for finger in item)


_READERS: Final[Mapping[int, tuple[str, Callable[[int, object], object]]]] = {
    DATE_OF_BIRTH: ("date_of_birth", _date_of_birth),
    GENDER: ("gender", _gender),
    MARITAL_STATUS: ("marital_status", _marital_status),
    PHOTO: ("photo", _photo),
    PHOTO_FORMAT: ("photo_format", _photo_format),
    BEST_FINGERS: ("best_quality_fingers", _best_fingers),
}


def _biometrics(key: int, item: object) -> tuple[Biometric, ...]:
    """Read a list of biometrics, or a single one as MOSIP writes it."""
    if cbor.is_map(item):
        return (_biometric(key, item),)
    if not isinstance(item, (list, tuple)) or not 0 < len(item) <= BIOMETRICS_PER_PART_MAX:
        raise _wrong_type(key, f"a biometric or a list of 1 to {BIOMETRICS_PER_PART_MAX}")
    return tuple([_biometric(key, one) for one in item])  # a list is half the work of a generator here


def _biometric(key: int, item: object) -> Biometric:
    if not cbor.is_map(item) or type(data := item.get(0)) is not bytes:
        raise _wrong_type(key, "a biometric with its bytes under 0")
    if not _NUMBERS.issuperset(map(type, item)):
        raise _wrong_type(key, "a biometric whose keys are numbers")
    issuer = item.get(3)
    if issuer is not None and type(issuer) is not str:
        raise _wrong_type(key, "a biometric whose issuer (3) is text")
    kind, subformat = item.get(1), item.get(2)
    return _quick_biometric(
        data,
        None if kind is None else _number(key, kind, 0, 255),
        None if subformat is None else _number(key, subformat, 0, 255),
        issuer,
    )


def _number(key: int, item: object, lowest: int, highest: int) -> int:
    if type(item) is not int or not lowest <= item <= highest:
        raise _wrong_type(key, f"a number from {lowest} to {highest}")
    return item


def _frozen(value: object) -> object:
    """Copy what is kept unread so that nobody can change it; its depth was bounded when it was decoded."""
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(inner) for inner in value)
    if cbor.is_map(value):
        return MappingProxyType({key: _frozen(inner) for key, inner in value.items()})
    return value


def _wrong_type(key: int, wanted: str) -> MalformedInput:
    return MalformedInput(f"key {key} of claim 169 is not {wanted} (table of Claim 169 1.2.0)")
