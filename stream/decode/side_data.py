"""What FFmpeg attaches to a picture: display matrix, stereo packing, light levels, metadata of Dolby Vision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import av
from av.sidedata.sidedata import Type


def side_data(frame: av.VideoFrame, kind: Type) -> bytes:
    """The bytes of the side data of this kind that the frame carries; empty without any, and where one of them is of a
    kind that PyAV does not know (EXIF of a JPEG or TIFF, before PyAV 19), for then it hands over none."""
    try:
        carried: Mapping[Any, Any] = frame.side_data
    except ValueError:
        return b""
    found = carried.get(kind)
    return b"" if found is None else bytes(found)
