"""Packets of VP8 and VP9 whose picture is never shown: others refer to it (alternate reference frames).

VP8 (RFC 6386, 9.1): bit 4 of a frame's first byte says whether it is shown. VP9 (bitstream specification, 6.2): so does
a bit of the uncompressed header, unless the packet is a superframe (annex B), which holds a shown picture as well. A
temporal unit of AV1 has one shown picture, whatever else it holds.
"""

from __future__ import annotations


def is_hidden(codec: str, data: bytes | memoryview) -> bool:
    """Whether the packet holds no picture that is shown; False for codecs other than VP8 and VP9."""
    if codec not in ("vp8", "vp9"):
        return False
    view = memoryview(data)
    if not len(view):
        return False
    first = view[0]
    if codec == "vp8":
        return not first & 0x10
    if first >> 6 != 2 or view[-1] & 0xE0 == 0xC0:
        return False
    # Profile 3 has a reserved bit before show_existing_frame, frame_type, show_frame.
    flags = first >> (0 if first & 0x30 == 0x30 else 1)
    return not flags & 0b101
