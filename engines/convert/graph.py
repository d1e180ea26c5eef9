"""Writes ONNX graphs: nodes and weights are added one by one and finished into a checked model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
Dims = Sequence[int | str]


class GraphWriter:
    """Adds nodes and weights to a graph. Methods that add one return the name of its output tensor."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: Sequence[str], output: str | None = None, **attributes: Any) -> str:
        """Adds an operator with one output, which is named `output` or numbered."""
        name = output or f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], name=f"{kind}_{name}", **attributes))
        return name

    def split(self, x: str, count: int, axis: int) -> list[str]:
        """Adds an operator that divides `x` into equal parts along an axis; returns their names."""
        names = [f"t{len(self._nodes)}_{part}" for part in range(count)]
        self._nodes.append(helper.make_node("Split", [x], names, name=f"Split_{names[0]}", axis=axis))
        return names

    def weight(self, values: NDArray[Any]) -> str:
        """Adds a constant. float64 is stored as float32."""
        values = values.astype(np.float32) if values.dtype == np.float64 else values
        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def model(self, name: str, inputs: Mapping[str, Dims], outputs: Mapping[str, Dims]) -> onnx.ModelProto:
        """The finished model. Dimensions are numbers or names of dynamic axes. Raises onnx.checker.ValidationError."""
        graph = helper.make_graph(self._nodes, name, _values(inputs), _values(outputs), self._weights)
        return checked_model(graph)


def checked_model(graph: onnx.GraphProto) -> onnx.ModelProto:
    """A model of `graph` at this package's opset, checked by ONNX. Raises onnx.checker.ValidationError."""
    model = helper.make_model(
        graph, producer_name="keyart", ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def float_value(name: str, dims: Dims) -> onnx.ValueInfoProto:
    """A float32 graph input or output."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(dims))


def _values(named: Mapping[str, Dims]) -> list[onnx.ValueInfoProto]:
    return [float_value(name, dims) for name, dims in named.items()]
