"""The cost of a run over a library in short: it is measured as it says. The figure is for the benchmark itself."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.backfill_cost import Cost, round_of, summary
from benchmarks.kill_run import make_clips


def test_the_median_round_decides() -> None:
    extract = Cost(10.0, 20.0, 0.0)
    rounds = [(extract, Cost(wall_s, own_s, 100.0 - own_s)) for wall_s, own_s in ((11, 1), (12, 2), (30, 90))]
    found = summary(rounds, 5)
    assert (found["supervisor_percent"], found["wall_ratio"], found["holds"]) == (2.0, 1.2, True)
    assert not summary([(extract, Cost(10.0, 3.1, 96.9))], 5)["holds"]


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.usefixtures("models_dir")
def test_the_work_is_done_by_the_workers(tmp_path: Path) -> None:
    make_clips(tmp_path / "library", 3, random.Random(1))
    extract, backfill = round_of(sorted((tmp_path / "library").glob("*/*.mp4"))[1:])
    assert extract.children_s < extract.own_s
    assert backfill.children_s > backfill.own_s > 0
