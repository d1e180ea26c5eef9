"""Imitates CuPy's arrays with NumPy's and refuses the same operations, so that code which would download an array by
mistake fails in a test.

CuPy 14's behaviour is taken from its documentation: functions of NumPy pass its arrays on to CuPy if that has a
function of the same name; host arrays are not mixed in; nothing becomes a host array unless it is converted explicitly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from kernels.cuda.runtime import Grid
from kernels.surface import Array

from .emulated import EmulatedRuntime

FUNCTIONS = {"asarray", "concatenate", "full_like", "nonzero", "stack", "tensordot", "zeros_like"}
"""NumPy's functions that CuPy has and that are asked of it; another is added when it was looked up there."""

METHODS = {
    "argmax", "astype", "copy", "max", "mean", "repeat", "reshape", "std", "sum", "transpose", "var", "view",
}  # fmt: skip
"""The same for the methods of its arrays."""


class DeviceArray(np.lib.mixins.NDArrayOperatorsMixin):
    """Holds an array. Its values are available only through `DeviceRuntime.download`, or one by one as in CuPy.

    `made` counts the arrays that calls into CuPy would have made, views included. `done`: operations for which CuPy
    compiles a kernel, by name, and by type and number of dimensions of what they are given.
    """

    made = 0
    done: ClassVar[set[tuple[str, ...]]] = set()

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        DeviceArray.made += 1

    def __array__(self, *arguments: Any, **named: Any) -> np.ndarray:
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **named: Any) -> Any:
        assert method == "__call__" and not named, f"{ufunc.__name__}.{method}"
        _note(ufunc.__name__, *inputs)
        return _held(ufunc(*(_value(item) for item in inputs)))

    def __array_function__(self, function: Any, types: Any, arguments: Any, named: Any) -> Any:
        if function.__name__ not in FUNCTIONS:
            return NotImplemented
        _note(function.__name__, *arguments)
        if function is np.asarray:  # with `like`: the only way to convert host arrays
            return DeviceArray(np.array(arguments[0]))
        return _held(function(*(_value(item) for item in arguments), **{k: _value(v) for k, v in named.items()}))

    def __getitem__(self, index: Any) -> Any:
        if any(isinstance(part, DeviceArray | list) for part in (index if isinstance(index, tuple) else (index,))):
            _note("take", self)
        return DeviceArray(np.asarray(self.values[_index(index)]))

    def __setitem__(self, index: Any, value: Any) -> None:
        _note("copy", self, value)
        self.values[_index(index)] = _value(value)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[DeviceArray]:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        return float(self.values)

    def __int__(self) -> int:
        return int(self.values)

    def __bool__(self) -> bool:
        return bool(self.values)

    def __getattr__(self, name: str) -> Any:
        if name in ("shape", "ndim", "size", "dtype", "strides", "flags", "nbytes"):
            return getattr(self.values, name)
        if name == "T":
            return DeviceArray(self.values.T)
        if name in METHODS:
            if name not in ("reshape", "transpose", "view"):
                _note(name, self)
            return lambda *arguments, **named: _held(getattr(self.values, name)(*map(_value, arguments), **named))
        raise AttributeError(f"an array on the device has no {name}, or nobody needed it so far")


class DeviceRuntime(EmulatedRuntime):
    """An `EmulatedRuntime` whose arrays are `DeviceArray`s. `downloaded`: bytes copied to the host; `asked`: number of
    calls by method."""

    def __init__(self) -> None:
        super().__init__()
        self.downloaded = 0
        self.asked: Counter[str] = Counter()

    def launch(self, kernel: str, grid: Grid, block: Grid, arguments: Any) -> None:
        self.asked[kernel] += 1
        plain = [argument if isinstance(argument, int) else argument.values for argument in arguments]
        super().launch(kernel, grid, block, plain)

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> Array:
        self.asked["zeros"] += 1
        return DeviceArray(np.zeros(shape, dtype))

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        self.asked["empty"] += 1
        return DeviceArray(super().empty(shape, dtype))

    def upload(self, array: np.ndarray) -> Array:
        assert isinstance(array, np.ndarray)
        self.asked["upload"] += 1
        return DeviceArray(array.copy())

    def download(self, array: Array) -> np.ndarray:
        self.asked["download"] += 1
        self.downloaded += array.values.nbytes
        host: np.ndarray = array.values.copy()
        return host

    def address(self, array: Array) -> int:
        return int(array.values.ctypes.data)

    def plane(self, array: Array, begin: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
        self.asked["plane"] += 1
        return DeviceArray(super().plane(array.values, begin, shape, strides))


def _note(name: str, *given: Any) -> None:
    shown = (item for one in given for item in (one if isinstance(one, list | tuple) else [one]))
    kinds = sorted({f"{one.dtype}{one.ndim}" for one in shown if isinstance(one, DeviceArray)})
    DeviceArray.done.add((name, *kinds))


def _held(result: Any) -> Any:
    if isinstance(result, tuple):
        return tuple(map(_held, result))
    return DeviceArray(np.asarray(result))


def _value(item: Any) -> Any:
    if isinstance(item, list | tuple):
        return type(item)(map(_value, item))
    if isinstance(item, np.ndarray) and item.ndim:
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    return item.values if isinstance(item, DeviceArray) else item


def _index(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(map(_index, index))
    if isinstance(index, np.ndarray):
        raise IndexError("an array on the device is indexed by arrays on the device")
    return index.values if isinstance(index, DeviceArray) else index
