"""Whether CuPy can compile a kernel for the device and run it, and if not, why, in one line.

That a device is there says nothing about headers and the compiler's library. It is tried in a process of its own,
because what CuPy did not find once it does not seek again, and because a driver may take the process with it.
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
# A kernel that an earlier toolkit compiled would be taken from CuPy's folder.
_RUN = partial(run_trial, settings={"CUPY_CACHE_IN_MEMORY": "1"})


@lru_cache
def compiler_problem() -> str | None:
    """Why no kernel can be compiled; None when one can. Takes some seconds the first time."""
    return run_compiler_trial(_RUN)


def run_compiler_trial(run: RunCommand) -> str | None:
    """What the process says that tries; its stdout ends with `main`'s line."""
    done = run([sys.executable, "-m", "kernels.cuda.trial"])
    return compiler_verdict(done.returncode, done.stdout, done.stderr)


def compiler_verdict(exit_code: int, stdout: str, stderr: str) -> str | None:
    """What the trial's end means: None when the kernel gave its answer, else the reason in one line."""
    answer = answer_in(stdout)
    if exit_code == 0 and answer.get("answer") == _ANSWER:
        return None
    return failure_reason(exit_code, answer, stderr, "CuPy did not say why")


def main() -> None:
    """Compiles a kernel, runs it, and prints what it answered, one line of JSON."""
    reply: dict[str, Any] = {}
    try:
        cupy = cupy_with_device()
        answer = cupy.zeros(1, cupy.int32)
        cupy.RawModule(code=_SOURCE, backend="nvrtc").get_function("trial")((1,), (1,), (answer,))
        reply["answer"] = int(answer.get()[0])
    except Exception as error:  # whatever it is, it is the answer
        reply["error"] = (str(error).strip().splitlines() or [type(error).__name__])[0]
    print(json.dumps(reply))


if __name__ == "__main__":
    main()
