"""A film that turns out to be interlaced only while it is watched is watched anew."""

from __future__ import annotations

from dataclasses import replace

import av
import numpy as np
import pytest

from benchmarks.gpu_check.counting import CountingRuntime
from kernels.cpu import CpuOps
from kernels.cuda.ops import CudaOps
from kernels.surface import Colour, Geometry, Surface
from stream.decode.ffmpeg.fitted_fields import FittedFields
from stream.decode.watch_anew import LateFieldsError, LateShapeError
from stream.errors import KeyartError
from stream.pipeline.field_watch import FieldWatch
from stream.pipeline.film_run import late_error
from stream.records import FrameBatch, Notice, Scan

from ...kernels import emulated
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
    watch = FieldWatch(scan, CpuOps())
    return watch, sum(watch.add(batch) for batch in batches(pictures))


def film(whole: int, interlaced: int, even_first: bool = True) -> list[np.ndarray]:
    step = sliding(64)
    fields = woven(sliding(64), even_first)
    return [step[k % 64] for k in range(whole)] + [fields[k % 32] for k in range(interlaced)]


def test_one_pair_of_64_pictures_is_looked_at_and_more_where_nothing_was_known():
    assert looked(film(640, 0), MEASURED)[1] == 10
    assert looked(film(640, 0), UNSEEN)[1] == 80


@pytest.mark.parametrize("scan", [MEASURED, UNSEEN])
@pytest.mark.parametrize("first", [True, False])
def test_a_part_that_is_interlaced_is_found_at_once_with_its_beginning(scan, first):
    watch, seen = FieldWatch(scan, CpuOps()), 0
    with pytest.raises(LateFieldsError) as late:
        for batch in batches(film(640, 512, first)):
            watch.add(batch)
            seen += len(batch.surfaces)
    assert seen <= 640 + 64 + 32
    found, notice = late.value.scan, late.value.notice
    assert (found.kind, found.by, found.late) == ("interlaced", "measured", True)
    assert found.parity == ("tff" if first else "bff")
    assert notice.code == "interlaced_late"
    assert notice.time_s == pytest.approx(640 / 25, abs=64 / 25)
    assert f"from {notice.time_s:.2f} s on" in notice.message


def test_one_pair_that_is_woven_is_an_accident():
    pictures = film(1280, 0)
    pictures[128:130] = woven(sliding(4))
    watch, count = looked(pictures, MEASURED)
    assert count > 20
    assert watch._said.count("T") == 1


def test_a_film_of_whole_pictures_is_watched_once():
    assert looked(film(1280, 0), UNSEEN)[1] == 160


def test_a_film_that_is_deinterlaced_is_not_looked_at():
    assert looked(film(0, 640), Scan("interlaced", "tff", "measured"))[1] == 0


def test_pictures_that_got_bars_are_judged_by_what_the_decoder_saw_before():
    whole = film(64, 0)
    for says, late in (("T", True), ("P", False)):
        watch, looks = FieldWatch(MEASURED, CpuOps()), [(k / 25, says) for k in range(0, 64, 8)]
        seen = [
            replace(batch, looks=looks, surfaces=[replace(one, bars=(8, 8, 0, 0)) for one in batch.surfaces])
            for batch in batches(whole)
        ]
        if late:
            with pytest.raises(LateFieldsError):
                watch.add(seen[0])
        else:
            assert sum(watch.add(batch) for batch in seen) == 0


@pytest.mark.parametrize("even_first", [True, False])
def test_the_decoder_looks_at_the_lines_that_are_stored(even_first):
    def frames(pictures):
        for number, picture in enumerate(pictures):
            planes = np.full((SIZE[1] * 3 // 2, SIZE[0]), 128, np.uint8)
            planes[: SIZE[1]] = picture
            yield number / 25, av.VideoFrame.from_ndarray(planes, format="yuv420p")

    for fitted, pictures, expected in (
        (True, woven(sliding(64), even_first), {"T" if even_first else "B"}),
        (True, sliding(32), {"P"}),
        (False, woven(sliding(64), even_first), set()),
    ):
        looks = FittedFields()
        for pts_s, frame in frames(pictures):
            looks.saw(frame, pts_s, fitted=fitted)
        found = looks.taken()
        assert {says for _, says in found} == expected and looks.taken() == ()
        assert [pts_s for pts_s, _ in found] == ([0.0, 8 / 25, 16 / 25, 24 / 25] if fitted else [])


def test_only_what_is_seen_late_alone_is_a_reason_to_watch_anew_and_each_kind_once():
    fields = LateFieldsError(Scan("interlaced", "tff", late=True), Notice("interlaced_late", "late"))
    shape = LateShapeError("its pictures change their size")
    assert late_error(ExceptionGroup("stages", [ExceptionGroup("inner", [fields])])) is fields
    assert late_error(ExceptionGroup("stages", [fields]), [shape]) is fields
    for others, seen in (
        ([fields, KeyartError("no room")], []),
        ([KeyartError("no room")], []),
        ([shape], [fields, LateShapeError("before")]),
    ):
        with pytest.raises(ExceptionGroup):
            late_error(ExceptionGroup("stages", others), seen)


@pytest.mark.slow
@pytest.mark.skipif(not emulated.available(), reason="needs g++")
def test_of_pictures_on_a_device_a_few_numbers_are_fetched():
    runtime = CountingRuntime(emulated.EmulatedRuntime())
    watch, looks = FieldWatch(MEASURED, CudaOps(runtime)), 0
    with pytest.raises(LateFieldsError) as late:
        for batch in batches(film(128, 256)):
            looks += watch.add(batch)
    assert late.value.scan.parity == "tff"
    assert looks > 0
    assert runtime.to_host_bytes == len(watch._said) * 28
