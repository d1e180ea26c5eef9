"""Freed pictures go back to the system."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from stream.device.process import set_mmap_threshold

_ROUNDS = """
import ctypes, resource
from pathlib import Path
from stream.device.process import set_mmap_threshold
assert set_mmap_threshold()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
resident = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() >> 20
before = resident()
for _ in range(2):
    planes = [libc.malloc(2 << 20) for _ in range(50)]
    for plane in planes:
        ctypes.memset(plane, 1, 2 << 20)
    held = resident() - before
    keep, rest = planes[-1], planes[:-1]
    for plane in rest:
        libc.free(plane)
    assert held > 90, held
    assert resident() - before < 20, resident() - before
    libc.free(keep)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
def test_freed_planes_go_back_to_the_system() -> None:
    assert set_mmap_threshold()
    subprocess.run([sys.executable, "-c", _ROUNDS], check=True)
