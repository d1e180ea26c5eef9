"""Interlaced films are found and deinterlaced: the same times and counts, no combs, the same picture asked again."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernels.surface import Surface
from stream.decode.decoder import DecodeOptions, DecodeRange
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.ffmpeg.demux_decode import AvPass
from stream.decode.ffmpeg.scan import looked_at
from stream.decode.fields import look_at
from stream.decode.nvdec.open import open_on_chip
from stream.decode.nvdec.session import Chip
from stream.errors import KeyartError
from stream.records import Scan

from ..host_memory import HostMemory
from ..nvdec.fake_nvdec import FakeNvdec
from ..woven import line_energy, pulled_down, sliding, woven, write_woven

COUNT = 50
FILMS = {
    "tff.mp4": (True, "tff", "libx264"),
    "bff.mp4": (False, "bff", "libx264"),
    "no_flag.mp4": (True, "prog", "libx264"),
    "wrong_flag.mp4": (False, "tff", "libx264"),
    "mpeg2.ts": (True, "tff", "mpeg2video"),
    "wrong_flag.mpg": (True, "bff", "mpeg2video"),
    "no_flag.avi": (False, "prog", "ffv1"),
}


@pytest.fixture
def film(tmp_path: Path):
    def make(name: str) -> Path:
        even_first, flag, codec = FILMS[name]
        return write_woven(tmp_path / name, woven(sliding(2 * COUNT), even_first), flag, codec)

    return make


def watched(path: Path, **options: object) -> tuple[AvDecoder, list[Surface], list[float], list[int]]:
    decoder = AvDecoder(path, DecodeOptions(threads=2, **options))  # type: ignore[arg-type]
    batches = list(decoder.batches())
    times = [float(time_s) for batch in batches for time_s in batch.pts_s]
    return decoder, [s for b in batches for s in b.surfaces], times, [int(n) for b in batches for n in b.frames]


def assert_same(a: Surface, b: Surface) -> None:
    for plane, other in ((a.y, b.y), (a.u, b.u), (a.v, b.v)):
        assert np.array_equal(plane, other)


@pytest.mark.parametrize("name", FILMS)
def test_interlaced_films_are_told_whatever_their_flags_say_and_lose_their_combs(film, name):
    decoder, surfaces, times, numbers = watched(film(name))
    assert decoder.info.scan == Scan("interlaced", "tff" if FILMS[name][0] else "bff", "measured")
    assert len(surfaces) == COUNT and numbers == list(range(COUNT))
    assert np.allclose(np.diff(times), 1 / 25)
    before = np.mean([line_energy(p) for p in woven(sliding(2 * COUNT), FILMS[name][0])])
    whole = np.mean([line_energy(p) for p in sliding(2 * COUNT)[::2]])
    after = np.mean([line_energy(s.y) for s in surfaces])
    assert before > 10 * whole
    assert after < 1.2 * whole + 0.5  # noise of coding


@pytest.mark.parametrize("name", [*FILMS, "telecine.mp4"])
def test_a_picture_that_is_fetched_again_is_the_one_that_was_watched(film, tmp_path, name):
    path = film(name) if name in FILMS else write_woven(tmp_path / name, pulled_down(sliding(40)))
    decoder, surfaces, times, _ = watched(path)
    for pick in (0, 1, 2, 11, 12, 13, 24, 35, COUNT - 2, COUNT - 1):
        assert_same(decoder.frame_at(times[pick]), surfaces[pick])
        for found, step in (
            (decoder.between(times[pick], times[min(pick + 3, COUNT - 1)], fine=True), 1),
            (decoder.at(times[pick : pick + 8 : 3]), 3),
        ):
            assert found and [time_s for time_s, _ in found] == times[pick:][::step][: len(found)]
            for place, (_, surface) in enumerate(found):
                assert_same(surface, surfaces[pick + step * place])


def test_a_part_of_the_film_has_the_same_pictures(film):
    path = film("tff.mp4")
    _, whole, times, _ = watched(path)
    for pick in (5, 12, 24):
        _, part, part_s, numbers = watched(path, range=DecodeRange(times[pick], times[pick + 20]))
        assert part_s == times[pick : pick + 20] and numbers == list(range(pick, pick + 20))
        for ours, theirs in zip(part, whole[pick:], strict=False):
            assert_same(ours, theirs)


def test_by_reference_frames_an_interlaced_film_is_decoded_whole(tmp_path):
    path = write_woven(tmp_path / "film.ts", woven(sliding(2 * COUNT)), "tff", "mpeg2video", b_frames=2)
    with closing(AvPass(path, 1, "reference")) as reading:
        assert len(list(reading.frames())) < COUNT
    assert len(watched(path, mode="reference")[1]) == COUNT


@pytest.mark.parametrize("fields", [(2, 3, 2, 3), (2, 3, 3, 2)])
def test_pulldown_keeps_its_whole_pictures_and_mends_the_others(tmp_path, fields):
    pictures = pulled_down(sliding(40), fields)
    path = write_woven(tmp_path / "film.mkv", pictures, codec="ffv1")
    decoder, surfaces, times, _ = watched(path)
    assert decoder.info.scan.kind == "telecine" and decoder.info.scan.parity == "tff"
    assert len(times) == len(pictures)
    whole = [any(np.array_equal(p, one) for one in sliding(40)) for p in pictures]
    kept = [np.array_equal(s.y, p) for s, p in zip(surfaces, pictures, strict=True)]
    assert kept[1:-1] == whole[1:-1]
    usual = np.mean([line_energy(p) for p in sliding(40)])
    assert np.mean([line_energy(p) for p in pictures]) > 5 * usual
    assert max(line_energy(s.y) for s in surfaces) < 2 * usual


def test_a_mixed_picture_before_a_cut_is_mended_too(tmp_path):
    dim = [p // 3 for p in sliding(40, 3.0)]
    before, after = pulled_down(dim)[:24], [255 - p // 2 for p in pulled_down(sliding(40)[::-1])]
    pictures = [*before, *after]
    assert not any(np.array_equal(before[-1], one) for one in dim)
    assert look_at(before[-1], after[0], 8).says == "P"  # by the difference of the scenes alone
    decoder, surfaces, _, _ = watched(write_woven(tmp_path / "film.mkv", pictures, codec="ffv1"))
    assert decoder.info.scan.kind == "telecine"
    assert line_energy(before[-1]) > 5 * line_energy(dim[0]) > 2.5 * line_energy(surfaces[23].y)


def test_a_film_of_whole_pictures_is_left_as_it_is_whatever_its_flags_say(tmp_path):
    pictures = sliding(COUNT)
    decoder, surfaces, _, _ = watched(write_woven(tmp_path / "film.avi", pictures, "tff", "ffv1"))
    assert decoder.info.scan.kind == "progressive" and decoder.info.scan.by == "measured"
    for surface, picture in zip(surfaces, pictures, strict=True):
        assert np.array_equal(surface.y, picture)


def test_where_nothing_moves_flags_decide(tmp_path):
    still = sliding(30, 0.0)
    flagged = watched(write_woven(tmp_path / "flagged.ts", still, "bff", "mpeg2video"))[0].info.scan
    assert (flagged.kind, flagged.parity, flagged.by) == ("interlaced", "bff", "flags")
    plain = watched(write_woven(tmp_path / "plain.ts", still, "prog", "mpeg2video"))[0].info.scan
    assert (plain.kind, plain.by) == ("progressive", "flags")


def test_a_film_of_one_flagged_picture_is_one_picture(tmp_path):
    path = write_woven(tmp_path / "one.ts", sliding(1), "tff", "mpeg2video")
    decoder, surfaces, times, _ = watched(path)
    assert len(surfaces) == 1
    assert_same(decoder.frame_at(times[0]), surfaces[0])


def test_the_first_field_is_kept(tmp_path):
    pictures = woven(sliding(2 * COUNT), even_first=False)
    _, surfaces, _, _ = watched(write_woven(tmp_path / "film.avi", pictures, codec="ffv1"))
    for surface, picture in zip(surfaces, pictures, strict=True):
        assert np.array_equal(surface.y[1::2], picture[1::2])


def test_a_file_that_vanishes_before_it_is_looked_at_is_told(tmp_path):
    decoder = AvDecoder(write_woven(tmp_path / "film.mkv", sliding(3)), DecodeOptions(threads=1))
    with pytest.raises(KeyartError, match="was it moved while it was opened"):
        looked_at(replace(decoder.info, path=tmp_path / "gone.mkv"))


def test_on_a_gpu_such_a_film_is_decoded_on_the_host_and_that_is_counted(film):
    path = film("no_flag.mp4")
    nvdec = FakeNvdec()
    decoder = open_on_chip(path, DecodeOptions(threads=1), Chip(nvdec), HostMemory)
    count = sum(len(batch.surfaces) for batch in decoder.batches())
    decoder.close()
    assert decoder.name == "ffmpeg, uploaded" and count == COUNT
    (notice,) = decoder.notices
    assert notice.code == "decoded_on_cpu"
    assert "woven of fields" in notice.message and notice.message.endswith(f"{COUNT} frames")


@pytest.mark.parametrize("even_first", [True, False])
def test_of_a_film_that_is_found_interlaced_late_only_woven_pictures_are_drawn_anew(tmp_path, even_first):
    still = sliding(COUNT, 0.0)
    parts = [sliding(40), still, woven(sliding(80), even_first), [p // 2 for p in sliding(40)[::-1]]]
    pictures = [picture for part in parts for picture in part]
    path = write_woven(tmp_path / "film.avi", pictures, codec="ffv1")
    scan = Scan("interlaced", "tff" if even_first else "bff", "measured", late=True)
    decoder = AvDecoder(path, DecodeOptions(threads=2, scan=scan))
    found = [(t, s) for batch in decoder.batches() for t, s in zip(batch.pts_s, batch.surfaces, strict=True)]
    assert len(found) == len(pictures)
    begin, end = 40 + len(still), 40 + len(still) + 40
    for number, ((_, surface), picture) in enumerate(zip(found, pictures, strict=True)):
        if not begin <= number < end:
            assert np.array_equal(surface.y, picture), number
    usual = np.mean([line_energy(p) for p in sliding(40)])
    assert np.mean([line_energy(p) for p in pictures[begin:end]]) > 5 * usual
    assert max(line_energy(s.y) for _, s in found[begin:end]) < 2 * usual
    for number in (3, begin - 1, begin, begin + 17, end - 1, end, end + 5):
        assert_same(decoder.frame_at(found[number][0]), found[number][1])
    times = [found[number][0] for number in (10, begin + 3, end + 2)]
    for (time_s, surface), number in zip(decoder.at(times), (10, begin + 3, end + 2), strict=True):
        assert time_s == found[number][0]
        assert_same(surface, found[number][1])
    for time_s, surface in decoder.between(found[begin - 3][0], found[begin + 5][0], fine=True):
        assert_same(surface, dict(found)[time_s])
