"""The plan of a picture's crops: who leads, and that what was checked is what is cut."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from kernels.cpu import CpuOps
from kernels.cuda.ops import CudaOps
from kernels.ops import Ops
from kernels.surface import Colour, Geometry, Surface
from stream.framing.active import ActiveRects
from stream.framing.obstacles import is_clear
from stream.framing.planner import CropPlanner
from stream.records import ActiveRect, Candidate
from stream.settings.model import Settings

from ...kernels import emulated
from ...kernels.device_array import DeviceArray, DeviceRuntime
from ..pipeline.watched_films import surface_of
from ..portraits import candidate, face

SIDES = (64, 36)


def planner(surface: Callable[[Candidate], Surface] = lambda candidate: surface_of(1)) -> CropPlanner:
    active = ActiveRects(ActiveRect(0, 0, *SIDES))
    return CropPlanner(Settings().chosen_formats(), active, CpuOps(), surface, frozenset({"c01"}), 0.6)


def test_a_main_character_leads_beside_a_larger_stranger():
    large, star, far = face((4, 4, 12, 16)), face((30, 6, 8, 10)), face((50, 6, 3, 4))
    lead = planner().lead
    assert lead((large, star, far), ("c07", "c01", None)) is star
    assert lead((large, star, far), ("c07", None, "c01")) is large
    assert lead((), ()) is None


def test_an_uncertain_face_leads_no_crop():
    doubtful = face((4, 4, 12, 16), score=0.55)
    assert planner().lead((doubtful,), (None,)) is None


def test_what_was_planned_with_a_caption_is_what_is_cut():
    one = candidate(2.0, face((28, 6, 8, 10)), shot=1)
    caption = (10.0, 30.0, 44.0, 4.0)
    plans = planner()
    without = plans.planned(one, (None,))
    plan = plans.plan(one, (None,), [caption])
    assert plan != without and all(is_clear(crop.source, [caption]) for _, crop in plan)
    assert plans.planned(one, (None,)) == plan


def test_a_picture_is_looked_at_once_until_it_is_planned_anew():
    asked: list[float] = []

    def surface(one: Candidate) -> Surface:
        asked.append(one.pts_s)
        return surface_of(1)

    plans = planner(surface)
    for _ in range(3):
        plans.planned(candidate(2.0, shot=1), ())
    assert asked == [2.0]
    with pytest.raises(KeyError, match="gone"):
        planner(lambda one: {}[f"gone {one.pts_s}"]).planned(candidate(3.0, shot=1), ())


WIDE = 960, 540


def wide(luma: np.ndarray, wrapped: Callable[[np.ndarray], object] = np.asarray) -> Surface:
    return Surface(wrapped(luma), None, None, 8, Colour(full_range=True), Geometry(*WIDE))


def squares() -> np.ndarray:
    small = np.random.default_rng(3).integers(70, 150, (18, 32)).astype(np.uint8)
    return cv2.resize(small, WIDE, interpolation=cv2.INTER_NEAREST)


def half_blurred() -> np.ndarray:
    """Sharp on the right, out of focus and with more contrast on the left."""
    picture = squares()
    soft = cv2.GaussianBlur(np.clip(picture.astype(np.float32) * 3 - 220, 0, 255), (0, 0), 9)
    picture[:, :560] = soft[:, :560].astype(np.uint8)
    return picture


def planned(
    luma: np.ndarray, ops: Ops | None = None, wrapped: Callable[[np.ndarray], object] = np.asarray
) -> float:
    """Middle of the portrait crop across the picture, 0-1."""
    active, forms = ActiveRects(ActiveRect(0, 0, *WIDE)), Settings().chosen_formats()
    plans = CropPlanner(forms, active, ops or CpuOps(), lambda one: wide(luma, wrapped), frozenset(), 0.6)
    crop = dict((form.name, crop) for form, crop in plans.plan(candidate(2.0, shot=1), ()))["portrait"]
    return (crop.source[0] + crop.source[2] / 2) / WIDE[0]


def test_a_crop_goes_to_what_is_sharp():
    assert planned(half_blurred()) > 0.6 > 0.5 > planned(half_blurred()[:, ::-1].copy())


def test_where_a_face_leads_focus_is_not_looked_at():
    class NoDetail(CpuOps):
        def detail(self, picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
            raise AssertionError("asked for detail")

    active, forms = ActiveRects(ActiveRect(0, 0, *SIDES)), Settings().chosen_formats()
    plans = CropPlanner(forms, active, NoDetail(), lambda one: surface_of(1), frozenset(), 0.6)
    assert len(plans.plan(candidate(2.0, face((28, 6, 8, 10)), shot=1), (None,))) == len(forms)
    with pytest.raises(AssertionError, match="detail"):
        plans.plan(candidate(3.0, shot=1), ())


@pytest.mark.slow
@pytest.mark.skipif(not emulated.available(), reason="needs g++, which compiles the CUDA sources for the host")
def test_on_a_device_the_crop_is_the_same_and_a_small_picture_and_its_numbers_are_fetched():
    runtime = DeviceRuntime()
    there = planned(half_blurred(), CudaOps(runtime), DeviceArray)
    assert there == pytest.approx(planned(half_blurred()), abs=0.01)
    assert runtime.downloaded == 64 * 36 * 3 + 4 * 64 * 36
