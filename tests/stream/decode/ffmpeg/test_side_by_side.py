"""Decoding side by side gives what decoding in a row gives, and stops when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import av
import numpy as np
import pytest
from anyio import create_task_group, to_thread
from anyio.lowlevel import checkpoint

from stream.decode.decoder import DecodeOptions, DecodeRange
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.ffmpeg.demux_decode import AvPass
from stream.decode.ffmpeg.side_by_side import SideBySide, pictures_ahead
from stream.decode.nal_units import FreshStart

from ..decoders import FILMS, watched, write_film

KEPT = 40 * 1920 * 1080 * 3 // 2
INDEPENDENT = ("plain.mp4", "film.mkv", "film.ts", "b_pyramid.mp4", "hevc_idr.ts", "uneven.mkv", "full_range.mp4")
OTHERS = ("open_gop.mp4", "hevc.mkv", "mpeg2.ts", "odd.webm")


def film_of(folder: Path, moving, name: str, count: int = 100) -> Path:
    return write_film(folder / name, moving, count, **FILMS[name])


def passes_over(path: Path) -> list[AvPass]:
    return [AvPass(path, 1, "all") for _ in range(2)]


def contexts_of(passes: list[AvPass]) -> list[av.VideoCodecContext]:
    return [one.stream.codec_context for one in passes]


def decoders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "decode"]


@pytest.mark.parametrize("name", INDEPENDENT)
@pytest.mark.parametrize(
    "options", [{}, {"mode": "reference"}, {"range": DecodeRange(0.9, 1.7)}, {"batch": 3}], ids=str
)
def test_pictures_times_and_numbers_are_the_same(tmp_path, moving, name, options):
    path = film_of(tmp_path, moving, name)
    assert pictures_ahead(path, KEPT, 96 * 64 * 3 // 2) > 0
    row, beside = (watched(AvDecoder(path, DecodeOptions(threads=threads, **options))) for threads in (1, 2))
    assert len(row[0]) > 9
    assert beside[:3] == row[:3]
    for a, b in zip(beside[3], row[3], strict=True):
        np.testing.assert_array_equal(a, b)
    assert not decoders()


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_not_surely_independent_is_decoded_in_a_row(tmp_path, moving, name):
    assert pictures_ahead(film_of(tmp_path, moving, name), KEPT, 96 * 64 * 3 // 2) == 0


def test_stretches_too_long_for_what_may_be_kept_are_decoded_in_a_row(tmp_path, moving):
    path = film_of(tmp_path, moving, "plain.mp4")  # 12 pictures each
    assert pictures_ahead(path, 4 * 9216, 9216) == 4
    assert pictures_ahead(path, 3 * 9216, 9216) == 0


def test_a_stretch_longer_than_all_that_may_wait_goes_through(tmp_path, moving):
    options = {"x264-params": "keyint=1000:min-keyint=1000:scenecut=0"}
    path = write_film(tmp_path / "long.mp4", moving, 1100, options=options, size=(32, 32))
    passes = passes_over(path)
    frames = [frame.pts for frame in SideBySide(passes[0], contexts_of(passes), 8).frames()]
    assert len(frames) == 1100 and frames == sorted(frames)


def test_damage_is_found_where_it_is(tmp_path, moving):
    path = film_of(tmp_path, moving, "film.ts")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2000] = bytes(2000)
    path.write_bytes(data)
    row, beside = (watched(AvDecoder(path, DecodeOptions(threads=threads))) for threads in (1, 2))
    assert any(beside[2]) and not all(beside[2])
    assert beside[2] == row[2]
    assert beside[:2] == row[:2]


def test_a_file_torn_in_its_first_seconds_gives_what_is_there(tmp_path, moving):
    whole, path = film_of(tmp_path, moving, "plain.mp4"), tmp_path / "torn.mp4"
    with av.open(str(whole)) as source, av.open(str(path), "w", options={"movflags": "faststart"}) as copy:
        stream = copy.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                copy.mux(packet)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 3])
    row, beside = (watched(AvDecoder(path, DecodeOptions(threads=threads))) for threads in (1, 2))
    assert 20 < len(row[0]) < 60 and beside[:2] == row[:2]


def test_no_more_is_kept_than_may_be(tmp_path, moving):
    passes = passes_over(film_of(tmp_path, moving, "plain.mp4", 200))
    side = SideBySide(passes[0], contexts_of(passes), 8)
    count = 0
    for _ in side.frames():
        count += 1
        assert all(kept < 8 + 12 for kept in side.kept())  # and what comes at once, of stretches of 12
    assert count == 200


def test_an_error_in_a_thread_reaches_who_waits(tmp_path, moving):
    class Broken:
        def decode(self, packet: object) -> list[object]:
            raise MemoryError("no room for a picture")

    passes = passes_over(film_of(tmp_path, moving, "plain.mp4"))
    with pytest.raises(MemoryError, match="no room"):
        list(SideBySide(passes[0], [Broken(), Broken()], 8).frames())  # whichever gets the first stretch
    assert not decoders()


def test_who_waits_for_a_slow_decoder_hears_cancellation(tmp_path, moving):
    passes = passes_over(film_of(tmp_path, moving, "plain.mp4"))
    begun = threading.Event()

    class Slow:
        """Decodes nothing until all is given up."""

        def decode(self, packet: object) -> list[object]:
            begun.set()
            with side._lock:
                side._open[0].changed.wait_for(lambda: side._stopped)
            return []

        def flush_buffers(self) -> None: ...

    side = SideBySide(passes[0], [Slow(), Slow()], 8)
    anyio.run(cancelled_once, begun, partial(next, side.frames()))
    assert not decoders()


def test_passing_over_what_lies_before_the_chosen_part_hears_cancellation(tmp_path, moving):
    begun = threading.Event()

    class Endless(AvPass):
        """The same packets again and again."""

        def _demuxed(self):
            packets = list(super()._demuxed())
            begun.set()
            while True:
                yield from packets

    reading = Endless(film_of(tmp_path, moving, "plain.mp4"), 1, "all")
    anyio.run(cancelled_once, begun, partial(next, reading.packets(from_key_s=1e9)))
    reading.close()


async def cancelled_once(begun: threading.Event, work: Callable[[], object]) -> None:
    """Ends when `work`, which never does by itself, has heard on its worker thread that it is not wanted any more."""
    async with create_task_group() as tasks:
        tasks.start_soon(to_thread.run_sync, work)
        while not begun.is_set():
            await checkpoint()
        tasks.cancel_scope.cancel()


def test_who_leaves_early_leaves_nothing_behind(tmp_path, moving):
    decoder = AvDecoder(film_of(tmp_path, moving, "plain.mp4", 200), DecodeOptions(threads=2, batch=4))
    batches = decoder.batches()
    next(batches)
    assert len(decoders()) == 2
    batches.close()
    assert not decoders()


def unit(codec: str, kind: int) -> bytes:
    return b"\0\0\1" + (bytes([kind, 0x80]) if codec == "h264" else bytes([kind << 1, 1, 0x80]))


@pytest.mark.parametrize(("codec", "idr", "other", "sets"), [("h264", 5, 1, (7, 8)), ("hevc", 19, 21, (32, 33, 34))])
def test_a_decoder_begins_where_it_has_all_it_needs(codec, idr, other, sets):
    headers = b"".join(unit(codec, kind) for kind in sets)
    known, unknown = FreshStart(codec, headers), FreshStart(codec, None)
    assert known.holds(unit(codec, idr)) and not known.holds(unit(codec, other))
    assert not unknown.holds(unit(codec, idr)) and unknown.holds(headers + unit(codec, idr))
    assert not known.holds(unit(codec, sets[0]) + unit(codec, idr))  # a change that a later decoder would not know of
    assert not known.holds(unit(codec, idr))
    assert known.holds(headers + unit(codec, idr))
    assert not FreshStart("mpeg2video", headers).holds(headers + unit(codec, idr))
