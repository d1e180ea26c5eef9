"""The CPU decoder: every frame once, in order, with true times and numbers, through damage and oddities."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernels.surface import Surface
from stream.decode.decoder import DecodeOptions, DecodeRange
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.errors import KeyartError
from stream.records import FrameBatch


def decode(path: Path, **options: object) -> tuple[object, list[FrameBatch], np.ndarray, np.ndarray]:
    decoder = AvDecoder(path, DecodeOptions(threads=2, **options))  # type: ignore[arg-type]
    batches = list(decoder.batches())
    pts_s = np.concatenate([b.pts_s for b in batches]) if batches else np.zeros(0)
    frames = np.concatenate([b.frames for b in batches]) if batches else np.zeros(0, np.int32)
    return decoder, batches, pts_s, frames


def test_every_frame_once_with_its_time_and_number(make_film, moving):
    _, batches, pts_s, frames = decode(make_film("a.mp4", moving(53)), batch=8)
    assert [len(b.surfaces) for b in batches] == [8] * 6 + [5]
    assert np.allclose(pts_s, np.arange(53) / 25)
    assert frames.tolist() == list(range(53))
    assert not any(b.damaged.any() for b in batches)


class CountingDecoder(AvDecoder):
    """Counts the pictures of the batch before, `handed_out`, that are kept while a picture is made."""

    handed_out: Sequence[weakref.ref[np.ndarray]] = ()
    kept = 0

    def _surface(self, *picture: Any) -> Surface:
        self.kept = max(self.kept, sum(one() is not None for one in self.handed_out))
        return super()._surface(*picture)


def test_pictures_handed_out_are_not_kept_while_the_next_are_decoded(make_film, moving):
    decoder = CountingDecoder(make_film("kept.mp4", moving(32)), DecodeOptions(threads=2, batch=8))
    batches = decoder.batches()
    while (batch := next(batches, None)) is not None:
        decoder.handed_out = [weakref.ref(surface.y) for surface in batch.surfaces]
        del batch
    assert len(decoder.handed_out) == 8 and decoder.kept <= 1  # the last one, until the next is asked for


def test_times_come_from_the_file_when_frames_are_missing(make_film, moving):
    times = [t for t in range(0, 2000, 40) if t % 120]
    _, _, pts_s, frames = decode(make_film("vfr.mkv", moving(len(times)), times=times))
    assert np.allclose(pts_s * 1000, times, atol=1)
    assert frames.tolist() == list(range(len(times)))


def test_reference_mode_skips_pictures_and_keeps_their_numbers(make_film, moving):
    film = make_film("b.mp4", moving(60))
    _, _, all_s, _ = decode(film)
    _, _, some_s, frames = decode(film, mode="reference")
    assert 0 < len(some_s) < len(all_s)
    assert np.allclose(some_s, all_s[frames])


def test_a_range_begins_and_ends_where_it_is_asked(make_film, moving):
    film = make_film("c.mp4", moving(75))
    _, _, pts_s, frames = decode(film, range=DecodeRange(1.0, 2.0))
    assert np.allclose(pts_s, np.arange(25, 50) / 25)
    assert frames.tolist() == list(range(25, 50))


@pytest.mark.parametrize("pick", [0, 17, 49])
def test_frame_at_gives_the_very_picture_of_the_pass(make_film, moving, pick):
    decoder, batches, pts_s, _ = decode(make_film("d.mp4", moving(50)))
    surfaces = [s for b in batches for s in b.surfaces]
    again = decoder.frame_at(float(pts_s[pick]))
    assert np.array_equal(again.y, surfaces[pick].y)
    assert np.array_equal(again.u, surfaces[pick].u)


def test_frame_at_a_time_without_picture_says_so(make_film, moving):
    decoder, *_ = decode(make_film("e.mp4", moving(10)))
    with pytest.raises(KeyartError, match=r"no picture at 0\.050 s"):
        decoder.frame_at(0.05)


@pytest.mark.parametrize("name", ["latin.mp4", "latin.mkv"])
def test_a_title_that_is_not_utf_8_keeps_no_film_from_being_read(make_film, moving, name):
    film = make_film(name, moving(5), title="Amelie")
    film.write_bytes(film.read_bytes().replace(b"Amelie", "Amélie".encode("latin-1")))
    _, _, pts_s, _ = decode(film)
    assert len(pts_s) == 5


def test_wide_pixels_stretch_the_display(make_film, moving):
    decoder, *_ = decode(make_film("sar.mp4", moving(3), sample_aspect=Fraction(4, 3)))
    assert (decoder.info.geometry.display_width, decoder.info.geometry.display_height) == (128, 64)
    assert decoder.info.sample_aspect_ratio == (4, 3)


def test_pixels_survive(make_film):
    grey = np.full((64, 96, 3), 128, np.uint8)
    _, batches, *_ = decode(make_film("grey.mp4", [grey] * 3))
    luma = batches[0].surfaces[0].y
    assert luma.shape == (64, 96)
    assert abs(int(luma.mean()) - 126) <= 2  # limited range: 16 + 128 · 219/255


def test_a_cut_file_gives_what_is_there_and_says_so(make_film, moving, tmp_path):
    whole = make_film("whole.mkv", moving(120, size=(192, 128)))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    decoder, _, pts_s, _ = decode(cut)
    assert 20 < len(pts_s) < 110
    assert "cut_off" in {notice.code for notice in decoder.notices}


def test_flipped_bytes_do_not_stop_the_film(make_film, moving, tmp_path):
    data = bytearray(make_film("ok.mp4", moving(120, size=(192, 128))).read_bytes())
    rng = np.random.default_rng(3)
    for place in rng.integers(int(len(data) * 0.4), int(len(data) * 0.6), 60):
        data[place] ^= 0xFF
    film = tmp_path / "flipped.mp4"
    film.write_bytes(data)
    decoder, batches, pts_s, _ = decode(film)
    damaged = np.concatenate([b.damaged for b in batches])
    assert len(pts_s) > 80
    assert damaged.any() and not damaged[:30].any()
    assert "damaged" in {notice.code for notice in decoder.notices}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.mp4", b"", "is empty"),
        ("text.mp4", b"not a film at all, only words\n" * 9, "not a video"),
        ("missing.mp4", None, "does not exist"),
    ],
)
def test_what_is_no_film_is_named(tmp_path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KeyartError, match=words):
        AvDecoder(path, DecodeOptions())


def test_a_folder_is_no_film(tmp_path):
    with pytest.raises(KeyartError, match="is a folder"):
        AvDecoder(tmp_path, DecodeOptions())


ODD = {
    "rotate_metadata.mp4": (240, (544, 1280)),
    "sample_aspect_ratio.mp4": (628, (1024, 576)),
    "vfr_drop3.mp4": (160, (1280, 544)),
    "delayed_start.mkv": (225, (640, 360)),
    "cover_art.mp4": (225, (640, 360)),
    "one_frame.mp4": (1, (640, 360)),
    "odd_1279x719.webm": (50, (1279, 719)),
    "interlaced_tff.mpg": (48, (1024, 576)),
    "resolution_change.ts": (150, (854, 480)),
    "h264_444.mp4": (75, (640, 360)),
}


@pytest.mark.testdata
@pytest.mark.parametrize("name", ODD)
def test_odd_files_decode_whole_and_can_be_asked_for_a_frame(testdata, name):
    decoder, batches, pts_s, _ = decode(testdata / "odd" / name)
    count, size = ODD[name]
    assert len(pts_s) == count
    assert (decoder.info.geometry.display_width, decoder.info.geometry.display_height) == size
    assert (np.diff(pts_s) > 0).all()
    pick = len(pts_s) * 2 // 3
    assert np.array_equal(decoder.frame_at(float(pts_s[pick])).y, [s for b in batches for s in b.surfaces][pick].y)


@pytest.mark.testdata
def test_smeared_pictures_are_known_until_the_next_key_frame(testdata):
    _, batches, pts_s, _ = decode(testdata / "odd" / "bytes_flipped.mp4")
    damaged = np.concatenate([b.damaged for b in batches])
    assert len(pts_s) > 200
    assert not damaged[pts_s < 3.5].any()
    assert damaged[(pts_s > 4.3) & (pts_s < 5.9)].all()
    assert not damaged[pts_s > 6.1].any()
