"""``rahdari card``: many cards on paper."""

import sys
from pathlib import Path

from rahdari.app.card_sheets import SHEET_CARDS_MAX, Paper
from rahdari.app.files import read_limited, write_whole
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.passes import card_number
from rahdari.cli.terminal import count_of
from rahdari.cli.words import STANDARD_INPUT

# 200 numbers of 14 characters with their line ends, and much space between; a list beyond it is another file.
LIST_BYTES_MAX = 64 * 1024


def sheet(
    *cards: str,
    out: Path = Path("cards.pdf"),
    paper: Paper = Paper.A4,
    cards_from: Path | None = None,
    session: Given,
) -> None:
    """Write print sheets: A4 with ten cards, Letter with eight; fronts and backs on alternate pages.

    Print at 100 %, on both sides, turned over the long edge: every back then lies behind its front. Only cards that
    are issued or active are printed; if one cannot be, nothing is written. Up to 200 cards at a time.

    Args:
        cards: Numbers of the cards.
        out: The PDF to write.
        paper: What the printer is loaded with.
        cards_from: A file with one card's number a line; - reads the standard input.
        session: This run.
    """
    session.actor()
    numbers = [card_number(one) for one in (*cards, *_listed(cards_from))]
    if not numbers:
        raise BadUsage("name the cards to print, or a file that lists them: --cards-from numbers.txt")
    if not out.absolute().parent.is_dir():
        raise BadUsage(f"there is no folder {out.parent} to write {out.name} into; make it first")
    pdf = session.house().press.sheets_pdf(numbers, paper)
    write_whole(out, pdf)
    sheets = -(-len(numbers) // paper.cards_per_page)
    session.terminal.answer(
        {"file": str(out), "cards": len(numbers), "sheets": sheets, "paper": paper.value},
        f"Wrote {out}: {count_of(len(numbers), 'card')} on {count_of(sheets, 'sheet')}, both sides.",
        "Print at 100 %, on both sides, turned over the long edge; then measure the 50 mm ruler.",
    )


def _listed(source: Path | None) -> list[str]:
    """The numbers of a list, one a line; blank lines do not count."""
    if source is None:
        return []
    if str(source) == STANDARD_INPUT:
        raw = sys.stdin.buffer.read(LIST_BYTES_MAX + 1)
    else:
        raw = read_limited(source, size_bytes_max=LIST_BYTES_MAX)
    lines = raw.decode("utf-8", errors="replace").split() if len(raw) <= LIST_BYTES_MAX else []
    if len(raw) > LIST_BYTES_MAX or len(lines) > SHEET_CARDS_MAX:
        raise BadUsage(f"the list is longer than {SHEET_CARDS_MAX} numbers; split it")
    return lines
