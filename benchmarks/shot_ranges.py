"""How far each number of shot detection can move before it finds other boundaries in the episodes.

    python -m benchmarks.shot_ranges EPISODE_FOLDER…

Each film is decoded and measured once. Then each setting of the section `shots`, and each named number in stream/shots,
is multiplied by factors from 0.5 to 2, one number at a time; the others keep their defaults. Printed is the range of
factors around 1 over which the pooled F1 stays what it is at the defaults. Numbers of rows are rounded; of numbers near
1 (a correlation, a ratio of steps) the distance to 1 is multiplied. Settings may leave their limits.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stream.settings.sections import ShotSettings
from stream.shots import (
    camera_motion,
    cut_evidence,
    cuts,
    dissolves,
    fades,
    flicker,
    gradual,
    marks,
    pushes,
    spans,
    splitter,
    whip_pans,
    window,
    wipe_orders,
    wipes,
)

from .shots import BoundaryScores, episode_film, pooled_scores, rows_of, score_shots, split, truth_in

FACTORS = (0.5, 0.7, 0.85, 0.9, 0.95, 0.97, 1.0, 1.03, 1.05, 1.1, 1.2, 1.5, 2.0)
MODULES: tuple[Any, ...] = (
    spans, cut_evidence, cuts, flicker, camera_motion, dissolves, wipe_orders, wipes, gradual, pushes, whip_pans, fades,
    marks, window, splitter,
)  # fmt: skip
ROWS = {
    "AROUND_ROWS", "_REFINEMENT", "_LEAST_LIT_CELLS", "OUTSIDE_ROWS", "_STABLE_ROWS", "_MIX_SAMPLES",
    "_SHORT_SPAN_ROWS", "_STALL_ROWS", "BLOCK_ROWS", "_LEAST_REACH_ROWS", "_LEAST_LONG_ROWS", "_CLEARANCE_ROWS",
    "_PEAK_ROWS", "_SIDE_ROWS", "USUAL_ROWS", "_AROUND_ROWS", "_LEAST_CELLS", "_LEAST_ROWS", "_SAMPLES", "_STEP_ROWS",
    "_STILL_ROWS", "_LEAST_AROUND", "_LEAST_OUTSIDE", "_LEAST_STABLE",
    "_LEAST_SWING_ROWS", "_SWING_STABLE_ROWS", "_LEAST_FADE_ROWS", "_REMEMBERED", "_SHARES", "_DIRECTIONS", "_SUB",
    "_QUARTERS", "_ROWS_AT_ONCE", "_MOVING_ROWS", "FLICKERS_ROWS", "_LEAST_TURNS", "_STEPS",
}  # fmt: skip
"""Whole numbers."""
NEAR_ONE = {
    "_MOST_Z", "_LIGHTING_CORRELATION", "_SPAN_RATIO", "_STEP_RATIO", "_FLASH_CORRELATION", "_FADING_CORRELATION",
    "_DIMMED_CORRELATION",
}  # fmt: skip
VALUES = {
    "_LEAST_FLAT_SHARE", "_MOST_AROUND", "_LEAST_EXCESS", "_LASTING_SHARE", "_MOST_CHANCE",
    "_SWING_NOISE", "_LEAST_SWING_AWAY", "_MOST_SWING_UNSTABLE",
    "_NOISE_CHANGE", "_NOISE_DISTANCE", "_LIKELY_LOUD", "_LIKELY_QUIET", "_LIT", "_LEAST_LIT", "_CELL_CHANGE",
    "_LIGHTING_CHROMA", "_DOUBTFUL", "_LONGEST_S", "_MOST_LEFT", "_LEAST_COHERENCE", "_LEAST_SPEED", "_LEAST_DETOUR",
    "_MOST_ALIKE", "_LEAST_DEVIATION", "_LEAST_TRANSITION", "_LEAST_Z", "_MOST_UNSTABLE", "_LEAST_AWAY",
    "_LEAST_CONTRAST", "_LEAST_TELLING", "_LEAST_DIFFERENCE", "_MOST_UNEVEN", "_MOST_DETOUR",
    "_LEAST_HALF_WAY", "_LEAST_GROWTH", "_LEAST_BETWEEN", "_MOST_STEP", "_QUICK_LEFT", "_QUICK_SHARE", "_SURE_LEFT",
    "_SURE_SHARE", "_MOST_DOUBT", "_BETTER_THAN_MIX", "_MOST_SLIDE_UNEVEN", "_MOST_BACK",
    "_LEAST_SLIDE_SPEED", "_LEAST_JOIN", "_LEAST_SHARP", "_DOUBT_POWER", "_LEAST_SEPARATION", "_FARTHEST", "_BAR_LUMA",
    "_MOST_INSTABILITY", "_LEAST_UNMIXED",
    "_MOST_UNEVENNESS", "_MOST_SHORT_RESIDUAL", "_UNEVENNESS_WEIGHT", "_LENGTH_DOUBT", "_INSTABILITY_WEIGHT",
    "_LEAST_DEPARTURE", "_LEAST_UNMOVED_SHARE", "LEAST_UNEXPLAINED", "_STILL_CELL", "_STILL_SHARE", "_STEP_FLOOR",
    "_LEAST_FADE_SCALE", "_WHITE_SHARE", "_GREY_SHARE", "_LEAST_FLOOR_SCALE", "_FULL_RATE", "_CONSECUTIVE_RATE",
    "_NEAR_BLACK", "_EVEN_STEP", "_EVEN_SHARE", "_MOST_UNLIT", "_ASKED_RATE", "_SHORTEST_CARD_S",
    "_LEAST_UNMOVED", "_LEAST_MOVING", "_COMES_BACK", "_LEAST_STRUCTURE", "_LEAST_SEPARATION_OF_LIGHTNING",
    "_BANNER_HOLDS", "_LARGEST_BANNER", "_MOST_BESIDE_BANNER", "_MOST_STEADY", "_LEAST_TURN",
    "_MOST_LEFT_OF_PUSH", "_MOST_SHARE_OF_PUSH", "_MOST_STEP_BACK", "_MOST_LEFT_IN_DOUBT", "_LEAST_SEEN",
    "_LEAST_SEEN_OF_CLEAR", "_LITTLE_LEFT",
    "_LEAST_UNMOVED_END", "_MOVING_CORRELATION", "_NEAR_SHARE", "_MOST_DOUBT_OF_FEW", "_MOST_DIM",
    "_COMES_BACK_TO", "_LEAST_ALIKE", "_MOST_ALIKE_DIM",
    "_FAR", "_LEAST_UNMOVED_FAR", "_LEAST_JOIN_RATIO",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Film:
    """One episode: its rows, frame rate and truth."""

    rows: np.ndarray
    fps: float | None
    truth: dict[str, Any]


def scores_of(films: Sequence[Film], settings: ShotSettings) -> BoundaryScores:
    """The pooled scores of the films."""
    return pooled_scores([score_shots(split([film.rows], film.fps, settings), film.truth) for film in films])


def stable_range(score: Callable[[float], float]) -> tuple[float, float]:
    """The least and the largest of `FACTORS` to which `score` stays what it is at factor 1, without a gap."""
    expected, middle = score(1.0), FACTORS.index(1.0)
    low = high = middle
    while low > 0 and score(FACTORS[low - 1]) == expected:
        low -= 1
    while high + 1 < len(FACTORS) and score(FACTORS[high + 1]) == expected:
        high += 1
    return FACTORS[low], FACTORS[high]


def setting_ranges(films: Sequence[Film]) -> Iterator[tuple[str, float, tuple[float, float]]]:
    """(name, default, range) of each setting."""
    defaults = ShotSettings()
    numbers = {name: value for name, value in defaults.model_dump().items() if not isinstance(value, bool)}
    for name, value in numbers.items():

        def score(factor: float, name: str = name, value: float = value) -> float:
            return scores_of(films, defaults.model_copy(update={name: value * factor})).f1

        yield f"shots.{name}", value, stable_range(score)


def constant_ranges(films: Sequence[Film]) -> Iterator[tuple[str, float, tuple[float, float]]]:
    """(module and name, value, range) of each number in stream/shots."""
    for module in MODULES:
        for name in [name for name in vars(module) if name in ROWS | NEAR_ONE | VALUES and owner_of(name) is module]:

            def score(factor: float, name: str = name) -> float:
                with constant(name, factor):
                    return scores_of(films, ShotSettings()).f1

            yield f"{module.__name__}.{name}", getattr(module, name), stable_range(score)


def owner_of(name: str) -> Any:
    """The module that defines a number; others may import it."""
    return next(module for module in MODULES if hasattr(module, name))


@contextmanager
def constant(name: str, factor: float) -> Iterator[None]:
    """Within the block a number of stream/shots is another one, wherever it is imported."""
    value, holders = getattr(owner_of(name), name), [module for module in MODULES if hasattr(module, name)]
    _set(holders, name, scaled(name, value, factor))
    try:
        yield
    finally:
        _set(holders, name, value)


def scaled(name: str, value: float, factor: float) -> float:
    """The number times `factor`, by its kind."""
    if name in ROWS:
        return max(1, round(value * factor))
    return 1 + (value - 1) * factor if name in NEAR_ONE else value * factor


def _set(holders: Sequence[Any], name: str, value: float) -> None:
    for module in holders:
        setattr(module, name, value)
    # What stream/shots computes from its numbers in advance.
    for computed in (dissolves.lengths, wipe_orders.covers, wipe_orders.cover_squares, wipe_orders.middle_covers):
        computed.cache_clear()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("episodes", nargs="+", type=Path, help="folders with a film and its truth.json")
    folders = parser.parse_args(arguments).episodes
    films = [Film(*rows_of(episode_film(folder)), truth_in(folder)) for folder in folders]
    print(f"F1 at the defaults: {scores_of(films, ShotSettings()).f1:.3f}")
    for ranges in (setting_ranges(films), constant_ranges(films)):
        for name, value, (low, high) in ranges:
            print(f"{name:48} {value:<8.4g} {low} to {high} times", flush=True)


if __name__ == "__main__":
    main()
