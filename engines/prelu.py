"""Rewrites PReLU so that ONNX Runtime's CPU provider keeps its blocked memory layout.

Between convolutions that provider stores channels in blocks of its vector width, and converts back for every operator
without a kernel for that layout. PReLU has none, and a quarter of a small network's time went into conversions.
Depthwise 1×1 convolutions have one: x·slope + max(x, 0)·(1 - slope) equals max(x, 0) + slope·min(x, 0). Other providers
have a kernel for PReLU, so the model files keep it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import helper, numpy_helper

_OPERATOR = "PRelu"


def model_for_cpu(path: Path) -> str | bytes:
    """What the CPU provider should load for an ONNX file: its path, or the rewritten model as bytes when it contains a
    PReLU."""
    if _OPERATOR.encode() not in path.read_bytes():
        return str(path)
    try:
        return bytes(prelu_as_convolutions(onnx.load(path)).SerializeToString())
    except DecodeError:  # not a model, or one of 2 GiB: loading the file reports what is wrong
        return str(path)


def prelu_as_convolutions(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replaces every PReLU that has one constant slope for each channel of (N, C, H, W) by convolutions. The model is
    changed in place and returned.

    Outputs stay within 1e-5: the same numbers are added in another order.
    """
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    nodes = [new for node in graph.node for new in _spelt_out(node, graph, constants)]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def _spelt_out(
    node: onnx.NodeProto, graph: onnx.GraphProto, constants: Mapping[str, onnx.TensorProto]
) -> Iterator[onnx.NodeProto]:
    slopes = _slopes(node, constants)
    if slopes is None:
        yield node
        return
    x, y = node.input[0], node.output[0]
    scaled = helper.make_node("Conv", [x, f"{y}.slope"], [f"{y}.scaled"], kernel_shape=[1, 1], group=len(slopes))
    above = helper.make_node("Relu", [x], [f"{y}.above"])
    added = helper.make_node(
        "Conv", [f"{y}.above", f"{y}.rest"], [f"{y}.added"], kernel_shape=[1, 1], group=len(slopes)
    )
    for name, values in (("slope", slopes), ("rest", 1 - slopes)):
        graph.initializer.append(numpy_helper.from_array(values.reshape(-1, 1, 1, 1), f"{y}.{name}"))
    yield from (scaled, above, added, helper.make_node("Add", [f"{y}.scaled", f"{y}.added"], [y]))


def _slopes(node: onnx.NodeProto, constants: Mapping[str, onnx.TensorProto]) -> np.ndarray | None:
    """(C,) float32 slopes of a PReLU that can be replaced; None for every other node."""
    if node.op_type != _OPERATOR or node.input[1] not in constants:
        return None
    values = numpy_helper.to_array(constants[node.input[1]])
    if values.dtype != np.float32 or values.ndim != 3 or values.shape[1:] != (1, 1):
        return None
    return values.reshape(-1)
