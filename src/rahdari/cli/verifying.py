"""``rahdari pass verify``: a picture, a file or a text, offline or online."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rahdari.app.catalogue import read_catalogue
from rahdari.app.errors import BadFile
from rahdari.app.files import read_limited
from rahdari.app.pictures import read_code
from rahdari.cli.authority import Given
from rahdari.cli.documents import attributes_document, report_document
from rahdari.cli.errors import BadUsage, InputTooLarge
from rahdari.cli.exit_codes import verdict_exit_code
from rahdari.cli.instants import instant
from rahdari.cli.session import Session
from rahdari.cli.terminal import pairs, printable
from rahdari.cli.words import STANDARD_INPUT
from rahdari.credentials import CardProduct, Outcome, Report, VerdictKind, print_number
from rahdari.kernel import Problem
from rahdari.wire import qr

# The largest picture that is read at all; a text of this size is refused by the verification's first step.
INPUT_BYTES_MAX = qr.PICTURE_BYTES_MAX
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")
_MARKS = {
    Outcome.PASSED: ("passed", "green"),
    Outcome.FAILED: ("FAILED", "bold red"),
    Outcome.NOT_REACHED: ("not reached", "dim"),
    Outcome.NOT_ASKED: ("not asked", "dim"),
}


def verify(
    source: str | None = None,
    /,
    *,
    text: str | None = None,
    online: bool = False,
    verifier: Path | None = None,
    max_age: int | None = None,
    session: Given,
) -> int:
    """Verify a pass: offline, or with --online against the register.

    Offline, the trust list and the status lists of the verifier folder decide; no register is needed.
    Ends with 0 if the pass is valid, else with a code from 10 to 17.

    Args:
        source: A picture (PNG, JPEG, WebP), a text file, or - for standard input.
        text: The text of the pass itself.
        online: Ask the register of the home folder.
        verifier: The verifier folder, else the one in the home folder.
        max_age: Seconds that the known status may be old, offline; else the setting (60).
        session: This run.
    """
    if (source is None) == (text is None):
        raise BadUsage("give one file (or - for standard input), or the text with --text")
    if online and verifier is not None:
        raise BadUsage("--online asks the register; --verifier is for offline verification")
    if online and max_age is not None:
        raise BadUsage("--online asks the register, whose answer has no age; --max-age is for offline")
    raw = text if text is not None else read_pass(read_source(source or STANDARD_INPUT))
    if online:
        report = session.house().authority.examine(raw)
    else:
        report = session.gate(verifier, status_age_max=max_age).examine(raw)
    mode = "online" if online else "offline"
    session.terminal.answer(report_document(report, mode=mode), *report_lines(report, _products(session)))
    return verdict_exit_code(report.verdict.value)


def read_source(source: str) -> bytes:
    """Read a file, or standard input. Raises ``FolderFailed``, ``InputTooLarge``."""
    if source != STANDARD_INPUT:
        try:
            return read_limited(Path(source), size_bytes_max=INPUT_BYTES_MAX)
        except BadFile:
            raise _too_large("the file") from None
    raw = sys.stdin.buffer.read(INPUT_BYTES_MAX + 1)
    if len(raw) > INPUT_BYTES_MAX:
        raise _too_large("the input")
    return raw


def _too_large(what: str) -> InputTooLarge:
    return InputTooLarge(
        f"{what} has more than {INPUT_BYTES_MAX} bytes; no pass and no picture of one has: give the right file, "
        "or a smaller picture"
    )


def read_pass(raw: bytes) -> str:
    """Read the text of a pass from a picture with one QR code, or from a text file.

    Raises:
        NoCode, SeveralCodes: the picture shows none that can be read, or several.
        MalformedInput: the picture is damaged.
    """
    if raw.startswith(_PICTURES):
        return read_code(raw)
    # Line ends only: a space may be the first character of Base45 (RFC 9285, 4.2).
    return raw.decode("utf-8", errors="replace").strip("\r\n\t")


def _products(session: Session) -> tuple[CardProduct, ...]:
    """List the products of the home folder; a verifier's may have none, or bad ones, and verifies all the same."""
    try:
        return read_catalogue(session.settings().home).list_current()
    except Problem:
        return ()


def report_lines(report: Report, products: Sequence[CardProduct] = ()) -> tuple[RenderableType, ...]:
    """Tell a verification: the verdict large, why, what was checked, and the claims only if it is valid.

    ``products`` say how the holder's number is grouped.
    """
    claims: RenderableType = "Nothing that the pass says is shown, because nothing of it may be relied on."
    if report.verified is not None:
        told, ref = attributes_document(report.verified.attributes), report.verified.terms.product
        for product in products:
            if ref is not None and product.ref.id == ref.id:
                told["number"] = print_number(product, str(told.get("number", "")))
        claims = pairs(told)
    return _banner(report), _checks(report), "", claims


# As reasons tell an instant: 2027-03-01 12:00 UTC, with seconds or without.
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?) UTC")


def _banner(report: Report) -> Panel:
    style = "bold green" if report.verdict is VerdictKind.VALID else "bold red"
    verdict = " ".join(report.verdict.value.replace("_", " ").upper())
    # One form of instants everywhere (ISO 8601).
    reason, as_of = _INSTANT.sub(r"\1T\2Z", printable(report.reason)), instant(report.as_of) or ""
    said = Text.assemble((verdict, style), "\n", reason)
    if as_of not in reason:
        said.append(f"\nas of {as_of}", "dim")
    return Panel(said, border_style=style, expand=False, padding=(0, 2))


def _checks(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", "what was checked", "outcome", "by"):
        table.add_column(heading, overflow="fold")
    for one in report.checks:
        word, style = _MARKS[one.outcome]
        table.add_row(str(one.number), one.name, Text(word, style=style), Text(one.clause, style="dim"))
    return table
