"""Pictures are shown as players show them: mirrored, turned, cropped by flags, one eye of two."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from kernels.cpu import CpuOps
from stream.decode.arrangement import arranged, geometry_of, orientation_of
from stream.decode.colours import colour_of
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.ffmpeg.surface import surface_of
from stream.decode.matroska import VideoTrack, video_tracks
from stream.records import Arrangement

from .decoders import open_kind, shown, watched, write_film

WAYS = {
    # As in libavutil/display.h: a stored point times this matrix is a shown one.
    (0, False): (1, 0, 0, 1),
    (90, False): (0, 1, -1, 0),
    (180, False): (-1, 0, 0, -1),
    (270, False): (0, -1, 1, 0),
    (0, True): (-1, 0, 0, 1),
    (90, True): (0, -1, -1, 0),
    (180, True): (1, 0, 0, -1),
    (270, True): (0, 1, 1, 0),
}


def turned(picture: np.ndarray, matrix: tuple[int, int, int, int]) -> np.ndarray:
    """The picture (H, W, 3), each pixel moved to where the display matrix puts it."""
    a, b, c, d = matrix
    rows, columns = np.indices(picture.shape[:2])
    across, down = a * columns + c * rows, b * columns + d * rows
    across, down = across - across.min(), down - down.min()
    out = np.zeros((down.max() + 1, across.max() + 1, 3), picture.dtype)
    out[down, across] = picture
    return out


def with_matrix(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """The MP4 with that display matrix in its track header."""
    data, (a, b, c, d) = bytearray(path.read_bytes()), matrix
    place = data.index(b"tkhd") + 4 + 40
    numbers = (a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    data[place : place + 36] = b"".join(number.to_bytes(4, "big", signed=True) for number in numbers)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_picture_is_turned_and_mirrored_as_its_matrix_says(tmp_path, moving, way):
    plain = watched(AvDecoder(write_film(tmp_path / "film.mp4", moving, 3)))[3]
    decoder = AvDecoder(with_matrix(tmp_path / "film.mp4", WAYS[way]))
    assert (decoder.info.geometry.rotation, decoder.info.arrangement.mirrored) == way
    for found, expected in zip(watched(decoder)[3], plain, strict=True):
        # Chroma between samples is interpolated from the other side.
        difference = np.abs(found.astype(int) - turned(expected, WAYS[way]))
        assert found.shape == turned(expected, WAYS[way]).shape
        assert difference.mean() < 1.0


@pytest.mark.parametrize(
    ("matrix", "way", "said"),
    [
        ((4, 3, -3, 4), (0, False), "is to be turned by 37° by its display matrix, shown unturned,"),
        ((3, 4, -4, 3), (90, False), "is to be turned by 53° by its display matrix, shown turned by 90°,"),
        ((4, -3, 3, 4), (0, False), "is to be turned by 323° by its display matrix, shown unturned,"),
        ((-4, -3, -3, 4), (0, True), "is to be turned by 37° by its display matrix, shown unturned,"),
        ((100, 1, -1, 100), (0, False), None),
        ((-1, -100, 100, -1), (270, False), None),
    ],
    ids=str,
)
def test_a_matrix_that_is_no_right_angle_is_told(tmp_path, moving, matrix, way, said):
    decoder = AvDecoder(with_matrix(write_film(tmp_path / "film.mp4", moving, 3), matrix))
    assert (decoder.info.geometry.rotation, decoder.info.arrangement.mirrored) == way
    told = [(notice.code, notice.message) for notice in decoder.notices]
    assert told == ([] if said is None else [("turned_askew", f"{said} the nearest right angle")])


@pytest.mark.parametrize("name", ["flip_h.mp4", "flip_v.mp4", "flip_transpose.mp4"])
@pytest.mark.testdata
def test_flips_from_the_field(testdata: Path, name):
    """`colon.mp4` is the same film without a display matrix."""
    plain = AvDecoder(testdata / "field" / "colon.mp4")
    as_stored = shown(plain.frame_at(2.0))
    matrix = {"flip_h.mp4": (-1, 0, 0, 1), "flip_v.mp4": (1, 0, 0, -1), "flip_transpose.mp4": (0, 1, 1, 0)}[name]
    found = shown(AvDecoder(testdata / "field" / name).frame_at(2.0))
    assert np.abs(found.astype(int) - turned(as_stored, matrix)).mean() < 1.0


def test_the_chip_leaves_mirrored_pictures_to_ffmpeg(tmp_path, moving):
    path = with_matrix(write_film(tmp_path / "film.mp4", moving, 12), (-1, 0, 0, 1))
    uploaded = open_kind("nvdec", path, name="ffmpeg, uploaded")
    assert "mirrored" in uploaded.notices[0].message
    for one, other in zip(watched(uploaded)[3], watched(AvDecoder(path))[3], strict=True):
        assert np.array_equal(one, other)


@pytest.mark.testdata
def test_crop_flags_leave_the_true_shape(testdata: Path):
    info = AvDecoder(testdata / "field" / "crop_lr.mkv").info
    assert (info.geometry.display_width, info.geometry.display_height) == (320, 360)
    assert info.sample_aspect_ratio == (1, 1)
    (track,) = video_tracks(testdata / "field" / "crop_lr.mkv")
    assert track == VideoTrack((160, 0, 160, 0), (640, 360), (640, 360))


@pytest.mark.testdata
def test_one_eye_of_a_stereo_film_is_shown(testdata: Path):
    decoder = AvDecoder(testdata / "field" / "sbs.mkv")
    assert (decoder.info.geometry.display_width, decoder.info.geometry.display_height) == (640, 360)
    assert [notice.code for notice in decoder.notices] == ["stereo_3d"]
    surface = decoder.frame_at(2.0)
    assert surface.y.shape == (360, 320) and surface.u is not None and surface.u.shape == (180, 160)


@pytest.mark.parametrize(
    ("size", "aspect", "stereo", "expected"),
    [
        ((1920, 1080), (1, 1), "side_by_side", (1920, 1080)),
        ((3840, 1080), (1, 1), "side_by_side", (1920, 1080)),
        ((1920, 1080), (2, 1), "side_by_side", (1920, 1080)),
        ((1920, 1080), (1, 1), "top_bottom", (1920, 1080)),
        ((1920, 2160), (1, 1), "top_bottom", (1920, 1080)),
        ((1280, 1440), (1, 1), None, (1280, 1440)),
    ],
)
def test_each_eye_has_its_own_shape(size, aspect, stereo, expected):
    geometry = geometry_of(*size, aspect, Arrangement(stereo=stereo))
    assert (geometry.display_width, geometry.display_height) == expected


@pytest.mark.parametrize("layout", ["yuv420p", "yuv444p", "nv12", "gray"])
def test_a_part_is_the_same_in_every_layout(layout, moving):
    picture = next(iter(moving(1, size=(96, 64))))
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=layout)
    how = Arrangement(crop=(8, 4, 16, 20))
    whole = surface_of(frame, colour_of(frame), geometry_of(96, 64, (1, 1), Arrangement()))
    geometry = geometry_of(96, 64, (1, 1), how)
    part = arranged(surface_of(frame, colour_of(frame), geometry), how)
    assert (geometry.display_width, geometry.display_height) == (72, 40)
    rgb, expected = (CpuOps().rgb(one, (0, 0, w, h), (w, h)) for one, w, h in ((part, 72, 40), (whole, 96, 64)))
    difference = np.abs(rgb.astype(int) - expected[4:44, 8:80])
    assert difference[2:-2, 2:-2].max() <= 1


def test_broken_matroska_has_no_tracks(tmp_path, moving):
    path = write_film(tmp_path / "film.mkv", moving, 3)
    data = path.read_bytes()
    assert [track.pixels for track in video_tracks(path)] == [(96, 64)]
    for length in range(0, 700, 7):
        path.write_bytes(data[:length])
        video_tracks(path)
    rng = np.random.default_rng(5)
    for _ in range(200):
        torn = bytearray(data[:900])
        torn[int(rng.integers(len(torn)))] = int(rng.integers(256))
        path.write_bytes(torn)
        video_tracks(path)


def test_an_element_larger_than_any_file_ends_the_search_for_tracks(tmp_path):
    path = tmp_path / "film.mkv"
    path.write_bytes(bytes.fromhex("1a45dfa3 01ffffffffffff00") + bytes(20))
    assert video_tracks(path) == []
    path.write_bytes(bytes.fromhex("1a45dfa380" + "ec01fffffffffffff0" * 256))
    assert video_tracks(path) == []


def test_a_picture_without_matrix_lies_as_it_is_stored():
    frame = av.VideoFrame(16, 16, "yuv420p")
    frame.time_base = Fraction(1)
    assert orientation_of(frame) == (0, False)
