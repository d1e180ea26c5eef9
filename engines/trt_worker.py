"""The child process that builds the TensorRT engines of one model, by opening a session with an engine folder.

    python -m engines.trt_worker ROLE MODEL.onnx FOLDER

When it fails, the last line on stderr gives the reason. It ends when its stdin is closed, because then nobody waits for
it.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from kernels.cuda.toolkit import set_cuda_path

from .errors import ModelError, SessionError
from .open_session import open_session
from .providers import TENSORRT, load_libraries
from .session import first_line
from .session_cuda import PROFILES


def build_engine(role: str, model: Path, folder: Path) -> None:
    """Builds the engines of `role` into `folder` and runs them once. Raises ModelError or SessionError."""
    set_cuda_path()
    import cupy

    load_libraries()
    stream = cupy.cuda.Stream(non_blocking=True)
    session = open_session(model, "cuda", name=role, stream=stream.ptr, engine_cache=folder)
    try:
        if session.provider != TENSORRT:
            raise ModelError(f"ONNX Runtime took {session.provider} in place of TensorRT")
        profile = PROFILES[role]
        with stream:
            session.run({profile.input_name: cupy.zeros(profile.usual, cupy.float32)})
            stream.synchronize()
    finally:
        session.close()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def main(arguments: list[str]) -> int:
    """Returns exit code 0 when the engines were built."""
    role, model, folder = arguments
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        build_engine(role, Path(model), Path(folder))
    except (ImportError, ModelError, SessionError) as error:
        print(first_line(error), file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
