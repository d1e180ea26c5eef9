"""Checks whether ONNX Runtime can really open a session on a provider, and gives the reason in one line when it cannot.

A provider that is compiled in may still lack its libraries. The check runs in a child process, because a partly loaded
library cannot be unloaded, and because a driver may crash the process.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from kernels.trial import RunCommand, answer_in, failure_reason, run_trial

CPU_PROVIDER = "CPUExecutionProvider"
TENSORRT, CUDA = "TensorrtExecutionProvider", "CUDAExecutionProvider"

_REASON = re.compile(r"with error: (.+)|(CUDA failure \d+: .+?)(?: ; |$)")


def provider_problem(provider: str, run: RunCommand | None = None) -> str | None:
    """Why no session can use this provider; None when one can. Takes some seconds the first time, then the answer is
    cached.

    run: runs the child process; None runs a real one. Its stdout ends with the line of `main`.
    """
    if provider not in ort.get_available_providers():
        return f"this build of ONNX Runtime ({ort.__version__}) has no {short_name(provider)} provider"
    if run is None:
        return _tried(provider)
    done = run([sys.executable, "-m", "engines.providers", provider])
    return provider_verdict(provider, done.returncode, done.stdout, done.stderr)


def provider_verdict(provider: str, exit_code: int, stdout: str, stderr: str) -> str | None:
    """Interprets the child's end: None when the provider was first in its session, else the reason in one line."""
    answer = answer_in(stdout)
    if answer.get("providers", [""])[0] == provider:
        return None
    found = next((match for line in stderr.splitlines() if (match := _REASON.search(line))), None)
    if found is not None:
        return next(group for group in found.groups() if group).strip()
    return failure_reason(exit_code, answer, stderr, "ONNX Runtime left it out and did not say why")


def short_name(provider: str) -> str:
    """`CUDA` for `CUDAExecutionProvider`."""
    return provider.removesuffix("ExecutionProvider")


@lru_cache
def _tried(provider: str) -> str | None:
    return provider_problem(provider, run_trial)


def load_cuda() -> None:
    """Loads CUDA's and cuDNN's libraries into the process, those of Python packages before those of the system.

    ONNX Runtime's CUDA provider does not find them by itself, and `preload_dlls()` looks only beside its own package.
    With a folder it loads libraries that are directly in that folder.
    """
    for folder in library_folders():
        for_cudnn = folder.parent.name == "cudnn"
        ort.preload_dlls(cuda=not for_cudnn, cudnn=for_cudnn, msvc=False, directory=str(folder))
    ort.preload_dlls()


def library_folders(places: Sequence[str] | None = None) -> list[Path]:
    """Library folders of CUDA's and cuDNN's packages: those beside ONNX Runtime first, then along `sys.path`
    (`places`).

    A folder without a new library is left out, because a library that is opened by two paths would be loaded twice.
    """
    if places is None:
        places = [str(Path(ort.__file__).parent.parent), *sys.path]
    folders, known = list[Path](), set[str]()
    for package in ("cu13", "cudnn"):
        for place in places:
            folder = Path(place).resolve() / "nvidia" / package / "lib"
            names = {path.name for path in folder.glob("lib*.so*")}
            if names - known:
                folders.append(folder)
            known |= names
    return folders


def load_libraries() -> None:
    """Loads the libraries that were installed as Python packages into the process: CUDA, cuDNN, TensorRT."""
    load_cuda()
    with suppress(ImportError, OSError, RuntimeError):
        import tensorrt  # noqa: F401  # finds its own libraries and leaves them loaded


def _one_convolution() -> bytes:
    """A model that needs cuDNN, which the CUDA provider opens only at its first convolution."""
    from onnx import TensorProto, helper, numpy_helper

    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 8, 8]) for name in ("x", "y"))
    weight = numpy_helper.from_array(np.ones((1, 1, 3, 3), np.float32), "w")
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])
    graph = helper.make_graph([node], "trial", [x], [y], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def main(provider: str) -> None:
    """Runs a model of one node on the provider and prints one line of JSON: the session's providers or the error."""
    model = _one_convolution()
    load_libraries()
    answer: dict[str, Any] = {}
    options = ort.SessionOptions()
    if provider != CPU_PROVIDER:  # ONNX Runtime adds it by itself for nodes that the others do not run
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    try:
        session = ort.InferenceSession(model, options, providers=[provider], enable_fallback=0)
        session.run(None, {"x": np.ones((1, 1, 8, 8), np.float32)})
        answer["providers"] = session.get_providers()
    except Exception as error:  # any failure is the answer
        answer["error"] = (str(error).strip().splitlines() or [type(error).__name__])[0]
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1])
