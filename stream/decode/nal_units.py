"""Reads NAL unit headers of H.264 and HEVC: which packets no other picture needs, and at which decoding can begin.

H.264 (ITU-T H.264, 7.4.1): `nal_ref_idc` is 0 in every slice of a picture that nothing refers to. HEVC (ITU-T H.265,
7.4.2.2): a picture of an even NAL unit type below 16 is not referred to by pictures of *its own* temporal sub-layer.
Higher sub-layers may still refer to it; lower ones never refer to a higher one. So it can be left out only when it
belongs to the highest sub-layer of the sequence.
"""

from __future__ import annotations

from collections.abc import Iterator

from .coded_sizes import av1_sequences

_START_CODE = b"\0\0\1"
_H264_SLICES = frozenset((1, 2, 3, 4, 5, 20, 21))
"""Slices, data partitions, and the slices of further views and layers."""
_H264_PARAMETERS = frozenset((7, 8, 13, 15))
_HEVC_SLICES_END = 32
_HEVC_NON_REFERENCE_END = 16
_HEVC_PARAMETERS = frozenset((32, 33, 34))
_H264_IDR, _H264_HEADERS = frozenset((5,)), frozenset((7, 8))
_HEVC_IDR = frozenset((19, 20))
_HEVC_SPS = 33
_H264_SPS = 7


class NonReference:
    """Finds the packets of one stream that can be left out without damage to other pictures.

    codec: name of the codec in FFmpeg. extradata: the stream's header in the container. Packets of codecs other than
    H.264 and HEVC, and packets that cannot be read, count as needed.
    """

    def __init__(self, codec: str, extradata: bytes | None) -> None:
        self._codec = codec
        self._prefix = prefix_length(codec, extradata)
        self._highest_layer: int | None = None
        if codec == "hevc" and extradata:
            self._look_for_layers(parameter_sets(codec, extradata))

    def holds(self, data: bytes | memoryview) -> bool:
        """Whether the packet holds a picture that no other refers to, and nothing else that later pictures need."""
        if self._codec == "h264":
            return self._h264(data)
        return self._codec == "hevc" and self._hevc(data)

    def _h264(self, data: bytes | memoryview) -> bool:
        slices = 0
        for unit in units(data, self._prefix):
            header = unit[0]
            kind = header & 31
            if kind in _H264_PARAMETERS or (kind in _H264_SLICES and header & 0x60):
                return False
            slices += kind in _H264_SLICES
        return slices > 0

    def _hevc(self, data: bytes | memoryview) -> bool:
        slices, needed = 0, False
        for unit in units(data, self._prefix):
            if len(unit) < 2:
                return False
            kind, layer = unit[0] >> 1 & 63, (unit[1] & 7) - 1
            if kind in _HEVC_PARAMETERS:
                needed = True
                self._note_layers(kind, unit)
            elif kind < _HEVC_SLICES_END:
                slices += 1
                needed |= kind >= _HEVC_NON_REFERENCE_END or kind % 2 == 1 or layer != self._highest_layer
        return slices > 0 and not needed

    def _look_for_layers(self, annex_b: bytes) -> None:
        for unit in units(annex_b, 0):
            self._note_layers(unit[0] >> 1 & 63, unit)

    def _note_layers(self, kind: int, unit: memoryview) -> None:
        # sps_video_parameter_set_id (4 bits), sps_max_sub_layers_minus1 (3 bits): H.265, 7.3.2.2.
        if kind == _HEVC_SPS and len(unit) > 2:
            self._highest_layer = max(unit[2] >> 1 & 7, self._highest_layer or 0)


class FreshStart:
    """Finds the packets of one stream at which a decoder can begin that knows only the container's header: those of IDR
    pictures (H.264, 7.4.1.2.4; H.265, 8.1.3). No picture after an IDR picture refers to one before it.

    Once a packet has brought parameter sets, an IDR picture counts only when its packet has all of them. So `holds`
    must be called for every packet, in decoding order. For codecs other than H.264 and HEVC it always returns False.
    """

    def __init__(self, codec: str, extradata: bytes | None) -> None:
        self._prefix = prefix_length(codec, extradata)
        self._is_h264, self._known = codec == "h264", codec in ("h264", "hevc")
        self._idr, self._sets = (_H264_IDR, _H264_HEADERS) if self._is_h264 else (_HEVC_IDR, _HEVC_PARAMETERS)
        self._header_suffices = bool(parameter_sets(codec, extradata))

    def holds(self, data: bytes | memoryview) -> bool:
        """Whether a decoder can begin at this packet."""
        if not self._known:
            return False
        kinds = {unit[0] & 31 if self._is_h264 else unit[0] >> 1 & 63 for unit in units(data, self._prefix)}
        brought = kinds & self._sets
        self._header_suffices &= not brought
        return bool(kinds & self._idr) and (self._header_suffices or brought == self._sets)


def units(data: bytes | memoryview, prefix: int) -> Iterator[memoryview]:
    """The NAL units of a packet without the empty ones. Units are separated by start codes when `prefix` is 0; else
    each follows its length, a big-endian number of `prefix` bytes. After a wrong length, yields one unit that looks
    like a slice of a key picture, so that the packet counts as needed."""
    return _after_lengths(memoryview(data), prefix) if prefix else _after_start_codes(bytes(data))


def _after_start_codes(data: bytes) -> Iterator[memoryview]:
    view, begin = memoryview(data), data.find(_START_CODE)
    while begin >= 0:
        begin += len(_START_CODE)
        end = data.find(_START_CODE, begin)
        unit = view[begin:] if end < 0 else view[begin:end]
        if len(unit):
            yield unit
        begin = end


_UNREADABLE = memoryview(b"\x25\x01")
"""A slice of a key picture in both codecs."""


def _after_lengths(view: memoryview, prefix: int) -> Iterator[memoryview]:
    place = 0
    while place + prefix <= len(view):
        length = int.from_bytes(view[place : place + prefix], "big")
        place += prefix
        if place + length > len(view):
            yield _UNREADABLE
            return
        if length:
            yield view[place : place + length]
        place += length


def sequence_headers(codec: str, annex_b: bytes) -> bytes:
    """The sequence parameter sets before the first slice of a packet, of AV1 its sequence headers; empty without.
    When they change, a hardware decoder has to be opened again."""
    found: list[bytes] = []
    if codec in ("av1", "libdav1d"):
        return av1_sequences(annex_b)
    if codec not in ("h264", "hevc"):
        return b""
    for unit in units(annex_b, 0):
        kind = unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63
        if kind in (_H264_SLICES if codec == "h264" else range(_HEVC_SLICES_END)):
            break
        if kind == (_H264_SPS if codec == "h264" else _HEVC_SPS):
            found.append(bytes(unit).rstrip(b"\0"))
    return b"".join(dict.fromkeys(found))


def prefix_length(codec: str, extradata: bytes | None) -> int:
    """How many bytes the length before each NAL unit has, by the header in the container; 0: start codes (Annex B).

    ISO/IEC 14496-15, 5.3.3.1 (AVCDecoderConfigurationRecord) and 8.3.3.1 (HEVCDecoderConfigurationRecord).
    """
    place = {"h264": 4, "hevc": 21}.get(codec)
    if place is None or not extradata or len(extradata) <= place or extradata[0] != 1:
        return 0
    return (extradata[place] & 3) + 1


def parameter_sets(codec: str, extradata: bytes | None) -> bytes:
    """The parameter sets in a container's header, each after a start code (Annex B); empty when it has none."""
    if not extradata:
        return b""
    if not prefix_length(codec, extradata):
        return extradata if extradata.startswith((_START_CODE, b"\0" + _START_CODE)) else b""
    sets = _avc_sets(extradata) if codec == "h264" else _hevc_sets(extradata)
    return b"".join(b"\0" + _START_CODE + one for one in sets)


def _avc_sets(header: bytes) -> Iterator[bytes]:
    place = 5
    for mask in (31, 255):
        if place >= len(header):
            return
        count, place = header[place] & mask, place + 1
        for _ in range(count):
            one, place = _sized(header, place)
            yield one


def _hevc_sets(header: bytes) -> Iterator[bytes]:
    if len(header) < 23:
        return
    place = 23
    for _ in range(header[22]):
        count = int.from_bytes(header[place + 1 : place + 3], "big")
        place += 3
        for _ in range(count):
            one, place = _sized(header, place)
            yield one


def _sized(header: bytes, place: int) -> tuple[bytes, int]:
    begin = place + 2
    end = begin + int.from_bytes(header[place:begin], "big")
    return header[begin:end], end
