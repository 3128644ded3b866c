r"""QR codes made of characters, in the width that there is.

Example:
    >>> from rahdari.cli.drawing import fit_width
    >>> fit_width("█▀\n▄ \n", 80)
    '█▀\n▄ \n'
    >>> fit_width("█▀\n▄ \n", 1)
    '▛\n▖\n'
    >>> fit_width("██████\n", 2) is None
    True
"""

# Both halves of a character cell, upper and lower: inked or not.
_HALVES = {" ": (0, 0), "▄": (0, 1), "▀": (1, 0), "█": (1, 1)}
# Unicode 17, 2596 to 259F: four quarters of a cell: upper left, upper right, lower left, lower right.
_QUARTERS = dict(
    zip(
        [(a, b, c, d) for a in (0, 1) for b in (0, 1) for c in (0, 1) for d in (0, 1)],
        " ▗▖▄▝▐▞▟▘▚▌▙▀▜▛█",
        strict=True,
    ),
)


def fit_width(drawn: str, columns: int) -> str | None:
    """Fit a code drawn with half blocks into ``columns``; None if it is too wide for quarter blocks too.

    Quarter blocks make a code of half the width that stands tall: readers bear the stretch, since the
    finder patterns keep their 1:1:3:1:1 in either direction (ISO/IEC 18004, 6.3.3).
    """
    lines = drawn.splitlines()
    width = len(lines[0])
    if width <= columns:
        return drawn
    if (width + 1) // 2 > columns:
        return None
    return "".join(_halved(line) + "\n" for line in lines)


def is_tall(drawn: str) -> bool:
    """Tell whether a drawing is one of quarter blocks."""
    lines = drawn.splitlines()
    return len(lines) > len(lines[0]) * 3 // 4


def _halved(line: str) -> str:
    even = line + " " * (len(line) % 2)
    return "".join(_quarters(even[at], even[at + 1]) for at in range(0, len(even), 2))


def _quarters(left: str, right: str) -> str:
    (upper_left, lower_left), (upper_right, lower_right) = _HALVES[left], _HALVES[right]
    return _QUARTERS[upper_left, upper_right, lower_left, lower_right]
