"""What the splitter makes of camera moves and wipes that are composed of excerpts of films: figures for each kind.

    python -m benchmarks.composed_shots [--data DIR…] [--excerpts N] [--seed N] [--alone] [--kinds KIND…]

Excerpts are taken from inside the shots of films whose truth.json says where those begin; without --data of pictures
that are generated. Each is composed with another (`composed_pictures`, `composed_wipes`), at four lengths and three
speeds. A boundary is found within two frames of a transition; whatever else is found is invented. --alone: without a
second opinion.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from kernels.cpu import CpuOps
from kernels.surface import Colour, Geometry, Surface
from stream.decode.decoder import DecodeOptions, DecodeRange
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.settings.sections import ShotSettings
from stream.shots.second_opinion import AskedOpinion
from stream.shots.splitter import ShotSplitter

from . import options
from .accuracy import with_truth
from .composed_pictures import (
    EXCERPT_FRAMES,
    MOVE_AT,
    Clip,
    Frames,
    dissolve,
    in_flickering_light,
    pan_inside,
    push,
    whip_pan,
    with_banner,
    zoom_inside,
    zoom_transition,
)  # fmt: skip
from .composed_wipes import ORDERS, Order, slide, wiped
from .labels import read_folders
from .layouts import Truth
from .report import Row
from .shot_detectors import second_opinions

FPS = 24.0
_WIDTH_PX, _HEIGHT_PX = 480, 270
_LENGTHS, _SHARES, _FACTORS = (6, 8, 10, 12), (0.3, 0.6, 0.9), (1.6, 2.2, 3.0)
"""Frames that a move takes; shares of the picture's width by which a pan moves; factors of a zoom."""
_SLACK_FRAMES = 2
"""How far beside a transition a boundary counts as found."""
_CLEAR_S = 1.0
"""How far from the beginning and the end of its shot an excerpt stays, so that it shows nothing of a dissolve."""
_LEAST_LUMA = 25
"""Mean luma of an excerpt's middle; darker ones are left out."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """`EXCERPT_FRAMES` consecutive frames of one shot, (F, H, W, 3) uint8 RGB."""

    film: str
    frames: np.ndarray


def excerpts_of(name: str, video: Path, truth: Truth, most: int, random: np.random.Generator) -> list[Excerpt]:
    """Up to `most` excerpts of a film, of shots chosen by chance. Raises KeyartError for what is no film."""
    decoder = AvDecoder(video, DecodeOptions(threads=1))
    fps, end_s = decoder.info.fps or FPS, decoder.info.duration_s or 0.0
    decoder.close()
    starts = [shot["start_s"] if "start_s" in shot else shot["start_frame"] / fps for shot in truth["shots"]]
    spans = [(a + _CLEAR_S, b - _CLEAR_S) for a, b in zip(starts, [*starts[1:], end_s], strict=True)]
    long = [(a, b) for a, b in spans if b - a >= (EXCERPT_FRAMES + 1) / fps]
    found = []
    for number in random.permutation(len(long))[:most]:
        begin_s = sum(long[number]) / 2 - EXCERPT_FRAMES / fps / 2
        frames = _decoded(video, DecodeRange(begin_s, begin_s + (EXCERPT_FRAMES + 1) / fps))
        if len(frames) == EXCERPT_FRAMES and frames[EXCERPT_FRAMES // 2].mean() >= _LEAST_LUMA:
            found.append(Excerpt(name, frames))
    return found


def _decoded(video: Path, part: DecodeRange) -> np.ndarray:
    """(F, H, W, 3) uint8 RGB: the first `EXCERPT_FRAMES` frames of a part of a film."""
    decoder, ops = AvDecoder(video, DecodeOptions(range=part, threads=1)), CpuOps()
    frames: list[np.ndarray] = []
    try:
        for batch in decoder.batches():
            frames.extend(ops.rgb_all([(surface, None) for surface in batch.surfaces], (_WIDTH_PX, _HEIGHT_PX)))
    finally:
        decoder.close()
    return np.array(frames[:EXCERPT_FRAMES])


def made_excerpts(count: int, seed: int) -> list[Excerpt]:
    """Excerpts of still pictures of coloured blobs and edges of several sizes, another for every number."""
    found = []
    for number in range(count):
        random, picture = np.random.default_rng((seed, number)), np.zeros((_HEIGHT_PX, _WIDTH_PX, 3))
        for cell in (135, 68, 23, 8):
            coarse = random.normal(0, cell**0.7, (_HEIGHT_PX // cell + 2, _WIDTH_PX // cell + 2, 3))
            picture += np.kron(coarse, np.ones((cell, cell, 1)))[:_HEIGHT_PX, :_WIDTH_PX]
        low, high = np.percentile(picture, [1, 99])
        shown = (20 + 215 * np.clip((picture - low) / (high - low), 0, 1)).astype(np.uint8)
        found.append(Excerpt(f"made {number}", np.repeat(shown[None], EXCERPT_FRAMES, axis=0)))
    return found


def compositions(kind: str, excerpts: Sequence[Excerpt], seed: int) -> Iterator[Clip]:
    """One clip of a kind for each excerpt: a transition to another excerpt, or a move inside it."""
    order = np.random.default_rng(seed).permutation(len(excerpts))
    for number, place in enumerate(order):
        first, second = excerpts[place], excerpts[order[(number + 1) % len(order)]]
        frames = _LENGTHS[number % len(_LENGTHS)]
        composed, taken = KINDS[kind](first.frames, second.frames, frames, number)
        name = f"{first.film} > {second.film}, {taken}" if taken else f"{first.film}, {frames}"
        yield Clip(name, composed, (EXCERPT_FRAMES - taken, EXCERPT_FRAMES) if taken else None)


def _still(frames: np.ndarray) -> np.ndarray:
    return np.repeat(frames[MOVE_AT : MOVE_AT + 1], len(frames), axis=0)


def _wipe(order: Order, soft: bool, a: np.ndarray, b: np.ndarray, frames: int, number: int) -> tuple[Frames, int]:
    return wiped(a, b, 2 * frames, order, number, soft), 2 * frames


KINDS: dict[str, Callable[[np.ndarray, np.ndarray, int, int], tuple[Frames, int]]] = {
    "whip pan": lambda a, b, n, k: (whip_pan(a, b, n, k % 2 == 0, k // 2 % 2 == 1), n),
    "push": lambda a, b, n, k: (push(a, b, n, k), n),
    "zoom transition": lambda a, b, n, k: (zoom_transition(a, b, n), n),
    "dissolve": lambda a, b, n, k: (dissolve(a, b, n + n // 2), n + n // 2),
    "dissolve of stills": lambda a, b, n, k: (dissolve(_still(a), _still(b), n + n // 2), n + n // 2),
    **{f"wipe: {o.__name__}{', soft' if e else ''}": partial(_wipe, o, e) for o, e in product(ORDERS, (False, True))},
    "slide": lambda a, b, n, k: (slide(a, b, 2 * n, k), 2 * n),
    "cut in flicker": lambda a, b, n, k: (in_flickering_light([*a[:-1], *b], k), 1),
    "flicker": lambda a, b, n, k: (in_flickering_light(a, k), 0),
    "banner": lambda a, b, n, k: (with_banner(a, k), 0),
    "pan inside": lambda a, b, n, k: (pan_inside(a, n, _SHARES[k % 3]), 0),
    "pan over a still": lambda a, b, n, k: (pan_inside(_still(a), n, _SHARES[k % 3]), 0),
    "zoom inside": lambda a, b, n, k: (zoom_inside(a, n, _FACTORS[k % 3]), 0),
    "zoom into a still": lambda a, b, n, k: (zoom_inside(_still(a), n, _FACTORS[k % 3]), 0),
    "as it is": lambda a, b, n, k: (list(a), 0),
}
"""Kind → from two excerpts, the frames of the move and the number of the clip: the frames, and how many of them the
transition takes, 0 where there is none."""


def judged(clips: Iterator[Clip], settings: ShotSettings, opinion: Callable[[], AskedOpinion | None]) -> Row:
    """`clips`, `found`, `invented`: counts; `as`: transition → how many of the found are called so; `faults`: a line
    for each clip that is not as it should be."""
    counts, kinds, faults = Counter[str](clips=0, found=0, invented=0), Counter[str](), list[str]()
    for clip in clips:
        starts = _boundaries(clip, settings, opinion())
        low, high = clip.extent or (1, 0)
        here = [kind for row, kind in starts if low - _SLACK_FRAMES <= row <= high + _SLACK_FRAMES and clip.extent]
        invented = len(starts) - min(1, len(here))
        counts.update(clips=1, found=min(1, len(here)), invented=invented)
        kinds.update(here[:1])
        if invented or (clip.extent and not here):
            faults.append(f"{clip.name}: {starts or 'nothing found'}")
    return {**counts, "as": dict(kinds), "faults": faults}


def _boundaries(clip: Clip, settings: ShotSettings, opinion: AskedOpinion | None) -> list[tuple[int, str]]:
    """Rows at which shots begin, without the first, and by what transition."""
    shown = Geometry(_WIDTH_PX, _HEIGHT_PX)
    meter = CpuOps().meter(shown)
    numbers = np.arange(len(clip.frames), dtype=np.int32)
    rows = meter.measure([_surface(frame, shown) for frame in clip.frames], numbers / FPS, numbers)
    if opinion is not None:
        opinion.add(np.asarray(meter.thumbnails()))
    splitter = ShotSplitter(settings, FPS, opinion)
    shots = [*splitter.add(rows), *splitter.finish(len(rows) / FPS)]
    return [(shot.first_row, shot.transition) for shot in shots[1:]]


def _surface(frame: np.ndarray, shown: Geometry) -> Surface:
    planes = cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420)
    chroma = planes[_HEIGHT_PX:].reshape(2, _HEIGHT_PX // 2, _WIDTH_PX // 2)
    return Surface(planes[:_HEIGHT_PX], chroma[0], chroma[1], 8, Colour(), shown)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", type=Path, help="folder of videos with truth.json")
    parser.add_argument("--excerpts", type=int, default=3, help="most of a film, or how many are generated")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS), help="only these")
    parser.add_argument("--alone", action="store_true", help="without a second opinion")
    parser.add_argument("--models", type=Path, help="folder of models")
    given = parser.parse_args(arguments)
    with options.tidy_bench(), ExitStack() as stack:
        settings = options.settings(None, None, models=given.models)
        truths = with_truth(read_folders(given.data or []).videos, ("shots",)).known
        random = np.random.default_rng(given.seed)
        excerpts = [e for v, truth in truths for e in excerpts_of(v.name, v.path, truth, given.excerpts, random)]
        excerpts = excerpts or made_excerpts(given.excerpts, given.seed)
        opinion = (lambda: None) if given.alone else second_opinions(settings, stack)
        print(f"{len(excerpts)} excerpts of {len({excerpt.film for excerpt in excerpts})} films")
        for kind in given.kinds:
            row = judged(compositions(kind, excerpts, given.seed), settings.shots, opinion)
            found = f"found {row['found']}, invented {row['invented']} {row['as']}"
            print(f"{kind:20} of {row['clips']}: {found}", flush=True)
            for line in row["faults"]:
                print(f"    {kind}: {line}", file=sys.stderr)


if __name__ == "__main__":
    main()
