"""Fades under a mark that stays, and dark scenes that only look like one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from .made_films import BLACK, HEIGHT, WIDTH, Film, fade, mix, pan, rows_of, scene, still
from .test_splitter import split

LOGO = (slice(6, 16), slice(106, 122))
SHORT = [np.clip(1.5 * picture - 130, 0, 255) for seed in range(20, 30) for picture in still(seed, 12)]
KINDS = ["cut"] * 11 + ["fade", "cut"]
FADE = len(SHORT) + 40
LINE = (slice(62, 66), slice(30, 98))


def marked(film: Film, place: tuple[slice, slice] = LOGO, luma: float = 220.0, opacity: float = 1.0) -> Film:
    shown = [p.copy() for p in film]
    for picture in shown:
        picture[place] = (1 - opacity) * picture[place] + opacity * luma
    return shown


def timecode(film: Film) -> Film:
    """Eight digits, of which one changes with each frame and the others every second: more or less of each is lit."""
    shown = [p.copy() for p in film]
    for i, picture in enumerate(shown):
        for place in range(8):
            number = i if place == 7 else i // 25 + 3 * place // 2
            picture[6:14, 32 + 8 * place : 38 + 8 * place] = 0
            picture[6:14, 32 + 8 * place : 35 + 8 * place + number % 2] = 235
    return shown


def faded(out: int, black: int, into: int, tone: float = 0.0) -> Film:
    """Ten short shots with dark parts, two that a fade joins from row `FADE` on, and a last one."""
    flat = np.full((HEIGHT, WIDTH), tone)
    middle = fade(2, out, flat) + [flat] * black + fade(3, into, flat)[::-1]
    return SHORT + still(2, 40) + middle + still(3, 40) + pan(4, 40, 1)


@pytest.mark.parametrize(("out", "black", "into"), [(6, 1, 6), (12, 8, 20), (30, 24, 30)])
@pytest.mark.parametrize(
    "put_mark",
    [
        marked,
        lambda film: marked(film, opacity=0.5),
        lambda film: marked(film, LINE, 200.0),
        lambda film: marked(film, (slice(50, 66), slice(6, 30)), 110.0),
        timecode,
    ],
    ids=["logo", "half transparent", "line", "grey", "timecode"],
)
def test_a_fade_under_a_mark_is_one_fade_at_its_own_time(
    put_mark: Callable[[Film], Film], out: int, black: int, into: int
) -> None:
    film = faded(out, black, into)
    plain, shown = split(rows_of(film)), split(rows_of(put_mark(film)))
    assert [s.transition for s in plain] == [s.transition for s in shown] == KINDS
    assert [s.first_row for s in shown] == pytest.approx([s.first_row for s in plain], abs=2)
    assert FADE + out - 3 <= shown[-2].first_row <= FADE + out


def bright(seed: int, frames: int) -> Film:
    """A picture that is nowhere as dark as a mark is light, so that the past does not tell the mark."""
    return [150 + 0.4 * picture for picture in still(seed, frames)]


@pytest.mark.parametrize(("black", "kinds"), [(8, ["cut", "fade"]), (30, ["cut", "dissolve", "dissolve"])])
def test_a_fade_under_a_mark_in_bright_pictures_is_one_unless_a_card_could_be_read(
    black: int, kinds: list[str]
) -> None:
    flat = np.zeros((HEIGHT, WIDTH))
    out, into = mix(bright(2, 18), [flat] * 18), mix([flat] * 18, bright(3, 18))
    film = bright(2, 40) + out + [flat] * black + into + bright(3, 40)
    assert [s.transition for s in split(rows_of(marked(film, luma=140.0)))] == kinds


def test_a_fade_to_white_under_a_grey_mark_is_one_fade() -> None:
    shots = split(rows_of(marked([255 - p for p in faded(12, 8, 12)], (slice(50, 66), slice(6, 30)), 110.0)))
    assert [s.transition for s in shots] == KINDS
    assert FADE + 8 <= shots[-2].first_row <= FADE + 12


def lamp_scene(frames: int) -> Film:
    return marked([BLACK] * frames, (slice(30, 40), slice(50, 60)))


@pytest.mark.parametrize("mark", [False, True], ids=["", "under a mark"])
def test_a_dissolve_to_a_dark_scene_with_a_lamp_is_no_fade(mark: bool) -> None:
    into, out = mix(still(2, 16), lamp_scene(16)), mix(lamp_scene(16), still(3, 16))
    film = SHORT + still(2, 40) + into + lamp_scene(20) + out + still(3, 40) + pan(4, 40, 1)
    shots = split(rows_of(marked(film) if mark else film))
    assert [s.transition for s in shots] == ["cut"] * 11 + ["dissolve", "dissolve", "cut"]


@pytest.mark.parametrize("mark", [False, True], ids=["", "under a mark"])
def test_a_title_on_black_between_cuts_is_a_shot(mark: bool) -> None:
    title = marked([BLACK] * 25, (slice(34, 40), slice(20, 108, 3)))
    film = pan(1, 40, 1) + still(2, 40) + title + still(3, 40)
    shots = split(rows_of(marked(film) if mark else film))
    assert [(s.first_row, s.transition) for s in shots] == [(0, "cut"), (40, "cut"), (80, "cut"), (105, "cut")]


def test_light_that_goes_out_around_a_lamp_is_no_black() -> None:
    room = scene(2)
    dark = np.zeros_like(room)
    dark[20:40, 40:70] = room[20:40, 40:70]
    film = pan(1, 40, 1) + [room] * 40 + mix([room] * 12, [dark] * 12) + [dark] * 20 + still(3, 40)
    assert all(s.transition != "fade" for s in split(rows_of(film)))
