"""The evidence of one exchange in one file, which a court reads and verifies without a network.

JSON in UTF-8 (RFC 8259), strictly read; anything unknown is refused. Nothing in it is trusted: keys come from
the configurations, the configurations' signatures from a registry key that the verifier has from elsewhere.

* ``format``: ``ndel-evidence-1``.
* ``request_id``: which exchange.
* ``configurations``: compact JWS (``ndel-configuration+jwt``) of every instance that takes part, as in force then.
* ``records``: one for each gateway whose evidence this is,

  * ``record``: the log entry, its canonical JSON as a text (``record_bytes``),
  * ``proof``: that it stands in the gateway's log (c2sp.org/tlog-proof@v1, with a signed checkpoint),
  * ``stamp``: a time stamp token (RFC 3161, DER, base64url) over the text of that checkpoint's note; or absent,
  * ``particulars``: ``request`` and ``response`` (what was signed: RFC 9421, 2.5), ``header`` (what X-Road's
    request hash covers, base64url), ``consent`` (compact JWS); what is not there was never kept, or was erased,
  * ``receipts``: the consumer's receipts in the provider's log: ``record`` and ``proof`` of each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from rahdari.wire import base64url, strict_json
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.ndel.json_members import Json, bytes_of, entries_of, object_of, text_of
from rahdari.wire.ndel.record_bytes import ENTRY_BYTES_MAX, PARTICULARS_BYTES_MAX, encode_particulars
from rahdari.wire.ndel.records import Particulars
from rahdari.wire.timestamps import TOKEN_BYTES_MAX

FORMAT: Final = "ndel-evidence-1"
# Two configurations of a whole country (48 MiB each at their limit) and all else.
FILE_BYTES_MAX: Final = 112 * 1024 * 1024
# Commas and brackets, those inside of texts too: a file of both parties has some hundreds, and configurations have
# none. Each costs a reader a hundred bytes of memory, which millions of them in a small file would multiply.
MARKS_MAX: Final = 100_000
# The two gateways of an exchange; a third place is room for a member that has two gateways and changed over.
RECORDS_MAX: Final = 4
# A consumer sends one; a retry after a lost answer makes a second.
RECEIPTS_MAX: Final = 8
# The instances of the two parties, each before and after a change.
CONFIGURATIONS_MAX: Final = 8

_FILE = frozenset({"format", "request_id", "configurations", "records"})
_RECORD, _RECORD_OPTIONS = frozenset({"record", "proof"}), frozenset({"stamp", "particulars", "receipts"})
_PARTICULARS_OPTIONS = frozenset({"consent", "header", "response"})


@dataclass(frozen=True, slots=True)
class LoggedBytes:
    """A log entry as it stands in the log, and the text of the proof that it does. Nothing of it is trusted."""

    record: bytes = field(repr=False)
    proof: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeptEvidence:
    """What one gateway has of the exchange. Nothing of it is trusted."""

    logged: LoggedBytes
    stamp: bytes | None = field(default=None, repr=False)
    particulars: Particulars | None = None
    receipts: tuple[LoggedBytes, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """The evidence of one exchange, as it was read or is to be written. Nothing of it is trusted."""

    request_id: str
    configurations: tuple[str, ...] = field(repr=False)
    records: tuple[KeptEvidence, ...]


def encode(file: EvidenceFile) -> bytes:
    """Write an evidence file, indented so that people can read it too.

    Raises:
        MalformedInput: it is not one that ``decode`` reads; or (``TooLarge``) it exceeds a limit.
    """
    value = {
        "format": FORMAT,
        "request_id": file.request_id,
        "configurations": list(file.configurations),
        "records": [_record_as_json(one) for one in file.records],
    }
    raw = msgspec.json.format(strict_json.encode(value), indent=1) + b"\n"
    if decode(raw) != file:
        raise AssertionError("an evidence file that reads otherwise than it was written")
    return raw


def decode(raw: bytes) -> EvidenceFile:
    """Read an evidence file. Trusts nothing.

    Raises:
        MalformedInput: another format, a member missing, unknown or of the wrong type; or (``TooLarge``) too long.
    """
    if sum(map(raw.count, (b",", b"[", b"{"))) > MARKS_MAX:
        raise TooLarge(
            f"an evidence file has at most {MARKS_MAX} commas and brackets; this is something else"
        )
    found = object_of(strict_json.decode(raw, size_bytes_max=FILE_BYTES_MAX), _FILE)
    if found["format"] != FORMAT:
        raise MalformedInput(f"an evidence file of another format than {FORMAT}; update this program")
    file = EvidenceFile(
        request_id=text_of(found["request_id"]),
        configurations=entries_of(found, "configurations", text_of, most=CONFIGURATIONS_MAX),
        records=entries_of(found, "records", _read_record, most=RECORDS_MAX),
    )
    if not file.records or not file.configurations:
        raise MalformedInput("an evidence file has at least one record and one configuration")
    return file


def _record_as_json(kept: KeptEvidence) -> dict[str, object]:
    return {
        **_logged_as_json(kept.logged),
        **({} if kept.stamp is None else {"stamp": base64url.encode(kept.stamp)}),
        **({} if kept.particulars is None else {"particulars": _particulars_as_json(kept.particulars)}),
        **({"receipts": [_logged_as_json(one) for one in kept.receipts]} if kept.receipts else {}),
    }


def _logged_as_json(logged: LoggedBytes) -> dict[str, object]:
    return {"record": _text(logged.record), "proof": _text(logged.proof)}


def _particulars_as_json(particulars: Particulars) -> object:
    # The form in which the log keeps them, opened.
    return strict_json.decode(encode_particulars(particulars), size_bytes_max=PARTICULARS_BYTES_MAX)


def _read_record(value: object) -> KeptEvidence:
    found = object_of(value, _RECORD, _RECORD_OPTIONS)
    receipts = entries_of(found, "receipts", _read_receipt, most=RECEIPTS_MAX) if "receipts" in found else ()
    if "receipts" in found and not receipts:
        raise MalformedInput("receipts of which there are none are left out")
    return KeptEvidence(
        _read_logged(found),
        stamp=bytes_of(found["stamp"], bytes_max=TOKEN_BYTES_MAX) if "stamp" in found else None,
        particulars=_read_particulars(found["particulars"]) if "particulars" in found else None,
        receipts=receipts,
    )


def _read_receipt(value: object) -> LoggedBytes:
    return _read_logged(object_of(value, _RECORD))


def _read_logged(found: Json) -> LoggedBytes:
    record, proof = text_of(found["record"]).encode(), text_of(found["proof"]).encode()
    if len(record) > ENTRY_BYTES_MAX:
        raise TooLarge(f"a record of {len(record)} bytes; at most {ENTRY_BYTES_MAX} are kept")
    return LoggedBytes(record, proof)


def _read_particulars(value: object) -> Particulars:
    found: Mapping[str, object] = object_of(value, frozenset({"request"}), _PARTICULARS_OPTIONS)
    header = bytes_of(found["header"], bytes_max=PARTICULARS_BYTES_MAX) if "header" in found else b""
    if "header" in found and not header:
        raise MalformedInput("a header part that is empty is left out")
    return Particulars(
        request_base=text_of(found["request"]),
        response_base=text_of(found["response"]) if "response" in found else None,
        header_part=header,
        consent=text_of(found["consent"]) if "consent" in found else None,
    )


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as refusal:
        raise MalformedInput("a record or proof that is not UTF-8") from refusal
