"""Shots that a film shows again are told by how much each picture differs from the one before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kernels.stats import ROW
from stream.candidates.pace import Pace
from stream.film import Film
from stream.ranking.repeats import Repeats

from ..portraits import film, shots


def shown(*takes: Sequence[float]) -> Film:
    """A film of takes of a second, each told by the changes from picture to picture (25)."""
    found = film(shots=shots(len(takes), 1.0))
    rows = np.zeros(25 * len(takes), ROW)
    rows["frame"], rows["laplacian_var"] = np.arange(len(rows)), 100.0
    rows["pts_s"], rows["change"] = rows["frame"] / 25, np.concatenate(takes)
    found.timeline.add(rows, np.zeros(len(rows), bool))
    return found


def changes(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 6, 25)


def first(found: Film) -> list[int]:
    repeats = Repeats(found.shots, found.timeline)
    return [repeats.first(shot.index) for shot in found.shots]


A, B, C, STILL = changes(1), changes(2), changes(3), np.zeros(25)


def test_a_film_in_a_loop_repeats_its_first_round() -> None:
    assert first(shown(A, B, C, A, B, C, A, B, C)) == [0, 1, 2] * 3


def test_what_was_encoded_anew_is_the_same_and_other_takes_are_not() -> None:
    rng = np.random.default_rng(4)
    assert first(shown(A, A + rng.normal(0, 0.1, 25), B, A[::-1], A * 1.6)) == [0, 0, 2, 3, 4]


def test_a_still_repeats_only_beside_what_does() -> None:
    assert first(shown(STILL, STILL, A, STILL)) == [0, 1, 2, 3]
    assert first(shown(A, STILL, B, A, STILL, B)) == [0, 1, 2, 0, 1, 2]
    assert first(shown(STILL, A, B, STILL, A)) == [0, 1, 2, 0, 1]


def test_moments_that_were_read_in_any_round_are_seen() -> None:
    found = shown(A, B, A, B)
    repeats = Repeats(found.shots, found.timeline)
    np.testing.assert_allclose(repeats.seen_s(found.shots[0], {0: [0.2], 1: [1.3], 2: [2.5]}), [0.2, 0.5])
    np.testing.assert_allclose(repeats.seen_s(found.shots[1], {0: [0.2], 1: [1.3], 3: [3.7]}), [1.3, 1.7])


def test_the_pace_is_that_of_what_is_shown_once() -> None:
    for takes, once_s in (((A, B, A, B), 2.0), ((A, B, C), 90.0)):
        found = shown(*takes)
        assert Repeats(found.shots, found.timeline).pace(Pace(90.0)).watched_s == once_s
