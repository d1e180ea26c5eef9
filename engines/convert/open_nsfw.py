"""open_nsfw with the input of the other networks: RGB planes 0–255, its normalisation in the graph.

The published file has opset 9 and takes interleaved BGR with the mean colour taken off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

from .graph import checked_model, float_value
from .tflite_file import ConversionError

SIDE_PX = 224
MEAN_RGB = (123.0, 117.0, 104.0)
"""Mean colour of the pictures that the network was trained on."""
INPUT, OUTPUT = "input:0", "outputs"
UNCHANGED_SINCE_OPSET_9 = {"Conv", "Relu", "MaxPool", "AveragePool", "Add", "Reshape", "MatMul", "Softmax"}
"""Operators that have the same meaning in opset 9 and in ours as they are used here: Softmax on two dimensions, along
the last."""


def convert(source: bytes) -> onnx.ModelProto:
    """ONNX model: `image` (N, 3, 224, 224) float32 RGB 0–255 → `probabilities` (N, 2): harmless, sexually explicit.

    Raises ConversionError when the graph is not the published one.
    """
    graph = onnx.load_from_string(source).graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    _check(graph.node, weights)
    turned, first, *others = graph.node
    # The mean is a node and not part of the first bias, because the border that the convolution adds is 0 after it.
    mean = numpy_helper.from_array(np.array(MEAN_RGB, np.float32).reshape(1, 3, 1, 1), "mean")
    centred = helper.make_node("Sub", ["image", mean.name], [turned.output[0]], name="Sub_mean")
    kernel = numpy_helper.to_array(weights[first.input[1]])
    weights[first.input[1]] = numpy_helper.from_array(np.ascontiguousarray(kernel[:, ::-1]), first.input[1])
    others[-1].output[0] = "probabilities"
    image, answer = float_value("image", ["batch", 3, SIDE_PX, SIDE_PX]), float_value("probabilities", ["batch", 2])
    nodes = [centred, first, *others]
    return checked_model(helper.make_graph(nodes, "open_nsfw", [image], [answer], [mean, *weights.values()]))


def _check(nodes: Sequence[onnx.NodeProto], weights: Mapping[str, onnx.TensorProto]) -> None:
    strange = {node.op_type for node in nodes} - UNCHANGED_SINCE_OPSET_9 - {"Transpose"}
    if strange:
        raise ConversionError(f"not open_nsfw: strange operators {sorted(strange)}")
    begins = [node.op_type for node in nodes[:2]] == ["Transpose", "Conv"] and nodes[1].input[1] in weights
    if not begins or list(nodes[0].input) != [INPUT] or list(nodes[-1].output) != [OUTPUT]:
        raise ConversionError("not open_nsfw: it begins or ends otherwise")
