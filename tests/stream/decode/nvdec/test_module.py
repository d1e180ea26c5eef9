"""PyNvVideoCodec is loaded without NVENC's library too."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import NoReturn

import pytest

from stream.decode.nvdec.module import compiled_module, loaded

NO_NVENC = "Failed to load NVENC library: libnvidia-encode.so.1: cannot open shared object file"


def failing(error: Exception) -> NoReturn:
    raise error


def test_without_nvenc_the_compiled_module_is_used() -> None:
    assert loaded(lambda: "package", lambda: failing(AssertionError())) == "package"
    assert loaded(lambda: failing(RuntimeError(NO_NVENC)), lambda: "compiled") == "compiled"


@pytest.mark.parametrize("error", [ImportError("no module"), RuntimeError("Driver version is too old")])
def test_other_failures_stay_what_they_are(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        loaded(lambda: failing(error), lambda: "compiled")


def test_the_newest_compiled_module_for_this_python_is_taken(tmp_path: Path) -> None:
    assert compiled_module(tmp_path) is None
    for name in (f"121{EXTENSION_SUFFIXES[0]}", f"130{EXTENSION_SUFFIXES[0]}", "130.cpython-27-x86_64-linux-gnu.so"):
        (tmp_path / f"PyNvVideoCodec_{name}").touch()
    (tmp_path / "VersionCheck.so").touch()
    assert compiled_module(tmp_path) == tmp_path / f"PyNvVideoCodec_130{EXTENSION_SUFFIXES[0]}"
