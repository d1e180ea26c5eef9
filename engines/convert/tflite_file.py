"""Reads a TFLite file: its tensors, its constants (as float32) and its operators in execution order.

Only fields that the convolutional graphs of the zoo use are read. Field numbers are positions in TensorFlow Lite's
public `schema.fbs`; a flatbuffer table finds field `n` at vtable offset `4 + 2 n`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flatbuffers import encode, number_types
from flatbuffers.table import Table
from numpy.typing import NDArray

OPERATORS = {
    0: "ADD", 1: "AVERAGE_POOL_2D", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 6: "DEQUANTIZE", 9: "FULLY_CONNECTED",
    14: "LOGISTIC", 17: "MAX_POOL_2D", 18: "MUL", 19: "RELU", 22: "RESHAPE", 25: "SOFTMAX", 34: "PAD", 40: "MEAN",
    54: "PRELU", 114: "QUANTIZE",
}  # fmt: skip
DTYPES = {0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8, 4: np.int64, 7: np.int16, 9: np.int8}
IDENTIFIER = b"TFL3"


class ConversionError(Exception):
    """A weight file is not what its converter expects. The message says where and what."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor. `data`: its constant, with quantised integers scaled back to float32; None when it is computed."""

    name: str
    shape: tuple[int, ...]
    data: NDArray[Any] | None


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: indices of its tensors (−1: an optional input that is left out) and the table of its options, if
    any."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: TableReader | None


@dataclass(frozen=True, slots=True)
class Graph:
    """A TFLite graph. `inputs` and `outputs` index `tensors`; `operators` are in execution order."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class TableReader:
    """Reads the fields of a flatbuffer table by their numbers."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def number(self, field: int, kind: Any = number_types.Int32Flags, default: int = 0) -> int:
        """A number; `default` when the field is not set."""
        at = self._table.Offset(4 + 2 * field)
        return int(self._table.Get(kind, at + self._table.Pos)) if at else default

    def record(self, field: int) -> TableReader | None:
        """A table; None when the field is not set."""
        at = self._table.Offset(4 + 2 * field)
        return TableReader(Table(self._table.Bytes, self._table.Indirect(at + self._table.Pos))) if at else None

    def records(self, field: int) -> list[TableReader]:
        """A vector of tables; empty when the field is not set."""
        at = self._table.Offset(4 + 2 * field)
        if not at:
            return []
        start, count = self._table.Vector(at), self._table.VectorLen(at)
        return [TableReader(Table(self._table.Bytes, self._table.Indirect(start + 4 * i))) for i in range(count)]

    def array(self, field: int, kind: Any) -> NDArray[Any]:
        """A vector of numbers; empty when the field is not set."""
        at = self._table.Offset(4 + 2 * field)
        return np.asarray(self._table.GetVectorAsNumpy(kind, at)) if at else np.zeros(0, kind.py_type)

    def text(self, field: int) -> str:
        """A string; empty when the field is not set."""
        at = self._table.Offset(4 + 2 * field)
        return bytes(self._table.String(at + self._table.Pos)).decode() if at else ""


def read_tflite(data: bytes) -> Graph:
    """The first graph of a TFLite file. DEQUANTIZE of a constant is returned as a constant, not as an operator.

    Raises ConversionError when the file is not a TFLite file or has unknown types.
    """
    if data[4:8] != IDENTIFIER:
        raise ConversionError(f"not a TFLite file: identifier is {data[4:8]!r}, expected {IDENTIFIER!r}")
    buffer = bytearray(data)
    model = TableReader(Table(buffer, encode.Get(number_types.UOffsetTFlags.packer_type, buffer, 0)))
    kinds = [_operator_name(code) for code in model.records(1)]
    buffers, graph = model.records(4), model.records(2)[0]
    tensors = [_tensor(record, buffers) for record in graph.records(0)]
    operators = _constants_folded(tensors, (_operator(op, kinds) for op in graph.records(3)))
    return Graph(tuple(tensors), tuple(operators), inputs=_indices(graph, 1), outputs=_indices(graph, 2))


def _constants_folded(tensors: list[Tensor], operators: Iterable[Operator]) -> list[Operator]:
    """The operators that compute something. Results of the others become the data of `tensors`."""
    kept = []
    for op in operators:
        data = tensors[op.inputs[0]].data if op.kind == "DEQUANTIZE" else None
        if data is None:
            kept.append(op)
        else:
            tensors[op.outputs[0]] = replace(tensors[op.outputs[0]], data=data)
    return kept


def _operator(record: TableReader, kinds: list[str]) -> Operator:
    kind = kinds[record.number(0, number_types.Uint32Flags)]
    return Operator(kind, _indices(record, 1), _indices(record, 2), record.record(4))


def _indices(record: TableReader, field: int) -> tuple[int, ...]:
    return tuple(int(i) for i in record.array(field, number_types.Int32Flags))


def _operator_name(code: TableReader) -> str:
    # Old files have the code in a signed byte (field 0), new ones in an int32 (field 3); the larger of both is valid.
    number = max(code.number(0, number_types.Int8Flags), code.number(3))
    return OPERATORS.get(number, f"#{number}")


def _tensor(record: TableReader, buffers: list[TableReader]) -> Tensor:
    name, shape = record.text(3), _indices(record, 0)
    raw = buffers[record.number(2, number_types.Uint32Flags)].array(0, number_types.Uint8Flags)
    if not raw.size:
        return Tensor(name, shape, None)
    kind = record.number(1, number_types.Int8Flags)
    if kind not in DTYPES:
        raise ConversionError(f"tensor {name}: unknown type number {kind}")
    return Tensor(name, shape, _dequantised(raw.view(DTYPES[kind]).reshape(shape), record.record(4)))


def _dequantised(values: NDArray[Any], quantisation: TableReader | None) -> NDArray[Any]:
    """scale · (q − zero point), for the tensor or along one axis. Integers without quantisation (shapes, paddings) stay
    integers."""
    scale = quantisation.array(2, number_types.Float32Flags) if quantisation else np.zeros(0)
    if quantisation is None or not scale.size or values.dtype.kind == "f":
        return values.astype(np.float32) if values.dtype == np.float16 else values
    zero = quantisation.array(3, number_types.Int64Flags)
    along = [1] * values.ndim
    if scale.size > 1:
        along[quantisation.number(6)] = scale.size
    zero = zero.reshape(along) if zero.size == scale.size else np.zeros(along)
    return ((values.astype(np.float64) - zero) * scale.reshape(along)).astype(np.float32)
