"""The files that pages load: held in memory, under a path that names their content, so that browsers may keep them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from fastapi import Response

from ..problems import Problem

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Assets:
    """digest: of all files together, hexadecimal; files: name → content."""

    digest: str
    files: dict[str, bytes]

    def path(self, name: str) -> str:
        """Where pages find a file. Raises KeyError for one that is not there."""
        self.files[name]
        return f"/static/{self.digest}/{name}"

    def answer(self, digest: str, name: str) -> Response:
        """A file. A page from before an update gets the new one, and does not keep it. Raises Problem 404."""
        content = self.files.get(name)
        if content is None:
            raise Problem(404, "Not Found", f"no page has a file {name}")
        kept = _FOR_EVER if digest == self.digest else "no-cache"
        media_type = _TYPES[name.rsplit(".", 1)[1]]
        return Response(content, media_type=media_type, headers={"Cache-Control": kept})


@cache
def assets() -> Assets:
    """Those of this package."""
    folder = resources.files(__package__).joinpath("static")
    files = {one.name: one.read_bytes() for one in sorted(folder.iterdir(), key=lambda one: one.name)}
    digest = hashlib.sha256(b"".join(name.encode() + b"\0" + content for name, content in files.items()))
    return Assets(digest.hexdigest()[:16], files)
