"""The `.cu` files as one text each: headers are put in place, so that a cache keyed by the text sees every change."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

SOURCE_FOLDER = Path(__file__).resolve().parent

KERNELS = {
    "statistics": ("measure",),
    "darkness": ("darkness_rows", "darkness_columns", "darkness_lines"),
    "convert": ("convert", "lanczos_rows", "lanczos_columns", "warp", "engine_input"),
    "faces": ("chip_quality",),
    "balance": ("balance",),
    "describe": ("picture_numbers",),
}
"""File (without suffix) → the kernels in it."""

OPTIONS = ("-std=c++17",)
"""What every compiler of the kernels is told."""

_INCLUDE = re.compile(r'^#include "(\w+\.h)"$', re.MULTILINE)


@cache
def source(name: str) -> str:
    """The text of `name`.cu with its headers, each once. Raises OSError when the file is not there."""
    seen: set[str] = set()

    def expanded(file: str) -> str:
        if file in seen:
            return ""
        seen.add(file)
        return _INCLUDE.sub(lambda match: expanded(match[1]), (SOURCE_FOLDER / file).read_text())

    return expanded(f"{name}.cu").replace("#pragma once\n", "")


def file_of(kernel: str) -> str:
    """The file that holds a kernel. Raises KeyError when there is none."""
    for file, kernels in KERNELS.items():
        if kernel in kernels:
            return file
    raise KeyError(kernel)
