"""Pictures of VP8 and VP9 that are never shown have no number."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.hidden import is_hidden
from stream.decode.picture_times import picture_times

from .decoders import watched


@pytest.mark.debian
@pytest.mark.slow
@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
def test_hidden_pictures_are_not_counted(tmp_path: Path, codec: str, debian_tool: Callable[[str, str], Path]):
    """VP8 keeps each in a packet of its own, with the time of a shown one; VP9 beside a shown one."""
    path, ffmpeg = tmp_path / "film.webm", debian_tool("ffmpeg", "ffmpeg")
    source = ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=4", "-c:v", codec, "-b:v", "200k"]
    altered = ["-auto-alt-ref", "1", "-lag-in-frames", "20", "-cpu-used", "2", "-arnr-maxframes", "7"]
    for number in ("1", "2"):
        passes = ["-pass", number, "-passlogfile", str(tmp_path / "log")]
        subprocess.run([ffmpeg, *source, *altered, *passes, path], check=True)
    pts_s, frames, *_ = watched(AvDecoder(path, DecodeOptions(threads=1)))
    assert frames == list(range(100))
    assert list(picture_times(path, 0.0, 99.0).times_s) == pytest.approx(pts_s)


@pytest.mark.parametrize(
    ("codec", "data", "expected"),
    [
        ("vp8", b"\x10", False),  # a key picture, shown
        ("vp8", b"\x01", True),
        ("vp9", b"\x82\x00", False),  # a key picture, shown
        ("vp9", b"\x84\x00", True),  # no key picture, not shown
        ("vp9", b"\x88\x00", False),  # shows a picture that is there already
        ("vp9", b"\x84\xc1", False),  # a superframe
        ("vp9", b"\xb2\x00", True),  # profile 3, the bits lie one lower
        ("vp9", b"\xb1\x00", False),
        ("vp9", b"", False),
        ("h264", b"\x01", False),
    ],
)
def test_the_bit_that_says_so(codec, data, expected):
    assert is_hidden(codec, data) == expected
