"""Addresses that were given in place of files."""

from __future__ import annotations

import re
from pathlib import Path

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):(/|\?xt=)", re.IGNORECASE)
_SAID = {
    "file": "is an address, give the path alone",
    **dict.fromkeys(("smb", "cifs", "nfs", "afp"), "is the address of a share, mount it and give the path"),
    **dict.fromkeys(
        ("rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "tcp", "srt", "rist", "mms", "mmsh", "mmst"),
        "is an address of a live stream, record it and give the file",
    ),
}
"""How addresses are refused that are not to be downloaded, by their scheme."""


def address_line(path: Path) -> str | None:
    """The line about an address; None for what is none."""
    address = _ADDRESS.match(str(path))
    return _SAID.get(address[1].lower(), "is an address, download it and give the file") if address else None


def as_typed(path: Path) -> str:
    """A path as people know it: an address with the slashes that a path has only one of. What exists is none."""
    text = str(path)
    address = _ADDRESS.match(text)
    if address is None or address[2] != "/" or path.exists():
        return text
    return f"{address[1]}:{'///' if address[1].lower() == 'file' else '//'}{text[address.end():]}"
