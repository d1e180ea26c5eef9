"""Writes the trained network as an ONNX model with the interface of PP-OCR's readers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from .alphabet import alphabet
from .lines import HEIGHT_PX
from .network import Layer, LineNetwork

OPSET = 17


@dataclass(slots=True)
class _Graph:
    """The nodes and weights so far. `at` is the name of the newest value."""

    at: str = "x"
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, operator: str, *more: str, **attributes: Any) -> None:
        """A node on the newest value; its output is the newest then."""
        output = f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [self.at, *more], [output], **attributes))
        self.at = output

    def weight(self, values: np.ndarray) -> str:
        """Name of a float32 value. It is kept as float16: half the size."""
        name = f"weight{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values.astype(np.float16), name))
        self.nodes.append(helper.make_node("Cast", [name], [f"{name}_float32"], to=TensorProto.FLOAT))
        return f"{name}_float32"

    def convolution(self, layer: nn.Conv2d, weight: np.ndarray, bias: np.ndarray) -> None:
        """A convolution with its stride, padding, dilation and groups."""
        (top, side), names = layer.padding, (self.weight(weight), self.weight(bias))
        shape = {"strides": list(layer.stride), "pads": [top, side, top, side], "dilations": list(layer.dilation)}
        self.add("Conv", *names, group=layer.groups, **shape)

    def layer(self, layer: Layer) -> None:
        """Convolutions, the last one with the normalisation after it, ReLU, and the input again where it is added."""
        *before, last, normalisation, _ = layer.parts
        given = self.at
        for convolution in before:
            self.convolution(convolution, *(part.detach().numpy() for part in (convolution.weight, convolution.bias)))
        self.convolution(last, *_folded(last, normalisation))
        self.add("Relu")
        if layer.added:
            self.add("Add", given)


def model_of(network: LineNetwork) -> onnx.ModelProto:
    """`x` (N, 3, 48, W) float32 → `probabilities` (N, W / 4, classes); alphabet in the metadata key `character`. Batch
    normalisation is folded into the convolutions."""
    graph = _Graph()
    for layer in network.layers:
        graph.layer(layer)
    graph.convolution(network.head, network.head.weight.detach().numpy(), network.head.bias.detach().numpy())
    graph.weights.append(numpy_helper.from_array(np.array([2], np.int64), "rows"))
    graph.add("Squeeze", "rows")
    graph.add("Transpose", perm=[0, 2, 1])
    graph.nodes.append(helper.make_node("Softmax", [graph.at], ["probabilities"], axis=-1))
    return _model(graph, len(alphabet()) + 1)


def _folded(layer: nn.Conv2d, normalisation: nn.BatchNorm2d) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias of the convolution and the normalisation after it, in one."""
    scale = normalisation.weight / (normalisation.running_var + normalisation.eps).sqrt()
    bias = normalisation.bias - normalisation.running_mean * scale
    weight = layer.weight * scale[:, None, None, None]
    return weight.detach().numpy(), bias.detach().numpy()


def _model(graph: _Graph, classes: int) -> onnx.ModelProto:
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, HEIGHT_PX, "W"])]
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", "T", classes])]
    proto = helper.make_graph(graph.nodes, "hangul", inputs, outputs, graph.weights)
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="benchmarks.hangul")
    model.ir_version = 9
    # PP-OCR's way: one character a line, without the space, which every reader appends.
    helper.set_model_props(model, {"character": "\n".join(alphabet()[:-1])})
    onnx.checker.check_model(model, full_check=True)
    return model
