"""The name of a codec that FFmpeg does not know, as it stands in the file: FFmpeg says it, PyAV does not."""

from __future__ import annotations

import re
from pathlib import Path

import av.logging

from .container import open_container

_SAID = re.compile(r"Video: none \(([^/)]+?) ?/")


def unknown_codec(path: Path) -> str | None:
    """The tag (FourCC) of the codec of the first video stream that has no decoder; None where the file has none.

    Opens the file once more and listens to what FFmpeg says of it. Raises KeyartError like `open_container`.
    """
    level, skips = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.WARNING)
    av.logging.set_skip_repeated(False)
    try:
        with av.logging.Capture() as said, open_container(path):
            pass
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skips)
    found = (_SAID.search(message) for _, _, message in said)
    return next((match[1] for match in found if match), None)
