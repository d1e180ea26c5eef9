"""The fonts of the cards, of Debian's packages: one side for calibration, another for the test."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from stream.errors import KeyartError

from ..debian_fonts import FontFace, cache_folder, font_files
from .wording import SCRIPTS, Random, Script

Purpose = Literal["calibration", "test"]
PURPOSES: tuple[Purpose, ...] = ("calibration", "test")
_LEFT_OUT = ("ExtraLight", "Hairline", "Thin", "UltraLight", "LinBiolinum_K", "LinLibertine_I")
"""Weights whose strokes are thinner than a pixel at the size of a caption; keys of a keyboard; initials."""


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
    return cache_folder("card-fonts"), cache_folder("fonts")


def designs() -> dict[str, Any]:
    """`fonts.toml`."""
    return tomllib.loads(files(__package__).joinpath("fonts.toml").read_text("utf-8"))


def fonts_of(purpose: Purpose, folders: Sequence[Path] | None = None) -> Fonts:
    """The faces of one side that lie below these folders. Raises KeyartError when a script has none."""
    found = font_files(folders or default_folders())
    table = designs()[purpose]
    chosen: dict[Script, tuple[tuple[FontFace, ...], ...]] = {}
    for script in SCRIPTS:
        chosen[script] = tuple(faces for design in table[script] if (faces := _faces(design, found)))
        if len(chosen[script]) < len(table[script]):
            raise KeyartError(f"fonts of the cards in {script} are missing: `python -m benchmarks.episode_cards fonts`")
    return Fonts(chosen)


def _faces(design: str, found: dict[str, Path]) -> tuple[FontFace, ...]:
    stem, _, index = design.partition("#")
    return tuple(
        FontFace(path, int(index or 0))
        for name, path in found.items()
        if name.startswith(stem) and not any(weight in name for weight in _LEFT_OUT)
    )
