"""The words of a command line, made plain before they are parsed.

Example:
    >>> from rahdari.cli.words import plain
    >>> plain(["pass", "verify", "-"])
    ['pass', 'verify', '(standard input)']
    >>> plain(["pass", "render", "7K3F", "--png", "--pdf", "card.pdf"])
    ['pass', 'render', '7K3F', '--png=(named by the card)', '--pdf', 'card.pdf']
"""

from collections.abc import Sequence
from itertools import zip_longest

STANDARD_INPUT = "(standard input)"
USUAL_FILE = "(named by the card)"
# Options of ``pass render`` that a file name may follow.
FORMS = frozenset({"--png", "--pdf", "--qr", "--wallet", "--text"})
# No option is as long as this, and no pass is as short.
OPTION_CHARS_MAX = 64


def plain(arguments: Sequence[str]) -> list[str]:
    """Write what the parser would take for options as what it is.

    A lone hyphen is standard input (POSIX.1-2024, XBD 12.2, guideline 13); a long word behind ``--text`` is a
    pass, which may begin with a hyphen, a letter of Base45 (RFC 9285, 4.2). A form of ``pass render`` with no file
    name behind it asks for the usual one.
    """
    words: list[str] = []
    may_stand_alone = FORMS if list(arguments).count("render") else frozenset()
    for word, following in zip_longest(arguments, arguments[1:], fillvalue="-"):
        if word in may_stand_alone and following.startswith("-"):
            words.append(f"{word}={USUAL_FILE}")
        elif word == "-":
            words.append(STANDARD_INPUT)
        elif words[-1:] == ["--text"] and word.startswith("-") and len(word) > OPTION_CHARS_MAX:
            words[-1] = f"--text={word}"
        else:
            words.append(word)
    return words
