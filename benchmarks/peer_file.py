"""Films for other programs, which open whatever they are given: only those that Keyart opens, under a plain name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from stream.decode.container import open_container


@contextmanager
def peer_file(video: Path) -> Iterator[Path]:
    """A link to the film, absolute, in a folder of its own: no name that FFmpeg takes for an address or a pattern.

    Raises KeyartError for what `open_container` refuses.
    """
    open_container(video).close()
    with TemporaryDirectory(prefix="keyart-bench-") as folder:
        link = Path(folder) / f"film{video.suffix}"
        link.symlink_to(video.absolute())
        yield link
