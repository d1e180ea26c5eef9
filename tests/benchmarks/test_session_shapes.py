"""The count of shapes: each session meets one, and what is filled up is counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.session_shapes import RoleShapes, main, shapes_of
from engines.asked_shapes import asked_shapes
from stream.settings.episode import EpisodeSettings
from stream.settings.model import Settings
from stream.settings.sections import BatchSettings, CudaSettings


def test_a_row_tells_runs_sizes_sessions_and_the_share_of_rows_that_count() -> None:
    shapes = RoleShapes([Counter({(8, 3, 64, 64): 2}), Counter({(1, 3, 64, 64): 1})], Counter({5: 1, 7: 1, 1: 1}))
    assert shapes.line("eyes") == "| eyes | 3 | 3 | 2 | 1 | 0.76 |"
    assert RoleShapes().line("mesh") == "| mesh | 0 | 0 | 0 | 0 | – |"


@pytest.mark.models
@pytest.mark.slow
def test_no_session_meets_two_shapes_in_a_film(demo_video: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(demo_video), "--max-batch", "8", "--in-flight", "2"])
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    asked = {row[0]: row for row in rows if row[1] != "0"}
    assert {"detector", "embedding", "text_detection"} <= set(asked)
    assert all(row[4] == "1" for row in asked.values())
    assert int(asked["detector"][2]) > 1


@pytest.mark.models
@pytest.mark.slow
def test_a_film_asks_nothing_that_was_not_run_before_it(demo_video: Path) -> None:
    settings = Settings(
        device="cpu",
        batching=BatchSettings(max_batch=8, in_flight=1, max_wait_s=0.03),
        cuda=CudaSettings(warm_up=False),
        episode=EpisodeSettings(enabled=True),
    )
    asked = asked_shapes(episode=True)
    for role, found in shapes_of([demo_video], settings).items():
        shapes = {shape for session in found.sessions for shape in session}
        assert shapes <= set(asked[role].within(8).shapes()), role
