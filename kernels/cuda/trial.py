"""Whether CuPy can compile a kernel for the device and run it, and if not, why, in one line.

That a device is there says nothing about headers and the compiler's library. It is tried in a process of its own,
because what CuPy did not find once it does not seek again, and because a driver may take the process with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from .runtime import cupy_with_device

PATIENCE_S = 120.0
Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]
_ANSWER = 42
_SOURCE = f'extern "C" __global__ void trial(int* answer) {{ *answer = {_ANSWER}; }}'


@lru_cache
def compiler_problem() -> str | None:
    """Why no kernel can be compiled; None when one can. Takes some seconds the first time."""
    return tried(_run)


def tried(run: Run) -> str | None:
    """What the process says that tries; its stdout ends with `main`'s line."""
    done = run([sys.executable, "-m", "kernels.cuda.trial"])
    return verdict(done.returncode, done.stdout, done.stderr)


def verdict(exit_code: int, stdout: str, stderr: str) -> str | None:
    """What the trial's end means: None when the kernel gave its answer, else the reason in one line."""
    told: Any = None
    with suppress(json.JSONDecodeError):
        told = json.loads((stdout.strip().splitlines() or ["null"])[-1])
    told = told if isinstance(told, dict) else {}
    if exit_code == 0 and told.get("answer") == _ANSWER:
        return None
    if exit_code < 0:
        return f"the process that tried it was ended by signal {-exit_code}"
    said = told.get("error") or (stderr.strip().splitlines() or [""])[-1].strip()
    return str(said or "CuPy did not say why")


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    # A kernel that an earlier toolkit compiled would be taken from CuPy's folder.
    environment = os.environ | {"CUPY_CACHE_IN_MEMORY": "1"}
    try:
        return subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S
        )
    except subprocess.TimeoutExpired:
        answer = json.dumps({"error": f"no answer within {PATIENCE_S:.0f} s"})
        return subprocess.CompletedProcess(command, 1, answer, "")


def main() -> None:
    """Compiles a kernel, runs it, and prints what it answered, one line of JSON."""
    told: dict[str, Any] = {}
    try:
        cupy = cupy_with_device()
        answer = cupy.zeros(1, cupy.int32)
        cupy.RawModule(code=_SOURCE, backend="nvrtc").get_function("trial")((1,), (1,), (answer,))
        told["answer"] = int(answer.get()[0])
    except Exception as error:  # whatever it is, it is the answer
        told["error"] = (str(error).strip().splitlines() or [type(error).__name__])[0]
    print(json.dumps(told))


if __name__ == "__main__":
    main()
