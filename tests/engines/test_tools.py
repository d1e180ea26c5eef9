"""The models' tools: one contract for the host, for torchvision where it is installed, and for a device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engines.tools import HOST_TOOLS, HostTools
from engines.tools_cuda import engine_input, grey_input, picture_numbers, torch_suppress
from kernels.cuda.ops import CudaOps

from ..kernels import emulated
from ..kernels.tolerances import assert_close

OVERLAPPING = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [30, 0, 40, 10]], np.float32)
CHAIN = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10]], np.float32)


ONE = np.zeros(3, np.int64)
"""All of one picture."""


class TorchTools(HostTools):
    """torchvision on views of the host's arrays."""

    def suppress(self, boxes: Any, scores: Any, pictures: Any, overlap: float) -> np.ndarray:
        return np.asarray(torch_suppress(boxes, scores, pictures, overlap).numpy())


class EmulatedTools(HostTools):
    """The kernel, run on the host."""

    def engine_input(
        self, pictures: Any, size: tuple[int, int] | None = None, divisor: float = 1.0, subtract: float = 0.0
    ) -> np.ndarray:
        return np.asarray(engine_input(CudaOps(emulated.EmulatedRuntime()), pictures, size, divisor, subtract))

    def grey_input(self, chips: Any) -> np.ndarray:
        return np.asarray(grey_input(CudaOps(emulated.EmulatedRuntime()), chips))

    def qualities(self, chips: Any, side: int) -> np.ndarray:
        return np.asarray(CudaOps(emulated.EmulatedRuntime()).chip_quality(chips, side))

    def picture_numbers(self, features: Any, pictures: Any) -> np.ndarray:
        return np.asarray(picture_numbers(CudaOps(emulated.EmulatedRuntime()), features, pictures))


@pytest.fixture(params=["host", "torch", pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.slow])])
def suppress(request: pytest.FixtureRequest) -> Any:
    if request.param == "host":
        return HOST_TOOLS.suppress
    if request.param == "torch":
        pytest.importorskip("torchvision", reason="needs torchvision")
        return TorchTools().suppress
    import cupy

    from engines.tools_cuda import CudaTools
    from kernels.cuda.runtime import CupyRuntime

    runtime = CupyRuntime()
    tools = CudaTools(runtime)

    def on_device(boxes: np.ndarray, scores: np.ndarray, pictures: np.ndarray, overlap: float) -> np.ndarray:
        with tools.scope():
            there = (runtime.upload(array) for array in (boxes, scores, pictures))
            return np.asarray(cupy.asnumpy(tools.suppress(*there, overlap)))

    return on_device


def test_the_better_of_two_overlapping_boxes_stays(suppress: Any) -> None:
    assert suppress(OVERLAPPING, np.array([0.6, 0.9, 0.7], np.float32), ONE, 0.3).tolist() == [1, 2]


def test_a_suppressed_box_suppresses_nothing(suppress: Any) -> None:
    assert suppress(CHAIN, np.array([0.9, 0.8, 0.7], np.float32), ONE, 0.3).tolist() == [0, 2]


def test_equal_scores_go_by_order(suppress: Any) -> None:
    assert suppress(OVERLAPPING, np.array([0.5, 0.5, 0.5], np.float32), ONE, 0.3).tolist() == [0, 2]


def test_crowds_are_thinned_alike_everywhere(suppress: Any) -> None:
    random = np.random.default_rng(7)
    corners = random.uniform(0, 200, (150, 2))
    boxes = np.concatenate([corners, corners + random.uniform(5, 60, (150, 2))], 1).astype(np.float32)
    scores = random.uniform(0.5, 1, 150).astype(np.float32)
    for pictures in (np.zeros(150, np.int64), np.sort(random.integers(0, 4, 150))):
        expected = HOST_TOOLS.suppress(boxes, scores, pictures, 0.3).tolist()
        assert suppress(boxes, scores, pictures, 0.3).tolist() == expected


def test_boxes_of_other_pictures_do_not_count(suppress: Any) -> None:
    scores, pictures = np.array([0.6, 0.9, 0.7, 0.8], np.float32), np.array([0, 1, 1, 1])
    boxes = np.concatenate([OVERLAPPING[:2], OVERLAPPING[:2]])
    assert suppress(boxes, scores, pictures, 0.3).tolist() == [1, 0]


def test_a_box_that_leaves_its_picture_does_not_reach_into_another(suppress: Any) -> None:
    boxes = np.array([[590, 590, 640, 640], [-50, -50, 0, 0]], np.float32)
    assert suppress(boxes, np.array([0.6, 0.9], np.float32), np.array([0, 1]), 0.3).tolist() == [1, 0]


@pytest.fixture(
    params=[
        "host",
        pytest.param("emulated", marks=pytest.mark.skipif(not emulated.available(), reason="needs a C++ compiler")),
    ]
)
def tools(request: pytest.FixtureRequest) -> HostTools:
    return HOST_TOOLS if request.param == "host" else EmulatedTools()


def test_pictures_lie_at_the_top_left_and_the_rest_is_black_before_scaling(tools: HostTools) -> None:
    pictures = np.random.default_rng(3).integers(0, 256, (2, 6, 9, 3), np.uint8)
    shown = tools.engine_input(pictures, (12, 8), divisor=127.5, subtract=1)
    assert (shown.shape, shown.dtype) == ((2, 3, 8, 12), np.float32)
    assert_close("engine_input", shown[:, :, :6, :9], pictures.transpose(0, 3, 1, 2) / 127.5 - 1)
    assert (shown[:, :, 6:] == -1).all() and (shown[:, :, :, 9:] == -1).all()


def test_values_stay_as_they_are_when_nothing_is_asked(tools: HostTools) -> None:
    pictures = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    np.testing.assert_array_equal(tools.engine_input(pictures), pictures.transpose(0, 3, 1, 2))


def test_grey_goes_from_minus_one_to_one(tools: HostTools) -> None:
    chips = np.random.default_rng(4).integers(0, 256, (3, 8, 8, 3), np.uint8)
    chips[0], chips[1] = 0, 255
    shown = tools.grey_input(chips)
    assert (shown.shape, shown.dtype) == ((3, 1, 8, 8), np.float32)
    assert_close("engine_input", shown[:, 0], chips @ np.array([0.299, 0.587, 0.114]) / 127.5 - 1)


def test_quality_is_that_of_the_middle(tools: HostTools) -> None:
    """Compared with the formulas, pixel by pixel."""
    random = np.random.default_rng(5)
    stripes = np.broadcast_to(random.integers(0, 256, (1, 1, 20, 1), np.uint8), (1, 20, 20, 3))
    chips = np.concatenate([random.integers(0, 256, (2, 20, 20, 3), np.uint8), np.full((1, 20, 20, 3), 250), stripes])
    got = tools.qualities(np.ascontiguousarray(chips, np.uint8), 14)
    assert (got.shape, got.dtype) == ((4, 6), np.float32)
    assert_close("quality", got, np.array([quality_of(chip[3:17, 3:17]) for chip in chips]))
    assert got[2].tolist() == pytest.approx([0, 0, 0, 1, 0, 250], abs=1e-3) and got[3, 4] > 0.999


def quality_of(chip: np.ndarray) -> list[float]:
    luma = chip @ np.array([0.299, 0.587, 0.114])
    bends, noises, slopes = [], [], []
    for y, x in np.ndindex(luma.shape[0] - 2, luma.shape[1] - 2):
        part = luma[y : y + 3, x : x + 3]
        bends.append((part * [[0, 1, 0], [1, -4, 1], [0, 1, 0]]).sum())
        noises.append(abs((part * [[1, -2, 1], [-2, 4, -2], [1, -2, 1]]).sum()))
        slopes.append((part[1, 2] - part[1, 0], part[2, 1] - part[0, 1]))
    across, down = np.array(slopes).T
    xx, yy, xy = (across**2).mean(), (down**2).mean(), (across * down).mean()
    coherence = np.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-6)
    grain = np.mean(noises) * np.sqrt(np.pi / 2) / 6
    burnt = (luma >= 248).mean()
    return [float(number) for number in (np.var(bends), grain, luma.std(), burnt, coherence, luma.mean())]


@pytest.mark.parametrize(
    ("pooled", "size"), [((12, 20), (180, 320)), ((20, 12), (30, 17)), ((2, 3), (64, 96)), ((1, 20), (5, 50))]
)
def test_picture_numbers_are_means_of_parts(pooled: tuple[int, int], size: tuple[int, int], tools: HostTools) -> None:
    """Compared with the formulas, cell by cell. The features are part of larger maps, as those of letterboxed pictures
    are."""
    random = np.random.default_rng(6)
    features = random.normal(0.2, 2, (2, 4, pooled[0] + 1, pooled[1] + 2)).astype(np.float32)
    features = features[:, :, : pooled[0], : pooled[1]]
    pictures = random.integers(0, 256, (2, *size, 3), np.uint8)
    got = tools.picture_numbers(features, pictures)
    assert got.shape == (2, 1 + 9 * 4 + 192)
    for row, maps, picture in zip(got, features, pictures, strict=True):
        assert_close("picture_numbers", row, numbers_of(maps, picture))


def numbers_of(features: np.ndarray, picture: np.ndarray) -> list[float]:
    thumb = grid_of(picture @ np.array([0.299, 0.587, 0.114]), 27, 48)
    rows, columns = (stretches_of(side) for side in features.shape[1:])
    pooled = [channel[r][:, c].mean() for channel in features for r in rows for c in columns]
    colours = [grid_of(picture[..., channel], 8, 8) for channel in range(3)]
    return [float(thumb.std()), *pooled, *np.ravel(colours)]


def stretches_of(length: int) -> list[slice]:
    edges = [round(length * i / 3) for i in range(4)]
    starts = [min(start, length - 1) for start in edges[:3]]
    return [slice(start, max(end, start + 1)) for start, end in zip(starts, edges[1:], strict=True)]


def grid_of(plane: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Means of equal cells: every pixel is first divided into as many as there are cells."""
    fine = np.repeat(np.repeat(plane.astype(float), rows, axis=0), columns, axis=1)
    height, width = plane.shape
    return fine.reshape(rows, height, columns, width).mean((1, 3))
