"""Killed runs in short: whatever is killed, and whenever, all that `benchmarks.kill_run` asks for holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kill_run import measured

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_dir")]


def test_killed_runs_lose_and_repeat_nothing(tmp_path: Path) -> None:
    found = measured(tmp_path, ledger=None, clips=36, kills=2, processes=1, seed=5)
    assert found["holds"], found
