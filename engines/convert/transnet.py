"""Converts TransNet V2, a network that finds shot boundaries (Souček and Lokoč 2020, arXiv 2008.04838), to ONNX.

Three stacks of two blocks look at the pictures of a window; each stack halves them. A block has four branches side by
side: a 3×3 convolution of each picture, then a convolution over three pictures that are 1, 2, 4 or 8 pictures apart.
Beside the stacks, two layers compare each picture with those up to fifty before and after it: one by what the stacks
saw, one by the colour histograms. One dense layer and two answers follow.

Written after the paper and the published module's layers and names. Here the four 3×3 convolutions of a block, which
have one input, are one convolution, and batch normalisation is folded into the convolutions over time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from .graph import Dims, GraphWriter
from .tflite_file import ConversionError
from .torch_file import read_tensors

WINDOW = 100
"""Pictures that the network sees at once."""
HEIGHT_PX, WIDTH_PX = 27, 48
PIXELS = HEIGHT_PX * WIDTH_PX
FILTERS = (16, 32, 64)
"""Filters of each branch, by stack."""
DILATIONS = (1, 2, 4, 8)
"""Distance of the three pictures of a convolution over time, by branch."""
BRANCHES = len(DILATIONS)
VARIANCE_EPSILON = 1e-3
"""Added to the variance in batch normalisation."""
REACH = 50
"""How many pictures before and after it a picture is compared with."""
COMPARED = 128
"""Length of the vectors that are compared, and of the answer of each comparing layer."""
DENSE = 1024
LEVELS = 8
"""Levels of each channel in the colour histogram."""


def convert(source: bytes) -> onnx.ModelProto:
    """ONNX model: `frames` (N, 100, 3, 27, 48) float32 RGB 0–255 → `boundary` (N, 100) and `transition` (N, 100),
    probabilities that a picture is the one before a boundary, and that it is part of a transition.

    Raises ConversionError when the file has not the tensors of the published network.
    """
    return _Writer(read_tensors(source)).network()


class _Writer:
    """Writes the graph of the network with the tensors of the published file."""

    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        self._tensors, self._graph = tensors, GraphWriter()

    def network(self) -> onnx.ModelProto:
        """The whole model."""
        graph, channels, means = self._graph, 3, []
        planes = graph.node("Transpose", ["frames"], perm=[0, 2, 1, 3, 4])
        x = self._scaled(planes, 1 / 255)
        for stack, filters in enumerate(FILTERS):
            x = self._stack(x, f"SDDCNN.{stack}.DDCNN", channels, filters)
            channels = BRANCHES * filters
            means.append(graph.node("ReduceMean", [x], axes=[3, 4], keepdims=0))
        seen = self._reshaped(graph.node("Transpose", [x], perm=[0, 2, 3, 4, 1]), 0, WINDOW, -1)
        x = graph.node("Concat", [self._compared_by_colour(), self._compared_by_sight(means), seen], axis=2)
        pixels = (HEIGHT_PX >> len(FILTERS)) * (WIDTH_PX >> len(FILTERS))
        x = graph.node("Relu", [self._dense(x, "fc1", DENSE, 2 * COMPARED + channels * pixels)])
        self._answer(x, "cls_layer1", "boundary")
        self._answer(x, "cls_layer2", "transition")
        frames: Dims = ["batch", WINDOW, 3, HEIGHT_PX, WIDTH_PX]
        answers: Dims = ["batch", WINDOW]
        return graph.model("transnet_v2", {"frames": frames}, {"boundary": answers, "transition": answers})

    def _answer(self, x: str, layer: str, output: str) -> None:
        logit = self._reshaped(self._dense(x, layer, 1, DENSE), 0, WINDOW)
        self._graph.node("Sigmoid", [logit], output=output)

    def _stack(self, x: str, name: str, channels: int, filters: int) -> str:
        """relu(second(y)) + y with y = relu(first(x)), then each picture at half its size."""
        graph = self._graph
        first = graph.node("Relu", [self._block(x, f"{name}.0", channels, filters)])
        second = graph.node("Relu", [self._block(first, f"{name}.1", BRANCHES * filters, filters)])
        x = graph.node("Add", [second, first])
        return graph.node("AveragePool", [x], kernel_shape=[1, 2, 2], strides=[1, 2, 2])

    def _block(self, x: str, name: str, channels: int, filters: int) -> str:
        """The four branches of a block, normalised; (N, 4 · filters, 100, height, width)."""
        graph, layers = self._graph, [f"{name}.Conv3D_{dilation}.layers" for dilation in DILATIONS]
        kernels = [self._take(f"{layer}.0.weight", 2 * filters, channels, 1, 3, 3) for layer in layers]
        kernel = graph.weight(np.concatenate(kernels))
        spatial = graph.node("Conv", [x, kernel], kernel_shape=[1, 3, 3], pads=[0, 1, 1] * 2)
        parts = graph.split(spatial, BRANCHES, axis=1)
        factors, biases = self._normalisation(f"{name}.bn", BRANCHES * filters)
        per_branch = zip(parts, layers, DILATIONS, np.split(factors, BRANCHES), np.split(biases, BRANCHES), strict=True)
        return graph.node("Concat", [self._over_time(*branch) for branch in per_branch], axis=1)

    def _over_time(
        self, x: str, layer: str, dilation: int, factors: NDArray[np.float64], biases: NDArray[np.float64]
    ) -> str:
        kernel = self._take(f"{layer}.1.weight", len(factors), 2 * len(factors), 3, 1, 1)
        weights = (kernel * factors.reshape(-1, 1, 1, 1, 1), biases)
        return self._graph.node(
            "Conv", [x, *map(self._graph.weight, weights)],
            kernel_shape=[3, 1, 1], dilations=[dilation, 1, 1], pads=[dilation, 0, 0] * 2,
        )  # fmt: skip

    def _normalisation(self, name: str, channels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Factor and bias of each channel: (x − mean) / √(variance + ε) · weight + bias."""
        parts = ("weight", "bias", "running_mean", "running_var")
        weight, bias, mean, variance = (self._take(f"{name}.{part}", channels).astype(np.float64) for part in parts)
        factors = weight / np.sqrt(variance + VARIANCE_EPSILON)
        return factors, bias - mean * factors

    def _compared_by_sight(self, means: list[str]) -> str:
        """Compares pictures by the mean of each channel that each stack gives."""
        means_by_picture = self._graph.node("Transpose", [self._graph.node("Concat", means, axis=1)], perm=[0, 2, 1])
        x = self._dense(means_by_picture, "frame_sim_layer.projection", COMPARED, BRANCHES * sum(FILTERS))
        return self._compared(x, "frame_sim_layer.fc")

    def _compared_by_colour(self) -> str:
        """Compares pictures by how many of their pixels have each of 8×8×8 colours.

        Counted by a product of two matrices, which is exact: one says which pixel has which red, the other which pixel
        has which green and blue. The counts are made shares, so that their squares fit into half precision.
        """
        graph = self._graph
        planes = self._reshaped("frames", 0, WINDOW, 3, 1, PIXELS)
        level = graph.node("Floor", [self._scaled(planes, LEVELS / 256)])
        every_level = graph.weight(np.arange(LEVELS, dtype=np.float32).reshape(LEVELS, 1))
        distance = graph.node("Abs", [graph.node("Sub", [level, every_level])])
        has_level = graph.node("Relu", [graph.node("Sub", [graph.weight(np.ones(1, np.float32)), distance])])
        red, green, blue = graph.split(has_level, 3, axis=2)
        green = self._reshaped(green, 0, WINDOW, LEVELS, 1, PIXELS)
        blue = self._reshaped(blue, 0, WINDOW, 1, LEVELS, PIXELS)
        green_blue = self._reshaped(graph.node("Mul", [green, blue]), 0, WINDOW, LEVELS**2, PIXELS)
        by_pixel = graph.node("Transpose", [green_blue], perm=[0, 1, 3, 2])
        counts = graph.node("MatMul", [self._reshaped(red, 0, WINDOW, LEVELS, PIXELS), by_pixel])
        shares = self._reshaped(self._scaled(counts, 1 / PIXELS), 0, WINDOW, LEVELS**3)
        return self._compared(shares, "color_hist_layer.fc")

    def _compared(self, x: str, layer: str) -> str:
        """Answer of a comparing layer for the cosines of each vector of `x` (N, 100, …) with those around it."""
        graph = self._graph
        length = graph.node("ReduceL2", [x], axes=[2], keepdims=1)
        unit = graph.node("Div", [x, graph.node("Max", [length, graph.weight(np.full(1, 1e-12))])])
        cosines = graph.node("MatMul", [unit, graph.node("Transpose", [unit], perm=[0, 2, 1])])
        return graph.node("Relu", [self._dense(self._around(cosines), layer, COMPARED, 2 * REACH + 1)])

    def _around(self, cosines: str) -> str:
        """(N, 100, 101): column j of row t is column t + j − 50 of `cosines` (N, 100, 100), 0 where it has none.

        Each row gets 50 zeros at both ends. Read as rows that are one longer, each begins one column later than the row
        above; the first 101 columns are what is wanted.
        """
        graph, width = self._graph, 2 * REACH + 1
        padded = self._reshaped(self._zero_padded(cosines, [0, 0, REACH, 0, 0, REACH]), 0, -1)
        skewed = self._reshaped(self._zero_padded(padded, [0, 0, 0, WINDOW]), 0, WINDOW, WINDOW + width)
        return graph.node("Slice", [skewed, *(graph.weight(np.array([value])) for value in (0, width, 2))])

    def _dense(self, x: str, layer: str, outputs: int, inputs: int) -> str:
        graph = self._graph
        x = graph.node("MatMul", [x, graph.weight(self._take(f"{layer}.weight", outputs, inputs).T)])
        return graph.node("Add", [x, graph.weight(self._take(f"{layer}.bias", outputs))])

    def _scaled(self, x: str, factor: float) -> str:
        return self._graph.node("Mul", [x, self._graph.weight(np.full(1, factor))])

    def _reshaped(self, x: str, *shape: int) -> str:
        """0 keeps a dimension, −1 is what remains."""
        return self._graph.node("Reshape", [x, self._graph.weight(np.array(shape, np.int64))])

    def _zero_padded(self, x: str, pads: list[int]) -> str:
        return self._graph.node("Pad", [x, self._graph.weight(np.array(pads, np.int64))])

    def _take(self, name: str, *shape: int) -> NDArray[np.float32]:
        """A tensor of the file. Raises ConversionError when it has another shape or is not there."""
        found = self._tensors.get(name)
        if found is None or found.shape != shape or found.dtype != np.float32:
            what = "is missing" if found is None else f"is {found.dtype} {found.shape}"
            raise ConversionError(f"not TransNet V2: {name} {what}, expected float32 {shape}")
        return found
