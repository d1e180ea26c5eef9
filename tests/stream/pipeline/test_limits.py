"""Films beyond what the settings allow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kernels.surface import Geometry
from stream.errors import LimitError
from stream.pipeline.limits import check_frames, check_info
from stream.settings.sections import LimitSettings

from .watched_films import info_of

INFO = replace(info_of(Geometry(1920, 1080)), width=1920, height=1080, duration_s=5400.0)


@pytest.mark.parametrize(
    ("limits", "said"),
    [({"pixels": 1920 * 1080 - 1}, "is 1920x1080, more than limits.pixels"), ({"duration_s": 5399}, "lasts 5400 s")],
)
def test_more_than_is_allowed(limits: dict[str, float], said: str) -> None:
    with pytest.raises(LimitError, match=said):
        check_info(INFO, LimitSettings(**limits))  # type: ignore[arg-type]


def test_what_is_allowed() -> None:
    check_info(INFO, LimitSettings())
    check_info(INFO, LimitSettings(pixels=1920 * 1080, duration_s=5400))
    check_info(INFO, LimitSettings(pixels=0, duration_s=0))
    check_info(replace(INFO, duration_s=None), LimitSettings(duration_s=1))


def test_frames() -> None:
    check_frames(100, 5.0, LimitSettings(frames=100))
    check_frames(101, 5.0, LimitSettings(frames=0))
    with pytest.raises(LimitError, match="more frames than"):
        check_frames(101, 5.0, LimitSettings(frames=100))
