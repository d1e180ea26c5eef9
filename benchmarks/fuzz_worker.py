"""Works on films that `benchmarks.fuzz` sends, a path a line, and says in a line of JSON how each ended."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread

from kernels.cpu import CpuOps
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.picture_times import picture_times
from stream.errors import KeyartError
from stream.output.result_folder import result_folder
from stream.pipeline.describe import content_fingerprint
from stream.pipeline.failures import reason_of
from stream.pipeline.film_run import process
from stream.pipeline.limits import check_frames, check_header, check_info
from stream.pipeline.many import open_result, write_result
from stream.pipeline.services import open_services
from stream.settings.model import Settings

from .limited import own_peak_mib

_PICTURES = 1200
"""Pictures that are decoded and measured at most where no result is made."""
Work = Callable[[Path], Awaitable[int]]
"""A film → how many pictures it gave."""


def look_at(film: Path) -> int:
    """All that is done to a file before and beside the engines; how many pictures were measured."""
    settings, ops = Settings(device="cpu"), CpuOps()
    check_header(film, settings.limits)
    decoder = AvDecoder(film, DecodeOptions(threads=2))
    content_fingerprint(film)
    check_info(decoder.info, settings.limits)
    meter, times_s = ops.meter(decoder.info.geometry), list[float]()
    batches = decoder.batches()
    for batch in batches:
        meter.measure(batch.surfaces, batch.pts_s, batch.frames)
        times_s += batch.pts_s.tolist()
        check_frames(len(times_s), times_s[-1] - times_s[0], settings.limits)
        if len(times_s) >= _PICTURES:
            break
    batches.close()
    if times_s:
        decoder.at([times_s[0], times_s[-1]] if len(times_s) > 1 else times_s)
        decoder.between(times_s[len(times_s) // 2] - 0.2, times_s[len(times_s) // 2] + 0.2)
        picture_times(film, times_s[0], times_s[-1])
    return len(times_s)


async def answer(film: Path, work: Work) -> dict[str, Any]:
    """How the work on one film ended: done, refused with a reason of one line, or an error inside."""
    try:
        return {"ended": "done", "pictures": await work(film)}
    except Exception as error:
        reason = reason_of(error)
        known = isinstance(error, (KeyartError, MemoryError)) or "failed inside Keyart" not in reason
        one_line = len(reason.splitlines()) == 1
        trace = "" if known and one_line else "".join(traceback.format_exception(error))
        return {"ended": "refused" if known and one_line else "inside", "reason": reason, "trace": trace}


async def serve(work: Work, out: int) -> None:
    """Answer line by line until the input ends, each time with the most memory that the process ever took."""
    while line := await to_thread.run_sync(sys.stdin.readline):
        said = await answer(Path(json.loads(line)), work)
        said["peak_mib"] = own_peak_mib()
        os.write(out, (json.dumps(said) + "\n").encode())


async def _look_at(film: Path) -> int:
    return await to_thread.run_sync(look_at, film)


async def main(results: Path | None) -> None:
    """results: where whole results are made; None: films are only decoded and measured."""
    out = os.dup(1)
    os.dup2(2, 1)  # what C libraries print must not come between the answers
    if results is None:
        await serve(_look_at, out)
        return
    settings = Settings(device="cpu", overwrite=True)
    async with open_services(settings) as services:

        async def extracted(film: Path) -> int:
            async with open_result(result_folder(results, film), overwrite=True) as folder:
                result = await process(film, settings, services, lambda stage, frames, total: None)
                await to_thread.run_sync(partial(write_result, folder, result))
            return result.manifest.funnel.frames

        await serve(extracted, out)


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]) if len(sys.argv) > 1 else None)
