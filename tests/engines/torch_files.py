"""Writes files in PyTorch's form without PyTorch, right ones and wrong ones."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

import numpy as np


def text(value: str) -> bytes:
    """A string in a pickle."""
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: int) -> bytes:
    """An integer in a pickle."""
    return b"J" + struct.pack("<i", value)


def numbers(values: Sequence[int]) -> bytes:
    """A tuple of integers in a pickle."""
    return b"(" + b"".join(map(number, values)) + b"t"


def pickled_tensor(
    key: str, shape: Sequence[int], count: int, stride: Sequence[int] | None = None, offset: int = 0
) -> bytes:
    """A tensor over the storage `key` of `count` float32 values."""
    steps = [int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))] if stride is None else stride
    kind = text("storage") + b"ctorch\nFloatStorage\n"
    storage = b"(" + kind + text(key) + text("cpu") + number(count) + b"tQ"
    start = number(offset)
    rest = b"\x89ccollections\nOrderedDict\n)R"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + start + numbers(shape) + numbers(steps) + rest + b"tR"


def pickled(items: Mapping[str, bytes]) -> bytes:
    """A pickle of an ordered dictionary; values are pickled."""
    pairs = b"".join(text(name) + value for name, value in items.items())
    return b"\x80\x02ccollections\nOrderedDict\n)R(" + pairs + b"u."


def archive(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP archive of members below `archive/`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, value in members.items():
            file.writestr(f"archive/{name}", value)
    return out.getvalue()
