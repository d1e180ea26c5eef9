"""With idle devices a film goes through the CUDA path: every frame at its time, and every stage takes some of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.interpreter import measure_interpreter, open_idle_decoder, rows_of, total_us


def test_every_stage_is_counted_for_every_frame(scenes_film: Path) -> None:
    report = measure_interpreter(scenes_film, rounds=1)
    assert report["frames"] == len(rows_of(scenes_film)[1])
    used = report["us_a_frame"]
    assert set(used) == {"decode", "measure", "probes", "split", "decode reference"}
    assert min(used.values()) > 0
    assert total_us(report) == pytest.approx(sum(used.values()) - used["decode reference"])


def test_the_idle_chip_gives_the_films_times_and_numbers(scenes_film: Path) -> None:
    info, rows = rows_of(scenes_film)
    decoder = open_idle_decoder(scenes_film, info, "all")
    batches = [(batch.pts_s, batch.frames) for batch in decoder.batches()]
    decoder.close()
    np.testing.assert_array_equal(np.concatenate([pts_s for pts_s, _ in batches]), rows["pts_s"])
    np.testing.assert_array_equal(np.concatenate([frames for _, frames in batches]), rows["frame"])
    assert not decoder.notices
