"""Fonts of Debian's packages for what is drawn: fetched into a folder, opened, asked which characters they have."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import platformdirs
from PIL import ImageFont

from stream.errors import KeyartError

_MISSING = "\U0010fffe"
"""A character that no font has: it is drawn as the box that stands for a missing glyph."""
_ASKED_AT_PX = 24


@dataclass(frozen=True, slots=True)
class FontFace:
    """One face of a font file."""

    path: Path
    index: int = 0

    @property
    def name(self) -> str:
        """For reports."""
        return self.path.stem + (f"#{self.index}" if self.index else "")

    def at(self, size_px: int) -> ImageFont.FreeTypeFont:
        """The face at the size of its em square, pixels."""
        return _opened(self.path, self.index, size_px)

    def draws(self, text: str) -> bool:
        """Whether it has a glyph for every character of `text`, spaces aside."""
        return all(_has_glyph(self.path, self.index, character) for character in set(text) - {" "})


def cache_folder(name: str) -> Path:
    """A folder for fonts in the user's cache folder."""
    return Path(platformdirs.user_cache_dir("keyart")) / name


def font_files(folders: Iterable[Path]) -> dict[str, Path]:
    """File name → path of the fonts below folders, by name; of equal names one."""
    found = {path.name: path for folder in folders for path in sorted(folder.rglob("*.[to]t[fc]"))}
    return dict(sorted(found.items()))


def fetch(packages: Iterable[str], folder: Path, elsewhere: Iterable[Path] = ()) -> None:
    """Downloads packages with apt and unpacks each below `folder`, whole or not at all; installs nothing. Those that
    are there, or in a folder of `elsewhere`, are not fetched again. Raises KeyartError."""
    places = (folder, *elsewhere)
    for package in packages:
        if any((place / package).is_dir() for place in places):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            _run(["apt-get", "-qq", "download", package], scratch)
            for archive in Path(scratch).glob("*.deb"):
                _run(["dpkg", "-x", archive.name, package], scratch)
            (Path(scratch) / package).rename(folder / package)


@lru_cache(maxsize=1024)
def _opened(path: Path, index: int, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size_px, index=index, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=200_000)
def _has_glyph(path: Path, index: int, character: str) -> bool:
    font = _opened(path, index, _ASKED_AT_PX)
    try:
        mask = bytes(font.getmask(character))
        return any(mask) and mask != bytes(font.getmask(_MISSING))
    except OSError:  # FreeType cannot run the instructions of some old fonts' glyphs
        return False


def _run(command: list[str], folder: str) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise KeyartError(f"{command[0]} is not there: fonts are fetched on Debian alone") from error
    except subprocess.CalledProcessError as error:
        raise KeyartError(f"{' '.join(command)}: {error.stderr.strip()}") from error
