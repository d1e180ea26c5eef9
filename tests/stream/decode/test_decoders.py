"""The same film means the same pictures, times and numbers, whoever decodes it."""

from __future__ import annotations

import gc
import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from stream import log
from stream.decode.decoder import DecodeOptions, DecodeRange
from stream.decode.ffmpeg import scan
from stream.decode.nvdec.demux_decode import NvPass
from stream.decode.nvdec.session import Chip
from stream.decode.watch_anew import LateShapeError
from stream.errors import KeyartError

from .decoders import FILMS, KINDS, assert_same_picture, open_kind, shown, watched, write_film
from .host_memory import HostMemory
from .nvdec.fake_nvdec import FakeNvdec

DEVICE = KINDS[1:]
PAIRS = [
    *(("nvdec", name) for name in FILMS),
    *(("ffmpeg, uploaded", name) for name in ("plain.mp4", "ten_bits.mp4", "odd.webm", "full_range.mp4")),
]


@pytest.fixture
def film(tmp_path: Path, moving):
    """`film(name)` writes the film of that name in `FILMS`."""

    def make(name: str, count: int = 50) -> Path:
        return write_film(tmp_path / name, moving, count, **FILMS[name])

    return make


def same(path: Path, kind: str, options: DecodeOptions | None = None) -> int:
    """Asserts that both decoders give the same film; how many pictures it has."""
    expected, found = (watched(open_kind(k, path, options)) for k in ("ffmpeg", kind))
    assert found[0] == expected[0]
    assert found[1] == expected[1]
    assert found[2] == expected[2]
    for a, b in zip(found[3], expected[3], strict=True):
        assert_same_picture(a, b)
    return len(found[0])


@pytest.mark.parametrize(("kind", "name"), PAIRS)
def test_pictures_times_and_numbers_are_the_same(film, name, kind):
    path = film(name)
    assert same(path, kind) == len(FILMS[name].get("times", range(50)))
    ours, theirs = (open_kind(k, path) for k in (kind, "ffmpeg"))
    assert ours.info == theirs.info


@pytest.mark.parametrize("kind", DEVICE)
@pytest.mark.parametrize("name", ["plain.mp4", "b_pyramid.mp4", "hevc.mp4", "film.ts"])
def test_without_what_nobody_needs_the_rest_is_the_same(film, name, kind):
    count = same(film(name), kind, DecodeOptions(threads=1, mode="reference"))
    assert 10 < count < 45


@pytest.mark.parametrize("kind", DEVICE)
@pytest.mark.parametrize("name", ["plain.mp4", "open_gop.mp4", "hevc.mkv", "hevc_idr.ts", "film.ts", "uneven.mkv"])
@pytest.mark.parametrize("wanted", [DecodeRange(0.7, 1.3), DecodeRange(0.0, 0.5), DecodeRange(1.5), DecodeRange(9.0)])
def test_a_range_is_the_same_and_whole(film, name, kind, wanted):
    path = film(name)
    whole_s, *_ = watched(open_kind("ffmpeg", path))
    end_s = np.inf if wanted.end_s is None else whole_s[0] + wanted.end_s
    inside = [time_s for time_s in whole_s if whole_s[0] + wanted.start_s <= time_s < end_s]
    assert same(path, kind, DecodeOptions(threads=1, range=wanted)) == len(inside)


@pytest.mark.parametrize(("kind", "name"), PAIRS)
def test_any_picture_can_be_asked_for_again(film, name, kind):
    decoder = open_kind(kind, film(name))
    pts_s, _, _, pictures = watched(decoder)

    for pick in (0, 11, 24, 32):
        assert_same_picture(shown(decoder.frame_at(pts_s[pick])), pictures[pick])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["plain.mp4", "open_gop.mp4", "hevc.mkv", "film.ts", "uneven.mkv", "odd.webm"])
def test_a_stretch_can_be_asked_for(film, name, kind):
    decoder = open_kind(kind, film(name))
    pts_s, _, _, pictures = watched(decoder)

    for first, last in ((0, 3), (9, 15), (20, 32)):
        found = decoder.between(pts_s[first], pts_s[last])
        assert np.allclose([time_s for time_s, _ in found], pts_s[first : last + 1])
        for number, (_, surface) in enumerate(found, first):
            # FFmpeg leaves out the finish of pictures that are only looked at.
            difference = np.abs(shown(surface).astype(int) - pictures[number])
            assert difference.max() <= 1 if kind == "nvdec" else difference.mean() < 4
        for number, (_, surface) in enumerate(decoder.between(pts_s[first], pts_s[last], fine=True), first):
            assert_same_picture(shown(surface), pictures[number])
    assert decoder.between(pts_s[5] + 1e-3, pts_s[6] - 1e-3) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["plain.mp4", "open_gop.mp4", "hevc.mkv", "film.ts", "uneven.mkv", "odd.webm"])
def test_single_pictures_can_be_asked_for_in_one_pass(film, name, kind):
    decoder = open_kind(kind, film(name))
    pts_s, _, _, pictures = watched(decoder)
    for numbers in ((0, 3, 4), (9, 15, 31), (32,)):
        found = decoder.at([pts_s[number] for number in numbers])
        assert np.allclose([time_s for time_s, _ in found], [pts_s[number] for number in numbers])
        for number, (_, surface) in zip(numbers, found, strict=True):
            assert_same_picture(shown(surface), pictures[number])
    with_a_gap = decoder.at([pts_s[5], pts_s[5] + 5e-3, pts_s[7]])
    assert [time_s for time_s, _ in with_a_gap] == pytest.approx([pts_s[5], pts_s[7]])
    assert decoder.at([]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_time_without_picture_is_said(film, kind):
    decoder = open_kind(kind, film("plain.mp4"))
    with pytest.raises(KeyartError, match=r"no picture at 0\.050 s"):
        decoder.frame_at(0.05)


@pytest.mark.parametrize("kind", DEVICE)
def test_searching_before_and_while_the_film_is_watched(film, kind):

    decoder = open_kind(kind, film("b_pyramid.mp4"))
    early = shown(decoder.frame_at(0.8))
    batches = decoder.batches()
    first = next(batches)
    amid = shown(decoder.frame_at(0.8))
    rest = list(batches)
    whole = [s for batch in (first, *rest) for s in batch.surfaces]
    assert len(whole) == 50
    assert_same_picture(early, shown(whole[20]))
    assert_same_picture(amid, early)


@pytest.mark.parametrize("kind", DEVICE)
def test_a_torn_file_gives_what_is_there(film, tmp_path, kind):
    data = film("film.mkv", 120).read_bytes()
    torn = tmp_path / "torn.mkv"
    torn.write_bytes(data[: len(data) // 2])
    assert 20 < same(torn, kind) < 110
    decoder = open_kind(kind, torn)
    watched(decoder)
    assert "cut_off" in {notice.code for notice in decoder.notices}


@pytest.mark.parametrize("kind", DEVICE)
def test_flipped_bytes_do_not_stop_it(film, tmp_path, kind):
    data = bytearray(film("plain.mp4", 120).read_bytes())
    for place in np.random.default_rng(3).integers(int(len(data) * 0.4), int(len(data) * 0.6), 60):
        data[place] ^= 0xFF
    path = tmp_path / "flipped.mp4"
    path.write_bytes(data)
    pts_s, frames, damaged, _ = watched(open_kind(kind, path))
    assert len(pts_s) > 80 and sorted(frames) == frames
    assert not any(damaged[:30])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_damaged_first_is_told_once_with_the_librarys_error(film, tmp_path, kind):
    """Two packets say that they are longer than they are."""
    path = film("plain.mp4", 120)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    for place in places[40:42]:
        data[place : place + 4] = b"\xff" * 4
    path.write_bytes(data)
    with log.opened(tmp_path / "log", print):
        watched(open_kind(kind, path))
    told = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    (damage,) = (line for line in told if line["event"] == "first damage")
    assert damage["exception"][0]["exc_value"]
    assert damage["exception"][0]["frames"]


def remuxed(path: Path, out: Path, change) -> Path:
    """The film with other times: `change(number, packet)` edits each packet; the container is AVI's kind of simple."""
    with av.open(str(path)) as source, av.open(str(out), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for number, packet in enumerate(source.demux(stream)):
            if packet.size:
                packet.stream = copy
                change(number, packet)
                target.mux(packet)
    return out


@pytest.mark.parametrize("kind", DEVICE)
def test_times_that_begin_late_are_kept(film, tmp_path, kind):
    def later(number: int, packet: av.Packet) -> None:
        packet.pts += 90000
        packet.dts += 90000

    path = remuxed(film("film.ts"), tmp_path / "late.ts", later)
    assert same(path, kind) == 50
    assert open_kind(kind, path).info.first_pts_s > 1.0


@pytest.mark.parametrize("kind", DEVICE)
def test_what_an_edit_list_hides_is_decoded_and_not_shown(film, tmp_path, kind):
    def earlier(number: int, packet: av.Packet) -> None:
        packet.pts -= int(Fraction(10, 25) / packet.time_base)
        packet.dts -= int(Fraction(10, 25) / packet.time_base)

    path = remuxed(film("b_pyramid.mp4"), tmp_path / "edited.mp4", earlier)
    assert same(path, kind) == 40
    pts_s, frames, _, pictures = watched(open_kind(kind, path))
    assert (pts_s[0], frames[0]) == (0.0, 0)
    assert_same_picture(shown(open_kind(kind, path).frame_at(pts_s[5])), pictures[5])
    assert min(picture.pts for picture in NvPass(path, Chip(FakeNvdec()), HostMemory()).pictures()) == 0


@pytest.mark.parametrize("kind", DEVICE)
def test_a_film_without_times_gets_some(film, tmp_path, kind):
    """A bare stream: the demuxer knows the order and nothing else."""
    path = remuxed(film("plain.mp4"), tmp_path / "bare.h264", lambda number, packet: None)
    assert same(path, kind) == 50
    decoder = open_kind(kind, path)
    pts_s, _, _, pictures = watched(decoder)

    assert_same_picture(shown(decoder.frame_at(pts_s[30])), pictures[30])


@pytest.mark.parametrize("kind", DEVICE)
def test_a_film_that_changes_its_size_where_nobody_looked(tmp_path, moving, kind, monkeypatch):
    parts = [
        write_film(tmp_path / f"{n}.h264", moving, 20, size=s) for n, s in enumerate([(64, 64), (96, 64), (32, 48)])
    ]
    joined = tmp_path / "joined.h264"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    monkeypatch.setattr(scan, "_times", lambda first_s, duration_s: [first_s])
    scan._looked_at.cache_clear()
    decoder = open_kind(kind, joined)
    assert decoder.info.shapes == 1
    if kind == "nvdec":
        with pytest.raises(LateShapeError, match=r"change their size at 0\.8"):
            watched(decoder)
        return
    pts_s, _, _, pictures = watched(decoder)
    (said,) = (notice.message for notice in decoder.notices if notice.code == "size_changed")
    assert same(joined, kind) == 60 and "between black bars" in said
    assert_same_picture(shown(decoder.frame_at(pts_s[45])), pictures[45])


LATE_HEADERS = {
    "colours": [{"options": {"x264-params": f"colormatrix={matrix}"}} for matrix in ("bt709", "bt470bg")],
    "aspect": [{"aspect": aspect} for aspect in (Fraction(1), Fraction(4, 3))],
    None: [{"options": {"x264-params": f"ref={count}"}} for count in (1, 8)],
}


@pytest.mark.parametrize("changed", LATE_HEADERS)
def test_the_chip_gives_up_a_film_whose_new_headers_say_other_colours_or_another_aspect(
    tmp_path, moving, changed, monkeypatch
):
    parts = [write_film(tmp_path / f"{n}.ts", moving, 20, **of) for n, of in enumerate(LATE_HEADERS[changed])]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    monkeypatch.setattr(scan, "_times", lambda first_s, duration_s: [first_s])
    monkeypatch.setattr(scan, "key_shapes", lambda path, first_s, duration_s: [])
    scan._looked_at.cache_clear()
    decoder = open_kind("nvdec", joined)
    assert (decoder.info.shapes, len(decoder.info.colours)) == (1, 1)
    if changed is None:
        watched(decoder)
        return
    with pytest.raises(LateShapeError, match=f"change their {changed} at"):
        watched(decoder)


@pytest.mark.parametrize("start_s", [1.7, 2.0])
def test_a_change_before_the_part_that_is_watched_is_seen_while_the_film_is_opened(
    tmp_path, moving, monkeypatch, start_s
):
    parts = [write_film(tmp_path / f"{n}.ts", moving, 40, **of) for n, of in enumerate(LATE_HEADERS["colours"])]
    joined = joined_packets(parts, tmp_path / "joined.ts", 40)
    monkeypatch.setattr(scan, "_times", lambda first_s, duration_s: [first_s])
    monkeypatch.setattr(scan, "key_shapes", lambda path, first_s, duration_s: [])
    scan._looked_at.cache_clear()
    options = DecodeOptions(threads=1, range=DecodeRange(start_s, None))
    decoder = open_kind("nvdec", joined, options, name="ffmpeg, uploaded")
    assert "change their colours at 1.6" in decoder.notices[0].message
    assert len(watched(decoder)[0]) > 20


SILENT_SIZES = {
    "mpeg1video": ("mpeg1video", "ts"),
    "mpeg2video": ("mpeg2video", "ts"),
    "vp8": ("libvpx", "mkv"),
    "vp9": ("libvpx-vp9", "mkv"),
    "libdav1d": ("libsvtav1", "mkv"),
}


@pytest.mark.parametrize("codec", SILENT_SIZES)
def test_a_smaller_size_that_the_chip_scales_without_a_word_is_read_from_the_stream(
    tmp_path, moving, codec, monkeypatch
):
    coder, suffix = SILENT_SIZES[codec]
    quick = {"libvpx": FILMS["odd.webm"]["options"], "libsvtav1": FILMS["av1.mkv"]["options"]}
    options, sizes = quick.get(coder.removesuffix("-vp9")), [(128, 96), (64, 64)]
    parts = [
        write_film(tmp_path / f"{n}.{suffix}", moving, 20, codec=coder, size=size, options=options)
        for n, size in enumerate(sizes)
    ]
    joined = joined_packets(parts, tmp_path / f"joined.{suffix}", 20)
    monkeypatch.setattr(scan, "_times", lambda first_s, duration_s: [first_s])
    monkeypatch.setattr(scan, "key_shapes", lambda path, first_s, duration_s: [])
    scan._looked_at.cache_clear()
    decoder = open_kind("nvdec", joined)
    assert (decoder.info.codec, decoder.info.shapes) == (codec, 1)
    with pytest.raises(LateShapeError, match=r"change their size at 0\.8"):
        watched(decoder)


def test_frames_of_av1_below_the_size_of_their_sequence_are_read_from_the_stream(tmp_path, moving, monkeypatch):
    options = {"preset": "12", "svtav1-params": "resize-mode=1:resize-denom=14:pred-struct=1"}
    film = write_film(tmp_path / "film.mkv", moving, 40, codec="libsvtav1", size=(640, 360), options=options)
    monkeypatch.setattr(scan, "_times", lambda first_s, duration_s: [first_s])
    monkeypatch.setattr(scan, "key_shapes", lambda path, first_s, duration_s: [])
    scan._looked_at.cache_clear()
    decoder = open_kind("nvdec", film, name="ffmpeg, uploaded")
    assert decoder.info.shapes == 1
    assert "its pictures change their size at 0.04 s" in decoder.notices[0].message


def joined_packets(parts: list[Path], path: Path, count: int) -> Path:
    """The packets of all parts, of so many pictures each, in one stream, one part after the other."""
    with av.open(str(path), "w") as out:
        stream, offset_s = None, Fraction(0)
        for part in parts:
            with av.open(str(part)) as container:
                given = container.streams.video[0]
                stream = stream or out.add_stream_from_template(given, opaque=True)
                begin = given.start_time or 0
                for packet in container.demux(given):
                    if packet.size:
                        offset = int(offset_s / given.time_base) - begin
                        packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                        packet.stream = stream
                        out.mux(packet)
            offset_s += Fraction(count, 25)
    return path


@pytest.mark.parametrize("kind", DEVICE)
def test_closing_returns_every_slot(film, kind):
    memory = HostMemory()
    decoder = open_kind(kind, film("plain.mp4"), memory=memory)
    kept = [batch.surfaces[0] for batch in decoder.batches()]
    kept.append(decoder.frame_at(1.0))
    kept += [surface for _, surface in decoder.between(0.2, 0.6)]
    decoder.close()
    gc.collect()
    assert memory.closed and memory.alive == len(kept)
    del kept
    gc.collect()
    assert memory.alive == 0


@pytest.mark.parametrize("kind", DEVICE)
def test_what_is_handed_over_is_finished(film, kind):
    memory = HostMemory()
    decoder = open_kind(kind, film("plain.mp4"), memory=memory)
    for batch in decoder.batches():
        assert memory.queued == 0 and batch.surfaces
    decoder.frame_at(0.4)
    assert memory.queued == 0
    decoder.between(0.4, 0.8)
    assert memory.queued == 0


ODD = ("rotate_metadata.mp4", "rotate_90.mp4", "sample_aspect_ratio.mp4", "vfr_drop3.mp4", "delayed_start.mkv",
       "cover_art.mp4", "one_frame.mp4", "tiny_16x16.mp4", "cut_in_mdat.mp4")  # fmt: skip


@pytest.mark.testdata
@pytest.mark.slow
@pytest.mark.parametrize("name", ODD)
def test_odd_files_are_the_same(testdata, name):
    assert same(testdata / "odd" / name, "nvdec") > 0


@pytest.mark.testdata
def test_a_short_film_whose_size_changes_is_found_by_the_chip_too(testdata):
    path = testdata / "odd" / "resolution_change.ts"
    decoder = open_kind("nvdec", path, name="ffmpeg, uploaded")  # seen by its key pictures, before it is watched
    assert decoder.info.shapes > 1
    decoder.close()
    assert same(path, "ffmpeg, uploaded") > 0
