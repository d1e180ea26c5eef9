"""A film that turns out to be interlaced only while it is watched is told of."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.surface import Colour, Geometry, Surface
from stream.pipeline.field_watch import FieldWatch
from stream.records import FrameBatch, Scan

from ..decode.woven import SIZE, sliding, woven

MEASURED, UNSEEN = Scan("progressive", None, "measured"), Scan("progressive", None, "flags")


def batches(pictures: list[np.ndarray], size: int = 32) -> list[FrameBatch]:
    surfaces = [Surface(p, None, None, 8, Colour(), Geometry(*SIZE)) for p in pictures]
    times = np.arange(len(pictures)) / 25
    return [
        FrameBatch(surfaces[k : k + size], times[k : k + size], np.arange(k, k + size, dtype=np.int32), np.zeros(size))
        for k in range(0, len(pictures), size)
    ]


def looked(pictures: list[np.ndarray], scan: Scan) -> tuple[FieldWatch, int]:
    watch = FieldWatch(scan)
    return watch, sum(watch.add(batch) for batch in batches(pictures))


def film(whole: int, interlaced: int) -> list[np.ndarray]:
    step = sliding(64)
    fields = woven(sliding(64))
    return [step[k % 64] for k in range(whole)] + [fields[k % 32] for k in range(interlaced)]


def test_one_pair_of_64_pictures_is_looked_at_and_more_where_nothing_was_known():
    assert looked(film(640, 0), MEASURED)[1] == 10
    assert looked(film(640, 0), UNSEEN)[1] == 80


@pytest.mark.parametrize("scan", [MEASURED, UNSEEN])
def test_a_part_that_is_interlaced_is_told_with_its_beginning(scan):
    notice = looked(film(640, 512), scan)[0].notice()
    assert notice is not None and notice.code == "not_deinterlaced"
    assert notice.time_s == pytest.approx(640 / 25, abs=64 / 25)
    assert f"from {notice.time_s:.2f} s on" in notice.message


def test_a_film_of_whole_pictures_gets_no_notice():
    assert looked(film(1280, 0), UNSEEN)[0].notice() is None


def test_a_film_that_is_deinterlaced_is_not_looked_at():
    watch, count = looked(film(0, 640), Scan("interlaced", "tff", "measured"))
    assert count == 0 and watch.notice() is None
