"""What a gateway does about its memory."""

import platform
import subprocess
import sys

import pytest

_PROGRAM = """
import ctypes
from rahdari.web.exchange.__main__ import map_large_buffers

libc = ctypes.CDLL(None)

class Said(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

libc.mallinfo2.restype = Said
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
map_large_buffers()
for _ in range(3):
    before = libc.mallinfo2().hblks
    held = libc.malloc(256 * 1024)
    print(libc.mallinfo2().hblks - before)
    libc.free(held)
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="another C library than glibc has no such measure"
)
def test_large_buffers_are_mapped_one_by_one_also_after_the_first_was_freed() -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter with our own words
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["1", "1", "1"], done.stderr
