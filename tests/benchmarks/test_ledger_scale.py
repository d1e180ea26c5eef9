"""Short versions of `benchmarks.ledger_scale` and `benchmarks.kill_run`, which ask more of a run over a library."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kill_run import measured as killed
from benchmarks.ledger_scale import measured as scaled
from benchmarks.ledger_scale import two_ledgers


def test_claims_take_as_long_among_many_as_among_few() -> None:
    with two_ledgers(None) as (small, large):
        found = scaled(small, large, 20_000, 3)
    assert found["holds"], found


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.usefixtures("models_dir")
def test_a_killed_run_loses_and_repeats_nothing(tmp_path: Path) -> None:
    found = killed(tmp_path, None, clips=16, kills=3, processes=1, seed=5)
    assert found["holds"], found
