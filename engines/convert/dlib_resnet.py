"""Converts dlib's face recognition residual network (`.dat`, 29 convolutions, 128-D) to ONNX.

The file is a serialised C++ network, written from the input to the output. Every layer with weights starts with its
tag. The weights follow as one tensor: format number, four dimensions, little-endian float32 values. An integer is a
byte with its length (and the sign in the top bit), then that many little-endian bytes. What is between the tensors
(learning rates, gradients) is not needed, so tensors are found by their tags, in order, never inside another tensor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from .graph import GraphWriter
from .tflite_file import ConversionError

FloatArray = NDArray[np.float32]
SIDE_PX = 150
MEAN_RGB = (122.782, 117.001, 104.298)
LEVELS = ((32, 3), (64, 4), (128, 3), (256, 3), (256, 1))
"""Filters and number of residual blocks of each level. The first block of every level except the first halves the
picture."""
_TAG = re.compile(rb"\x01\x05con_4|\x01\x07affine_|\x01\x04fc_2")


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution with the affine layer after it folded in: filters (out, in, side, side) and biases (out,),
    float32."""

    filters: FloatArray
    biases: FloatArray


@dataclass(frozen=True, slots=True)
class NetworkWeights:
    """All weights: 29 convolutions from the input to the output, and the last layer's matrix (256, 128)."""

    convolutions: tuple[Convolution, ...]
    projection: FloatArray


def read_weights(source: bytes) -> NetworkWeights:
    """The weights of the file. Raises ConversionError when a tensor does not fit the network."""
    tensors = list(_tensors(source))
    shapes = list(_filter_shapes())
    if len(tensors) != 2 * len(shapes) + 1:
        raise ConversionError(f"found {len(tensors)} weight tensors, expected {2 * len(shapes) + 1}")
    pairs = zip(tensors[0:-1:2], tensors[1:-1:2], shapes, strict=True)
    return NetworkWeights(tuple(_folded(*pair) for pair in pairs), tensors[-1].reshape(256, 128))


def convert(source: bytes) -> onnx.ModelProto:
    """ONNX model: `image` (N, 3, 150, 150) float32 RGB 0–255 → `embedding` (N, 128), not normalised. Raises
    ConversionError."""
    weights = read_weights(source)
    graph = GraphWriter()
    mean = np.array(MEAN_RGB, np.float32).reshape(1, 3, 1, 1)
    x = graph.node("Sub", ["image", graph.weight(mean)])
    x = graph.node("Mul", [x, graph.weight(np.float32(1 / 256).reshape(1))])
    layers = iter(weights.convolutions)
    x = graph.node("Relu", [_convolve(graph, x, next(layers), stride=2)])
    x = graph.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2])
    side, channels = 35, LEVELS[0][0]
    for filters, halves in _blocks():
        x = _residual(graph, x, (next(layers), next(layers)), halves, side, filters - channels)
        side, channels = side // 2 if halves else side, filters
    x = graph.node("Flatten", [graph.node("GlobalAveragePool", [x])], axis=1)
    graph.node("MatMul", [x, graph.weight(weights.projection)], output="embedding")
    return graph.model("dlib_resnet_v1", {"image": ["batch", 3, SIDE_PX, SIDE_PX]}, {"embedding": ["batch", 128]})


def _residual(
    graph: GraphWriter, x: str, pair: tuple[Convolution, Convolution], halves: bool, side: int, more: int
) -> str:
    """relu(conv(relu(conv(x))) + x). A halving block pools x by 2 and pads the smaller side with zeros."""
    y = graph.node("Relu", [_convolve(graph, x, pair[0], 2 if halves else 1)])
    y = _convolve(graph, y, pair[1], 1)
    if halves:
        x = graph.node("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
        x = _zero_padded(graph, x, channels=more)
        # 3×3 without padding at stride 2 gives (side − 1) // 2: one less than the pooled x when the side is even.
        y = _zero_padded(graph, y, pixels=side // 2 - (side - 1) // 2)
    return graph.node("Relu", [graph.node("Add", [y, x])])


def _zero_padded(graph: GraphWriter, x: str, channels: int = 0, pixels: int = 0) -> str:
    if not channels and not pixels:
        return x
    pads = np.array([0, 0, 0, 0, 0, channels, pixels, pixels], np.int64)
    return graph.node("Pad", [x, graph.weight(pads)])


def _convolve(graph: GraphWriter, x: str, layer: Convolution, stride: int) -> str:
    side = layer.filters.shape[-1]
    pad = side // 2 if stride == 1 else 0
    weights = [graph.weight(layer.filters), graph.weight(layer.biases)]
    return graph.node("Conv", [x, *weights], kernel_shape=[side] * 2, strides=[stride] * 2, pads=[pad] * 4)


def _blocks() -> Iterator[tuple[int, bool]]:
    """(filters, whether the picture is halved) of every residual block, in the order of the network."""
    for level, (filters, count) in enumerate(LEVELS):
        for block in range(count):
            yield filters, level > 0 and block == 0


def _filter_shapes() -> Iterator[tuple[int, int, int, int]]:
    channels = LEVELS[0][0]
    yield channels, 3, 7, 7
    for filters, _ in _blocks():
        yield filters, channels, 3, 3
        yield filters, filters, 3, 3
        channels = filters


def _folded(convolution: FloatArray, affine: FloatArray, shape: tuple[int, int, int, int]) -> Convolution:
    """Folds the affine layer into the convolution: gamma · (W x + b) + beta = (gamma W) x + (gamma b + beta)."""
    if convolution.size != np.prod(shape) + shape[0] or affine.size != 2 * shape[0]:
        raise ConversionError(f"convolution of {convolution.size}, affine of {affine.size} weights, expected {shape}")
    filters, biases = convolution[: -shape[0]].reshape(shape), convolution[-shape[0] :]
    gamma, beta = affine[: shape[0]], affine[shape[0] :]
    return Convolution(filters * gamma[:, None, None, None], biases * gamma + beta)


def _tensors(source: bytes) -> Iterator[FloatArray]:
    """Every weight tensor, flat, in the order of the file."""
    at = 0
    while found := _TAG.search(source, at):
        at = found.end()
        if found.group().endswith(b"fc_2"):
            _, at = _integers(source, at, 2)  # the numbers of outputs and inputs precede its tensor
        (_format, *dims), at = _integers(source, at, 5)
        end = at + 4 * int(np.prod(dims))
        if min(dims) < 1 or end > len(source):
            raise ConversionError(f"byte {at}: a tensor of {dims} does not fit the file of {len(source)} bytes")
        yield np.frombuffer(source[at:end], "<f4").astype(np.float32)
        at = end


def _integers(source: bytes, at: int, count: int) -> tuple[list[int], int]:
    """`count` integers from byte `at` on, and the position after them."""
    numbers = []
    for _ in range(count):
        length, negative = source[at] & 0x7F, source[at] & 0x80
        magnitude = int.from_bytes(source[at + 1 : at + 1 + length], "little")
        numbers.append(-magnitude if negative else magnitude)
        at += 1 + length
    return numbers, at
