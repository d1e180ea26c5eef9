"""Reads the size of pictures from the bitstream of codecs whose size may change without parameter sets: MPEG-1 and 2
(ISO/IEC 13818-2, 6.2.2.1 and 6.2.2.3), VP8 (RFC 6386, 9.1), VP9 (its bitstream specification, 7.2) and AV1 (5.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

Size = tuple[int, int]
"""(width, height)"""

_SEQUENCE, _EXTENSION, _SLICES = 0xB3, 0xB5, range(0x01, 0xB0)
_SEQUENCE_EXTENSION = 1
_VP8_START, _VP9_SYNC = b"\x9d\x01\x2a", 0x498342
_VP9_RGB = 7
_OBU_SEQUENCE = 1


class CodedSizes:
    """Tells the size of the pictures of one stream, packet by packet in decoding order.

    codec: name of the codec, or of its decoder, in FFmpeg; of H.264, HEVC and those unknown here nothing is told. A
    frame of AV1 may be smaller than its sequence says; such frames are not told apart.
    """

    def __init__(self, codec: str) -> None:
        self._reader = _Vp9().size if codec == "vp9" else _READERS.get(codec)
        self.at_any_picture = codec == "vp9"
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


def _av1(data: bytes) -> Size | None:
    place = 0
    while place < len(data):
        header = data[place]
        place += 2 if header & 4 else 1
        length = len(data) - place
        if header & 2:
            length, place = _leb128(data, place)
        if header >> 3 & 15 == _OBU_SEQUENCE:
            return _av1_sequence(_Bits(data[place : place + length]))
        place += length
    return None


def _leb128(data: bytes, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the place behind it."""
    value = shift = 0
    while True:
        byte = data[place]
        value, place, shift = value | (byte & 127) << shift, place + 1, shift + 7
        if not byte & 128:
            return value, place


def _av1_sequence(bits: _Bits) -> Size:
    bits.skip(4)  # seq_profile, still_picture
    if bits.read(1):  # reduced_still_picture_header
        bits.skip(5)
    else:
        _skip_operating_points(bits, _delay_bits(bits))
    widths, heights = bits.read(4) + 1, bits.read(4) + 1
    return bits.read(widths) + 1, bits.read(heights) + 1


def _delay_bits(bits: _Bits) -> int:
    """Passes over timing and decoder model; how many bits a delay has, 0 without a model."""
    if not bits.read(1):
        return 0
    bits.skip(64)
    if bits.read(1):
        bits.skip_exponential()
    if not bits.read(1):
        return 0
    count = bits.read(5) + 1
    bits.skip(42)
    return count


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
    "av1": _av1,
    "libdav1d": _av1,
}
