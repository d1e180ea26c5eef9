"""Logos and watermarks that stay where they are while the scenes change."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.data import astronaut, camera, chelsea, coffee, coins, rocket

from kernels.surface import Rect
from stream.framing.crops import Crop
from stream.framing.obstacles import is_cut
from stream.framing.overlays import lasting_lines, persistent_marks, with_whole_marks
from stream.records import ActiveRect
from stream.settings.model import Settings

SIZE = (384, 216)
AREA = (0.0, 100.0, 1920.0, 1080.0)
"""Five displayed pixels for each pixel of the small pictures."""
LOGO = (330, 12, 30, 20)


def scenes() -> list[np.ndarray]:
    """(216, 384) uint8 luma of six photographs."""
    photographs = [astronaut(), chelsea(), coffee(), rocket()]
    grey = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in photographs] + [camera(), coins()]
    return [cv2.resize(one, SIZE, interpolation=cv2.INTER_AREA) for one in grey]


def with_logo(picture: np.ndarray, opacity: float = 1.0) -> np.ndarray:
    """A bright ring and a bar in the upper right corner."""
    x, y, width, height = LOGO
    marked = picture.copy()
    cv2.ellipse(marked, (x + width // 2, y + height // 2), (width // 2, height // 2), 0, 0, 360, 235, 3)
    cv2.line(marked, (x + 6, y + height // 2), (x + width - 6, y + height // 2), 235, 3)
    return cv2.addWeighted(marked, opacity, picture, 1 - opacity, 0)


def surrounds(found: Rect, box: tuple[int, int, int, int], slack: float) -> bool:
    """Whether `found` (displayed pixels) is the box (small pixels) with no more than `slack` around it."""
    x, y, width, height = 5 * box[0], 100 + 5 * box[1], 5 * box[2], 5 * box[3]
    inside = found[0] <= x and found[1] <= y and found[0] + found[2] >= x + width and found[1] + found[3] >= y + height
    return inside and found[2] <= width + 2 * slack and found[3] <= height + 2 * slack


@pytest.mark.parametrize("opacity", [1.0, 0.5])
def test_a_logo_in_a_corner_is_found_where_it_is(opacity: float) -> None:
    (mark,) = persistent_marks([with_logo(scene, opacity) for scene in scenes()], AREA)
    assert surrounds(mark, LOGO, slack=30)


def test_scenes_alone_have_no_marks() -> None:
    assert persistent_marks(scenes(), AREA) == []


def test_a_logo_that_one_scene_hides_is_found_and_one_that_half_of_them_lack_is_not() -> None:
    marked = [with_logo(scene) for scene in scenes()]
    assert len(persistent_marks([*marked[:5], scenes()[5]], AREA)) == 1
    assert persistent_marks([*marked[:3], *scenes()[3:]], AREA) == []


@pytest.mark.parametrize("others", [0, 40])
def test_a_few_edges_among_many_that_agree_are_no_mark(others: int) -> None:
    """A small frame in the same place in each scene, alone or beside long ones at the border, which are no mark."""
    struck = []
    for scene in scenes():
        cv2.rectangle(scene, (200, 60), (212, 84), 255, -1)
        cv2.rectangle(scene, (203, 64), (209, 80), 0, -1)
        for row in range(others):
            cv2.line(scene, (0, 100 + 2 * row), (60, 100 + 2 * row), 250 * (row % 2), 1)
        struck.append(scene)
    assert len(persistent_marks(struck, AREA)) == (others == 0)


def test_few_pictures_tell_nothing() -> None:
    marked = [with_logo(scene) for scene in scenes()]
    assert persistent_marks(marked[:4], AREA) == persistent_marks([], AREA) == []
    assert len(persistent_marks(marked[:5], AREA)) == 1


def test_the_rounded_corners_of_a_film_are_no_marks() -> None:
    mask = np.zeros((216, 384), np.uint8)
    cv2.rectangle(mask, (20, 0), (363, 215), 1, -1)
    cv2.ellipse(mask, (192, 108), (191, 107), 0, 0, 360, 1, -1)
    assert persistent_marks([scene * mask for scene in scenes()], AREA) == []


WATERMARK = (80.0, 900.0, 700.0, 40.0)


def test_a_line_that_stays_is_told_from_subtitles() -> None:
    subtitles = [(500.0, 950.0, width, 50.0) for width in (900.0, 500.0, 300.0, 1200.0)]
    readings = [[WATERMARK, subtitle] for subtitle in subtitles]
    assert lasting_lines(readings) == [WATERMARK]
    assert lasting_lines(readings[:2]) == []
    assert lasting_lines([[WATERMARK], [], [WATERMARK], []]) == []


def test_the_boxes_of_a_line_that_stays_vary_a_little() -> None:
    readings: list[list[Rect]] = [[(80.0 + k, 900.0 - k, 700.0 - 9 * k, 40.0 + k)] for k in range(4)]
    assert lasting_lines(readings) == [WATERMARK]


ACTIVE = ActiveRect(0, 0, 1920, 1080)
CORNER = (1700.0, 40.0, 120.0, 80.0)


@pytest.mark.parametrize(
    ("source", "captions", "expected"),
    [
        ((400.0, 50.0, 1400.0, 787.5), [], (0.0, 0.0, 1920.0, 1080.0)),
        ((100.0, 50.0, 1400.0, 787.5), [], (100.0, 50.0, 1400.0, 787.5)),
        ((460.0, 20.0, 1400.0, 787.5), [], (460.0, 20.0, 1400.0, 787.5)),
        ((400.0, 50.0, 1400.0, 787.5), [(600.0, 1000.0, 700.0, 50.0)], (400.0, 50.0, 1400.0, 787.5)),
    ],
    ids=["cut", "outside", "inside", "cut, but a caption stands below"],
)
def test_a_mark_that_would_be_cut_is_shown_whole(source: Rect, captions: list[Rect], expected: Rect) -> None:
    (form,) = Settings(formats=("landscape",)).chosen_formats()
    crop = with_whole_marks(form, Crop(source, (1920, 1080), 1.0), ACTIVE, captions, [CORNER])
    assert crop.source == expected
    assert is_cut(crop.source, CORNER) == bool(captions)
