"""How soon the review page has its pictures: `python -m benchmarks.serve_pictures [FILM]` prints one line of JSON.

Exit 0 only if one frame on or back takes at most two seconds where nothing is at hand yet, and so do twelve frames of a
shot, from when the first is asked for until the last is there. Without a film: one of 1920x1080 with a key frame every
ten seconds, made in a temporary folder. Beside it: one frame elsewhere, one step where frames are at hand, crops in
three formats, a new process.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import anyio
import av
import cv2
import numpy as np
from anyio import create_task_group

from stream.cores import usable_cores
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.framing.crops import file_size
from stream.serve.pictures.client import PicturePool
from stream.serve.pictures.source import CropOrder
from stream.settings.formats import shipped_formats
from stream.settings.model import Settings

MOST_S = 2.0
FPS, KEY_EVERY_S = 24, 10
WIDTH, STRIP_WIDTH, STRIP = 1280, 320, 12
SHOT_S = 8.0
SEED = 11
T = TypeVar("T")


def make_film(path: Path, seconds: int, size: tuple[int, int] = (1920, 1080)) -> None:
    """Writes a textured picture that slides, with key frames as far apart as a film may have them."""
    options = {"preset": "veryfast", "crf": "20"}
    options["x264-params"] = f"keyint={FPS * KEY_EVERY_S}:min-keyint={FPS * KEY_EVERY_S}:scenecut=0:bframes=3"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for picture in _pictures(seconds * FPS, size):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def _pictures(count: int, size: tuple[int, int]) -> Iterator[np.ndarray]:
    width, height = size
    noise = np.random.default_rng(SEED).integers(0, 255, (height // 4 + 75, width // 4 + 100, 3), np.uint8)
    wide = cv2.resize(noise, (width + 400, height + 300), interpolation=cv2.INTER_CUBIC)
    for number in range(count):
        x, y = number * 3 % 400, number * 2 % 300
        yield np.ascontiguousarray(wide[y : y + height, x : x + width])


class Stopwatch:
    """Seconds of each kind of request."""

    def __init__(self) -> None:
        self.taken_s: dict[str, list[float]] = {}

    async def time(self, kind: str, asked: Awaitable[T]) -> T:
        """What was asked for; notes how long it took."""
        began_s = time.perf_counter()
        answer = await asked
        self.taken_s.setdefault(kind, []).append(time.perf_counter() - began_s)
        return answer

    def figures(self) -> dict[str, float]:
        """Median and longest of each kind."""
        found = {}
        for kind, taken_s in self.taken_s.items():
            found[f"{kind}_s"] = round(statistics.median(taken_s), 3)
            found[f"{kind}_longest_s"] = round(max(taken_s), 3)
        return found


async def _step(pictures: PicturePool, video: Path, time_s: float, on: bool) -> float | None:
    """One frame on or back, as the page asks for it: first its time, then the frame."""
    beside = (await pictures.neighbours(video, time_s))[on]
    if beside is not None:
        await pictures.frame(video, beside, WIDTH)
    return beside


async def _strip(pictures: PicturePool, video: Path, start_s: float) -> None:
    """Frames of a shot, asked for all at once as a browser does."""
    times_s = await pictures.spread(video, start_s, start_s + SHOT_S, STRIP)
    async with create_task_group() as tasks:
        for time_s in times_s:
            tasks.start_soon(pictures.frame, video, time_s, STRIP_WIDTH)


def _crops(time_s: float, display: tuple[int, int]) -> list[CropOrder]:
    orders = []
    for form in list(shipped_formats().values())[:3]:
        height = min(display[1], display[0] / form.aspect_ratio)
        source = (0.0, 0.0, height * form.aspect_ratio, float(height))
        orders.append(CropOrder(time_s, source, file_size(form, height)[0], Settings().jpeg_quality))
    return orders


async def _measured(video: Path, times_s: Sequence[float], display: tuple[int, int], settings: Settings) -> Stopwatch:
    watch = Stopwatch()
    async with PicturePool(settings) as pictures:
        await watch.time("process", pictures.neighbours(video, times_s[0]))
        for place, time_s in enumerate(times_s[1:]):
            step = await watch.time("step", _step(pictures, video, time_s, on=place % 2 == 0))
            await watch.time("step_at_hand", _step(pictures, video, step or time_s, on=place % 2 == 0))
        for time_s in times_s[1:]:
            await watch.time("frame", pictures.frame(video, time_s, WIDTH + 1))
        for time_s in times_s[1:]:
            await watch.time("crops", pictures.crops(video, _crops(time_s, display)))
        for time_s in times_s[1:]:
            await watch.time("strip", _strip(pictures, video, max(0.0, time_s - SHOT_S)))
    return watch


def measure(video: Path, places: int, settings: Settings | None = None) -> dict[str, object]:
    """The figures at so many places of a film, chosen at random, the last frame before a key frame's time among them.
    Raises KeyartError."""
    info = AvDecoder(video, DecodeOptions()).info
    decoder, chosen = AvDecoder(video, DecodeOptions()), random.Random(SEED)
    length_s = info.duration_s or 0.0
    wanted = [chosen.uniform(0.0, length_s) for _ in range(places)]
    wanted.append(KEY_EVERY_S * (length_s // KEY_EVERY_S) - 1 / FPS)
    step_s = 1.5 / (info.fps or FPS)
    near = [decoder.between(info.first_pts_s + t - step_s, info.first_pts_s + t + step_s) for t in [0.0, *wanted]]
    times_s = [found[0][0] for found in near if found]
    display = (info.geometry.display_width, info.geometry.display_height)
    figures = anyio.run(_measured, video, times_s, display, settings or Settings()).figures()
    longest_s = max(figures["step_longest_s"], figures["strip_longest_s"])
    size = f"{info.width}x{info.height}"
    return {"film": size, "places": len(times_s) - 1, "cores": usable_cores(), **figures, "holds": longest_s <= MOST_S}


def main() -> int:
    """Print the line; 0 if the figures hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", nargs="?", type=Path, help="default: one that is made here")
    parser.add_argument("--places", type=int, default=12)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = given.film or Path(folder) / "film.mp4"
        if given.film is None:
            make_film(film, 60)
        found = measure(film, given.places)
    print(json.dumps(found))
    return 0 if found["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
