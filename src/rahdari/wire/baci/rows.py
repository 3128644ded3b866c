"""The rows of a CSV with the lines they begin on."""

import csv
import io
from collections.abc import Iterator

from rahdari.wire.errors import MalformedInput


def csv_rows(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """Walk over the rows of a CSV with the number of the line each begins on; blank lines are passed over."""
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(raw), "utf-8-sig", newline=""), strict=True)
    begins = 1
    try:
        for row in reader:
            if row:
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise MalformedInput(f"line {begins} is no CSV: {error}") from None
    except UnicodeDecodeError as error:
        raise MalformedInput(f"after line {begins - 1}: the file is not UTF-8 ({error.reason})") from None
