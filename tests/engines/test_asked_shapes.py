"""What is run before the first film is what films ask, and takes no gigabytes."""

from __future__ import annotations

from math import prod

import pytest

from engines.asked_shapes import asked_shapes
from engines.reader import ReaderOptions
from engines.session_cuda import PROFILES

WORKING_BYTES = {
    "detector": 56, "embedding": 20, "eyes": 102, "mesh": 21, "emotion": 193, "text_detection": 54,
    "text_recognition": 228, "hangul_recognition": 13, "text_direction": 29, "maturity": 6, "shots": 516,
}  # fmt: skip
"""Working memory of a first run over the numbers of its input, bytes: growth of the process on the CPU provider, one
thread, at the largest of the shapes (2026-11-30). What a GPU takes has not been measured."""


@pytest.mark.parametrize(("episode", "most_mib", "sessions"), [(False, 900, 19), (True, 1400, 27)])
def test_all_that_is_run_before_films_takes_less_than_a_few_batches_did(
    episode: bool, most_mib: int, sessions: int
) -> None:
    asked = asked_shapes(episode=episode)
    if not episode:
        for role in ("text_recognition", "hangul_recognition", "text_direction"):
            del asked[role]
    needed = sum(WORKING_BYTES[role] * prod(shape) for role, one in asked.items() for shape in one.shapes())
    assert needed < most_mib << 20
    assert sum(len(one.shapes()) for one in asked.values()) <= sessions


def test_the_shapes_of_a_role_are_few_and_an_engine_takes_them_too() -> None:
    for role, one in asked_shapes(episode=True).items():
        profile = PROFILES[role]
        assert one.input_name == profile.input_name
        assert 1 <= len(one.usual) <= 3
        for shape in one.shapes():
            assert all(a <= b <= c for a, b, c in zip(profile.smallest, shape, profile.largest, strict=True)), role
    assert set(asked_shapes()) == set(PROFILES)


def test_no_batch_is_larger_than_the_largest() -> None:
    asked = asked_shapes(ReaderOptions(detector_width=640))["detector"]
    assert asked.usual == {(3, 384, 640): (1, 8, 32), (3, 160, 160): (8,)}
    assert asked.within(4).shapes() == [(1, 3, 384, 640), (4, 3, 384, 640), (4, 3, 160, 160)]
    assert asked.within(4).rows == (1, 4) and asked.within(1).rows == (1,)
