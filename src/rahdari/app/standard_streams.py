"""The standard streams of a program, where whoever started it has closed some."""

import os
import sys
from typing import Final

_STREAMS: Final = (("stdin", os.O_RDWR, "r"), ("stdout", os.O_RDWR, "w"), ("stderr", os.O_RDWR, "w"))


def open_standard_streams(*, is_answer_due: bool = False) -> None:
    """Let each of the descriptors 0 to 2 be open, on nothing where it was closed; call it first thing.

    Else the next file or socket that is opened gets the number, and what is meant for people is written into it.

    Args:
        is_answer_due: Whether what the program writes to stdout is what it was called for: where that was closed,
            writing there fails.
    """
    for number, (name, how, mode) in enumerate(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is given, and those below are taken by now.
            os.open(os.devnull, os.O_RDONLY if is_answer_due and name == "stdout" else how)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
