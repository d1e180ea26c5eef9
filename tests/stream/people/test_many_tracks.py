"""Films with very many face tracks: the same people, in bounded time."""

from __future__ import annotations

from functools import partial
from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.made_films import made_film
from stream.people import characters as module
from stream.people.characters import find_characters
from stream.people.grouping import on_strong_evidence, within_limit, without_gap
from stream.people.merging import Accept, merge_groups
from stream.settings.sections import PeopleSettings

ACCEPTS = st.sampled_from([partial(within_limit, 0.2), partial(without_gap, 0.2), partial(on_strong_evidence, 0.1)])


def merged_slowly(cosines: np.ndarray, apart: np.ndarray, accept: Accept) -> list[set[int]]:
    """Average linkage from the formula: of all pairs of groups that may join the nearest, the first of equals."""
    groups = [{i} for i in range(len(cosines))]

    def mean(one: set[int], other: set[int]) -> float:
        return float(np.mean([1 - cosines[i, j] for i in one for j in other]))

    def inner(one: set[int]) -> float:
        pairs = [1 - cosines[i, j] for i in one for j in one if i != j]
        return float(np.mean(pairs)) if pairs else 0.0

    while True:
        best = None
        for i, one in enumerate(groups):
            for j in range(i + 1, len(groups)):
                other = groups[j]
                distance = round(mean(one, other), 6)
                inners = np.array([inner(other)])
                allowed = accept(np.array([distance]), inner(one), inners)[0]
                if allowed and not any(apart[a, b] for a in one for b in other):
                    best = min(best or (distance, i, j), (distance, i, j))
        if best is None:
            return groups
        _, i, j = best
        groups[i] |= groups.pop(j)


@given(st.integers(2, 12), st.integers(0, 2**16), ACCEPTS, st.booleans())
def test_merging_is_what_the_formula_says(count: int, seed: int, accept: Accept, with_ties: bool) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(3, 8))[rng.integers(0, 3, count)] + 0.4 * rng.normal(size=(count, 8))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    cosines = points @ points.T
    cosines = np.round(cosines, 1) if with_ties else cosines
    np.fill_diagonal(cosines, 1.0)
    apart = np.triu(rng.random((count, count)) < 0.1, 1)
    apart |= apart.T
    labels = merge_groups(cosines, np.arange(count), apart, accept)
    expected = merged_slowly(cosines, apart, accept)
    assert [set(np.flatnonzero(labels == label).tolist()) for label in range(labels.max() + 1)] == sorted(
        expected, key=min
    )


@pytest.mark.slow
def test_with_more_tracks_than_are_compared_the_cast_is_found_all_the_same() -> None:
    film = made_film(module._COMPARED + 600, copies=True)
    begun_s = process_time()
    people, method = find_characters(film.tracks, film.shots, PeopleSettings(), "cpu", film.descriptors())
    assert process_time() - begun_s < 60
    good = sum(track.embedding is not None for track in film.tracks)
    assert method.endswith(f"by {module._COMPARED} of {good} face tracks")
    assert len(people) == 6, "the cast of six"
    placed = sum(len(person.tracks) for person in people)
    assert placed > 0.9 * len(film.tracks)
    scene_of = {number: number % 8 % 6 for number in range(len(film.candidates))}
    for person in people:
        assert len({scene_of[track] for track in person.tracks if track in scene_of}) == 1, "nobody is mixed up"


def test_up_to_there_all_are_compared() -> None:
    film = made_film(60, copies=False)
    _, method = find_characters(film.tracks, film.shots, PeopleSettings(), "cpu", film.descriptors())
    assert " of " not in method
