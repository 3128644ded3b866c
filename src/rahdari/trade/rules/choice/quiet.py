"""HiGHS 1.12, as SciPy 1.17 carries it, prints a line meant for its makers; no setting turns it off.

The line goes to the C library's standard output, past Python, and would stand in the middle of a table or a JSON
answer. While a model is solved, that one C variable points at nothing. Python's own output does not pass there and
is not touched. Where the C library is another one than those named here, nothing is done.
"""

import ctypes
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def _find_c_output() -> tuple[ctypes.c_void_p, int | None, int | None] | None:
    # POSIX lets stdout be a constant (musl has it so): only those are touched that declare it a variable.
    name = {"darwin": "__stdoutp"}.get(sys.platform)
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        name = "stdout"
    if name is None:
        return None
    library = ctypes.CDLL(None)
    library.fopen.restype = ctypes.c_void_p
    output = ctypes.c_void_p.in_dll(library, name)
    return output, output.value, library.fopen(b"/dev/null", b"w")


_FOUND = _find_c_output()


@contextmanager
def quiet_solver() -> Iterator[None]:
    """Let nothing that C code prints come out while this holds.

    Two solvers at once in two threads do no harm: at worst one of the lines is seen.
    """
    if _FOUND is None or _FOUND[2] is None:
        yield
        return
    output, usual, nowhere = _FOUND
    output.value = nowhere
    try:
        yield
    finally:
        output.value = usual
