"""Reads the size of pictures from the bitstream of codecs whose size may change without parameter sets: MPEG-1 and 2
(ISO/IEC 13818-2, 6.2.2.1 and 6.2.2.3), VP8 (RFC 6386, 9.1), VP9 (its bitstream specification, 7.2) and AV1 (5.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

Size = tuple[int, int]
"""(width, height)"""

_SEQUENCE, _EXTENSION, _SLICES = 0xB3, 0xB5, range(0x01, 0xB0)
_SEQUENCE_EXTENSION = 1
_VP8_START, _VP9_SYNC = b"\x9d\x01\x2a", 0x498342
_VP9_RGB = 7
_OBU_SEQUENCE, _OBU_FRAMES = 1, (3, 6)
_AV1_KEY, _AV1_SWITCH = 0, 3
_OTHER = 0, 0


class CodedSizes:
    """Tells the size of the pictures of one stream, packet by packet in decoding order.

    codec: name of the codec, or of its decoder, in FFmpeg; of H.264, HEVC and those unknown here nothing is told. A
    frame of AV1 that has a size of its own, apart from its sequence, is 0 by 0.
    """

    def __init__(self, codec: str) -> None:
        self._reader = _MEMORIES[codec]().size if codec in _MEMORIES else _READERS.get(codec)
        self.at_any_picture = codec in _MEMORIES
        """Whether the size may change elsewhere than at a key picture."""

    def of(self, data: bytes) -> Size | None:
        """The size of the last picture in a packet, as far as the packet says it; None where it says none, or cannot be
        read."""
        try:
            return None if self._reader is None else self._reader(data)
        except IndexError:
            return None


class _Bits:
    """Reads bits from the beginning of `data`. Raises IndexError behind its end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def read(self, count: int) -> int:
        """The next `count` bits as a number."""
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._place >> 3] >> (7 - (self._place & 7)) & 1
            self._place += 1
        return value

    def skip(self, count: int) -> None:
        """Passes over `count` bits."""
        self._place += count

    def skip_exponential(self) -> None:
        """Passes over a number in uvlc()."""
        zeros = 0
        while not self.read(1):
            zeros += 1
        self.skip(zeros)


def _mpeg(data: bytes) -> Size | None:
    size: Size | None = None
    for code, begin in _start_codes(data):
        if code in _SLICES:
            break
        if code == _SEQUENCE:
            bits = _Bits(data[begin : begin + 3])
            size = bits.read(12), bits.read(12)
        elif code == _EXTENSION and size is not None and data[begin] >> 4 == _SEQUENCE_EXTENSION:
            bits = _Bits(data[begin : begin + 3])
            bits.skip(15)
            size = bits.read(2) << 12 | size[0], bits.read(2) << 12 | size[1]
    return size


def _start_codes(data: bytes) -> Iterator[tuple[int, int]]:
    """(value, place of the first byte behind it) of each start code."""
    place = data.find(b"\0\0\1")
    while 0 <= place < len(data) - 3:
        yield data[place + 3], place + 4
        place = data.find(b"\0\0\1", place + 3)


def _vp8(data: bytes) -> Size | None:
    if data[0] & 1 or data[3:6] != _VP8_START:
        return None
    return (data[6] | data[7] << 8) & 0x3FFF, (data[8] | data[9] << 8) & 0x3FFF


class _Vp9:
    """Also knows the sizes of the eight pictures that others may refer to: a picture may have the size of one."""

    def __init__(self) -> None:
        self._kept: list[Size | None] = [None] * 8

    def size(self, data: bytes) -> Size | None:
        sizes = [size for frame in _vp9_frames(data) if (size := self._frame(_Bits(frame))) is not None]
        return sizes[-1] if sizes else None

    def _frame(self, bits: _Bits) -> Size | None:
        if bits.read(2) != 2:
            return None
        profile = bits.read(1) | bits.read(1) << 1
        bits.skip(profile == 3)
        if bits.read(1):  # shows a picture that was decoded before
            return None
        key, shown, resilient = not bits.read(1), bits.read(1), bits.read(1)
        intra_only = not key and not shown and bits.read(1)
        bits.skip(0 if key or resilient else 2)
        if key or intra_only:
            if bits.read(24) != _VP9_SYNC:
                return None
            if key or profile:
                _skip_colours(bits, profile)
            refreshed = 0xFF if key else bits.read(8)
            return self._keep(_explicit(bits), refreshed)
        refreshed = bits.read(8)
        references = [(bits.read(3), bits.read(1))[0] for _ in range(3)]
        known = next((reference for reference in references if bits.read(1)), None)
        return self._keep(_explicit(bits) if known is None else self._kept[known], refreshed)

    def _keep(self, size: Size | None, refreshed: int) -> Size | None:
        self._kept = [size if refreshed >> place & 1 else kept for place, kept in enumerate(self._kept)]
        return size


def _skip_colours(bits: _Bits, profile: int) -> None:
    bits.skip(profile >= 2)
    rgb, subsampled = bits.read(3) == _VP9_RGB, profile in (1, 3)
    bits.skip(subsampled if rgb else 1 + 3 * subsampled)


def _explicit(bits: _Bits) -> Size:
    return bits.read(16) + 1, bits.read(16) + 1


def _vp9_frames(data: bytes) -> list[bytes]:
    """The frames of a packet, which is one frame or has an index at its end (Annex B)."""
    last = data[-1]
    count, nbytes = (last & 7) + 1, (last >> 3 & 3) + 1
    begin = len(data) - 2 - count * nbytes
    if last >> 5 != 6 or begin < 0 or data[begin] != last:
        return [data]
    frames, place = list[bytes](), 0
    for number in range(count):
        at = begin + 1 + number * nbytes
        length = int.from_bytes(data[at : at + nbytes], "little")
        frames.append(data[place : place + length])
        place += length
    return [frame for frame in frames if frame]


class _Av1:
    """Remembers the sequence: a frame header cannot be read without it."""

    def __init__(self) -> None:
        self._sequence: _Av1Sequence | None = None

    def size(self, data: bytes) -> Size | None:
        """(0, 0) where a frame has a size of its own, whatever it is: FFmpeg tells it."""
        found: Size | None = None
        for kind, begin, end in _obus(data):
            if kind == _OBU_SEQUENCE:
                self._sequence = _av1_sequence(_Bits(data[begin:end]))
                found = self._sequence.size
            elif kind in _OBU_FRAMES and self._sequence and _has_own_size(_Bits(data[begin:end]), self._sequence):
                return _OTHER
        return found


def _obus(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, begin and end of what is in each unit of a packet of AV1 (5.3). Raises IndexError where it breaks off."""
    place = 0
    while place < len(data):
        header = data[place]
        place += 2 if header & 4 else 1
        length = len(data) - place
        if header & 2:
            length, place = _leb128(data, place)
        yield header >> 3 & 15, place, place + length
        place += length


def av1_sequences(data: bytes) -> bytes:
    """The sequence headers of a packet of AV1, each once; empty where it has none or cannot be read."""
    try:
        found = [data[begin:end] for kind, begin, end in _obus(data) if kind == _OBU_SEQUENCE]
    except IndexError:
        return b""
    return b"".join(dict.fromkeys(found))


def _leb128(data: bytes, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the place behind it."""
    value = shift = 0
    while True:
        byte = data[place]
        value, place, shift = value | (byte & 127) << shift, place + 1, shift + 7
        if not byte & 128:
            return value, place


class _Av1Sequence(NamedTuple):
    """What of a sequence header is needed to read a frame's (5.5). `reduced`: of a still picture. `time_bits`: of a
    frame's time of presentation, 0 where frames have none. `id_bits`: of a frame's number, 0 likewise. `screen`,
    `whole_vectors`: 2 where each frame says it."""

    size: Size
    reduced: bool
    time_bits: int
    id_bits: int
    screen: int
    whole_vectors: int


def _av1_sequence(bits: _Bits) -> _Av1Sequence:
    bits.skip(4)  # seq_profile, still_picture
    reduced, time_bits = bool(bits.read(1)), 0
    if reduced:
        bits.skip(5)
    else:
        delay_bits, time_bits = _model(bits)
        _skip_operating_points(bits, delay_bits)
    widths, heights = bits.read(4) + 1, bits.read(4) + 1
    size = bits.read(widths) + 1, bits.read(heights) + 1
    if reduced:
        return _Av1Sequence(size, reduced, 0, 0, 2, 2)
    id_bits = bits.read(4) + 2 + bits.read(3) + 1 if bits.read(1) else 0
    bits.skip(3 + 4)  # blocks of 128, intra filters; four kinds of prediction
    bits.skip(2 if bits.read(1) else 0)
    screen = 2 if bits.read(1) else bits.read(1)
    whole_vectors = 2 if not screen or bits.read(1) else bits.read(1)
    return _Av1Sequence(size, reduced, time_bits, id_bits, screen, whole_vectors)


def _has_own_size(bits: _Bits, sequence: _Av1Sequence) -> bool:
    """Whether a frame says its size apart from its sequence (5.9.2)."""
    if sequence.reduced or bits.read(1):  # of a still picture; or one is shown that was decoded before
        return False
    kind, shown = bits.read(2), bits.read(1)
    bits.skip(sequence.time_bits if shown else 1)
    if not (kind == _AV1_SWITCH or (kind == _AV1_KEY and shown)):
        bits.skip(1)  # error_resilient_mode
    bits.skip(1)
    screen = bits.read(1) if sequence.screen == 2 else sequence.screen
    if screen and sequence.whole_vectors == 2:
        bits.skip(1)
    bits.skip(sequence.id_bits)
    return kind == _AV1_SWITCH or bool(bits.read(1))


def _model(bits: _Bits) -> tuple[int, int]:
    """Passes over timing and decoder model; how many bits a delay and a frame's time have, 0 without such."""
    if not bits.read(1):
        return 0, 0
    bits.skip(64)
    evenly = bits.read(1)
    if evenly:
        bits.skip_exponential()
    if not bits.read(1):
        return 0, 0
    delay_bits = bits.read(5) + 1
    bits.skip(37)
    time_bits = bits.read(5) + 1
    return delay_bits, 0 if evenly else time_bits


def _skip_operating_points(bits: _Bits, delay_bits: int) -> None:
    displayed = bits.read(1)
    for _ in range(bits.read(5) + 1):
        bits.skip(12)
        bits.skip(bits.read(5) > 7)
        if delay_bits and bits.read(1):
            bits.skip(2 * delay_bits + 1)
        if displayed and bits.read(1):
            bits.skip(4)


_READERS: dict[str, Callable[[bytes], Size | None]] = {
    "mpeg1video": _mpeg,
    "mpeg2video": _mpeg,
    "vp8": _vp8,
}
_MEMORIES: dict[str, type[_Vp9 | _Av1]] = {"vp9": _Vp9, "av1": _Av1, "libdav1d": _Av1}
"""Codecs whose pictures between key pictures may have another size."""
