"""What a picture without a leading face is worth."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.stats import HISTOGRAM_BINS, HISTOGRAM_SUM
from stream.candidates.scene import part_stillness, scene_score, stillness, subject_of, tone_entropy, tones

from ..portraits import face, row


def of_tones(count: int) -> np.ndarray:
    histogram = np.zeros(HISTOGRAM_BINS, np.uint16)
    histogram[:count] = HISTOGRAM_SUM // count
    return histogram


def test_a_part_that_moves_is_judged_by_what_the_picture_shows_besides() -> None:
    """A change of 40 codes is a waving hand in a picture of deviation 40, and nothing in one of 120."""
    assert part_stillness(row(cell_change=40, luma_std=120)) == 1
    assert part_stillness(row(cell_change=40, luma_std=40)) == pytest.approx(0.2 / 0.85)
    assert part_stillness(row(cell_change=90, luma_std=40)) == 0
    assert part_stillness(row(cell_change=1, luma_std=0)) == 1


def test_stillness_falls_from_two_codes_of_change_to_twelve() -> None:
    assert [stillness(row(change=change)) for change in (0.0, 2.0, 7.0, 12.0, 60.0)] == [1, 1, 0.5, 0, 0]


def test_tones_are_the_entropy_of_the_histogram() -> None:
    assert [tone_entropy(row(histogram=of_tones(count))) for count in (1, 2, 4, 64)] == [0, 1, 2, 6]
    assert tones(row(histogram=of_tones(4))) == 0 and tones(row(histogram=of_tones(64))) == 1
    assert tone_entropy(row(histogram=np.zeros(HISTOGRAM_BINS))) == 0


def test_the_sharpest_picture_is_no_better_than_a_sharp_one_and_a_still_one_is() -> None:
    assert scene_score(row(), 0.75) == scene_score(row(), 1.0) > scene_score(row(), 0.5)
    assert scene_score(row(change=9.0), 1.0) < scene_score(row(), 0.7)


@pytest.mark.parametrize(("height", "score", "leads"), [(120, 0.6, True), (119, 0.9, False), (500, 0.59, False)])
def test_a_face_leads_where_it_is_large_and_certain_enough(height: float, score: float, leads: bool) -> None:
    faces = (face((0, 0, 100, height), score=score),)
    assert subject_of(faces, 1000, 0.12, 0.6) is (faces[0] if leads else None)
    assert subject_of((), 1000, 0.12, 0.6) is None
