"""The `.cu` files with their headers inserted, so that a cache that is keyed by the text notices every change."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

SOURCE_FOLDER = Path(__file__).resolve().parent

KERNELS = {
    "statistics": ("measure",),
    "thumbnails": ("rgb_thumbnails",),
    "darkness": ("darkness_rows", "darkness_columns", "line_borders"),
    "convert": ("convert", "lanczos_rows", "lanczos_columns", "warp", "engine_input"),
    "faces": ("chip_quality",),
    "balance": ("balance",),
    "describe": ("picture_numbers",),
    "fields": ("field_votes",),
    "detail": ("strongest_detail",),
}
"""File name without suffix → the kernels it defines."""

OPTIONS = ("-std=c++17",)
"""Options for every compiler of the kernels."""

_INCLUDE = re.compile(r'^#include "(\w+\.h)"$', re.MULTILINE)


@cache
def source(name: str) -> str:
    """Text of the file `name`.cu with its headers inserted, each once. Raises OSError when a file is missing."""
    seen: set[str] = set()

    def expanded(file: str) -> str:
        if file in seen:
            return ""
        seen.add(file)
        return _INCLUDE.sub(lambda match: expanded(match[1]), (SOURCE_FOLDER / file).read_text())

    return expanded(f"{name}.cu").replace("#pragma once\n", "")


def file_of(kernel: str) -> str:
    """Name of the file that defines a kernel. Raises KeyError for an unknown kernel."""
    for file, kernels in KERNELS.items():
        if kernel in kernels:
            return file
    raise KeyError(kernel)
