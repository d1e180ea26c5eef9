"""Packets that nobody needs: leaving them out changes no other picture."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from stream.decode.nal_units import NonReference, parameter_sets, prefix_length, units

CODERS = {
    "h264": ("libx264", {"x264-params": "bframes=3:b-pyramid=normal:keyint=24:scenecut=0"}),
    "h264 without pyramid": ("libx264", {"x264-params": "bframes=2:b-pyramid=none:keyint=24"}),
    "h264 in slices": ("libx264", {"x264-params": "bframes=3:b-pyramid=strict:slices=4:keyint=24"}),
    "hevc": ("libx265", {"x265-params": "bframes=4:b-pyramid=1:keyint=24:log-level=none:pools=none:frame-threads=1"}),
    "hevc in layers": (
        "libx265",
        {"x265-params": "bframes=4:temporal-layers=3:keyint=24:log-level=none:pools=none:frame-threads=1"},
    ),
}


def film_of(path: Path, coder: str, options: dict[str, str], pictures: list[np.ndarray]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(coder, rate=25, options=options)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def decoded(path: Path, without: bool) -> tuple[dict[int, bytes], set[int]]:
    """Luma of every picture by its time, and the times of what was left out."""
    pictures: dict[int, bytes] = {}
    left_out: set[int] = set()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.codec_context.thread_count = "SLICE", 1
        rule = NonReference(stream.codec_context.name, stream.codec_context.extradata)
        for packet in container.demux(stream):
            if without and packet.size and rule.holds(memoryview(packet)):
                left_out.add(packet.pts)
                continue
            for frame in packet.decode():
                pictures[frame.pts] = b"".join(bytes(plane) for plane in frame.planes)
    return pictures, left_out


@pytest.mark.parametrize("name", CODERS)
@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_pictures_without_them_are_the_same(tmp_path, moving, name, suffix):
    coder, options = CODERS[name]
    path = film_of(tmp_path / f"film.{suffix}", coder, options, moving(72, size=(128, 96)))
    whole, _ = decoded(path, without=False)
    rest, left_out = decoded(path, without=True)
    assert len(whole) == 72
    assert 0.3 < len(left_out) / len(whole) < 0.8
    assert rest == {pts: pixels for pts, pixels in whole.items() if pts not in left_out}


@pytest.mark.testdata
@pytest.mark.slow
@pytest.mark.parametrize(("episode", "share"), [("E01/E01.mp4", 0.48), ("E04/E04.mp4", 0.59)])
def test_real_films_without_them_are_the_same(testdata, episode, share):
    path = testdata / "episodes" / episode
    whole, rest = (checksums(path, without) for without in (False, True))
    left_out = len(whole) - len(rest)
    assert left_out / len(whole) == pytest.approx(share, abs=0.01)
    assert rest.items() <= whole.items()


def checksums(path: Path, without: bool, most: int = 800) -> dict[int, int]:
    """Hash of the luma of each of the first packets' pictures by its time."""
    found: dict[int, int] = {}
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.codec_context.thread_count = "AUTO", 2
        rule = NonReference(stream.codec_context.name, stream.codec_context.extradata)
        for number, packet in enumerate(container.demux(stream)):
            if number >= most or (without and packet.size and rule.holds(memoryview(packet))):
                if number >= most:
                    break
                continue
            found |= {frame.pts: hash(bytes(frame.planes[0])) for frame in packet.decode()}
        found |= {frame.pts: hash(bytes(frame.planes[0])) for frame in stream.codec_context.decode(None)}
    return found


def hevc_unit(kind: int, layer: int) -> bytes:
    return bytes([kind << 1, layer + 1, 0x80])


def sps(sub_layers: int) -> bytes:
    return bytes([33 << 1, 1, sub_layers - 1 << 1, 0])


def annex_b(*parts: bytes) -> bytes:
    return b"".join(b"\0\0\0\1" + part for part in parts)


@pytest.mark.parametrize(
    ("packet", "droppable"),
    [
        (annex_b(b"\x01"), True),
        (annex_b(b"\x09\x10", b"\x06\x05", b"\x01\x22"), True),
        (annex_b(b"\x21"), False),
        (annex_b(b"\x65"), False),
        (annex_b(b"\x01", b"\x21"), False),
        (annex_b(b"\x67\x42", b"\x01"), False),
        (annex_b(b"\x06\x05"), False),
        (b"", False),
        (b"no start code", False),
    ],
)
def test_h264_is_judged_by_all_its_slices(packet, droppable):
    assert NonReference("h264", None).holds(packet) is droppable


def test_a_wrong_length_is_no_reason_to_drop():
    header = bytes([1, 66, 0, 30, 0xFF, 0xE0, 0])
    rule = NonReference("h264", header)
    assert rule.holds(b"\0\0\0\2\x01\xaa")
    assert not rule.holds(b"\0\0\0\2\x01\xaa\0\0\0\x09\x01")


@pytest.mark.parametrize(
    ("sub_layers", "kind", "layer", "droppable"),
    [(1, 0, 0, True), (1, 1, 0, False), (2, 0, 0, False), (2, 0, 1, True), (3, 4, 1, False), (1, 8, 0, True),
     (1, 14, 0, True), (1, 16, 0, False), (1, 21, 0, False)],
)  # fmt: skip
def test_hevc_drops_only_in_the_highest_sub_layer(sub_layers, kind, layer, droppable):
    rule = NonReference("hevc", None)
    assert not rule.holds(annex_b(sps(sub_layers), hevc_unit(0, 0)))
    assert rule.holds(annex_b(hevc_unit(kind, layer))) is droppable


def test_hevc_without_a_known_number_of_sub_layers_and_other_codecs_keep_everything():
    assert not NonReference("hevc", None).holds(annex_b(hevc_unit(0, 0)))
    assert not NonReference("vp9", b"").holds(annex_b(b"\x01"))


def test_units_are_found_behind_both_kinds_of_mark():
    assert [bytes(u) for u in units(b"\0\0\1ab\0\0\1c", 0)] == [b"ab", b"c"]
    assert [bytes(u) for u in units(b"\0\2ab\0\0\0\1c", 2)] == [b"ab", b"c"]
    assert [bytes(u) for u in units(b"\0\0\0\1ab\0\0\0\1", 0)] == [b"ab\0"]


def test_the_parameter_sets_of_a_container_come_with_start_codes(tmp_path, moving):
    for coder, codec in (("libx264", "h264"), ("libx265", "hevc")):
        options = {"x265-params": "log-level=none:pools=none:frame-threads=1"} if coder == "libx265" else {}
        with av.open(str(film_of(tmp_path / f"{codec}.mp4", coder, options, moving(3, size=(128, 96))))) as container:
            header = container.streams.video[0].codec_context.extradata
        assert prefix_length(codec, header) == 4
        sets = parameter_sets(codec, header)
        kinds = [unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63 for unit in units(sets, 0)]
        assert {"h264": {7, 8}, "hevc": {32, 33, 34}}[codec] <= set(kinds)
        assert parameter_sets(codec, sets) == sets and prefix_length(codec, sets) == 0
    assert parameter_sets("h264", None) == b""
