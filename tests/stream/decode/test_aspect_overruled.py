"""Containers that name one aspect of the pixels for pictures that name others."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from stream.decode.decoder import DecodeOptions, DecodeRange
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.records import Notice

from .parts import NARROW, WIDE, Part, joined, written

pytestmark = pytest.mark.debian
FFmpeg = Callable[[str, str], Path]
PARTS = [Part((180, 144), NARROW, 40), Part((180, 144), WIDE, 60), Part((180, 144), NARROW, 40)]


def remuxed(source: Path, name: str, debian_tool: FFmpeg, *more: str) -> Path:
    """The film in a container that names the aspect that its stream begins with, or what `more` says."""
    command = [debian_tool("ffmpeg", "ffmpeg"), "-v", "error", "-i", source, "-c", "copy", *more, source.parent / name]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return source.parent / name


def told(film: Path, watched: DecodeRange = DecodeRange(), threads: int = 1) -> list[Notice]:  # noqa: B008 (frozen)
    decoder = AvDecoder(film, DecodeOptions(threads=threads, range=watched))
    assert sum(len(batch.surfaces) for batch in decoder.batches()) > 20
    return [notice for notice in decoder.notices if notice.code.startswith("aspect")]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_pictures_of_several_aspects_in_a_container_that_names_one_are_told(
    tmp_path: Path, name: str, threads: int, debian_tool: FFmpeg
) -> None:
    film = remuxed(joined(tmp_path, PARTS, codec="libx264"), name, debian_tool)
    (notice,) = told(film, threads=threads)
    assert notice.code == "aspect_overruled"
    assert notice.time_s == pytest.approx(AvDecoder(film).info.first_pts_s + 1.6, abs=0.01)
    assert "pixels of 64:45 and the container 16:15 for all" in notice.message
    # What is not watched is not told.
    assert told(film, DecodeRange(0.0, 1.5), threads) == []


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_a_container_that_puts_one_aspect_right_is_believed(
    tmp_path: Path, name: str, debian_tool: FFmpeg
) -> None:
    source = written(tmp_path / "one.ts", Part((180, 144), NARROW, 60), "libx264")
    film = remuxed(source, name, debian_tool, "-aspect", "16:9")
    assert AvDecoder(film).info.sample_aspect_ratio == (64, 45)
    assert told(film) == []
