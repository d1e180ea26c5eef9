"""How much memory a process holds."""

from __future__ import annotations

import mmap
import os

import psutil

from stream.device.memory import resident_bytes


def test_memory_of_a_process() -> None:
    before = resident_bytes()
    assert before is not None
    with mmap.mmap(-1, 64 << 20) as held:  # not malloc, which may hand out what is resident already
        held.write(b"\1" * len(held))
        after = resident_bytes(os.getpid())
        assert after is not None
        assert after - before > len(held) // 2
        assert abs(after - psutil.Process().memory_info().rss) < 16 << 20


def test_a_process_that_is_gone_holds_nothing_known() -> None:
    assert resident_bytes(2**22 + 1) is None, "beyond the largest process id"
