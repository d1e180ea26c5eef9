"""Picture formats: the shipped ones are read from `formats.toml`, a user's own from the settings."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from pydantic import PositiveInt, model_validator

from .section import Section, setting

ASPECT_TOLERANCE = 0.01
"""Relative deviation of a size from its aspect that is allowed, because sizes are whole pixels."""


class FormatRules(Section):
    """How pictures are cut to one format. Its name is the key in the table of formats."""

    aspect: tuple[PositiveInt, PositiveInt] = setting(..., "Width to height.")
    size: tuple[PositiveInt, PositiveInt] = setting(..., "Width and height of the finished file.", unit="px")
    eyes_line: float = setting(0.36, "Where the eyes should lie, from the top, as a share of the height.", ge=0, le=1)
    headroom: float = setting(0.06, "Least space above a face, as a share of the height.", ge=0, le=0.5)
    face_margin: float = setting(0.15, "Least space kept round a face, as a share of its height.", ge=0, le=2)
    max_enlargement: float = setting(1.5, "Never enlarge the source further than this.", ge=1, le=4)

    @model_validator(mode="after")
    def _size_has_the_aspect(self) -> FormatRules:
        wanted, found = self.aspect[0] / self.aspect[1], self.size[0] / self.size[1]
        if abs(found / wanted - 1) > ASPECT_TOLERANCE:
            raise ValueError(f"size {self.size[0]}x{self.size[1]} is not {self.aspect[0]}:{self.aspect[1]}")
        return self


class Format(FormatRules):
    """A format with its name, which is also the name of its folder in the result."""

    name: str = setting(..., "Name of the format and of its folder.", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")

    @property
    def aspect_ratio(self) -> float:
        """Width over height, from `aspect`."""
        return self.aspect[0] / self.aspect[1]


@cache
def shipped_formats() -> dict[str, Format]:
    """The formats of the package, by name."""
    text = resources.files(__package__).joinpath("formats.toml").read_text(encoding="utf-8")
    return {name: Format(name=name, **rules) for name, rules in tomllib.loads(text).items()}
