"""Pictures of little tone are said to be cards where one of their shot is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from kernels.surface import Colour, Geometry, Surface
from stream.candidates.picture_pool import PicturePool
from stream.ranking.cards import card_shots, said_of
from stream.ranking.selection import Assessment
from stream.records import ActiveRect, Candidate

from ..portraits import candidate, face

ACTIVE = ActiveRect(0, 0, 64, 36)


@pytest.fixture
def workers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def surface() -> Surface:
    plain = np.full((18, 32), 128, np.uint8)
    return Surface(np.zeros((36, 64), np.uint8), plain, plain, 8, Colour("bt601"), Geometry(64, 36))


def refused(time_s: float, shot: int, *reasons: str, with_face: bool = False) -> Assessment:
    one = replace(candidate(time_s, shot=shot), faces=(face(),) if with_face else ())
    return Assessment(one, ACTIVE, 0.5, {}, None, False, list(reasons), (None,) * with_face)


def pool_of(assessments: list[Assessment]) -> PicturePool:
    pool = PicturePool(64, 8)
    for one in assessments:
        pool.put(one.candidate.pts_s, surface(), 1.0, None)
    return pool


def test_one_picture_tells_for_its_shot(workers: ThreadPoolExecutor) -> None:
    shown = [refused(float(second), second // 3, "empty") for second in range(9)]
    asked: list[float] = []

    def is_card(one: Candidate) -> bool:
        asked.append(one.pts_s)
        return one.shot != 1

    assert card_shots(shown, pool_of(shown), is_card, workers) == {0, 2}
    assert sorted(asked) == [1.0, 4.0, 7.0]


@pytest.mark.parametrize(
    ("reasons", "with_face", "looked_at"),
    [
        (["empty"], False, True),
        (["small_face", "dark"], False, True),
        (["flat"], False, True),
        (["bright"], False, True),
        (["blurred"], False, False),
        ([], False, False),
        (["dark"], True, False),
    ],
)
def test_only_what_has_little_tone_is_looked_at(
    reasons: list[str], with_face: bool, looked_at: bool, workers: ThreadPoolExecutor
) -> None:
    shown = [refused(1.0, 0, *reasons, with_face=with_face)]
    assert card_shots(shown, pool_of(shown), lambda one: True, workers) == ({0} if looked_at else set())


def test_what_left_the_pool_is_not_fetched_for_this(workers: ThreadPoolExecutor) -> None:
    assert card_shots([refused(1.0, 0, "empty")], PicturePool(64, 8), lambda one: True, workers) == set()


def test_no_more_shots_than_a_dozen_those_with_most_pictures_first(workers: ThreadPoolExecutor) -> None:
    shown = [refused(float(shot), shot, "empty") for shot in range(20)] + [refused(19.5, 19, "empty")]
    assert card_shots(shown, pool_of(shown), lambda one: True, workers) == {*range(11), 19}


@pytest.mark.parametrize(
    ("reasons", "card", "said"),
    [
        (["empty"], True, ["card"]),
        (["empty", "dark", "no_face"], True, ["card", "no_face"]),
        (["empty", "card"], True, ["card"]),
        (["blurred"], True, ["blurred"]),
        (["empty"], False, ["empty"]),
        ([], True, []),
    ],
)
def test_what_is_said(reasons: list[str], card: bool, said: list[str]) -> None:
    assert said_of(reasons, card) == said
