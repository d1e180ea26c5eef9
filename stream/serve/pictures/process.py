"""A picture process: `python -m stream.serve.pictures.process`. In: requests, on stdin; out: pictures and times, on
stdout (`stream.serve.pictures.messages`). It ends when stdin ends, also in the midst of a picture, so that it never
outlives the service.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import traceback
from queue import Empty, SimpleQueue
from threading import Thread

from ...backfill.messages import Message
from ...pipeline.failures import reason_of
from .messages import TO_PROCESS, Begin, Pictures, Ready, Refused, Request, Times
from .studio import Studio

_LOOK_EVERY_S = 5.0
"""How often an idle process looks for films to close."""


def answer(studio: Studio, request: Request) -> tuple[Message, list[bytes]]:
    """The answer to a request, and what follows it."""
    try:
        made = studio.answer(request)
    except FileNotFoundError:
        return Refused(reason="is not there any more, put it back and try again"), []
    except OSError as error:
        return Refused(reason=f"cannot be read ({error.strerror or error}), check the file"), []
    except Exception as error:
        reason = reason_of(error)
        traceback.print_exception(error)
        return Refused(reason=reason), []
    if isinstance(made, tuple):
        return Times(times_s=made), []
    return Pictures(sizes=tuple(map(len, made))), made


def _studio(begin: Begin) -> Studio:
    import cv2

    from kernels.open_ops import open_ops

    from ...device.process import set_mmap_threshold
    from ...output.jpeg import CpuEncoder

    set_mmap_threshold()
    cv2.setNumThreads(begin.threads)
    return Studio(begin, open_ops("cpu"), CpuEncoder())


def _listen(requests: SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        requests.put(line)
    os._exit(0)  # waits for no native code


def _write(out: int, message: Message, pictures: list[bytes]) -> None:
    for data in (message.line(), *pictures):
        left = memoryview(data)
        while left:
            left = left[os.write(out, left) :]


def _main() -> None:
    # What C libraries print must not come between the messages.
    out = os.dup(1)
    os.dup2(2, 1)
    requests = SimpleQueue[bytes]()
    Thread(target=_listen, args=(requests,), daemon=True).start()
    begin = TO_PROCESS.validate_json(requests.get())
    assert isinstance(begin, Begin)
    studio = _studio(begin)
    _write(out, Ready(), [])
    while True:
        try:
            request = TO_PROCESS.validate_json(requests.get(timeout=_LOOK_EVERY_S))
        except Empty:
            studio.close_idle()
            continue
        assert not isinstance(request, Begin)
        _write(out, *answer(studio, request))


if __name__ == "__main__":
    faulthandler.enable()
    # A service manager sends these to all processes of a service; the service decides what becomes of this one.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    _main()
