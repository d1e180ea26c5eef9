"""Plans cards: what each says, where and how it is shown. A card follows from its purpose, the seed and its number
alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from stream.episode.numbers import EpisodeNumber

from .fonts import PURPOSES, Purpose
from .wording import SCRIPTS, Beside, Random, Said, Script, beside, ending, hidden_number, own_number, pick, wording

T = TypeVar("T")
Place = Literal["centre", "corner", "end", "lower third"]
Motion = Literal["still", "fade", "slide", "zoom"]
Role = Literal["number", "title", "name", "beside"]
WITHOUT_NUMBER = 0.2
"""Share of cards that state no number of the file."""
_FINALE = 0.12
"""Share of those that say that the episode is the last one."""
_MANY = 0.45
"""Share of the others with another number beside the file's."""
_PLACES: dict[Place, float] = {"centre": 0.45, "corner": 0.2, "lower third": 0.2, "end": 0.15}
_MOTIONS: dict[Motion, float] = {"still": 0.5, "fade": 0.25, "slide": 0.1, "zoom": 0.15}
_SIZES: dict[tuple[int, int], float] = {(1280, 720): 0.6, (854, 480): 0.2, (1920, 1080): 0.2}
_HEIGHTS: dict[Place, tuple[float, float]] = {
    "centre": (0.055, 0.15), "corner": (0.038, 0.06), "lower third": (0.04, 0.07), "end": (0.045, 0.1)
}  # fmt: skip
"""Size of the number's letters (em square) in shares of the picture's height, by place. By eye, from title cards of
series; below .035 at 480 rows a viewer cannot read them either."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a card. `height`: its em square in shares of the picture's height."""

    text: str
    role: Role
    height: float


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says and how it is shown.

    `file`: the number of its file; `stated`: what the card states of it, None where it states nothing (a finale may be
    stated without a number). `others`: numbers
    on the card that are not the file's. `series`: the series' title where it is known to whoever reads the card.
    `quantiser`: x264's crf. `look_seed`: for fonts, colours, footage.
    """

    purpose: Purpose
    index: int
    script: Script
    style: str
    file: EpisodeNumber
    stated: EpisodeNumber | None
    others: tuple[int, ...]
    series: str | None
    lines: tuple[Line, ...]
    place: Place
    motion: Motion
    size: tuple[int, int]
    plain: bool
    quantiser: int
    look_seed: int

    @property
    def name(self) -> str:
        """Unique among the cards of a seed."""
        return f"{self.purpose}-{self.index:05d}"


def plan(purpose: Purpose, seed: int, index: int) -> Card:
    """The card `index` of this side. Scripts take turns."""
    rng = np.random.default_rng([seed, PURPOSES.index(purpose), index])
    script = SCRIPTS[index % len(SCRIPTS)]
    place = _weighted(rng, _PLACES)
    without = rng.random() < WITHOUT_NUMBER
    said = hidden_number(rng) if without else _number_line(rng, script, place)
    finale = pick(rng, wording()[script]["finales"]) if without and rng.random() < _FINALE else None
    others = _others(rng, script, said, finale is not None, without)
    text = finale or said.text
    stated = EpisodeNumber((), finale=True) if finale else None if without else said.number
    series, known = _series(rng, script)
    return Card(
        purpose, index, script, "finale" if finale else said.style, said.number, stated,
        tuple(sorted({number for other in others for number in other.episodes})), series if known else None,
        _lines(rng, script, place, text, series, others), place, _weighted(rng, _MOTIONS), _weighted(rng, _SIZES),
        bool(rng.random() < 0.3), int(rng.integers(18, 27) if rng.random() < 0.7 else rng.integers(28, 37)),
        int(rng.integers(2**31)),
    )  # fmt: skip


def _number_line(rng: Random, script: Script, place: Place) -> Said:
    return ending(rng, script) if place == "end" and rng.random() < 0.5 else own_number(rng, script)


def _others(rng: Random, script: Script, said: Said, finale: bool, without: bool) -> list[Beside]:
    """Lines with other numbers: one or two where nothing is stated of the file, else one now and then. No other episode
    is named beside a finale."""
    count = int(rng.integers(1, 3)) if without and not finale else int(rng.random() < _MANY)
    return [beside(rng, script, said.fields, of_others=not (finale or said.alone)) for _ in range(count)]


def _series(rng: Random, script: Script) -> tuple[str, bool]:
    """The series' title, one in five with a number of its own, and whether the reader is told of it."""
    named = bool(rng.random() < 0.2)
    title = pick(rng, wording()[script]["series_with_number" if named else "titles"])
    return str(title), bool(rng.random() < 0.5)


def _lines(rng: Random, script: Script, place: Place, text: str, series: str, others: list[Beside]) -> tuple[Line, ...]:
    """The lines from top to bottom. The number's is the largest or, below a title, a smaller one."""
    low, high = _HEIGHTS[place]
    height = float(rng.uniform(low, high))
    number = [Line(text, "number", height)] if text else []
    beside_lines = [Line(other.text, "beside", height * float(rng.uniform(0.6, 1.0))) for other in others]
    if place in ("corner", "lower third"):
        small_title = [Line(series, "title", height * 0.9)] if rng.random() < 0.3 else []
        return tuple(_either_way(rng, [*number, *small_title], beside_lines))
    title = Line(series, "title", height * float(rng.uniform(1.0, 1.8)))
    name = Line(pick(rng, wording()[script]["names"]), "name", max(0.035, height * 0.55))
    more = [name] if rng.random() < 0.3 else []
    head = [title] if rng.random() < 0.7 else []
    if rng.random() < 0.25 and number:
        head, number = number, head
    return tuple([*head, *number, *more, *beside_lines])


def _either_way(rng: Random, first: list[Line], second: list[Line]) -> list[Line]:
    return [*first, *second] if rng.random() < 0.5 else [*second, *first]


def _weighted(rng: Random, shares: Mapping[T, float]) -> T:
    names = list(shares)
    return names[int(rng.choice(len(names), p=np.array(list(shares.values())) / sum(shares.values())))]
