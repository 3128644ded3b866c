"""A log entry as canonical bytes: the leaf of a gateway's log, and what its hash is taken of.

JSON in the one form of RFC 8785: member names sorted, no spaces, whole numbers, bytes as base64url. What is absent
or false is left out. Reading writes the value again and compares, so that no two byte strings are the same entry:
whoever counts or compares leaves may rely on it.

An entry begins with ``@type``: ``exchange-1``, ``receipt-1`` or ``withholding-1``. The members:

=============== ============================================ ===========================================
member          of                                           holds
=============== ============================================ ===========================================
began, ended    exchange                                     milliseconds since 1970
client, service exchange, withholding (client)               identifiers, parts percent-encoded
conf            exchange                                     version of the configuration
consent         exchange                                     id of the consent
consent_digest  exchange                                     SHA-256 of the consent's compact JWS
fault           exchange                                     X-Road error type
hash            exchange                                     X-Road request hash
id              all                                          request id; of a withholding: its own id
message         exchange                                     X-Road-Id
op, purpose     exchange                                     operation's template; code of the purpose
req, rsp        exchange                                     signature: input, key, sig
receipt         receipt                                      signature: input, key, sig
req_base, …     exchange                                     SHA-256 of the signature bases (rsp_base)
req_digest, …   exchange                                     Content-Digest fields (rsp_digest)
role            exchange                                     ``consumer`` or ``provider``
sealed, strict  exchange                                     true, or left out
status          exchange                                     HTTP status that was answered
subject         exchange, withholding                        hmac, period
at, until       receipt, withholding                         seconds since 1970
act, kind, by   withholding                                  act, typed reason, who ordered it
order           withholding                                  number of the order
=============== ============================================ ===========================================

Writing an exchange takes some 5 microseconds of CPU, reading one some 20.

Example:
    >>> from rahdari.wire.ndel.records import ReceiptRecord, SignatureMark
    >>> receipt = ReceiptRecord("r-1", 1_800_000_000, SignatureMark("()", "k", bytes(64)))
    >>> encode_entry(receipt)[:50]
    b'{"@type":"receipt-1","at":1800000000,"id":"r-1","r'
    >>> read_entry(encode_entry(receipt)) == receipt
    True
"""

from binascii import b2a_base64
from functools import lru_cache
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from rahdari.wire import base64url
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.ndel.record_forms import (
    ExchangeForm,
    MarkForm,
    ParticularsForm,
    ReceiptForm,
    SubjectForm,
    WithholdingForm,
)
from rahdari.wire.ndel.records import (
    ExchangeRecord,
    LogEntry,
    Particulars,
    ReceiptRecord,
    SignatureMark,
    SubjectIndex,
    WithholdingRecord,
)
from rahdari.wire.xroad import ClientId, ServiceId, read_client, read_service

# An exchange with two signatures takes 1.9 KB; a C2SP entry bundle holds 65,535 bytes an entry at most.
ENTRY_BYTES_MAX: Final = 16 * 1024
# Two signature bases with targets of 2,000 characters, headers of 64 KiB as Base64, and a consent.
PARTICULARS_BYTES_MAX: Final = 256 * 1024
# RFC 8785, 3.2.2.3 and RFC 8259, 6: what every reader of JSON counts exactly.
WHOLE_MAX: Final = (1 << 53) - 1
_OUT_OF_RANGE: Final = "a number of a log entry is below 0 or above 2^53 - 1"
# RFC 9110, 15: three digits.
STATUS_MAX: Final = 999
DIGEST_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
# Clients and services that one gateway meets in a day; what does not fit is only written anew.
_REMEMBERED_MAX: Final = 4096
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")


_Read = TypeVar("_Read", bound=msgspec.Struct)
_ENCODER: Final = msgspec.json.Encoder()
_EXCHANGE: Final = msgspec.json.Decoder(ExchangeForm)
_RECEIPT: Final = msgspec.json.Decoder(ReceiptForm)
_WITHHOLDING: Final = msgspec.json.Decoder(WithholdingForm)
_PARTICULARS: Final = msgspec.json.Decoder(ParticularsForm)


def encode_entry(entry: LogEntry) -> bytes:
    """Write a log entry in its one form.

    Raises:
        MalformedInput: a digest or signature of another length, a number out of range, text with a lone
            surrogate; or (``TooLarge``) more than ``ENTRY_BYTES_MAX`` bytes.
    """
    if isinstance(entry, ExchangeRecord):
        return _write(_of_exchange(entry), ENTRY_BYTES_MAX)
    if isinstance(entry, ReceiptRecord):
        return _write(_of_receipt(entry), ENTRY_BYTES_MAX)
    return _write(_of_withholding(entry), ENTRY_BYTES_MAX)


def read_entry(raw: bytes) -> LogEntry:
    """Read a log entry; whatever is not in the form that ``encode_entry`` writes is refused.

    Raises:
        MalformedInput: that; or (``TooLarge``) more than ``ENTRY_BYTES_MAX`` bytes.
    """
    _require_size(raw, ENTRY_BYTES_MAX)
    entry = _read_any(raw)
    # RFC 8785, 1: one value, one form. Names twice, other orders, escapes, spaces, 1.0 for 1 all end here.
    if encode_entry(entry) != raw:
        raise MalformedInput("a log entry that is not in its one canonical form (RFC 8785)")
    return entry


def request_id_of(raw: bytes) -> str | None:
    """Find the id of the exchange that an entry of the log tells of, without trusting the rest; None for others.

    Fit for an index over a log that was verified: it reads one member.
    """
    if raw.startswith(b'{"@type":"withholding-1"'):
        return None
    start = raw.find(b',"id":"') + 7
    end = raw.find(b'"', start)
    # Ids are visible ASCII without quotes; what has an escape in it is read by the parser.
    return raw[start:end].decode() if start > 6 and b"\\" not in raw[start:end] else _slow_id(raw)


def encode_particulars(particulars: Particulars) -> bytes:
    """Write the particulars of an exchange. Raises ``MalformedInput``, ``TooLarge``."""
    return _write(
        ParticularsForm(
            consent=_or_unset(particulars.consent),
            header=base64url.encode(particulars.header_part) if particulars.header_part else UNSET,
            request=particulars.request_base,
            response=_or_unset(particulars.response_base),
        ),
        PARTICULARS_BYTES_MAX,
    )


def read_particulars(raw: bytes) -> Particulars:
    """Read the particulars of an exchange, in the form that ``encode_particulars`` writes only.

    Raises:
        MalformedInput: another form; or (``TooLarge``) more than ``PARTICULARS_BYTES_MAX`` bytes.
    """
    _require_size(raw, PARTICULARS_BYTES_MAX)
    read = _decode(_PARTICULARS, raw)
    particulars = Particulars(
        request_base=read.request,
        response_base=_or_none(read.response),
        header_part=base64url.decode(read.header) if isinstance(read.header, str) else b"",
        consent=_or_none(read.consent),
    )
    if encode_particulars(particulars) != raw:
        raise MalformedInput("particulars that are not in their one canonical form (RFC 8785)")
    return particulars


def _of_exchange(one: ExchangeRecord) -> ExchangeForm:
    version, began, ended = one.configuration_version, one.began, one.ended
    if not (0 <= version <= WHOLE_MAX and 0 <= began <= WHOLE_MAX and 0 <= ended <= WHOLE_MAX):
        raise MalformedInput(_OUT_OF_RANGE)
    if not 0 <= one.status <= STATUS_MAX:
        raise MalformedInput(f"status {one.status}; one has three digits (RFC 9110, 15)")
    return ExchangeForm(
        type="exchange-1",
        began=began,
        client=_identifier_text(one.client),
        conf=version,
        consent=_or_unset(one.consent_id),
        consent_digest=UNSET if one.consent_digest is None else _digest(one.consent_digest),
        ended=ended,
        fault=one.fault or UNSET,
        hash=one.request_hash,
        id=one.request_id,
        message=one.message_id,
        op=one.operation,
        purpose=one.purpose,
        req=_mark(one.request),
        req_base=_digest(one.request_base),
        req_digest=one.request_digest,
        role=one.role,
        rsp=UNSET if one.response is None else _mark(one.response),
        rsp_base=UNSET if one.response_base is None else _digest(one.response_base),
        rsp_digest=_or_unset(one.response_digest),
        sealed=one.is_sealed or UNSET,
        service=_identifier_text(one.service),
        status=one.status,
        strict=one.is_strict or UNSET,
        subject=_subject(one.subject),
    )


def _of_receipt(one: ReceiptRecord) -> ReceiptForm:
    _require_whole(one.at)
    return ReceiptForm(type="receipt-1", at=one.at, id=one.request_id, receipt=_mark(one.receipt))


def _of_withholding(one: WithholdingRecord) -> WithholdingForm:
    _require_whole(one.at, one.until)
    return WithholdingForm(
        type="withholding-1",
        act=one.act,
        at=one.at,
        by=one.ordered_by,
        client=UNSET if one.client is None else _identifier_text(one.client),
        id=one.id,
        kind=one.kind,
        order=one.order,
        subject=_subject(one.subject),
        until=one.until,
    )


def _read_any(raw: bytes) -> LogEntry:
    if raw.startswith(b'{"@type":"exchange-1"'):
        return _as_exchange(_decode(_EXCHANGE, raw))
    if raw.startswith(b'{"@type":"receipt-1"'):
        read = _decode(_RECEIPT, raw)
        return ReceiptRecord(read.id, read.at, _as_mark(read.receipt))
    if raw.startswith(b'{"@type":"withholding-1"'):
        return _as_withholding(_decode(_WITHHOLDING, raw))
    raise MalformedInput("a log entry begins with its @type: exchange-1, receipt-1 or withholding-1")


def _as_exchange(read: ExchangeForm) -> ExchangeRecord:
    return ExchangeRecord(
        role=read.role,
        request_id=read.id,
        message_id=read.message,
        began=read.began,
        ended=read.ended,
        client=read_client(read.client),
        service=read_service(read.service),
        operation=read.op,
        purpose=read.purpose,
        configuration_version=read.conf,
        request_hash=read.hash,
        request_digest=read.req_digest,
        request=_as_mark(read.req),
        request_base=base64url.decode(read.req_base),
        status=read.status,
        response_digest=_or_none(read.rsp_digest),
        response=_as_mark(read.rsp) if isinstance(read.rsp, MarkForm) else None,
        response_base=_bytes_or_none(read.rsp_base),
        consent_id=_or_none(read.consent),
        consent_digest=_bytes_or_none(read.consent_digest),
        subject=_as_subject(read.subject),
        is_strict=read.strict is True,
        is_sealed=read.sealed is True,
        fault=_or_none(read.fault) or "",
    )


def _as_withholding(read: WithholdingForm) -> WithholdingRecord:
    return WithholdingRecord(
        id=read.id,
        at=read.at,
        act=read.act,
        kind=read.kind,
        order=read.order,
        ordered_by=read.by,
        client=read_client(read.client) if isinstance(read.client, str) else None,
        subject=_as_subject(read.subject),
        until=read.until,
    )


def _write(value: msgspec.Struct, size_bytes_max: int) -> bytes:
    try:
        raw = _ENCODER.encode(value)
    except (UnicodeEncodeError, msgspec.MsgspecError) as refusal:
        raise MalformedInput("a text that cannot be written in UTF-8 (RFC 8785, 3.2.2.2)") from refusal
    _require_size(raw, size_bytes_max)
    return raw


def _decode(decoder: msgspec.json.Decoder[_Read], raw: bytes) -> _Read:
    try:
        return decoder.decode(raw)
    except (ValueError, RecursionError) as refusal:  # MsgspecError and UnicodeDecodeError are ValueErrors
        raise MalformedInput(
            f"{len(raw)} bytes that are no log entry or particulars of this form"
        ) from refusal


def _mark(mark: SignatureMark) -> MarkForm:
    if len(mark.signature) != SIGNATURE_BYTES:
        raise MalformedInput(f"a signature of {len(mark.signature)} bytes; Ed25519 has {SIGNATURE_BYTES}")
    return MarkForm(mark.input, mark.keyid, _fixed(mark.signature, 86))


def _as_mark(read: MarkForm) -> SignatureMark:
    return SignatureMark(read.input, read.key, base64url.decode(read.sig))


def _subject(index: SubjectIndex | None) -> SubjectForm | UnsetType:
    return UNSET if index is None else SubjectForm(_digest(index.digest), index.period)


def _as_subject(read: SubjectForm | UnsetType) -> SubjectIndex | None:
    return SubjectIndex(read.period, base64url.decode(read.hmac)) if isinstance(read, SubjectForm) else None


def _digest(raw: bytes) -> str:
    if len(raw) != DIGEST_BYTES:
        raise MalformedInput(f"a digest of {len(raw)} bytes; SHA-256 has {DIGEST_BYTES}")
    return _fixed(raw, 43)


def _fixed(raw: bytes, chars: int) -> str:
    """Write bytes of a known length as base64url, its padding cut off: half the time of the general way."""
    return b2a_base64(raw, newline=False).translate(_TO_URL)[:chars].decode("ascii")


def _bytes_or_none(text: str | UnsetType) -> bytes | None:
    return base64url.decode(text) if isinstance(text, str) else None


def _or_unset(text: str | None) -> str | UnsetType:
    return UNSET if text is None else text


def _or_none(text: str | UnsetType) -> str | None:
    return text if isinstance(text, str) else None


def _require_size(raw: bytes, size_bytes_max: int) -> None:
    if len(raw) > size_bytes_max:
        raise TooLarge(f"an entry of {len(raw)} bytes; at most {size_bytes_max} are kept")


def _require_whole(*numbers: int) -> None:
    if min(numbers) < 0 or max(numbers) > WHOLE_MAX:
        raise MalformedInput(_OUT_OF_RANGE)


def _slow_id(raw: bytes) -> str | None:
    entry = read_entry(raw)
    return None if isinstance(entry, WithholdingRecord) else entry.request_id


@lru_cache(maxsize=_REMEMBERED_MAX)
def _identifier_text(identifier: ClientId | ServiceId) -> str:
    return str(identifier)
