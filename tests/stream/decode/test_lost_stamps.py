"""Films some of whose pictures have negative times and some none at all."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from pathlib import Path

import av
import pytest

from stream.decode.decoder import DecodeMode, DecodeOptions, DecodeRange
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.ffmpeg.opening import opening_of
from stream.decode.opening import Opening
from stream.pipeline.film_run import decode_range
from stream.settings.model import Settings

from .decoders import open_kind, shown, watched

COUNT, FPS, BEFORE_S = 72, 24, 1
PACKET, HEADER = 188, 4


def early_film(path: Path, moving, codec: str = "") -> Path:
    """A film whose first picture is shown a second before zero."""
    with av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as container:
        stream = container.add_stream(codec or ("mpeg2video" if path.suffix == ".ts" else "mpeg4"), rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.gop_size = 12
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


@pytest.mark.parametrize("kind", ["ffmpeg", "nvdec"])
@pytest.mark.parametrize("mode", ["all", "reference"])
def test_pictures_that_a_film_begins_with_and_that_have_no_time_are_counted_back(
    tmp_path: Path, moving, kind: str, mode: DecodeMode
) -> None:
    film = early_film(tmp_path / "film.mkv", moving, "libx264")
    name = "ffmpeg" if kind == "ffmpeg" else "ffmpeg, uploaded"
    decoder = open_kind(kind, film, DecodeOptions(mode, threads=2), name=name)
    pts_s, frames, _, pictures = watched(decoder)
    info = decoder.info
    assert frames == [-1] * COUNT and info.untimed == FPS
    # Matroska counts milliseconds, from the first time that it keeps.
    assert pts_s == pytest.approx([k / FPS - BEFORE_S for k in range(COUNT)], abs=1e-3)
    assert info.first_pts_s == pts_s[0] and info.duration_s == pytest.approx(COUNT / FPS, abs=1e-3)
    said = [notice.message for notice in decoder.notices if notice.code == "times_mended"]
    assert said == ["the first 24 pictures have no presentation time, counted back from 0.00 s by the rate"]
    for number in (0, 5, FPS - 1, FPS, FPS + 3, COUNT - 1):
        assert (shown(decoder.frame_at(pts_s[number])) == pictures[number]).all()
    beside = decoder.between(pts_s[20], pts_s[27], fine=True)
    assert [time_s for time_s, _ in beside] == pts_s[20:28]
    assert all((shown(surface) == pictures[20 + k]).all() for k, (_, surface) in enumerate(beside))
    assert [time_s for time_s, _ in decoder.at([pts_s[2], pts_s[30]])] == [pts_s[2], pts_s[30]]


def test_parts_of_a_film_that_begins_without_times_are_those_that_were_asked_for(tmp_path: Path, moving) -> None:
    film = early_film(tmp_path / "film.mkv", moving, "libx264")
    whole, *_ = watched(AvDecoder(film, DecodeOptions(threads=1)))
    for settings, begin, end in [
        (Settings(start_s=0.5, end_s=2.0), 0.5, 2.0),
        (Settings(skip_first_s=1.25, skip_last_s=1.0), 1.25, 2.0),
    ]:
        wanted = decode_range(AvDecoder(film).info, settings)
        assert wanted == DecodeRange(begin, pytest.approx(end, abs=2e-3))
        pts_s, *_ = watched(AvDecoder(film, DecodeOptions(threads=1, range=wanted)))
        assert pts_s == [time_s for time_s in whole if whole[0] + begin <= time_s < whole[0] + end - 2e-3]


def test_an_opening_is_as_long_as_its_pictures_at_the_measured_rate(tmp_path: Path, moving) -> None:
    film = early_film(tmp_path / "film.mkv", moving, "libx264")
    opening = opening_of(film)
    assert opening == Opening(FPS, 0.0, pytest.approx(1 / FPS, abs=1e-3))
    assert opening is not None and opening.time_s(FPS) == 0.0 and opening.time_s(0) == pytest.approx(-1.0, abs=1e-3)
    assert opening_of(early_film(tmp_path / "known.mkv", moving)) is None
