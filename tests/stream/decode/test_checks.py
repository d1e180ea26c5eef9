"""Damage of which no decoder tells, found by what films keep to be checked by."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
import pytest

from stream.decode.checked_places import Place, Places, next_mark
from stream.decode.checks import check_of, has_no_marks, has_whole_slices
from stream.decode.damage import Damage
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.nvdec.packets import PacketReader

COUNT, RATE = 24, 24
Change = Callable[[int, bytearray], None]


def film(
    path: Path, codec: str, options: dict[str, str], change: Change | None = None, size: tuple[int, int] = (160, 96)
) -> Path:
    """Pictures of noise, by number changed after they were encoded."""
    rng = np.random.default_rng(3)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=RATE, options=options)
        (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
        stream.codec_context.gop_size = 1
        if codec == "dvvideo":
            stream.codec_context.framerate = RATE + 1
        packets = []
        for number in range(COUNT):
            blocks = rng.integers(0, 255, (size[1] // 8, size[0] // 8, 3))
            picture = np.kron(blocks, np.ones((8, 8, 1))).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            packets += stream.encode(frame)
        for number, packet in enumerate([*packets, *stream.encode()]):
            data = bytearray(bytes(packet))
            if change is not None:
                change(number, data)
            changed = av.Packet(bytes(data))
            changed.stream, changed.time_base, changed.is_keyframe = stream, packet.time_base, packet.is_keyframe
            changed.pts, changed.dts, changed.duration = packet.pts, packet.dts, packet.duration
            container.mux(changed)
    return path


def flipped(*numbers: int) -> Change:
    """A bit in the middle of these pictures is flipped."""

    def change(number: int, data: bytearray) -> None:
        if number in numbers:
            data[len(data) // 2] ^= 4

    return change


def watched(path: Path) -> tuple[list[int], list[int], list[str]]:
    """The numbers of all pictures, of those that are known to be damaged, and what is said."""
    decoder = AvDecoder(path, DecodeOptions(threads=2))
    there, damaged = [], []
    for batch in decoder.batches():
        numbers = [round(time_s * RATE) for time_s in batch.pts_s.tolist()]
        there += numbers
        damaged += [number for number, is_so in zip(numbers, batch.damaged, strict=True) if is_so]
    return there, damaged, [f"{notice.code}: {notice.message}" for notice in decoder.notices]


def message(places: int) -> list[str]:
    counted = "1 place fails" if places == 1 else f"{places} places fail"
    return [f"damaged: {counted} the file's own checks, left out with those beside"]


WITH_CHECKSUMS = {"level": "3", "slicecrc": "1", "slices": "4"}


def test_pictures_of_ffv1_whose_checksum_is_wrong_are_damaged(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.avi", "ffv1", WITH_CHECKSUMS)
    assert watched(whole) == (list(range(COUNT)), [], [])
    path = film(tmp_path / "film.avi", "ffv1", WITH_CHECKSUMS, flipped(0, 5, 8, 9, COUNT - 1))
    assert watched(path) == (list(range(COUNT)), [0, 5, 8, 9, COUNT - 1], message(5))


def test_ffv1_without_checksums_is_not_checked(tmp_path: Path) -> None:
    path = film(tmp_path / "film.avi", "ffv1", WITH_CHECKSUMS | {"slicecrc": "0"}, flipped(5))
    assert check_of(path, "avi", "ffv1") is None
    assert watched(path)[1:] == ([], [])
    assert not has_whole_slices(b"\0\0\1") and not has_whole_slices(bytes(16)[:7])


def test_checksums_that_are_all_wrong_are_not_believed(tmp_path: Path) -> None:
    path = film(tmp_path / "film.avi", "ffv1", WITH_CHECKSUMS, flipped(*range(COUNT)))
    assert check_of(path, "avi", "ffv1") is None
    assert check_of(film(tmp_path / "7.avi", "ffv1", WITH_CHECKSUMS, flipped(*range(7))), "avi", "ffv1") is not None


@pytest.mark.parametrize("name", ["film.dv", "film.avi"])
def test_pictures_of_dv_that_the_tapes_player_marked_are_damaged(tmp_path: Path, name: str) -> None:
    def mark(number: int, data: bytearray) -> None:
        blocks = [place for place in range(0, len(data), 80) if data[place] >> 5 == 4]
        if number in (3, 4, 17):
            data[blocks[len(blocks) // 2] + 3] |= 0xE0

    def written(path: Path, change: Change | None) -> Path:
        return film(path, "dvvideo", {}, change, size=(720, 576))

    there, damaged, said = watched(written(tmp_path / f"whole_{name}", None))
    assert (len(there), damaged, said) == (COUNT, [], [])
    path = written(tmp_path / name, mark)
    assert watched(path)[1:] == ([there[3], there[4], there[17]], message(3))
    assert has_no_marks(b"") and has_no_marks(bytes(79))


def corrupted(path: Path, *numbers: int) -> Path:
    """The file with a flipped bit in the middle of these packets."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    for number in numbers:
        data[data.index(packets[number]) + len(packets[number]) // 2] ^= 4
    changed = path.with_name(f"changed_{path.name}")
    changed.write_bytes(data)
    return changed


def in_clusters(path: Path, codec: str = "libvpx-vp9") -> Path:
    source = film(path.with_suffix(".nut"), codec, {"cpu-used": "8", "deadline": "realtime"})
    with av.open(str(source)) as opened, av.open(str(path), "w", options={"cluster_size_limit": "12000"}) as container:
        stream = container.add_stream_from_template(opened.streams.video[0])
        for packet in opened.demux(video=0):
            if packet.size:
                packet.stream = stream
                container.mux(packet)
    return path


def clusters_of(path: Path) -> list[tuple[int, list[int]]]:
    """Where the clusters of a film begin, and the numbers of the pictures in each."""
    data = path.read_bytes()
    begins = [place for place in range(len(data)) if data.startswith(b"\x1f\x43\xb6\x75", place)]
    with av.open(str(path)) as container:
        places = [packet.pos or 0 for packet in container.demux(video=0) if packet.size]
    inside = [bisect_right(begins, place) - 1 for place in places]
    found = [[number for number, one in enumerate(inside) if one == cluster] for cluster in range(len(begins))]
    assert len(found) > 7 and all(len(numbers) > 1 for numbers in found[:7])
    return list(zip(begins, found, strict=True))


def test_pictures_in_a_cluster_whose_checksum_is_wrong_are_damaged(tmp_path: Path) -> None:
    path = in_clusters(tmp_path / "film.mkv")
    assert watched(path) == (list(range(COUNT)), [], [])
    _, second, _, fourth, *_ = (numbers for _, numbers in clusters_of(path))
    changed = corrupted(path, second[1], fourth[0], fourth[1])
    assert watched(changed) == (list(range(COUNT)), [*second, *fourth], message(2))


def test_a_cluster_that_is_torn_is_damaged_and_those_behind_it_are_checked(tmp_path: Path) -> None:
    path = in_clusters(tmp_path / "film.mkv")
    clusters = clusters_of(path)
    data = bytearray(path.read_bytes())
    torn, behind, wrong = 2, 3, 5
    data[clusters[torn][0] : clusters[torn][0] + 4] = bytes(4)
    data[clusters[wrong + 1][0] - 9] ^= 4
    path.write_bytes(data)
    there, damaged, said = watched(path)
    assert there == [number for number in range(COUNT) if number not in clusters[torn][1]]
    assert damaged == [clusters[behind][1][0], *clusters[wrong][1]]
    assert said == message(2)


def test_matroska_without_checksums_is_not_checked(tmp_path: Path) -> None:
    """FFmpeg writes none into WebM. Of H.264 the decoder tells."""
    path = in_clusters(tmp_path / "film.webm")
    assert check_of(path, "matroska,webm", "vp9") is None
    assert watched(corrupted(path, 5))[1:] == ([], [])
    assert check_of(in_clusters(tmp_path / "film.mkv"), "matroska,webm", "h264") is None


def test_clusters_are_checked_for_the_chip_too(tmp_path: Path) -> None:
    path = in_clusters(tmp_path / "film.mkv")
    _, second, _, fourth, *_ = (numbers for _, numbers in clusters_of(path))
    reader = PacketReader(corrupted(path, second[1], fourth[0]), checked=True)
    times_s = [reader.time_s(packet.pts) or 0.0 for packet in reader.packets()]
    reader.close()
    damaged = [round(one * RATE) for one in times_s if reader.damage.holds(one, key=True)]
    assert damaged == [*second, *fourth]
    assert (reader.damage.failed, reader.damage.errors) == (2, 0)


def ogg(path: Path, *, sound: bool = False) -> Path:
    """VP8 with a key picture every four, one picture a page; and sound beside it."""
    rng = np.random.default_rng(3)
    with av.open(str(path), "w", format="ogg", options={"page_duration": "1"}) as container:
        options = {"cpu-used": "8", "deadline": "realtime"}
        stream: Any = container.add_stream("libvpx", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.codec_context.gop_size = 4
        heard: Any = container.add_stream("flac", rate=48_000) if sound else None
        for number in range(COUNT):
            picture = np.kron(rng.integers(0, 255, (12, 20, 3)), np.ones((8, 8, 1))).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
            if heard is not None:
                noise = av.AudioFrame.from_ndarray(rng.integers(-99, 99, (1, 4000), dtype=np.int16), layout="stereo")
                noise.sample_rate, noise.pts = 48_000, number * 2000
                container.mux(heard.encode(noise))
        for one in (stream, heard) if sound else (stream,):
            container.mux(one.encode())
    return path


def pages_of(data: bytes) -> list[tuple[int, int, int]]:
    """Where the pages begin and end, and whose they are."""
    found, begin = [], 0
    while begin < len(data):
        table = begin + 27
        end = table + data[begin + 26] + sum(data[table : table + data[begin + 26]])
        found.append((begin, end, int.from_bytes(data[begin + 14 : begin + 18], "little")))
        begin = end
    return found


def test_pages_of_ogg_that_are_left_out_are_told(tmp_path: Path) -> None:
    path = ogg(tmp_path / "film.ogv")
    assert watched(path) == (list(range(COUNT)), [], [])
    there, damaged, said = watched(corrupted(path, 5, 14, COUNT - 1))
    assert len(there) == COUNT - 3
    assert damaged == [5, 7, 14]  # FFmpeg gives a picture behind a lost one the time of that
    assert said == ["damaged: 3 damaged places did not decode, went on after them"]


def test_pages_of_ogg_that_are_missing_are_told(tmp_path: Path) -> None:
    path = ogg(tmp_path / "film.ogv")
    data = path.read_bytes()
    begin, end, _ = pages_of(data)[-8]
    path.write_bytes(data[:begin] + data[end:])
    there, damaged, said = watched(path)
    assert len(there) == COUNT - 1 and len(damaged) > 0
    assert said == ["damaged: 1 damaged place did not decode, went on after it"]


def test_pages_of_sound_that_are_wrong_do_not_matter(tmp_path: Path) -> None:
    path = ogg(tmp_path / "film.ogv", sound=True)
    data = bytearray(path.read_bytes())
    seen = {serial: data[begin + 28 :][:5] for begin, _, serial in reversed(pages_of(data))}
    (sound,) = (serial for serial, begins in seen.items() if begins == b"\x7fFLAC")
    own = [(begin, end) for begin, end, serial in pages_of(data) if serial == sound]
    assert len(own) > 6
    for begin, end in own[3:5]:
        data[(begin + end) // 2] ^= 4
    path.write_bytes(data)
    assert watched(path) == (list(range(COUNT)), [], [])


def test_an_ogg_that_was_cut_within_a_page_has_no_damage(tmp_path: Path) -> None:
    path = ogg(tmp_path / "film.ogv")
    data = path.read_bytes()
    begin, end, _ = pages_of(data)[-6]
    path.write_bytes(data[: (begin + end) // 2])
    _, damaged, said = watched(path)
    assert (damaged, [line for line in said if line.startswith("damaged")]) == ([], [])


def test_damage_that_is_noted_in_advance_is_kept_for_its_pictures() -> None:
    damage = Damage()
    damage.note(3.0)
    damage.doubt(1.0)
    assert [damage.holds(time_s, key=True) for time_s in (0.0, 1.0, 2.0, 3.0, 4.0)] == [False, True, False, True, False]
    damage.note(None)
    assert not damage.holds(5.0, key=False)
    assert damage.holds(6.0, key=True, corrupt=True) and damage.holds(7.0, key=False)
    assert (damage.errors, damage.smeared, damage.first_s) == (2, 1, 1.0)


def test_a_file_that_cannot_be_read_any_more_is_checked_no_further(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(9))

    def walk(file: BinaryIO, size: int) -> Iterator[Place]:
        yield Place(0, 3, right=False)
        yield Place(3, 5, right=True)
        raise OSError("gone")

    places = Places(path, walk)
    assert [places.hold_up_to(byte) for byte in (0, 2, 3, 8, None)] == [False, False, True, True, True]
    assert places.failed == 1
    places.close()


def test_a_mark_is_found_across_the_pieces_that_are_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes((1 << 20) - 2) + b"OggS" + bytes(9))
    with path.open("rb") as file:
        assert next_mark(file, b"OggS", 5) == (1 << 20) - 2
        assert next_mark(file, b"OggS", (1 << 20) - 1) is None
