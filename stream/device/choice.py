"""Chooses the device of a run, before anything is built for it."""

from __future__ import annotations

from dataclasses import dataclass

from engines.providers import CUDA
from kernels.ops import Device

from ..errors import KeyartError
from .machine import NOT_INSTALLED, PACKAGES, Machine, View

NEEDED = ("cupy", "PyNvVideoCodec", "torch", "torchvision")
"""Modules that every run on a GPU needs."""

COMPILER_ADVICE = "pip install 'keyart[cuda]', or set CUDA_PATH to a CUDA 13 toolkit with its headers"


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen device. `why_not_cuda`: where `auto` chose the CPU, the reasons against the GPU, each with what to
    do."""

    device: Device
    why_not_cuda: tuple[str, ...] = ()


def choice_of(wanted: str, view: View | None = None) -> Choice:
    """The device for `wanted`: `auto`, `cuda` or `cpu`. `auto` chooses the GPU if everything it needs works, else the
    CPU.

    view: the machine to look at, this one by default. Raises KeyartError when `cuda` is wanted and cannot be used.
    """
    if wanted == "cpu":
        return Choice("cpu")
    missing = why_not_cuda(view, everything=wanted == "cuda")
    if not missing:
        return Choice("cuda")
    if wanted == "cuda":
        raise KeyartError(f"device cuda cannot be used: {'; '.join(missing)}; or use --device cpu")
    return Choice("cpu", missing)


def why_not_cuda(view: View | None = None, everything: bool = True) -> tuple[str, ...]:
    """The reasons why a run cannot use the GPU; empty when it can.

    Imports the packages, which takes seconds. Where all of them are there, tries CuPy's compiler and ONNX Runtime, each
    in a process of its own, for some seconds more. everything: look for all reasons. Without it, a missing GPU is the
    only reason given and nothing else is tried.
    """
    view = view or Machine()
    found = view.gpu()
    if isinstance(found, str) and not everything:
        return (found,)
    packages = {PACKAGES[module]: view.package(module) for module in NEEDED}
    problems = {name: one.problem for name, one in packages.items() if one.version is None}
    absent = [name for name, problem in problems.items() if problem == NOT_INSTALLED]
    missing = [f"{', '.join(absent)} missing, pip install 'keyart[cuda]'"] if absent else []
    missing += [f"{name} {problem}" for name, problem in problems.items() if name not in absent]
    if isinstance(found, str) and packages[PACKAGES["cupy"]].version is not None:
        missing.append(f"{found}, check the driver with nvidia-smi")
    if missing:
        return tuple(missing)
    return tuple(_not_working(view, everything))


def _not_working(view: View, everything: bool) -> list[str]:
    """What does not work although all packages are installed."""
    missing = []
    if problem := view.compiler():
        missing.append(f"CuPy cannot compile a kernel ({problem}), {COMPILER_ADVICE}")
    if missing and not everything:
        return missing
    if problem := view.provider(CUDA):
        hint = "pip uninstall onnxruntime, then pip install 'keyart[cuda]'"
        missing.append(f"ONNX Runtime cannot use the GPU ({problem}), {hint}")
    return missing
