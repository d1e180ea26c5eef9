"""Damage that FFmpeg fills up in silence is told, and such pictures are not shown."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from stream.decode.concealed import is_cut_gif, strict_options
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.errors import KeyartError


def motion_jpeg(path: Path, damaged: set[int], count: int = 24) -> Path:
    """`count` pictures of noise; of those `damaged` the last half is overwritten with zeros."""
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuvj420p"
        for number in range(count):
            picture = np.kron(rng.integers(0, 255, (12, 20, 3)), np.ones((8, 8, 1))).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuvj420p")
            frame.pts = number
            for packet in stream.encode(frame):
                if number in damaged:
                    half = bytes(packet)[: packet.size // 2]
                    broken = av.Packet(half + bytes(packet.size - len(half)))
                    broken.stream, broken.time_base = packet.stream, packet.time_base
                    broken.pts, broken.dts, broken.is_keyframe = packet.pts, packet.dts, True
                    packet = broken
                container.mux(packet)
        container.mux(stream.encode())
    return path


def watched(path: Path) -> tuple[list[float], set[str]]:
    decoder, times_s = watched_by(path)
    return times_s, {notice.code for notice in decoder.notices}


def watched_by(path: Path) -> tuple[AvDecoder, list[float]]:
    decoder = AvDecoder(path, DecodeOptions(threads=2))
    times_s = [pts_s for batch in decoder.batches() for pts_s in batch.pts_s.tolist()]
    decoder.close()
    return decoder, times_s


def test_the_warning_says_that_others_may_be_broken_and_decode(tmp_path: Path) -> None:
    decoder, _ = watched_by(motion_jpeg(tmp_path / "film.avi", {5}))
    assert [notice.message for notice in decoder.notices] == [
        "1 damaged place did not decode, went on after it; "
        "other pictures may be damaged and decode, look at them before they are shown"
    ]


def test_broken_pictures_of_motion_jpeg_are_left_out_and_said(tmp_path: Path) -> None:
    assert watched(motion_jpeg(tmp_path / "whole.avi", set())) == (pytest.approx([n / 24 for n in range(24)]), set())
    times_s, codes = watched(motion_jpeg(tmp_path / "film.avi", {0, 5, 6, 23}))
    assert times_s == pytest.approx([n / 24 for n in range(24) if n not in {0, 5, 6, 23}])
    assert codes == {"damaged"}


def test_a_film_whose_pictures_all_have_faults_is_shown_as_it_is(tmp_path: Path) -> None:
    path = motion_jpeg(tmp_path / "camera.avi", set(range(24)))
    assert strict_options(path, "mjpeg") == {}
    assert len(watched(path)[0]) == 24
    assert strict_options(motion_jpeg(tmp_path / "few.avi", set(range(7))), "mjpeg")
    assert strict_options(path, "h264") == {}


def test_a_picture_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = tmp_path / "whole.jpg"
    with av.open(str(motion_jpeg(tmp_path / "one.avi", set(), 1))) as container:
        whole.write_bytes(bytes(next(container.demux(video=0))))
    AvDecoder(whole, DecodeOptions(threads=1)).close()
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(KeyartError, match="no picture can be decoded"):
        AvDecoder(cut, DecodeOptions(threads=1))


@pytest.mark.parametrize("codec", ["wmv2", "wmv1"])
def test_coefficients_beyond_their_block_are_damage(tmp_path: Path, codec: str) -> None:
    path, whole = tmp_path / "film.avi", tmp_path / "whole.avi"
    for target, harmed in ((whole, False), (path, True)):
        rng, bits = np.random.default_rng(4), np.random.default_rng(5)
        with av.open(str(target), "w") as container:
            stream = container.add_stream(codec, rate=24)
            stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
            stream.codec_context.gop_size = 4
            for number in range(48):
                picture = np.kron(rng.integers(0, 255, (12, 20, 3)), np.ones((8, 8, 1))).astype(np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
                frame.pts = number
                for packet in stream.encode(frame):
                    data = bytearray(bytes(packet))
                    if harmed and number % 4 == 1:
                        data[len(data) // 2] ^= 1 << int(bits.integers(8))
                    broken = av.Packet(bytes(data))
                    broken.stream, broken.time_base = packet.stream, packet.time_base
                    broken.pts, broken.dts, broken.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
                    container.mux(broken)
            container.mux(stream.encode())
    assert not damaged(whole)
    found = damaged(path)
    with av.open(str(path)) as container:
        plain = sum(frame.is_corrupt for frame in container.decode(video=0))
    assert len(found) > plain


def damaged(path: Path) -> list[float]:
    """Times of the pictures that are known to be damaged."""
    decoder = AvDecoder(path, DecodeOptions(threads=1))
    return [t for batch in decoder.batches() for t, is_so in zip(batch.pts_s, batch.damaged, strict=True) if is_so]


def gif(path: Path) -> Path:
    rng = np.random.default_rng(2)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb8"
        for number in range(4):
            picture = rng.integers(0, 255, (48, 64, 3)).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="rgb8")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_the_picture_within_which_a_gif_was_cut_off_is_not_shown(tmp_path: Path) -> None:
    path = gif(tmp_path / "whole.gif")
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    assert len(packets) == 4 and not any(map(is_cut_gif, packets))
    assert all(is_cut_gif(packet[:length]) for packet in packets for length in (0, 1, 12, len(packet) // 2))
    assert len(watched(path)[0]) == 4
    cut = tmp_path / "cut.gif"
    cut.write_bytes(path.read_bytes()[: len(packets[0]) + len(packets[1]) // 2])
    times_s, codes = watched(cut)
    assert len(times_s) == 1 and "damaged" in codes
    cut.write_bytes(path.read_bytes()[: len(packets[0]) // 2])
    with pytest.raises(KeyartError, match="no picture can be decoded"):
        AvDecoder(cut, DecodeOptions(threads=1))
