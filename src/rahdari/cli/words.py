"""The words of a command line, made plain before they are parsed.

Example:
    >>> from rahdari.cli.words import plain
    >>> plain(["pass", "verify", "-"])
    ['pass', 'verify', '(standard input)']
"""

from collections.abc import Sequence

STANDARD_INPUT = "(standard input)"
# No option is as long as this, and no pass is as short.
OPTION_CHARS_MAX = 64


def plain(arguments: Sequence[str]) -> list[str]:
    """Write what the parser would take for options as what it is.

    A lone hyphen is standard input (POSIX.1-2024, XBD 12.2, guideline 13); a long word behind ``--text`` is a
    pass, which may begin with a hyphen, a letter of Base45 (RFC 9285, 4.2).
    """
    words: list[str] = []
    for word in arguments:
        if word == "-":
            words.append(STANDARD_INPUT)
        elif words[-1:] == ["--text"] and word.startswith("-") and len(word) > OPTION_CHARS_MAX:
            words[-1] = f"--text={word}"
        else:
            words.append(word)
    return words
