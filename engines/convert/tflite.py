"""Converts plain convolutional TFLite graphs to ONNX: (N, H, W, C) becomes (N, C, H, W), the batch size becomes free,
fused activations become nodes, and integer or float16 constants become float32.

A network that was quantised "dynamically" (integer weights, activations rounded at run time) then computes with exact
activations, which is at least as good.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
from flatbuffers import number_types
from numpy.typing import NDArray

from .graph import GraphWriter
from .tflite_file import ConversionError, Graph, Operator, TableReader, read_tflite

VALID = 1
"""TensorFlow Lite's number for no padding; 0 is SAME."""
ACTIVATIONS = {0: "", 1: "Relu"}
Outputs = Mapping[str, tuple[str, tuple[int, ...]]]


def convert(source: bytes, name: str, outputs: Outputs) -> onnx.ModelProto:
    """ONNX model with one input `image` (N, C, H, W) float32.

    outputs: name of each output to keep → (new name, shape without the batch). Raises ConversionError when the graph
    has an operator or an option that is not supported.
    """
    graph = read_tflite(source)
    known = {tensor.name: index for index, tensor in enumerate(graph.tensors)}
    missing = sorted(set(outputs) - set(known))
    if missing or len(graph.inputs) != 1:
        raise ConversionError(f"{name}: {len(graph.inputs)} inputs, outputs missing: {missing}")
    wanted = {known[old]: new for old, new in outputs.items()}
    writer = _Writer(graph)
    writer.write(wanted)
    _, height, width, channels = graph.tensors[graph.inputs[0]].shape
    shapes: dict[str, list[int | str]] = {new: ["batch", *shape] for new, shape in wanted.values()}
    return writer.out.model(name, {"image": ["batch", channels, height, width]}, shapes)


class _Writer:
    """One conversion. `names` maps each TFLite tensor that is already computed to its ONNX name."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.out = GraphWriter()
        self.names = {graph.inputs[0]: "image"}
        self.kinds: dict[str, Callable[[Operator], str]] = {
            "CONV_2D": self._convolution, "DEPTHWISE_CONV_2D": self._depthwise, "MAX_POOL_2D": self._max_pool,
            "ADD": self._add, "PRELU": self._prelu, "PAD": self._pad, "RESHAPE": self._reshape, "MEAN": self._mean,
            "SOFTMAX": self._softmax, "LOGISTIC": lambda op: self.out.node("Sigmoid", [self._input(op)]),
            "RELU": lambda op: self.out.node("Relu", [self._input(op)]),
        }  # fmt: skip

    def write(self, wanted: Mapping[int, tuple[str, tuple[int, ...]]]) -> None:
        for op in self._needed(set(wanted)):
            if op.kind not in self.kinds:
                raise ConversionError(f"operator {op.kind} is not known to this converter")
            self.names[op.outputs[0]] = self.kinds[op.kind](op)
        for index, (name, shape) in wanted.items():
            target = self.out.weight(np.array([-1, *shape], np.int64))
            self.out.node("Reshape", [self.names[index], target], output=name)

    def _needed(self, tensors: set[int]) -> list[Operator]:
        """Operators that the tensors depend on, in execution order. Operators that only other outputs use are left
        out."""
        kept = []
        for op in reversed(self.graph.operators):
            if not tensors.isdisjoint(op.outputs):
                tensors |= set(op.inputs)
                kept.append(op)
        return kept[::-1]

    def _input(self, op: Operator, number: int = 0) -> str:
        index = op.inputs[number]
        if index not in self.names:
            self.names[index] = self.out.weight(self._constant(op, number))
        return self.names[index]

    def _constant(self, op: Operator, number: int) -> NDArray[Any]:
        data = self.graph.tensors[op.inputs[number]].data
        if data is None:
            raise ConversionError(f"{op.kind}: input {number} is computed, a constant is expected")
        return data

    def _shape(self, index: int) -> tuple[int, ...]:
        return self.graph.tensors[index].shape

    def _activated(self, x: str, options: TableReader, field: int) -> str:
        code = options.number(field, number_types.Int8Flags)
        if code not in ACTIVATIONS:
            raise ConversionError(f"fused activation {code} is not known to this converter")
        return self.out.node(ACTIVATIONS[code], [x]) if ACTIVATIONS[code] else x

    def _convolution(self, op: Operator) -> str:
        return self._convolve(op, self._constant(op, 1).transpose(0, 3, 1, 2), groups=1, fields=(3, 4, 5))

    def _depthwise(self, op: Operator) -> str:
        weights = self._constant(op, 1).transpose(3, 0, 1, 2)
        return self._convolve(op, weights, groups=self._shape(op.inputs[0])[3], fields=(4, 5, 6))

    def _convolve(self, op: Operator, weights: NDArray[Any], groups: int, fields: tuple[int, int, int]) -> str:
        """weights: (out, in / groups, height, width). fields: field numbers of activation, dilation by width and
        dilation by height."""
        options = _options(op)
        dilations = [options.number(fields[2], default=1), options.number(fields[1], default=1)]
        strides, side = _strides(options), weights.shape[2:]
        inputs = [self._input(op), self.out.weight(weights), self._input(op, 2)]
        y = self.out.node(
            "Conv", inputs, kernel_shape=list(side), strides=strides, dilations=dilations, group=groups,
            pads=self._pads(op, side, dilations),
        )  # fmt: skip
        return self._activated(y, options, fields[0])

    def _max_pool(self, op: Operator) -> str:
        options = _options(op)
        side = (options.number(4), options.number(3))
        y = self.out.node(
            "MaxPool", [self._input(op)], kernel_shape=list(side), strides=_strides(options),
            pads=self._pads(op, side, [1, 1]),
        )  # fmt: skip
        return self._activated(y, options, 5)

    def _pads(self, op: Operator, side: tuple[int, ...], dilations: list[int]) -> list[int]:
        """TensorFlow's SAME padding: there are ceil(size / stride) outputs; the missing pixels are padded, an odd one
        at the end."""
        options = _options(op)
        if options.number(0, number_types.Int8Flags) == VALID:
            return [0, 0, 0, 0]
        before, after = [], []
        for axis, stride in enumerate(_strides(options)):
            size = self._shape(op.inputs[0])[1 + axis]
            reach = (side[axis] - 1) * dilations[axis] + 1
            missing = max((-(-size // stride) - 1) * stride + reach - size, 0)
            before.append(missing // 2)
            after.append(missing - missing // 2)
        return [*before, *after]

    def _add(self, op: Operator) -> str:
        if any(self.graph.tensors[index].data is not None for index in op.inputs):
            raise ConversionError("ADD of a constant is not known to this converter")
        return self._activated(self.out.node("Add", [self._input(op), self._input(op, 1)]), _options(op), 0)

    def _prelu(self, op: Operator) -> str:
        return self.out.node("PRelu", [self._input(op), self.out.weight(self._constant(op, 1).transpose(2, 0, 1))])

    def _pad(self, op: Operator) -> str:
        rows = self._constant(op, 1)[[0, 3, 1, 2]]
        return self.out.node("Pad", [self._input(op), self.out.weight(rows.T.reshape(-1).astype(np.int64))])

    def _reshape(self, op: Operator) -> str:
        before, after = self._shape(op.inputs[0]), self._shape(op.outputs[0])
        x = self._input(op)
        if len(after) == 4:
            raise ConversionError(f"RESHAPE to {after}: only flattening is known to this converter")
        if len(before) == 4:
            x = self.out.node("Transpose", [x], perm=[0, 2, 3, 1])
        return self.out.node("Reshape", [x, self.out.weight(np.array([-1, *after[1:]], np.int64))])

    def _mean(self, op: Operator) -> str:
        axes = sorted(self._constant(op, 1).reshape(-1).tolist())
        if axes != [1, 2] or _options(op).number(0, number_types.Int8Flags):
            raise ConversionError(f"MEAN over {axes}: only the mean of the picture is known to this converter")
        return self.out.node("Flatten", [self.out.node("GlobalAveragePool", [self._input(op)])], axis=1)

    def _softmax(self, op: Operator) -> str:
        return self.out.node("Softmax", [self._input(op)], axis=-1)


def _options(op: Operator) -> TableReader:
    if op.options is None:
        raise ConversionError(f"{op.kind} has no options")
    return op.options


def _strides(options: TableReader) -> list[int]:
    return [options.number(2, default=1), options.number(1, default=1)]
