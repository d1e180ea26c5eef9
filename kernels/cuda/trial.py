"""Checks whether CuPy can compile a kernel for the device and run it, and gives the reason in one line when it cannot.

A device alone does not prove that headers and the compiler's library are there. The check runs in a child process,
because CuPy does not look again for what it did not find once, and because a driver may crash the process.
"""

from __future__ import annotations

import json
import sys
from functools import lru_cache, partial
from typing import Any

from ..trial import RunCommand, answer_in, failure_reason, run_trial
from .runtime import cupy_with_device

_ANSWER = 42
_SOURCE = f'extern "C" __global__ void trial(int* answer) {{ *answer = {_ANSWER}; }}'
# Without this CuPy would take a kernel from its cache folder that an earlier toolkit compiled.
_RUN = partial(run_trial, settings={"CUPY_CACHE_IN_MEMORY": "1"})


@lru_cache
def compiler_problem() -> str | None:
    """Why no kernel can be compiled and run; None when one can. Takes some seconds the first time, then the answer is
    cached."""
    return run_compiler_trial(_RUN)


def run_compiler_trial(run: RunCommand) -> str | None:
    """Runs `main` in a child process by `run` and returns `compiler_verdict` of its end."""
    done = run([sys.executable, "-m", "kernels.cuda.trial"])
    return compiler_verdict(done.returncode, done.stdout, done.stderr)


def compiler_verdict(exit_code: int, stdout: str, stderr: str) -> str | None:
    """Interprets the child's end: None when the kernel gave the expected answer, else the reason in one line."""
    answer = answer_in(stdout)
    if exit_code == 0 and answer.get("answer") == _ANSWER:
        return None
    return failure_reason(exit_code, answer, stderr, "CuPy did not say why")


def main() -> None:
    """Compiles a kernel, runs it, and prints one line of JSON with its answer or the error."""
    reply: dict[str, Any] = {}
    try:
        cupy = cupy_with_device()
        answer = cupy.zeros(1, cupy.int32)
        cupy.RawModule(code=_SOURCE, backend="nvrtc").get_function("trial")((1,), (1,), (answer,))
        reply["answer"] = int(answer.get()[0])
    except Exception as error:  # any failure is the answer
        reply["error"] = (str(error).strip().splitlines() or [type(error).__name__])[0]
    print(json.dumps(reply))


if __name__ == "__main__":
    main()
