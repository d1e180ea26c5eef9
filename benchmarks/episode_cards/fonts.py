"""The fonts of the cards: fetched from Debian's packages, one side for calibration, another for the test."""

from __future__ import annotations

import subprocess
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import platformdirs
from PIL import ImageFont

from stream.errors import KeyartError

from .wording import SCRIPTS, Random, Script

Purpose = Literal["calibration", "test"]
PURPOSES: tuple[Purpose, ...] = ("calibration", "test")
_MISSING = "\U0010fffe"
"""A character that no font has: it is drawn as the box that stands for a missing glyph."""
_LEFT_OUT = ("ExtraLight", "Hairline", "Thin", "UltraLight", "LinBiolinum_K", "LinLibertine_I")
"""Weights whose strokes are thinner than a pixel at the size of a caption; keys of a keyboard; initials."""


@dataclass(frozen=True, slots=True)
class FontFace:
    """One face of a font file."""

    path: Path
    index: int = 0

    @property
    def name(self) -> str:
        """For the report."""
        return self.path.stem + (f"#{self.index}" if self.index else "")

    def at(self, size_px: int) -> ImageFont.FreeTypeFont:
        """The face at the size of its em square, pixels."""
        return _opened(self.path, self.index, size_px)

    def draws(self, text: str) -> bool:
        """Whether it has a glyph for every character."""
        return all(_has_glyph(self.path, self.index, character) for character in set(text) - {" "})


@dataclass(frozen=True, slots=True)
class Fonts:
    """The designs of one side by script, each with its faces."""

    designs: dict[Script, tuple[tuple[FontFace, ...], ...]]

    def choose(self, rng: Random, script: Script, texts: Sequence[str]) -> FontFace:
        """A face that can draw all `texts`; each design alike. Raises KeyartError when none can."""
        designs = self.designs[script]
        joined = "".join(texts)
        for place in rng.permutation(len(designs)).tolist():
            faces: list[FontFace] = [face for face in designs[place] if face.draws(joined)]
            if faces:
                return faces[int(rng.integers(len(faces)))]
        raise KeyartError(f"no font of the cards in {script} draws {joined!r}")


def default_folders() -> tuple[Path, ...]:
    """Where fonts are sought and fetched to: below the user's cache folder."""
    cache = Path(platformdirs.user_cache_dir("keyart"))
    return cache / "card-fonts", cache / "fonts"


def designs() -> dict[str, Any]:
    """`fonts.toml`."""
    return tomllib.loads(files(__package__).joinpath("fonts.toml").read_text("utf-8"))


def fonts_of(purpose: Purpose, folders: Sequence[Path] | None = None) -> Fonts:
    """The faces of one side that lie below these folders. Raises KeyartError when a script has none."""
    found = {path.name: path for folder in folders or default_folders() for path in sorted(folder.rglob("*.[to]t[fc]"))}
    table = designs()[purpose]
    chosen: dict[Script, tuple[tuple[FontFace, ...], ...]] = {}
    for script in SCRIPTS:
        chosen[script] = tuple(faces for design in table[script] if (faces := _faces(design, found)))
        if len(chosen[script]) < len(table[script]):
            raise KeyartError(f"fonts of the cards in {script} are missing: `python -m benchmarks.episode_cards fonts`")
    return Fonts(chosen)


def fetch(folder: Path) -> None:
    """Downloads the packages of `fonts.toml` with apt and unpacks them below `folder`; installs nothing. Packages that
    lie in another of the `default_folders` are not fetched again. Raises KeyartError."""
    for package in designs()["packages"]:
        if any((place / package).is_dir() for place in (folder, *default_folders())):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            _run(["apt-get", "-qq", "download", package], scratch)
            for archive in Path(scratch).glob("*.deb"):
                _run(["dpkg", "-x", archive.name, package], scratch)
            (Path(scratch) / package).rename(folder / package)


def _faces(design: str, found: dict[str, Path]) -> tuple[FontFace, ...]:
    stem, _, index = design.partition("#")
    return tuple(
        FontFace(path, int(index or 0))
        for name, path in sorted(found.items())
        if name.startswith(stem) and not any(weight in name for weight in _LEFT_OUT)
    )


@lru_cache(maxsize=256)
def _opened(path: Path, index: int, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size_px, index=index, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=200_000)
def _has_glyph(path: Path, index: int, character: str) -> bool:
    font = _opened(path, index, 24)
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
