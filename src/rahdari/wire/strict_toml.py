"""TOML 1.0 as people write it: nothing nested so deeply that reading it takes the machine's memory.

The library's reader keeps for each key the path to it: one key of a hundred thousand dots makes thousands of
millions of entries. So depth is counted before it reads.
"""

import re
import tomllib
from typing import Final

from rahdari.wire.errors import MalformedInput, TooLarge

# The deepest file of this program has four tables within one another.
DEPTH_MAX: Final = 16

# What counts, and what has to be stepped over because dots and brackets mean nothing there (TOML 1.0, "Comment" and
# "String"). Possessive, so that no text makes it try twice. A quote that opens and never closes is stepped over
# alone: what follows is then counted too much, never too little.
_TOKEN: Final = re.compile(
    r"""
      (?P<quoted>
          \"{3} (?: [^"\\]++ | \\. | "{1,2}(?!") )*+ \"{3,5}
        | '{3} (?: [^']++ | '{1,2}(?!') )*+ '{3,5}
        | " (?: [^"\\\n]++ | \\. )*+ "
        | ' [^'\n]*+ '
        | \# [^\n]*+
      )
    | (?P<opens> [\[{] )
    | (?P<closes> [\]}] )
    | (?P<dot> \. )
    | (?P<ends> [\n=,] )
    """,
    re.VERBOSE | re.DOTALL,
)


def read_toml(raw: bytes, *, bytes_max: int) -> dict[str, object]:
    """Read a document strictly.

    Raises:
        TooLarge: it has more than ``bytes_max`` bytes, or is nested more than ``DEPTH_MAX`` deep.
        MalformedInput: it is no UTF-8 or no TOML 1.0; the message says where.
    """
    if len(raw) > bytes_max:
        raise TooLarge(f"it has {len(raw)} bytes, at most {bytes_max} are read; shorten it")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedInput("it is not UTF-8 text; save it as UTF-8") from None
    _require_shallow(text)
    try:
        return tomllib.loads(text)
    # Beside the reader's own: a number of more digits than Python reads, and a date that is none.
    except (ValueError, RecursionError, OverflowError) as error:
        raise MalformedInput(f"it is not TOML: {str(error)[:200]}") from None


def _require_shallow(text: str) -> None:
    depth = dots = 0
    for found in _TOKEN.finditer(text.replace("\r\n", "\n")):
        kind = found.lastgroup
        if kind == "dot":
            dots += 1
        elif kind != "quoted":
            dots = 0
            depth = max(depth + (kind == "opens") - (kind == "closes"), 0)
        if max(depth, dots) > DEPTH_MAX:
            line = text.count("\n", 0, found.start()) + 1
            raise TooLarge(f"it is nested more than {DEPTH_MAX} deep, near line {line}; write it flatter")
