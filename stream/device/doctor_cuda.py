"""The lines of `keyart doctor` about the GPU and the packages that use it, with advice on what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from engines.errors import ModelError, SessionError
from engines.providers import CUDA, short_name
from engines.session_cuda import cpu_nodes

from ..settings.model import Settings
from .choice import COMPILER_ADVICE, NEEDED
from .finding import Finding, State
from .machine import NOT_INSTALLED, PACKAGES, Gpu, Machine, View
from .tensorrt_engines import buildable, engine_root

INSTEAD = {
    "cuml": "faces are grouped by scikit-learn, slower for long films",
    "torchcodec": "pictures are encoded by torchvision, whose encoder is announced to go",
    "pynvml": "the driver's version is not shown",
}
"""Modules that a run on the GPU can do without → what happens without them."""
CpuNodes = Callable[[Path], int | None]
"""Model file → how many of its nodes the CUDA provider of ONNX Runtime would leave to the CPU; None: unknown."""


def cuda_findings(settings: Settings, view: View | None = None, cpu_nodes: CpuNodes = cpu_nodes) -> list[Finding]:
    """The lines about the GPU; one line where there is none.

    A line is `missing` only where `extract` would refuse to run: with the device `auto` it would use the CPU.
    """
    view = view or Machine()
    gpu = view.gpu()
    if isinstance(gpu, str):
        return [Finding("gpu", "note", f"none in use: {gpu}; everything runs on the CPU")]
    wanted: State = "missing" if settings.device == "cuda" else "note"
    provider = view.provider(CUDA)
    findings = [
        _gpu(gpu),
        _video(view),
        *_packages(view, wanted),
        _compiler(view.compiler(), wanted),
        _provider(provider, wanted),
        _tensorrt(view, settings),
    ]
    if provider is None:
        findings += _placement(settings, cpu_nodes)
    return findings


def _gpu(gpu: Gpu) -> Finding:
    driver = f", driver {gpu.driver}" if gpu.driver else ""
    memory = f"{gpu.free / 2**30:.1f} of {gpu.memory / 2**30:.1f} GiB free"
    return Finding("gpu", "ok", f"{gpu.name}, compute capability {gpu.capability}{driver}, {memory}")


def _video(view: View) -> Finding:
    chip = view.video()
    if isinstance(chip, str):
        return Finding("nvdec", "note", chip, "films are decoded by FFmpeg and uploaded")
    if not chip.engines:
        return Finding("nvdec", "note", "this GPU has no video decoder", "films are decoded by FFmpeg and uploaded")
    plural = "s" if chip.engines != 1 else ""
    found = f"{chip.engines} engine{plural}: {', '.join(chip.codecs)}"
    return Finding("nvdec", "ok", found + (f"; not {', '.join(chip.refused)}" if chip.refused else ""))


def _packages(view: View, wanted: State) -> list[Finding]:
    """One line with all versions, and one for each package that cannot be used."""
    packages = {module: view.package(module) for module in PACKAGES}
    there = ", ".join(f"{PACKAGES[module]} {found.version}" for module, found in packages.items() if found.version)
    findings = [Finding("gpu packages", "ok", there)] if there else []
    for module, found in packages.items():
        if found.version is None:
            install = "pip install 'keyart[cuda]'" if found.problem == NOT_INSTALLED else ""
            state, advice = (wanted, install) if module in NEEDED else ("note", INSTEAD[module])
            findings.append(Finding(PACKAGES[module], state, found.problem, advice))
    return findings


def _compiler(problem: str | None, wanted: State) -> Finding:
    if problem is None:
        return Finding("compiler", "ok", "CuPy compiles kernels and runs them")
    return Finding("compiler", wanted, f"CuPy cannot compile a kernel: {problem}", COMPILER_ADVICE)


def _provider(problem: str | None, wanted: State) -> Finding:
    name = f"ONNX Runtime's {short_name(CUDA)} provider"
    if problem is None:
        return Finding("cuda provider", "ok", f"{name} loads")
    advice = "pip uninstall onnxruntime, then pip install 'keyart[cuda]'; or use --device cpu"
    return Finding("cuda provider", wanted, f"{name} cannot be used: {problem}", advice)


def _tensorrt(view: View, settings: Settings) -> Finding:
    found = view.tensorrt()
    if not found.usable:
        return Finding("tensorrt", "note", found.summary(), "sessions run on the CUDA provider")
    try:
        ready = _built(settings, engine_root(settings, found))
    except ModelError as error:
        return Finding("tensorrt", "note", f"{found.summary()}; {error}")
    advice = "" if ready == "all" else "run `keyart models build`; until then sessions run on the CUDA provider"
    return Finding("tensorrt", "note" if advice else "ok", f"{found.summary()}; engines built: {ready}", advice)


def _built(settings: Settings, folder: Path) -> str:
    from engines.trt import built

    models = buildable(settings)
    missing = [role for role, model in models.items() if not built(folder, role, model)]
    if not models or len(missing) == len(models):
        return "none"
    return f"all but {', '.join(missing)}" if missing else "all"


def _placement(settings: Settings, cpu_nodes: CpuNodes) -> list[Finding]:
    """The line about nodes that run on the CPU; none where that is unknown."""
    try:
        said = {role: cpu_nodes(model) for role, model in buildable(settings).items()}
    except (ModelError, SessionError) as error:
        return [Finding("placement", "note", str(error))]
    counts = {role: count for role, count in said.items() if count is not None}
    return [placement(counts)] if counts else []


def placement(counts: Mapping[str, int]) -> Finding:
    """The line about nodes that run on the CPU. `counts`: role → their number."""
    there = {role: count for role, count in counts.items() if count}
    if not there:
        return Finding("placement", "ok", f"every node of {len(counts)} models runs on the GPU")
    listed = ", ".join(f"{role} {count}" for role, count in there.items())
    return Finding("placement", "note", f"nodes on the CPU: {listed}", "each costs a round trip in every batch")
