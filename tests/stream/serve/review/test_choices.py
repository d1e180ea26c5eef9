from __future__ import annotations

import pytest

from stream.manifest import Manifest
from stream.serve.review.choices import settled
from stream.serve.review.record import Choice
from stream.settings.model import Settings

from ..reviewing import WHOLE, portrait_of, result_tree

ELSEWHERE_S = 3.3
OFFERED_S = {1: 0.5, 2: 1.5, 3: 2.5}
CENTRED = (400.0, 0.0, 480.0, 720.0)


def manifest_with_bars(**bars: int) -> Manifest:
    tree = result_tree("film.mkv", "content")
    return Manifest.model_validate(
        {**tree, "active_area": {**dict.fromkeys(("top", "bottom", "left", "right"), 0), **bars}}
    )


def is_moved(form: str, time_s: float, rect: tuple[float, float, float, float], **bars: int) -> bool:
    choice = Choice(time_s=time_s, source_rect=rect)
    (found,) = settled({form: choice}, manifest_with_bars(**bars), Settings())
    return found.moved


@pytest.mark.parametrize(
    ("form", "time_s", "rect", "moved"),
    [
        ("landscape", ELSEWHERE_S, WHOLE, False),
        ("portrait", ELSEWHERE_S, CENTRED, False),
        ("portrait", ELSEWHERE_S, portrait_of(2), False),
        ("portrait", ELSEWHERE_S, (401.0, 0.0, 480.0, 720.0), True),
        ("portrait", ELSEWHERE_S, (420.0, 30.0, 440.0, 660.0), True),
        ("portrait", OFFERED_S[2], portrait_of(2), False),
        ("portrait", OFFERED_S[2], portrait_of(3), True),
        ("portrait", OFFERED_S[2], CENTRED, True),
        ("square", OFFERED_S[2], (280.0, 0.0, 720.0, 720.0), False),
        ("square", OFFERED_S[2], (290.0, 0.0, 720.0, 720.0), True),
    ],
)
def test_a_crop_is_moved_where_an_editor_placed_it(
    form: str, time_s: float, rect: tuple[float, float, float, float], moved: bool
) -> None:
    assert is_moved(form, time_s, rect) == moved


def test_the_largest_crop_between_bars_is_not_moved() -> None:
    between = 40.0 + (1240 - 2 / 3 * 580) / 2
    page = round(between, 2), 100.0, round(2 / 3 * 580, 2), 580.0
    assert not is_moved("portrait", ELSEWHERE_S, page, left=40, top=100, bottom=40)
    assert is_moved("portrait", ELSEWHERE_S, (page[0] - 3, *page[1:]), left=40, top=100, bottom=40)
