"""The report of `keyart doctor`: what `keyart extract` would use on this machine, and what is missing for it."""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from engines.errors import ModelError

from ..errors import KeyartError
from ..settings.model import Settings
from ..version import own_version
from .finding import Finding, State

if TYPE_CHECKING:
    from .machine import View

REQUIRED_MODULES = {
    "numpy": "numpy", "cv2": "opencv-python-headless", "sklearn": "scikit-learn", "scipy": "scipy",
    "anyio": "anyio", "onnx": "onnx",
}  # fmt: skip
"""Modules that the pipeline imports → the distributions that contain them."""

COMMON_CODECS = ("h264", "hevc", "av1", "vp9", "vp8", "mpeg2video", "mpeg4", "prores", "vc1", "theora", "mjpeg")
ESSENTIAL_CODECS = frozenset({"h264", "hevc"})


def diagnose(settings: Settings, view: View | None = None) -> list[Finding]:
    """Check everything that `extract` would use with these settings. Downloads nothing.

    view: the machine whose GPU is looked at, this one by default.
    """
    return [
        _python(settings),
        *_packages(),
        _device(settings, view),
        _guarded("decoder", _decoder),
        _guarded("codecs", _codecs),
        _guarded("providers", _providers),
        *_gpu(settings, view),
        *_models(settings),
    ]


def _python(settings: Settings) -> Finding:
    threads = settings.thread_count
    found = f"Keyart {own_version()}, Python {platform.python_version()}, {platform.machine()}"
    state: State = "ok" if sys.version_info >= (3, 11) else "missing"
    return Finding("python", state, f"{found}, {threads} thread{'s' if threads != 1 else ''}")


def _packages() -> list[Finding]:
    """One line when all packages can be imported, else one for each that cannot."""
    failed = []
    for module, package in REQUIRED_MODULES.items():
        try:
            importlib.import_module(module)
        except ImportError as error:
            failed.append(Finding(package, "missing", f"cannot be imported ({error})", f"pip install {package}"))
    names = ", ".join(f"{package} {_version_of(package)}" for package in REQUIRED_MODULES.values())
    return failed or [Finding("packages", "ok", names)]


def _device(settings: Settings, view: View | None) -> Finding:
    try:
        from .choice import choice_of

        choice = choice_of(settings.device, view)
    except (KeyartError, ImportError) as error:
        return Finding("device", "missing", str(error))
    return Finding("device", "ok", f"{choice.device} (asked for: {settings.device})")


def _gpu(settings: Settings, view: View | None) -> list[Finding]:
    try:
        from .doctor_cuda import cuda_findings
    except ImportError:
        return []  # ONNX Runtime is not installed: `_providers` says so
    return cuda_findings(settings, view)


def _guarded(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except ImportError as error:
        package = {"providers": "keyart[cpu]"}.get(name, "av")
        return Finding(name, "missing", f"cannot be imported ({error})", f"pip install '{package}'")


def _decoder() -> Finding:
    import av

    versions = ".".join(str(part) for part in av.library_versions["libavcodec"])
    return Finding("decoder", "ok", f"PyAV {av.__version__}, libavcodec {versions}")


def _codecs() -> Finding:
    from av.codec import codecs_available

    there = [codec for codec in COMMON_CODECS if codec in codecs_available and _decodes(codec)]
    lacking = [codec for codec in COMMON_CODECS if codec not in there]
    if ESSENTIAL_CODECS & set(lacking):
        advice = "install PyAV from its wheel, which brings a complete FFmpeg"
        return Finding("codecs", "missing", f"no decoder for {', '.join(lacking)}", advice)
    note = f"; not {', '.join(lacking)}" if lacking else ""
    return Finding("codecs", "note" if lacking else "ok", ", ".join(there) + note)


def _decodes(codec: str) -> bool:
    from av.codec import Codec
    from av.codec.codec import UnknownCodecError

    try:
        return bool(Codec(codec, "r").is_decoder)
    except UnknownCodecError:
        return False


def _providers() -> Finding:
    import onnxruntime

    names = ", ".join(name.removesuffix("ExecutionProvider") for name in onnxruntime.get_available_providers())
    return Finding("providers", "ok", f"ONNX Runtime {onnxruntime.__version__}: {names}")


def _models(settings: Settings) -> list[Finding]:
    """One line for each role: a note for a model that the first run would pull, `missing` for a broken one."""
    from .models import zoo_of

    try:
        zoo = zoo_of(settings)
    except ModelError as error:
        return [Finding("models", "missing", str(error))]
    findings = [Finding("models", "ok", f"set {zoo.model_set}, kept in {zoo.folder}")]
    for line in zoo.status():
        if line.problem:
            findings.append(Finding(line.role, "missing", line.problem))
        elif line.model is None:
            advice = "the first run pulls it, or run `keyart models pull` now"
            findings.append(Finding(line.role, "note", f"{line.name} is not here yet", advice))
        else:
            findings.append(Finding(line.role, "ok", f"{line.name} ({line.model.origin}, {line.model.sha256[:12]})"))
    return findings


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed as a package)"
