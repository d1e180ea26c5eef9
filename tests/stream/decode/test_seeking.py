"""What is said of a pass over a film."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernels.surface import Colour, Geometry
from stream.decode.seeking import PassSummary
from stream.records import VideoInfo

FILM = VideoInfo(
    Path("film.mp4"), "mp4", "h264", 64, 48, Geometry(64, 48), (1, 1), 25.0, 0.0, 60.0, 8, "yuv420p", Colour()
)


@pytest.mark.parametrize(
    ("errors", "smeared", "message"),
    [
        (1, 0, "1 damaged place did not decode, went on after it"),
        (2_000, 0, "2,000 damaged places did not decode, went on after them"),
        (0, 1, "1 picture decoded with damage, left out with those beside it"),
        (0, 2, "2 pictures decoded with damage, left out with those beside them"),
    ],
)
def test_one_damaged_place_is_one(errors: int, smeared: int, message: str) -> None:
    (notice,) = PassSummary().notices(FILM, errors, 1.0, smeared)
    assert (notice.code, notice.message) == ("damaged", message)
