"""TensorRT engines: where they are kept, whether a run can use them, how they are built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engines import trt, trt_build
from engines.trt_build import BuiltEngine
from engines.zoo import Progress

from ..errors import KeyartError
from ..settings.model import Settings
from .first_use import compile_loops, compile_on_device
from .machine import Machine
from .models import roles_of, zoo_of


def engine_folder(settings: Settings, inspect: Callable[[], trt.TensorRt] = trt.inspect_tensorrt) -> Path | None:
    """The folder of engines for the sessions of a CUDA run; None: they run on the CUDA provider.

    None unless TensorRT can be used and the engines of every model are built. A session that does not find its engine
    in the folder would build it, which takes minutes and cannot be interrupted. TensorRT is not looked at when no
    engine was ever built. Raises ModelError.
    """
    if not _root(settings).is_dir():
        return None
    found = inspect()
    folder = engine_root(settings, found)
    return folder if found.usable and trt.all_built(folder, buildable(settings)) else None


def engine_root(settings: Settings, found: trt.TensorRt) -> Path:
    """The folder for engines of the TensorRT `found`; it need not exist. Raises ModelError."""
    return _root(settings) / trt.engine_key(found)


def buildable(settings: Settings) -> dict[str, Path]:
    """Role → model file, for those models that the settings need, are on this machine and can have an engine.
    Raises ModelError."""
    from engines.session_cuda import PROFILES

    models = {line.role: line.model for line in zoo_of(settings).status()}
    return {role: model.path for role in roles_of(settings) if role in PROFILES and (model := models.get(role))}


def build_engines(
    settings: Settings,
    say: Callable[[str], None],
    progress: Progress | None = None,
    again: bool = False,
    parts: BuildParts | None = None,
) -> list[BuiltEngine]:
    """Compile what is compiled at first use, pull missing models and build missing engines (`again`: all engines).
    Returns the engines of all models.

    say: called with a line for each step; the first one tells the version of TensorRT and whether ONNX Runtime can load
    its provider. progress: told of the pull. parts: what is asked of the machine, replaced in tests.

    Raises KeyartError when no engine can be built on this machine, after compiling what can be, ModelError when one
    model cannot be pulled or built.
    """
    parts = parts or BuildParts()
    found = parts.inspect()
    say(found.summary())
    say(parts.compile_loops())
    problem = parts.device_problem()
    if problem is None:
        say(parts.compile_on_device())
        problem = found.problem
    if problem is not None:
        raise KeyartError(f"TensorRT engines cannot be built here: {problem}")
    zoo_of(settings).ensure(roles_of(settings), progress)
    engines = engine_root(settings, found)
    return trt_build.build_engines(engines, buildable(settings), found, say, again, parts.builder)


def device_problem() -> str | None:
    """Why there is no CUDA device to build for; None when there is one."""
    found = Machine().gpu()
    return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True)
class BuildParts:
    """What `build_engines` asks of the machine; tests replace it."""

    device_problem: Callable[[], str | None] = device_problem
    inspect: Callable[[], trt.TensorRt] = trt.inspect_tensorrt
    builder: Sequence[str] = trt_build.BUILDER
    compile_loops: Callable[[], str] = compile_loops
    compile_on_device: Callable[[], str] = compile_on_device


def _root(settings: Settings) -> Path:
    return settings.engines or zoo_of(settings).folder / "engines"
