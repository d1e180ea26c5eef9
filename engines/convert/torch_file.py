"""Reads the tensors of a PyTorch file of weights (`.pth`), without PyTorch and without running code from it.

The file is a ZIP archive in which nothing is compressed. `<folder>/data.pkl` is a pickled dictionary from a name to a
tensor; the values of each tensor are in `<folder>/data/<key>`, little-endian. A pickle may call any function that it
names, so this one may name four: the ordered dictionary, the function that makes a tensor, and two kinds of storage
("Restricting Globals" in Python's documentation of pickle). Those of PyTorch are replaced by ours.
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .tflite_file import ConversionError

DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}
"""Kind of storage → NumPy's type of its values."""


def read_tensors(source: bytes) -> dict[str, NDArray[Any]]:
    """Name → tensor, float32 or int64, in the order of the file. The arrays cannot be written to.

    Raises ConversionError, which names the member of the archive, when the file is not such an archive, is shorter than
    it says, or asks for anything but tensors.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(source)) as archive:
            return _tensors(archive)
    except zipfile.BadZipFile as error:
        raise ConversionError(f"not a complete archive of PyTorch weights: {error}") from error


def _tensors(archive: zipfile.ZipFile) -> dict[str, NDArray[Any]]:
    name = next((name for name in archive.namelist() if name.endswith("/data.pkl")), None)
    if name is None:
        raise ConversionError("not an archive of PyTorch weights: data.pkl is not in it")
    folder = name.removesuffix("data.pkl")
    if f"{folder}byteorder" in archive.namelist() and _member(archive, f"{folder}byteorder") != b"little":
        raise ConversionError(f"{folder}byteorder: only little-endian weights are supported")
    reader = _TensorUnpickler(archive, folder, _member(archive, name))
    try:
        found = reader.load()
    except ConversionError:
        raise
    except Exception as error:  # whatever a damaged pickle makes its reader raise
        raise ConversionError(f"{name}: {type(error).__name__}: {error}") from error
    if not isinstance(found, Mapping) or not all(isinstance(value, np.ndarray) for value in found.values()):
        raise ConversionError(f"{name}: not a dictionary of tensors")
    return {str(key): value for key, value in found.items()}


class _TensorUnpickler(pickle.Unpickler):
    """Unpickles tensors, and refuses every name but the four of the module's docstring."""

    def __init__(self, archive: zipfile.ZipFile, folder: str, pickled: bytes) -> None:
        super().__init__(io.BytesIO(pickled))
        self._archive, self._folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        """What a name of the pickle stands for. Raises ConversionError for all others."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in DTYPES:
            return name
        raise ConversionError(f"{self._folder}data.pkl: asks for {module}.{name}, which is not a tensor")

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        """The flat values of a storage: `pid` is "storage", its kind, its key, a device, and the number of values."""
        _, kind, key, _, count = pid
        member = f"{self._folder}data/{key}"
        values, dtype = _member(self._archive, member), np.dtype(DTYPES[kind])
        if len(values) != count * dtype.itemsize:
            raise ConversionError(f"{member}: {len(values)} bytes, expected {count * dtype.itemsize}")
        return np.frombuffer(values, dtype)


def _tensor(
    storage: NDArray[Any], offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> NDArray[Any]:
    """The part of a storage that is a tensor. shape, stride: in values. The rest says how it would be trained."""
    count = math.prod(shape)
    if min(offset, count, *shape) < 0 or offset + count > len(storage):
        raise ConversionError(f"a tensor of {shape} from {offset} on is not within its {len(storage)} values")
    contiguous = tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
    if any(size > 1 and got != expected for size, got, expected in zip(shape, stride, contiguous, strict=True)):
        raise ConversionError(f"a tensor of {shape} has the strides {stride}; only contiguous ones are supported")
    return storage[offset : offset + count].reshape(shape)


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a member, checked by its CRC. Raises ConversionError when it is not there, or is compressed: then
    its size would be no bound of what is read."""
    try:
        entry = archive.getinfo(name)
        if entry.compress_type != zipfile.ZIP_STORED:
            raise ConversionError(f"{name}: is compressed, which PyTorch never does")
        return archive.read(entry)
    except (KeyError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ConversionError(f"{name}: cannot be read: {error}") from error
