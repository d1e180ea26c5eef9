"""The plan of a picture's crops: who leads, and that what was checked is what is cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernels.cpu import CpuOps
from kernels.surface import Surface
from stream.framing.active import ActiveRects
from stream.framing.obstacles import is_clear
from stream.framing.planner import CropPlanner
from stream.records import ActiveRect, Candidate
from stream.settings.model import Settings

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
