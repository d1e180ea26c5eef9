"""How sure a gradual transition is falls with what is doubtful about it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from stream.records import Shot
from stream.settings.sections import ShotSettings
from stream.shots.splitter import ShotSplitter

from .made_films import BLACK, FPS, HEIGHT, WIDTH, Film, mix, rows_of, still
from .test_wipes import ACROSS, wiped


def begun(film: Film) -> Shot:
    """The second of two shots."""
    splitter = ShotSplitter(ShotSettings(), FPS)
    shots = [*splitter.add(rows_of(film)), *splitter.finish(len(film) / FPS)]
    assert len(shots) == 2, [shot.transition for shot in shots]
    return shots[1]


def grainy(film: Film, grain: float) -> Film:
    random = np.random.default_rng(1)
    return [np.clip(p + random.normal(0, grain, (HEIGHT, WIDTH)), 0, 255) for p in film]


def falls(values: list[float]) -> bool:
    return values[0] >= 0.85 and all(a > b for a, b in pairwise(values))


def test_a_dissolve_that_is_less_of_a_mix_is_less_sure() -> None:
    """The mixed frames have more and more grain."""
    shots = [begun(still(1, 60) + grainy(mix(still(1, 40), still(2, 40)), g) + still(2, 60)) for g in (0, 6, 9, 12)]
    assert all(shot.transition == "dissolve" for shot in shots)
    assert falls([shot.confidence for shot in shots])


def test_a_wipe_with_less_of_an_order_is_less_sure() -> None:
    """More and more of the mixed frames is a mix."""
    a, b = still(1, 20), still(2, 20)
    parts = [[(1 - s) * w + s * m for w, m in zip(wiped(a, b, ACROSS), mix(a, b), strict=True)] for s in (0, 0.2, 0.35)]
    shots = [begun(still(1, 60) + part + still(2, 60)) for part in parts]
    assert all(shot.transition == "wipe" for shot in shots)
    assert falls([shot.confidence for shot in shots])


@pytest.mark.parametrize("white", [False, True])
def test_a_fade_from_a_picture_that_hardly_differs_is_less_sure(white: bool) -> None:
    """The pictures come nearer and nearer to what they fade to."""
    flat = BLACK + 255 * white
    shots = []
    for share in (1.0, 0.5, 0.3):
        first, second = ([flat + share * (p - flat) for p in still(seed, 40)] for seed in (1, 2))
        away, back = (mix(p[:12], [flat] * 12) for p in (first, second))
        shots.append(begun(first + away + [flat] * 6 + back[::-1] + second))
    assert all(shot.transition == "fade" for shot in shots)
    assert falls([shot.confidence for shot in shots])
