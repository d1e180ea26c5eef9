"""Runs a model in few shapes: batches are filled up to one of a few sizes, and each shape of input has a session of its
own.

ONNX Runtime's CUDA provider plans a convolution for the shape of its input, and plans it anew whenever a run has
another shape than the run before, which takes longer than the run
(https://github.com/microsoft/onnxruntime/issues/23006).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from kernels.surface import Array

from .errors import ModelError, SessionError
from .session import NamedArrays, NamedSession, Session, require_open

MOST_SHAPES = 16
"""Shapes of one model whose sessions are kept; the one that was not used for longest is closed for another. Each holds
the weights once more: 0.3 to 22 MB."""
Shape = tuple[int, ...]


class FixedShapeSession(NamedSession):
    """`Session` of a model with one input and a free batch size, that runs it in few shapes.

    first: a session of the model, which is closed with this one. open_more: opens one more. batches: sizes to which
    batches are filled up with zeros; larger ones are run in parts. by_shape: shape of one row → its own sizes. most:
    shapes whose sessions are kept. Rows of the outputs that belong to no row of the input are cut off. It may be called
    from several threads, which run one after another. Raises ValueError for sizes below 1.
    """

    def __init__(
        self,
        first: Session,
        open_more: Callable[[], Session],
        batches: Sequence[int],
        by_shape: Mapping[Shape, Sequence[int]] = MappingProxyType({}),
        most: int = MOST_SHAPES,
    ) -> None:
        for sizes in (batches, *by_shape.values()):
            if not sizes or min(sizes) < 1:
                raise ValueError(f"sizes of batches must be 1 and more, not {list(sizes)}")
        self._spare: Session | None = first
        self._open_more: Callable[[], Session] | None = open_more
        self._batches, self._most = sorted(set(batches)), most
        self._by_row = {shape: sorted(set(sizes)) for shape, sizes in by_shape.items()}
        self._by_shape: OrderedDict[Shape, Session] = OrderedDict()
        self._lock = threading.Lock()
        self.provider, self.metadata = first.provider, first.metadata
        super().__init__(first.name)

    @property
    def shapes(self) -> list[Shape]:
        """The shapes that have a session now, the one used last at the end."""
        with self._lock:
            return list(self._by_shape)

    def run(self, inputs: NamedArrays) -> NamedArrays:
        """See `Session`. Raises SessionError also when one more session cannot be opened."""
        ((name, rows),) = inputs.items()
        most = self._sizes(rows)[-1]
        with self._lock:
            parts = [self._run(name, rows[start : start + most]) for start in range(0, len(rows), most)]
        if len(parts) == 1:
            return parts[0]
        return {output: np.concatenate([part[output] for part in parts]) for output in parts[0]}

    def _run(self, name: str, rows: Array) -> NamedArrays:
        count = len(rows)
        filled = self._filled(rows)
        outputs = self._session(filled.shape).run({name: filled})
        return outputs if len(filled) == count else {key: answer[:count] for key, answer in outputs.items()}

    def _sizes(self, rows: Array) -> list[int]:
        return self._by_row.get(rows.shape[1:], self._batches)

    def _filled(self, rows: Array) -> Array:
        size = next(size for size in self._sizes(rows) if size >= len(rows))
        if size == len(rows):
            return rows
        filled = np.zeros_like(rows, shape=(size, *rows.shape[1:]))
        filled[: len(rows)] = rows
        return filled

    def _session(self, shape: Shape) -> Session:
        open_more: Callable[[], Session] = require_open(self._open_more, self.name)
        if shape not in self._by_shape:
            if len(self._by_shape) >= self._most:
                self._by_shape.popitem(last=False)[1].close()
            self._by_shape[shape] = self._spare or _opened(open_more)
            self._spare = None
        self._by_shape.move_to_end(shape)
        return self._by_shape[shape]

    def close(self) -> None:
        """Closes all sessions."""
        super().close()
        with self._lock:
            for session in (self._spare, *self._by_shape.values()):
                if session is not None:
                    session.close()
            self._spare, self._open_more = None, None
            self._by_shape.clear()


def _opened(open_more: Callable[[], Session]) -> Session:
    try:
        return open_more()
    except ModelError as error:
        raise SessionError(str(error)) from error
