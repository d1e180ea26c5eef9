"""Films some of whose pictures have negative times and some none at all."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from pathlib import Path

import av
import pytest

from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder

from .decoders import shown, watched

COUNT, FPS, BEFORE_S = 72, 24, 1
PACKET, HEADER = 188, 4


def early_film(path: Path, moving) -> Path:
    """A film whose first picture is shown a second before zero."""
    with av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as container:
        stream = container.add_stream("mpeg2video" if path.suffix == ".ts" else "mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number, picture in enumerate([*moving(COUNT, size=(96, 64)), None]):
            frame = None if picture is None else av.VideoFrame.from_ndarray(picture, format="rgb24")
            if frame is not None:
                frame.pts, frame.time_base = number, Fraction(1, FPS)
            for packet in stream.encode(frame):
                before = round(BEFORE_S / packet.time_base)
                packet.pts, packet.dts = packet.pts - before, packet.dts - before
                container.mux(packet)
    return path


def without_stamps(stream: bytes, pictures: Collection[int]) -> bytes:
    """A transport stream of which these pictures (by number) have no stamps (ISO/IEC 13818-1, 2.4.3.6)."""
    left, number = bytearray(stream), -1
    for at in range(0, len(left), PACKET):
        begins, has_field = left[at + 1] & 0x40, left[at + 3] & 0x20
        pes = at + HEADER + (1 + left[at + HEADER] if has_field else 0)
        if not begins or left[pes : pes + 3] != b"\0\0\1" or left[pes + 3] & 0xF0 != 0xE0:
            continue
        number += 1
        if number in pictures:
            length = left[pes + 8]
            left[pes + 7] &= 0x3F
            left[pes + 9 : pes + 9 + length] = b"\xff" * length
    assert number == COUNT - 1
    return bytes(left)


@pytest.mark.parametrize("name", ["film.mkv", "film.ts"])
def test_times_below_zero_are_kept(tmp_path: Path, moving, name: str) -> None:
    pts_s, frames, *_ = watched(AvDecoder(early_film(tmp_path / name, moving), DecodeOptions(threads=1)))
    assert frames == list(range(COUNT))
    # FFmpeg's Matroska writer is up to 17 ms late below zero.
    assert pts_s == pytest.approx([k / FPS - BEFORE_S for k in range(COUNT)], abs=0.018)


@pytest.mark.parametrize("lost", [{10, 11, 30}, {0, 1, 2, 10}, set(range(0, COUNT, 2))], ids=["few", "first", "half"])
def test_pictures_without_a_time_among_times_below_zero_get_the_one_in_between(
    tmp_path: Path, moving, lost: set[int]
) -> None:
    film = early_film(tmp_path / "film.ts", moving)
    film.write_bytes(without_stamps(film.read_bytes(), lost))
    decoder = AvDecoder(film, DecodeOptions(threads=1))
    pts_s, frames, _, pictures = watched(decoder)
    assert frames == list(range(COUNT))
    assert pts_s == pytest.approx([k / FPS - BEFORE_S for k in range(COUNT)], abs=1e-4)
    for number in (0, 11, 30):
        assert (shown(decoder.frame_at(pts_s[number])) == pictures[number]).all()
