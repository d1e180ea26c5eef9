"""How far a number that was read can be trusted, from how much of what was seen agrees."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import KeyartError
from .words import DOUBTFUL

TABLE = Path(__file__).with_name("confidence.toml")


@dataclass(frozen=True, slots=True)
class Features:
    """What speaks for a number, each from 0 to 1, and against it."""

    strength: float
    """How surely the words say that it is this file's number (`stream.episode.patterns.Statement`): that of the surest
    words, by most frames that show them."""
    certainty: float
    """Confidence of the reader in the lines, mean of the frames that agree."""
    weakest: float
    """Probability of the least sure character of what matched, mean of these frames."""
    frames: float
    """Frames that agree: 1 − 1/n."""
    same_frames: float
    """Share of the frames of the cards it stands on that agree, of those in which any number was read."""
    crops: float
    """Share of the crops in which the reader reads it, mean of the frames that agree."""
    readers: float
    """The same of the other readers, as far as they read a number there; 0.5 where none does."""
    places: float
    """Cards it stands on: 1 − 1/n."""
    against: float
    """Weight of the statements of another number of this file, as a share of all weight."""
    bare: float
    """1 where no words say what the number is."""
    height: float
    """Height of its highest line in tenths of the picture's height, at most 1."""


class Table(BaseModel):
    """The weights. `calibrated`: whether they were fitted on labelled cards."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calibrated: bool
    intercept: Annotated[float, Field(allow_inf_nan=False)]
    weights: Mapping[str, Annotated[float, Field(allow_inf_nan=False)]]


def load_table(path: Path) -> Table:
    """The table of a TOML file in the form of `confidence.toml`. Raises KeyartError when it cannot be read or does not
    weigh exactly the fields of `Features`."""
    try:
        table = Table.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise KeyartError(f"{path}: {str(error).splitlines()[0]}") from error
    if different := {field.name for field in fields(Features)} ^ set(table.weights):
        raise KeyartError(f"{path}: weights are not those of the features: {', '.join(sorted(different))}")
    return table


@cache
def shipped_table() -> Table:
    """The table of the package."""
    return load_table(TABLE)


def confidence(features: Features, table: Table | None = None) -> float:
    """The probability that the number is right, 0–1, rounded to 1e-4; at most one half where its words leave open which
    number it is (`DOUBTFUL`), however well they are read. table: default that of the package."""
    chosen = table or shipped_table()
    total = chosen.intercept + sum(chosen.weights[name] * value for name, value in asdict(features).items())
    found = 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, total))))
    return round(min(found, 0.5) if features.strength <= DOUBTFUL else found, 4)
