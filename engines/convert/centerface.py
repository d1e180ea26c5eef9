"""CenterFace with free batch size, height and width, and its stride-16 feature layer as an additional output.

The published file has fixed dimensions (10×3×32×32), opset 9, and its weights in the list of inputs.
"""

from __future__ import annotations

import onnx
from onnx import helper

from .graph import checked_model, float_value
from .tflite_file import ConversionError

TENSOR_NAMES = {
    "input.1": "image",
    "537": "heat",
    "538": "size",
    "539": "offset",
    "540": "landmarks",
    "474": "features",
}
CHANNELS = {"heat": 1, "size": 2, "offset": 2, "landmarks": 10, "features": 96}
STRIDES = dict.fromkeys(CHANNELS, "4") | {"features": "16"}
UNCHANGED_SINCE_OPSET_9 = {"Conv", "ConvTranspose", "BatchNormalization", "Relu", "Add", "Sigmoid"}
"""Operators that have the same meaning for inference in opset 9 and in ours, so that only the opset number has to
change."""


def convert(source: bytes) -> onnx.ModelProto:
    """ONNX model: `image` (N, 3, H, W) float32 RGB 0–255, H and W multiples of 32 → `heat`, `size`, `offset`,
    `landmarks` (N, 1 | 2 | 2 | 10, H/4, W/4) and `features` (N, 96, H/16, W/16).

    Raises ConversionError when the graph is not the published one.
    """
    graph = onnx.load_from_string(source).graph
    _check(graph)
    nodes = [
        helper.make_node(
            node.op_type, _renamed(node.input), _renamed(node.output), name=f"{node.op_type}_{number}",
            **{a.name: helper.get_attribute_value(a) for a in node.attribute},
        )
        for number, node in enumerate(graph.node)
    ]  # fmt: skip
    used = {name for node in nodes for name in node.input}
    outputs = [float_value(n, ["batch", c, f"height/{STRIDES[n]}", f"width/{STRIDES[n]}"]) for n, c in CHANNELS.items()]
    weights = [tensor for tensor in graph.initializer if tensor.name in used]
    image = float_value("image", ["batch", 3, "height", "width"])
    return checked_model(helper.make_graph(nodes, "centerface", [image], outputs, weights))


def _check(graph: onnx.GraphProto) -> None:
    strange = {node.op_type for node in graph.node} - UNCHANGED_SINCE_OPSET_9
    missing = set(TENSOR_NAMES) - {name for node in graph.node for name in (*node.input, *node.output)}
    if strange or missing:
        raise ConversionError(f"not CenterFace: strange operators {sorted(strange)}, missing tensors {sorted(missing)}")


def _renamed(names: list[str]) -> list[str]:
    return [TENSOR_NAMES.get(name, name) for name in names]
