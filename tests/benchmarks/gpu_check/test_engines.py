"""The figures of the models come from the shapes that films ask, the detector's two sizes by turns."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.gpu_check.engines import CONVOLUTIONS, Models, as_in_a_film, computed, throughput
from engines.asked_shapes import asked_shapes
from engines.convolutions import AS_USUAL, Convolutions
from engines.session import FakeSession, Session


class Device:
    """A device that counts how often it was waited for."""

    def __init__(self) -> None:
        self.waits = 0

    def queue(self) -> nullcontext[None]:
        return nullcontext()

    def upload(self, array: np.ndarray) -> np.ndarray:
        return array

    def synchronise(self) -> None:
        self.waits += 1


class Opened:
    """Opens fakes and keeps them, with how they were to compute."""

    def __init__(self) -> None:
        self.sessions: list[FakeSession] = []
        self.ways: list[Convolutions] = []

    def __call__(self, path: Path, role: str, how: Convolutions) -> Session:
        self.ways.append(how)
        self.sessions.append(FakeSession(role, lambda inputs: {"out": next(iter(inputs.values()))}))
        return self.sessions[-1]

    @property
    def shapes(self) -> list[Counter[tuple[int, ...]]]:
        return [Counter(next(iter(run.values())).shape for run in one.runs) for one in self.sessions]


def models(opened: Opened, role: str) -> Models:
    return Models({role: Path(f"{role}.onnx")}, Device(), opened, least_s=0.0)


def test_sizes_change_and_both_inputs_of_the_detector_come_by_turns() -> None:
    shapes = list(as_in_a_film(asked_shapes()["detector"]))
    assert [shape[1:] for shape in shapes[:8]] == [(3, 192, 320), (3, 160, 160)] * 4
    by_input: dict[tuple[int, ...], set[int]] = {}
    for count, *shape in shapes:
        by_input.setdefault(tuple(shape), set()).add(count)
    assert by_input == {(3, 192, 320): {1, 2, 3, 5, 8, 12, 32}, (3, 160, 160): {1, 2, 3, 5, 8}}
    assert set(as_in_a_film(asked_shapes()["shots"])) == {(1, 100, 3, 27, 48)}


@pytest.mark.parametrize("role", ["detector", "text_detection", "eyes"])
def test_each_usual_shape_has_a_figure_and_each_session_of_the_fixed_ones_one_shape(role: str) -> None:
    opened, asked = Opened(), asked_shapes()[role]
    given = models(opened, role)
    found = throughput(given, role)
    assert list(found["shapes"]) == ["x".join(map(str, shape)) for shape in asked.shapes()]
    assert found["provider"] == "FakeExecutionProvider" and set(opened.ways) == {AS_USUAL}
    usual = set(asked.shapes())
    assert all(len(shapes) == 1 and set(shapes) <= usual for shapes in opened.shapes[1:])
    assert usual <= set(opened.shapes[0])  # the first one is asked everything
    assert given.device.waits == sum(sum(shapes.values()) for shapes in opened.shapes)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_each_way_to_compute_is_asked_in_the_usual_shapes_and_then_as_in_a_film(name: str) -> None:
    opened, asked = Opened(), asked_shapes()["detector"]
    found = computed(models(opened, "detector"), "detector", CONVOLUTIONS[name])
    assert set(opened.ways) == {CONVOLUTIONS[name]} and found.keys() == {"first_s", "ms"}
    assert sorted(next(iter(shapes)) for shapes in opened.shapes) == sorted(asked.shapes())
    assert all(len(shapes) == 1 for shapes in opened.shapes)
    with pytest.raises(Exception, match="is closed"):
        opened.sessions[0].run({})


def test_ways_to_compute_differ_in_search_and_in_precision_alone() -> None:
    ways: Any = {(how.search, how.tf32) for how in CONVOLUTIONS.values()}
    assert len(ways) == len(CONVOLUTIONS) == 5
    assert {search for search, tf32 in ways if not tf32} == {"default", "heuristic", "exhaustive"}
    assert CONVOLUTIONS["heuristic"] == AS_USUAL
