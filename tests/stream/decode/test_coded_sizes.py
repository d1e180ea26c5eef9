"""The size of pictures is read from the bitstream, as FFmpeg's encoders write it and as the specifications have it."""

from __future__ import annotations

from itertools import repeat

import av
import numpy as np
import pytest

from stream.decode.coded_sizes import CodedSizes

QUICK = {"cpu-used": "8", "deadline": "realtime"}
CODERS = {
    "mpeg1video": ("mpeg1video", {}),
    "mpeg2video": ("mpeg2video", {}),
    "vp8": ("libvpx", QUICK),
    "vp9": ("libvpx-vp9", QUICK),
    "vp9 hidden": ("libvpx-vp9", {"cpu-used": "8", "auto-alt-ref": "1", "lag-in-frames": "16"}),
    "av1": ("libsvtav1", {"preset": "12"}),
}


def packets(coder: str, options: dict[str, str], size: tuple[int, int], count: int = 20) -> list[tuple[bytes, bool]]:
    """(bytes, whether it is a key picture) of each packet."""
    encoder = av.CodecContext.create(coder, "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.framerate = *size, "yuv420p", 25
    encoder.options, encoder.gop_size, encoder.thread_count = options, 8, 1
    frames = [av.VideoFrame.from_ndarray(np.full((*size[::-1], 3), 9 * n, np.uint8), "rgb24") for n in range(count)]
    found = [packet for frame in [*frames, None] for packet in encoder.encode(frame)]
    return [(bytes(packet), packet.is_keyframe) for packet in found]


@pytest.mark.parametrize("name", CODERS)
@pytest.mark.parametrize("size", [(96, 64), (258, 130), (720, 576)])
def test_every_key_picture_says_its_size(name: str, size: tuple[int, int]) -> None:
    sizes, told = CodedSizes(name.split()[0]), list[tuple[int, int] | None]()
    for data, key in packets(*CODERS[name], size):
        found = sizes.of(data)
        assert found == size if key else found in (size, None)
        told.append(found)
    assert told[0] == size
    assert sizes.at_any_picture == name.startswith(("vp9", "av1"))
    if name.startswith("vp9"):
        assert told.count(size) > 15


def test_other_codecs_and_broken_packets_say_nothing() -> None:
    assert CodedSizes("h264").of(b"\0\0\0\1\x67\x42") is None
    for name in ("mpeg2video", "vp8", "vp9", "av1"):
        whole = packets(*CODERS[name], (96, 64), 1)[0][0]
        for length in range(0, 24):
            assert CodedSizes(name).of(whole[:length]) in (None, (96, 64))


def test_any_bytes_are_told_or_not_but_raise_nothing() -> None:
    rng = np.random.default_rng(0)
    for name in ("mpeg1video", "mpeg2video", "vp8", "vp9", "av1"):
        sizes = CodedSizes(name)
        for length in rng.integers(0, 60, 500):
            told = sizes.of(rng.integers(0, 256, length, np.uint8).tobytes())
            assert told is None or [type(side) for side in told] == [int, int]


def bits(*parts: tuple[int, int]) -> bytes:
    """Numbers of so many bits each, filled up with noughts."""
    text = "".join(f"{value:0{count}b}" for value, count in parts)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big") + bytes(4)


def test_mpeg_2_has_two_more_bits_for_each_side_in_an_extension() -> None:
    sequence = b"\0\0\1\xb3" + bits((1664, 12), (64, 12), (0x13, 8))[:8]
    extension = b"\0\0\1\xb5" + bits((1, 4), (0, 11), (1, 2), (2, 2))[:6]
    display = b"\0\0\1\xb5" + bits((2, 4), (0, 11), (3, 2), (3, 2))[:6]
    picture = b"\0\0\1\x00\x12\x34"
    assert CodedSizes("mpeg2video").of(sequence + extension + display + picture) == (4096 + 1664, 2 * 4096 + 64)
    assert CodedSizes("mpeg2video").of(picture + b"\0\0\1\x01" + sequence) is None
    assert CodedSizes("mpeg1video").of(sequence + picture) == (1664, 64)


KEY = ((2, 2), (0, 2), (0, 1), (0, 1), (1, 1), (0, 1), (0x498342, 24), (1, 3), (0, 1))
"""Of VP9 up to the size: profile 0, a key picture that is shown."""
INTER = ((2, 2), (0, 2), (0, 1), (1, 1), (1, 1), (0, 1), (0, 2))
"""A picture that refers to others."""


def size_of(width: int, height: int) -> tuple[tuple[int, int], ...]:
    return (width - 1, 16), (height - 1, 16)


def references(*places: int) -> tuple[tuple[int, int], ...]:
    return tuple(part for place in places for part in ((place, 3), (0, 1)))


def test_a_picture_of_vp9_may_have_a_size_of_its_own_or_that_of_one_it_refers_to() -> None:
    sizes = CodedSizes("vp9")
    assert sizes.of(bits(*INTER, (0, 8), *references(0, 0, 0), (1, 1))) is None  # of a picture that was not read
    assert sizes.of(bits(*KEY, *size_of(640, 360))) == (640, 360)
    assert sizes.of(bits(*INTER, (1, 8), *references(0, 1, 2), (1, 1))) == (640, 360)
    smaller = bits(*INTER, (0b100, 8), *references(0, 1, 2), (0, 3), *size_of(320, 180))
    assert sizes.of(smaller) == (320, 180)
    assert sizes.of(bits(*INTER, (0, 8), *references(2, 1, 0), (1, 1))) == (320, 180)
    assert sizes.of(bits(*INTER, (0, 8), *references(0, 2, 0), (0, 1), (1, 1))) == (320, 180)
    assert sizes.of(bits(*INTER, (0, 8), *references(0, 1, 2), (1, 1))) == (640, 360)
    hidden = ((2, 2), (0, 2), (0, 1), (1, 1), (0, 1), (0, 1), (1, 1), (0, 2), (0x498342, 24), (0xFF, 8))
    assert sizes.of(bits(*hidden, *size_of(64, 48))) == (64, 48)
    assert sizes.of(bits(*INTER, (0, 8), *references(0, 1, 2), (1, 1))) == (64, 48)
    assert sizes.of(bits((2, 2), (0, 2), (1, 1), (5, 3))) is None


def test_several_pictures_of_vp9_in_a_packet_have_an_index_behind_them() -> None:
    first = bits(*KEY, *size_of(640, 360))
    second = bits(*INTER, (0, 8), *references(0, 1, 2), (0, 3), *size_of(320, 180))
    index = bytes([0b110_01_001, *len(first).to_bytes(2, "little"), *len(second).to_bytes(2, "little"), 0b110_01_001])
    assert CodedSizes("vp9").of(first + second + index) == (320, 180)
    assert CodedSizes("vp9").of(first) == (640, 360)


@pytest.mark.parametrize("profile", [1, 2, 3])
def test_other_profiles_of_vp9_have_more_before_the_size(profile: int) -> None:
    begin = [(2, 2), (profile & 1, 1), (profile >> 1, 1), *repeat((0, 1), profile == 3), (0, 1), (0, 1), (1, 1), (0, 1)]
    deep, sampled = repeat((1, 1), profile >= 2), repeat((0, 3), profile in (1, 3))
    plain = (*begin, (0x498342, 24), *deep, (2, 3), (0, 1), *sampled, *size_of(640, 360))
    assert CodedSizes("vp9").of(bits(*plain)) == (640, 360)


def test_a_sequence_of_av1_may_say_much_before_its_size() -> None:
    model = ((1, 1), (0, 64), (1, 1), (0b00101, 5), (1, 1), (9, 5), (7, 32), (3, 5), (4, 5))
    point, high = ((0, 12), (5, 5), (1, 1), (0, 21), (1, 1), (2, 4)), ((0, 12), (9, 5), (1, 1), (0, 1), (0, 1))
    sequence = bits(
        (0, 3), (0, 1), (0, 1), *model, (1, 1), (1, 5), *point, *high, (10, 4), (9, 4), (1279, 11), (719, 10)
    )  # fmt: skip
    delimiter = bytes([2 << 3 | 2, 0])
    assert CodedSizes("av1").of(delimiter + bytes([1 << 3 | 2, len(sequence)]) + sequence) == (1280, 720)
    extended = bytes([1 << 3 | 4 | 2, 0, 0x80 | len(sequence), 0]) + sequence
    assert CodedSizes("av1").of(delimiter + extended) == (1280, 720)
    assert CodedSizes("av1").of(bytes([1 << 3]) + bits((0, 4), (1, 1), (8, 5), (5, 4), (5, 4), (63, 6), (47, 6))) == (
        64, 48
    )  # fmt: skip
    assert CodedSizes("av1").of(delimiter) is None


def test_a_frame_of_av1_with_a_size_of_its_own_is_told() -> None:
    """One of the encoder's ways to save bits: frames between key pictures at a smaller size."""
    sizes = CodedSizes("libdav1d")
    options = {"preset": "12", "svtav1-params": "resize-mode=1:resize-denom=14:pred-struct=1"}
    told = [sizes.of(data) for data, _ in packets("libsvtav1", options, (640, 360))]
    assert (0, 0) in told
    assert set(told) <= {(640, 360), (0, 0), None}
