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

_BURST = """
from rahdari.web.exchange.__main__ import give_back_memory

def held():
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))

before = held()
burst = [bytes(2_000) for _ in range(20_000)]
last = bytes(2_000)
del burst
kept = held() - before
give_back_memory()
print(kept, held() - before)
"""

_ON_GLIBC = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="another C library than glibc has no such measure"
)


def said_by(program: str) -> list[int]:
    done = subprocess.run(  # noqa: S603 - our own interpreter with our own words
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return [int(one) for one in done.stdout.split()]


@_ON_GLIBC
def test_large_buffers_are_mapped_one_by_one_also_after_the_first_was_freed() -> None:
    assert said_by(_PROGRAM) == [1, 1, 1]


@_ON_GLIBC
def test_what_a_burst_took_is_given_back() -> None:
    kept, left = said_by(_BURST)
    assert kept > 30_000, "nothing was kept: this proves nothing"
    assert left < 10_000
