"""An answer of the Comtrade API: JSON with its rows under ``data``."""

from decimal import Decimal
from typing import Final

import msgspec

from rahdari.wire import csv_rows
from rahdari.wire.csv_rows import shown
from rahdari.wire.errors import MalformedInput, TooLarge


class AnsweredRow(msgspec.Struct, rename="camel"):
    """A row of the API; numbers and text are both met for codes. What else a row holds is passed over."""

    ref_year: int | str
    reporter_code: int | str
    flow_code: str
    partner_code: int | str
    classification_code: str
    cmd_code: int | str
    primary_value: Decimal | None = None
    type_code: str | None = None
    freq_code: str | None = None
    reporter_iso: str | None = msgspec.field(default=None, name="reporterISO")
    partner_iso: str | None = msgspec.field(default=None, name="partnerISO")
    partner2_code: int | str | None = None
    customs_code: str | None = None
    mot_code: int | str | None = None
    cmd_desc: str | None = None
    net_wgt: Decimal | None = None

    def cells(self) -> tuple[str, ...]:
        """Give the cells in the order of ``FIELDS``, as a CSV would hold them."""
        return tuple("" if cell is None else str(cell).strip() for cell in msgspec.structs.astuple(self))


class Answer(msgspec.Struct):
    """The rows, or what went wrong."""

    data: list[AnsweredRow]
    error: str | None = None


_ANSWERS: Final = msgspec.json.Decoder(Answer)


def read(raw: bytes) -> Answer:
    """Read an answer.

    Raises:
        TooLarge: more than ``csv_rows.BYTES_MAX`` bytes.
        MalformedInput: no such answer, or it tells of an error.
    """
    if len(raw) > csv_rows.BYTES_MAX:
        raise TooLarge(f"the answer has {len(raw)} bytes, more than {csv_rows.BYTES_MAX}")
    try:
        answer = _ANSWERS.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise MalformedInput(f"no answer of the Comtrade API: {shown(str(wrong))}") from None
    if answer.error:
        raise MalformedInput(f"the Comtrade API answered with an error: {shown(answer.error)}")
    return answer
