"""Films beyond what the settings allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from kernels.surface import Geometry
from stream.errors import KeyartError, LimitError
from stream.pipeline.limits import check_frames, check_info
from stream.settings.sections import LimitSettings

from ..conftest import MakeFilm
from .watched_films import info_of

INFO = replace(info_of(Geometry(1920, 1080)), width=1920, height=1080, duration_s=5400.0)


def test_more_than_is_allowed(make_film: MakeFilm, moving: Callable[..., list[np.ndarray]]) -> None:
    with pytest.raises(LimitError, match=r"is 1920x1080, more than limits\.pixels"):
        check_info(INFO, LimitSettings(pixels=1920 * 1080 - 1))
    film = replace(INFO, path=make_film("film.mp4", moving(50)), duration_s=2.0)
    with pytest.raises(LimitError, match="lasts 2 s"):
        check_info(film, LimitSettings(duration_s=1.5))


def test_a_container_alone_is_no_reason(make_film: MakeFilm, moving: Callable[..., list[np.ndarray]]) -> None:
    claimed = replace(INFO, path=make_film("film.mp4", moving(50)))
    check_info(claimed, LimitSettings(duration_s=3))
    with pytest.raises(LimitError, match="lasts 2 s"):
        check_info(claimed, LimitSettings(duration_s=1.5))


def test_what_is_allowed() -> None:
    check_info(INFO, LimitSettings())
    check_info(INFO, LimitSettings(pixels=1920 * 1080, duration_s=5400))
    check_info(INFO, LimitSettings(pixels=0, duration_s=0))
    check_info(replace(INFO, duration_s=None), LimitSettings(duration_s=1))


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (641, 8), (8, 300), (15, 16), (16, 15)], ids=str)
def test_pictures_too_small_to_be_judged_are_refused(size: tuple[int, int]) -> None:
    small = replace(INFO, width=size[0], height=size[1], geometry=Geometry(*size))
    said = f"has pictures of {size[0]}x{size[1]}, at least 16x16 are needed, give a larger copy"
    with pytest.raises(KeyartError, match=f"^{said}$"):
        check_info(small, LimitSettings())
    with pytest.raises(KeyartError, match=f"^is shown at {size[0]}x{size[1]}, at least 16x16 are needed"):
        check_info(replace(INFO, geometry=Geometry(*size)), LimitSettings())
    check_info(replace(INFO, width=16, height=16, geometry=Geometry(16, 16)), LimitSettings())


def test_frames() -> None:
    check_frames(100, 5.0, LimitSettings(frames=100))
    check_frames(101, 5.0, LimitSettings(frames=0))
    with pytest.raises(LimitError, match="more frames than"):
        check_frames(101, 5.0, LimitSettings(frames=100))


def test_frames_a_second() -> None:
    """Frames lie at both ends of the time; half a unit of the container is no frame more."""
    check_frames(2001, 2.0, LimitSettings(fps=1000))
    check_frames(2001, 1.9995, LimitSettings(fps=1000))
    check_frames(1001, 0.5, LimitSettings(fps=1000))
    with pytest.raises(LimitError, match="more frames a second"):
        check_frames(2001, 1.9, LimitSettings(fps=1000))
