"""What is said of a pass over a film."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernels.surface import Colour, Geometry
from stream.decode.damage import Damage
from stream.decode.seeking import PassSummary
from stream.records import VideoInfo

FILM = VideoInfo(
    Path("film.mp4"), "mp4", "h264", 64, 48, Geometry(64, 48), (1, 1), 25.0, 0.0, 60.0, 8, "yuv420p", Colour()
)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (Damage(errors=1), "1 damaged place did not decode, went on after it"),
        (Damage(errors=2_000, failed=1), "2,000 damaged places did not decode, went on after them"),
        (Damage(smeared=1), "1 picture decoded with damage, left out with those beside it"),
        (Damage(failed=1, smeared=1), "1 place fails the file's own checks, left out with those beside"),
        (Damage(failed=2_000), "2,000 places fail the file's own checks, left out with those beside"),
        (Damage(smeared=2), "2 pictures decoded with damage, left out with those beside them"),
    ],
)
def test_one_damaged_place_is_one(damage: Damage, message: str) -> None:
    (notice,) = PassSummary().notices(FILM, damage)
    assert (notice.code, notice.message) == ("damaged", message)
