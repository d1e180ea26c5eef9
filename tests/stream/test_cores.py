"""In processes of their own, which are given less than the machine has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stream.cores import usable_cores
from stream.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def answer(program: str, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **environment}, cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return done.stdout.split()


def test_what_a_process_is_bound_to_counts() -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("needs a system that binds processes to cores")
    program = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
    program += "from stream.cores import usable_cores; print(usable_cores())"
    assert answer(program) == ["1"]


def test_a_quota_counts_wherever_threads_are_one_for_each_core(tmp_path: Path) -> None:
    """By joblib's variable, whose number is taken as the container's quota is: no test can set that."""
    if usable_cores() < 2:
        pytest.skip("needs two cores")
    program = (
        "from stream.settings import Settings; from benchmarks.provenance import provenance\n"
        "usable = provenance(Settings())['machine']['usable_cores']\n"
        "print(Settings().thread_count, usable, Settings(threads=7).thread_count)"
    )
    assert answer(program, LOKY_MAX_CPU_COUNT="1") == ["1", "1", "7"]
    assert Settings().thread_count == usable_cores()
