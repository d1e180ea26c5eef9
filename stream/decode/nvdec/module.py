"""Loads PyNvVideoCodec, also where the driver has no library for encoding.

The package asks NVENC's library which of its compiled modules suits the driver, and fails without it (seen with version
2.2.4). Decoding needs nothing of it, and it is often not there: an H100 or H200 encodes nothing, and containers may be
given the driver's libraries for decoding alone.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

from ... import log

_PACKAGE = "PyNvVideoCodec"
_ENCODER_LIBRARY = "libnvidia-encode"


@lru_cache(maxsize=1)
def video_codec() -> Any:
    """PyNvVideoCodec, or its compiled module where the package cannot be imported for want of NVENC's library.

    Raises ImportError when it is not installed, OSError or RuntimeError when it finds no driver.
    """
    return loaded(lambda: importlib.import_module(_PACKAGE), _load_compiled)


def loaded(package: Callable[[], Any], compiled: Callable[[], Any]) -> Any:
    """`video_codec` from its parts: `package` imports the package, `compiled` loads its compiled module."""
    try:
        return package()
    except RuntimeError as error:
        if _ENCODER_LIBRARY not in str(error):
            raise
        log.info("PyNvVideoCodec without NVENC")
        return compiled()


def compiled_module(folder: Path) -> Path | None:
    """The package's compiled module for this Python in its folder; None where there is none. There is one for each
    version of the Video Codec SDK, the last of which suits every driver that CUDA 13 runs on."""
    suffix = EXTENSION_SUFFIXES[0]
    found = sorted(folder.glob(f"{_PACKAGE}_[0-9]*{suffix}"), key=lambda path: path.name)
    return found[-1] if found else None


def _load_compiled() -> Any:
    package = importlib.util.find_spec(_PACKAGE)
    folders = [] if package is None else package.submodule_search_locations or []
    path = next(filter(None, (compiled_module(Path(folder)) for folder in folders)), None)
    spec = None if path is None else importlib.util.spec_from_file_location(f"_{_PACKAGE}", path)
    if spec is None or spec.loader is None:
        raise ImportError("it has no compiled module for this Python")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
