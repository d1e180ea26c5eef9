"""Films whose pictures change their size or the aspect of their pixels: each picture is shown in its own shape."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from kernels.surface import Colour, Geometry, Surface
from stream.decode.arrangement import geometry_of
from stream.decode.colours import colour_of
from stream.decode.decoder import DecodeOptions, DecodeRange
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.ffmpeg.demux_decode import AvPass
from stream.decode.ffmpeg.surface import surface_of
from stream.decode.nvdec.open import open_on_chip
from stream.decode.nvdec.session import Chip
from stream.decode.shapes import Shape, main_place, shown_in
from stream.records import Arrangement, VideoInfo

from .host_memory import HostMemory
from .nvdec.fake_nvdec import FakeNvdec
from .parts import NARROW, WIDE, Part, disc, joined, picture, written

FULL = Part((180, 144), NARROW, 100)
"""4:3, shown in 192×144; the parts beside it are shorter."""
OTHERS = {
    "wide": (Part((180, 144), WIDE), (0, 18, 192, 108)),
    "square_wide": (Part((256, 144)), (0, 18, 192, 108)),
    "same_shape": (Part((320, 240)), (0, 0, 192, 144)),
    "smaller": (Part((96, 54)), (0, 18, 192, 108)),
    "portrait": (Part((90, 160)), (56, 0, 81, 144)),
}


def assert_same(one: Surface, other: Surface) -> None:
    for name in ("y", "u", "v"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def pictures_of(decoder: AvDecoder) -> list[tuple[float, Surface]]:
    return [(float(t), s) for batch in decoder.batches() for t, s in zip(batch.pts_s, batch.surfaces, strict=True)]


@pytest.mark.parametrize("codec", ["mpeg2video", "libx264"])
@pytest.mark.parametrize("case", OTHERS)
def test_a_disc_stays_round_and_whole(tmp_path: Path, case: str, codec: str) -> None:
    other, box = OTHERS[case]
    decoder = AvDecoder(joined(tmp_path, [FULL, other], codec=codec), DecodeOptions(threads=2))
    shown = decoder.info.geometry
    assert (shown.display_width, shown.display_height) == (192, 144)
    found = pictures_of(decoder)
    assert len(found) >= FULL.count + other.count - 2  # FFmpeg loses one where the size of MPEG-2 changes
    for time_s, surface in found:
        number = round((time_s - found[0][0]) * 25)
        expected = box if number >= FULL.count else (0, 0, 192, 144)
        # Bars are whole samples of chroma on each side, so two lines as they are stored.
        near = 2 * (192 / other.size[0] if number >= FULL.count and case == "smaller" else 1)
        assert np.abs(np.subtract(picture(surface), expected)).max() <= near, number
        _, _, width, height = disc(surface)
        assert abs(width - height) <= 3 and abs(width - min(expected[2:]) / 2) <= 4, number
        assert surface.y.shape[0] * surface.y.shape[1] <= max(192 * 144, other.size[0] * other.size[1]) * 1.02


def test_letters_boxed_pictures_fill_the_width_of_a_wide_film(tmp_path: Path) -> None:
    parts = [Part((180, 144), WIDE, 100), Part((180, 144), NARROW)]
    found = pictures_of(AvDecoder(joined(tmp_path, parts), DecodeOptions(threads=1)))
    assert np.abs(np.subtract(picture(found[120][1]), (32, 0, 192, 144))).max() <= 2
    # No sample is lost: bars are added beside the picture as it is stored.
    assert found[120][1].y.shape == (144, 240)


@pytest.mark.parametrize("codec", ["mpeg2video", "libx264"])
def test_the_shape_is_that_of_most_places_and_not_the_first(tmp_path: Path, codec: str) -> None:
    parts = [Part((180, 144), NARROW, 60), Part((320, 180), count=150), Part((180, 144), NARROW, 50)]
    film = joined(tmp_path, parts, codec=codec)
    decoder = AvDecoder(film)
    info = decoder.info
    assert (info.width, info.height, info.sample_aspect_ratio) == (320, 180, (1, 1))
    assert (info.geometry.display_width, info.geometry.display_height, info.shapes) == (320, 180, 2)
    first_s, surface = pictures_of(decoder)[0]
    assert info.first_pts_s == first_s
    assert info.duration_s == pytest.approx(260 / 25, abs=0.2)
    assert np.abs(np.subtract(picture(surface), (40, 0, 240, 180))).max() <= 2
    (notice,) = (one for one in decoder.notices if one.code == "size_changed")
    assert notice.time_s == first_s and "between black bars" in notice.message


BACK_AND_FORTH = [
    Part((180, 144), NARROW, 40), Part((180, 144), WIDE, 60), Part((180, 144), NARROW, 70),
    Part((240, 136), count=30), Part((90, 160), count=30), Part((256, 144), count=30),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("codec", ["mpeg2video", "libx264"])
@pytest.mark.parametrize("mode", ["all", "reference"])
def test_searches_show_what_was_watched(tmp_path: Path, codec: str, mode: str) -> None:
    film = joined(tmp_path, BACK_AND_FORTH, codec=codec)
    watched = []
    for threads in (1, 2, 5):
        decoder = AvDecoder(film, DecodeOptions(threads=threads, mode=mode))
        watched.append(pictures_of(decoder))
        for one, other in zip(watched[-1], watched[0], strict=True):
            assert one[0] == other[0]
            assert_same(one[1], other[1])
        for time_s, surface in watched[-1][:: 7 if threads == 2 else 40]:
            assert_same(decoder.frame_at(time_s), surface)
        for (time_s, surface), (found_s, again) in zip(
            watched[-1][3::11], decoder.at([t for t, _ in watched[-1][3::11]]), strict=True
        ):
            assert found_s == time_s
            assert_same(again, surface)
        between = dict(decoder.between(watched[-1][0][0], watched[-1][-1][0], fine=True))
        for time_s, surface in watched[-1]:
            assert_same(between[time_s], surface)
    assert len({surface.y.shape for _, surface in watched[0]}) == 4


def test_a_range_begins_in_its_own_shape(tmp_path: Path) -> None:
    film = joined(tmp_path, BACK_AND_FORTH)
    decoder = AvDecoder(film, DecodeOptions(threads=1, range=DecodeRange(2.2, 3.0)))
    for _, surface in pictures_of(decoder):
        assert np.abs(np.subtract(picture(surface), (0, 18, 192, 108))).max() <= 2


@pytest.mark.debian
@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("name", ["film.ts", "film.mpg", "film.flv", "film.mkv", "film.mp4", "told.mkv"])
def test_aspects_are_those_of_ffprobe(
    tmp_path: Path, name: str, threads: int, debian_tool: Callable[[str, str], Path]
) -> None:
    codec = "mpeg2video" if name.endswith("mpg") else "libx264"
    parts = [part._replace(count=30) for part in (*BACK_AND_FORTH[:3], BACK_AND_FORTH[0])]
    film = joined(tmp_path, parts, "film.ts" if name == "told.mkv" else name, codec=codec)
    if name == "told.mkv":  # FFmpeg writes the size at which a film is to be displayed, PyAV does not
        copied = [debian_tool("ffmpeg", "ffmpeg"), "-v", "error", "-i", film, "-c", "copy", tmp_path / name]
        subprocess.run(copied, check=True, stdin=subprocess.DEVNULL)
        film = tmp_path / name
    ffprobe = debian_tool("ffmpeg", "ffprobe")
    entries = "frame=best_effort_timestamp,width,height,sample_aspect_ratio"
    asked = [ffprobe, "-v", "error", "-select_streams", "v", "-show_entries", entries]
    said = subprocess.run([*asked, "-of", "json", film], capture_output=True, check=True, stdin=subprocess.DEVNULL)
    expected = {
        one["best_effort_timestamp"]: (
            one["width"], one["height"], tuple(map(int, one["sample_aspect_ratio"].split(":")))
        )
        for one in json.loads(said.stdout)["frames"]
        if "best_effort_timestamp" in one
    }
    with closing(AvPass(film, threads, "all")) as reading:
        found = {frame.pts: reading.shape(frame) for frame in reading.frames()}
    assert len(expected.keys() & found.keys()) > 110
    assert {pts: found[pts] for pts in expected.keys() & found.keys()} == {
        pts: shape for pts, shape in expected.items() if pts in found
    }
    assert len(set(found.values())) == (1 if name in ("film.mp4", "told.mkv") else 2)


def test_leading_pictures_have_the_shape_of_the_key_picture_that_they_are_coded_after(tmp_path: Path) -> None:
    parts = [Part((180, 144), NARROW, 40), Part((180, 144), WIDE, 40)]
    film, seen = joined(tmp_path, parts, open_group=True), []
    for threads in (1, 4):
        with closing(AvPass(film, threads, "all")) as reading:
            shapes = [(reading.shape(frame), bool(frame.key_frame)) for frame in reading.frames()]
        with closing(AvPass(film, threads, "all")) as reading:
            assert [reading.shape(frame, alone=True) for frame in reading.frames()] == [shape for shape, _ in shapes]
        seen.append(shapes)
    assert seen[0] == seen[1]
    begin = next(place for place, (shape, _) in enumerate(seen[0]) if shape.aspect == (64, 45))
    assert [is_key for _, is_key in seen[0][begin : begin + 3]] == [False, False, True]
    assert {shape.aspect for shape, _ in seen[0][begin:]} == {(64, 45)}


@pytest.mark.parametrize(
    ("seen", "place"),
    [
        ("A", 0), ("AB", 0), ("ABB", 1), ("BAAB", 0), ("ABCB", 1),
        ("CDA", 1),  # C and D display the same, each once: the larger one
        ("AACDD", 3),  # C displays what D does, so wide pictures have the majority, and D is the more frequent size
    ],
)  # fmt: skip
def test_the_main_shape(seen: str, place: int) -> None:
    shapes = {
        "A": Shape(720, 576, (16, 15)), "B": Shape(720, 576, (64, 45)), "C": Shape(1280, 720, (1, 1)),
        "D": Shape(1920, 1080, (1, 1)),
    }  # fmt: skip
    assert main_place([shapes[one] for one in seen]) == place


PLAIN, LIMITED = Arrangement(), Colour()


def info_of(shape: Shape, arrangement: Arrangement = PLAIN, colour: Colour = LIMITED) -> VideoInfo:
    geometry = geometry_of(*shape, arrangement)
    return VideoInfo(
        Path("film"), "mpegts", "h264", shape.width, shape.height, geometry, shape.aspect, 25.0, 0.0, 10.0, 8,
        "yuv420p", colour, arrangement=arrangement,
    )  # fmt: skip


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize(
    "layout",
    ["yuv420p", "yuv422p", "yuv444p", "yuv411p", "yuv410p", "yuv420p10le", "yuv444p12le", "nv12", "gray", "gray10le",
     "yuva420p", "rgb24"],
)  # fmt: skip
@pytest.mark.parametrize("size", [(64, 96), (65, 97), (640, 200)])
def test_bars_are_black_in_every_layout(layout: str, size: tuple[int, int], full_range: bool) -> None:
    white = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 200, np.uint8), format="rgb24")
    frame = white.reformat(format=layout, dst_color_range="JPEG" if full_range else "MPEG")
    colour = replace(colour_of(frame), full_range=full_range)
    main = Shape(160, 96, (1, 1))
    info = info_of(main, colour=colour)
    stored = surface_of(frame, colour, info.geometry)
    surface = shown_in(stored, Shape(*size, (1, 1)), main, info)
    width, height = (96 * size[0] / size[1], 96) if size[0] < size[1] else (160, 160 * size[1] / size[0])
    expected = (160 - width) / 2, (96 - height) / 2, width, height
    assert np.abs(np.subtract(picture(surface), expected)).max() <= 4 * 160 / surface.y.shape[1]
    assert surface.y.dtype == stored.y.dtype and surface.bit_depth == stored.bit_depth
    rows, columns = surface.y.shape
    assert columns / rows == pytest.approx(160 / 96, rel=0.05)
    assert rows <= 96 + 4 and columns <= 160 + 4
    black = (0 if full_range else 16) << (surface.bit_depth - 8)
    assert surface.y[0, 0] == surface.y[-1, -1] == black
    if surface.u is not None and stored.u is not None:
        assert surface.u[0, 0] == surface.v[-1, -1] == 128 << (surface.bit_depth - 8)
        assert round(columns / surface.u.shape[1]) == round(stored.y.shape[1] / stored.u.shape[1])


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_bars_lie_right_in_a_film_that_is_turned(rotation: int) -> None:
    main, other = Shape(160, 96, (1, 1)), Shape(96, 96, (1, 1))
    info = info_of(main, Arrangement(rotation))
    frame = av.VideoFrame.from_ndarray(np.full((96, 96, 3), 200, np.uint8), format="rgb24").reformat(format="yuv420p")
    surface = shown_in(surface_of(frame, info.colour, info.geometry), other, main, info)
    assert picture(surface) == ((32, 0, 96, 96) if rotation % 180 == 0 else (0, 32, 96, 96))


def test_pictures_of_absurd_shapes_take_no_more_room_than_the_film(tmp_path: Path) -> None:
    main, other = Shape(8192, 16, (1, 1)), Shape(512, 512, (1, 1))
    plane = np.full((512, 512), 200, np.uint8)
    stored = Surface(plane, None, None, 8, Colour(), Geometry(8192, 16))
    assert shown_in(stored, other, main, info_of(main)).y.shape == (16, 8192)


def test_a_film_of_several_shapes_is_left_to_ffmpeg_by_the_chip(tmp_path: Path) -> None:
    film = joined(tmp_path, [FULL, Part((180, 144), WIDE, 100)], codec="libx264")
    decoder = open_on_chip(film, DecodeOptions(threads=1), Chip(FakeNvdec()), HostMemory)
    count = sum(len(batch.surfaces) for batch in decoder.batches())
    assert decoder.name == "ffmpeg, uploaded"
    codes = {notice.code: notice.message for notice in decoder.notices}
    assert "change their shape" in codes["decoded_on_cpu"] and f"{count:,} frames" in codes["decoded_on_cpu"]
    assert "aspect_changed" in codes
    decoder.close()
    one = open_on_chip(written(tmp_path / "one.ts", FULL, "libx264"), DecodeOptions(), Chip(FakeNvdec()), HostMemory)
    assert one.name == "nvdec"
    one.close()


def test_what_is_said_names_the_first_picture_of_another_shape(tmp_path: Path) -> None:
    decoder = AvDecoder(joined(tmp_path, [FULL, Part((180, 144), WIDE), Part((320, 240))]), DecodeOptions(threads=2))
    found = pictures_of(decoder)
    said = {notice.code: notice for notice in decoder.notices}
    assert said["aspect_changed"].time_s == pytest.approx(found[100][0])
    assert said["size_changed"].time_s == pytest.approx(found[150][0], abs=0.05)
    assert set(said) == {"aspect_changed", "size_changed"}
    fraction = Fraction(*decoder.info.sample_aspect_ratio)
    assert fraction == NARROW
