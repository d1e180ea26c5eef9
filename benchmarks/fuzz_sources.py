"""Small films of many containers and codecs, and what can be done to their bytes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

_SIZE, _FPS, _PICTURES = (160, 96), 25, 30
_KINDS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("film.mp4", "libx264", "yuv420p", {}),
    ("first.mp4", "libx264", "yuv420p", {"movflags": "faststart"}),
    ("pieces.mp4", "libx264", "yuv420p", {"movflags": "frag_keyframe+empty_moov"}),
    ("ten_bit.mkv", "libx265", "yuv420p10le", {}),
    ("film.mkv", "libx264", "yuv420p", {}),
    ("film.webm", "libvpx-vp9", "yuv420p", {}),
    ("old.webm", "libvpx", "yuv420p", {}),
    ("film.ts", "libx264", "yuv420p", {}),
    ("disc.mpg", "mpeg2video", "yuv420p", {}),
    ("film.avi", "mpeg4", "yuv420p", {}),
    ("film.flv", "flv", "yuv420p", {}),
    ("film.mov", "prores_ks", "yuv422p10le", {}),
    ("film.wmv", "wmv2", "yuv420p", {}),
    ("drawn.mkv", "ffv1", "yuv444p", {}),
)
_CODED = {"libx264": {"preset": "ultrafast"}, "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"}}
_BOXES = (
    b"moov", b"mvhd", b"tkhd", b"mdhd", b"elst", b"stsd", b"avc1", b"avcC", b"stts", b"ctts", b"stss", b"stsc", b"stsz",
    b"stco", b"trun", b"tfhd", b"mdat", b"JUNK", b"avih", b"strh", b"strf", b"idx1", b"movi", b"onMetaData",
    b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x15\x49\xa9\x66", b"\x16\x54\xae\x6b", b"\x1c\x53\xbb\x6b",
    b"\x1f\x43\xb6\x75", b"\xb0", b"\xba", b"\x00\x00\x01\xb3", b"\x00\x00\x01\xba", b"\x00\x00\x00\x01\x67",
)  # fmt: skip
"""Names of boxes, chunks and elements, and start codes, after which sizes, counts and header fields stand."""
_VALUES = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 1_000_000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def make_sources(folder: Path) -> list[Path]:
    """A second of moving coarse noise with a cut in it, of each kind that this FFmpeg can write."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    scenes = [np.kron(rng.integers(20, 235, (12, 22, 3)), np.ones((10, 10, 1))).astype(np.uint8) for _ in range(2)]
    pictures = [np.roll(scenes[n * 2 // _PICTURES], 2 * n, axis=1)[: _SIZE[1], : _SIZE[0]] for n in range(_PICTURES)]
    made = []
    for name, codec, layout, options in _KINDS:
        _write(folder / name, codec, layout, options, pictures)
        made.append(folder / name)
    return made


def _write(path: Path, codec: str, layout: str, options: dict[str, str], pictures: Sequence[np.ndarray]) -> None:
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=Fraction(_FPS), options=_CODED.get(codec, {}))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = *_SIZE, layout, 12
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        container.mux(stream.encode(None))


def mutated(content: bytes, other: bytes, rng: random.Random) -> tuple[bytes, str]:
    """The bytes of a film with one to four things done to them, and what they are. other: of another film."""
    data, done = bytearray(content), []
    for _ in range(rng.choice((1, 1, 2, 4))):
        change = rng.choice(_CHANGES)
        change(data, other, rng)
        done.append(change.__name__.strip("_"))
    return bytes(data), " + ".join(done)


def _header_field(data: bytearray, other: bytes, rng: random.Random) -> None:
    """A number near the name of a box, an element or a start code is another, as large as numbers get."""
    name = rng.choice(_BOXES)
    places: list[int] = []
    at = data.find(name)
    while at >= 0 and len(places) < 50:
        places.append(at)
        at = data.find(name, at + 1)
    if not places:
        _early_number(data, other, rng)
        return
    at = max(0, rng.choice(places) + rng.choice((-4, *range(len(name), len(name) + 48))))
    _put(data, at, rng)


def _early_number(data: bytearray, other: bytes, rng: random.Random) -> None:
    """A number in the first KiB is another."""
    _put(data, rng.randrange(max(1, min(len(data), 1024))), rng)


def _put(data: bytearray, at: int, rng: random.Random) -> None:
    size = rng.choice((1, 2, 4, 4, 8))
    value = (rng.choice(_VALUES) % (1 << 8 * size)).to_bytes(size, rng.choice(("big", "big", "little")))
    data[at : at + size] = value[: max(0, len(data) - at)]


def _cut_off(data: bytearray, other: bytes, rng: random.Random) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _bits_flipped(data: bytearray, other: bytes, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 3, 20, 200)) if data else 0):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _part_lost(data: bytearray, other: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.choice((1, 4, 188, 1000, 5000))]


def _part_twice(data: bytearray, other: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = data[at : at + rng.choice((4, 188, 1000, 5000))] * rng.choice((1, 2, 40))


def _part_of_another(data: bytearray, other: bytes, rng: random.Random) -> None:
    at, there = rng.randrange(len(data) + 1), rng.randrange(len(other) + 1)
    size = rng.choice((16, 188, 1000, 5000))
    data[at : at + rng.choice((0, size))] = other[there : there + size]


def _blank(data: bytearray, other: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    end = min(len(data), at + rng.choice((4, 64, 1000, 5000)))
    data[at:end] = bytes([rng.choice((0, 0xFF))]) * (end - at)


def _head_of_another(data: bytearray, other: bytes, rng: random.Random) -> None:
    size = rng.choice((8, 32, 200))
    data[:size] = other[:size]


_CHANGES: tuple[Callable[[bytearray, bytes, random.Random], None], ...] = (
    _header_field, _header_field, _header_field, _early_number, _cut_off, _bits_flipped, _part_lost, _part_twice,
    _part_of_another, _blank, _head_of_another,
)  # fmt: skip
