"""A short film has the shape that it shows longest, wherever it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.ffmpeg.key_shapes import PLACES, key_shapes
from stream.decode.shapes import Shape

from ..parts import NARROW, Part, joined, written

SMALL, WIDE = (180, 144), (256, 144)


@pytest.mark.parametrize(
    ("first", "second", "codec", "key"),
    [
        (20, 32, "mpeg2video", 12),
        (40, 60, "mpeg2video", 12),
        (60, 40, "mpeg2video", 12),
        (30, 45, "libx264", 250),  # one key picture each
        (110, 140, "libx264", 250),
        (140, 110, "libx264", 250),
        (45, 55, "mpeg2video", 1),
    ],
)
def test_a_short_film_has_the_shape_that_it_shows_longest(
    tmp_path: Path, first: int, second: int, codec: str, key: int
) -> None:
    parts = [Part(SMALL, NARROW, first), Part(WIDE, count=second)]
    info = AvDecoder(joined(tmp_path, parts, codec=codec, key=key), DecodeOptions(threads=1)).info
    assert info.width == (SMALL if first > second else WIDE)[0]
    assert info.shapes == 2
    assert info.duration_s == pytest.approx((first + second) / 25, abs=0.1)


@pytest.mark.parametrize(
    ("name", "codec"), [("film.mp4", "libx264"), ("film.mkv", "libx264"), ("film.ts", "mpeg2video")]
)
@pytest.mark.parametrize("key", [1, 12, 250])
def test_each_place_has_one_vote_however_many_key_pictures_there_are(
    tmp_path: Path, name: str, codec: str, key: int
) -> None:
    film = written(tmp_path / name, Part(WIDE, count=50), codec=codec, key=key)
    info = AvDecoder(film).info
    found = key_shapes(film, info.first_pts_s, info.duration_s or 0.0)
    assert [shape for _, shape in found] == [Shape(*WIDE, (1, 1))] * PLACES
    assert len({time_s for time_s, _ in found}) == min(PLACES, -(-50 // key))
