"""How much memory a process holds."""

from __future__ import annotations

import os

import numpy as np
import psutil

from stream.device.memory import resident_bytes


def test_memory_of_a_process() -> None:
    before = resident_bytes()
    assert before is not None
    held = np.ones(64 << 20, np.uint8)
    after = resident_bytes(os.getpid())
    assert after is not None
    assert after - before > held.nbytes // 2
    assert abs(after - psutil.Process().memory_info().rss) < 16 << 20


def test_a_process_that_is_gone_holds_nothing_known() -> None:
    assert resident_bytes(2**22 + 1) is None, "beyond the largest process id"
