"""What a card says: the line that states its file's number, and lines with numbers of something else."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np

from stream.episode.numbers import EpisodeNumber

from . import number_words

Script = Literal["latin", "hangul", "han", "kana"]
SCRIPTS: tuple[Script, ...] = ("latin", "hangul", "han", "kana")
Random = np.random.Generator
OTHER_EPISODES = ("next", "previous")
"""Kinds of lines that name another episode."""
_SEASON_FIELDS = ("{s}", "{ss}", "{hans}")
_WORD_LIMITS = {
    "{Word}": number_words.MOST_WORDS, "{WORD}": number_words.MOST_WORDS, "{sino}": number_words.MOST_WORDS,
    "{han}": number_words.MOST_WORDS, "{roman}": number_words.MOST_ROMAN, "{native}": number_words.MOST_NATIVE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """The line that states a file's number. `style`: how, for the report; `number`: what it states; `fields`: the
    numbers that other lines of the card may name (`total`, `next`, `previous`); `alone`: no other episode is named
    beside it."""

    text: str
    style: str
    number: EpisodeNumber
    fields: Mapping[str, int]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """A line with a number that is not the file's. `episodes`: the numbers in it that could be taken for it."""

    text: str
    kind: str
    episodes: tuple[int, ...]


@lru_cache(maxsize=1)
def wording() -> dict[str, Any]:
    """`wording.toml`."""
    return tomllib.loads(files(__package__).joinpath("wording.toml").read_text("utf-8"))


def pick(rng: Random, of: Sequence[Any]) -> Any:
    """One of them, each as likely as its `weight` says where they are tables, else all alike."""
    weights = np.array([one.get("weight", 1) if isinstance(one, dict) else 1 for one in of], float)
    return of[int(rng.choice(len(of), p=weights / weights.sum()))]


def own_number(rng: Random, script: Script) -> Said:
    """A file's number in a style of this script."""
    style = pick(rng, wording()[script]["numbers"])
    number, fields = _number(rng, style["text"])
    text = style["text"].format(**_written(number, fields), title=pick(rng, wording()[script]["titles"]))
    return Said(text, style["style"], number, fields, style.get("alone", False))


def hidden_number(rng: Random) -> Said:
    """The number of a file whose card does not state it."""
    number, fields = _number(rng, "{n}")
    return Said("", "no number", number, fields)


def ending(rng: Random, script: Script) -> Said:
    """The end of an episode, with its number."""
    text = pick(rng, wording()[script]["ends"])
    number, fields = _number(rng, text)
    return Said(text.format(**_written(number, fields)), "end of episode", number, fields)


def beside(rng: Random, script: Script, fields: Mapping[str, int], *, of_others: bool = True) -> Beside:
    """A line with a number that is not the file's. of_others: it may be another episode's."""
    chosen = pick(rng, [one for one in wording()[script]["beside"] if of_others or one["kind"] not in OTHER_EPISODES])
    values = {**_other_numbers(rng), **{name: str(value) for name, value in fields.items()}}
    shown = {name: values[name] for name in values if f"{{{name}}}" in chosen["text"]}
    episodes = tuple(sorted({int(text) for text in shown.values() if text.isdecimal() and len(text) <= 4}))
    return Beside(chosen["text"].format(**shown), chosen["kind"], episodes)


def _number(rng: Random, text: str) -> tuple[EpisodeNumber, dict[str, int]]:
    """The numbers that a style can write: small ones most often, as series have them."""
    first = _first(rng, text)
    season = int(rng.integers(1, 10)) if any(field in text for field in _SEASON_FIELDS) else None
    episodes = [Decimal(first)]
    if "{n2}" in text or "{nn2}" in text:
        episodes.append(Decimal(first + 1))
    if "{half}" in text:
        episodes = [Decimal(first) + Decimal("0.5")]
    last = int(episodes[-1])
    previous, total = first - 1 if first > 1 else last + 1, last + int(rng.integers(2, 12))
    fields = {"next": last + 1, "previous": previous, "total": total}
    return EpisodeNumber(tuple(episodes), season, finale=_is_finale(text)), fields


def _first(rng: Random, text: str) -> int:
    if "{zero}" in text:
        return 0
    if "{four}" in text:
        return int(rng.integers(1000, 2000))
    most = min((limit for field, limit in _WORD_LIMITS.items() if field in text), default=999)
    size = rng.random()
    top = 16 if size < 0.6 else 60 if size < 0.9 else 300
    return int(rng.integers(1, min(most, top) + 1))


def _is_finale(text: str) -> bool:
    return any(word in text for word in ("최종회", "大结局", "最終回"))


def _written(number: EpisodeNumber, fields: Mapping[str, int]) -> dict[str, str]:
    first, last = int(number.episodes[0]), int(number.episodes[-1])
    season = number.season or 1
    word = number_words.english(first) if first <= number_words.MOST_WORDS else ""
    small = 0 < first <= number_words.MOST_ROMAN
    return {
        **{name: str(value) for name, value in fields.items()},
        "n": str(first), "nn": f"{first:02d}", "n2": str(last), "nn2": f"{last:02d}", "zero": "0", "four": str(first),
        "half": str(number.episodes[0]), "s": str(season), "ss": f"{season:02d}", "hans": number_words.han(season),
        "Word": word.title(), "WORD": word.upper(), "roman": number_words.roman(first) if small else "",
        "sino": number_words.sino_korean(first) if word else "", "han": number_words.han(first) if word else "",
        "native": number_words.native_korean(first) if 0 < first <= number_words.MOST_NATIVE else "",
        "full": str(first).translate(number_words.FULL_WIDTH),
    }  # fmt: skip


def _other_numbers(rng: Random) -> dict[str, str]:
    """Years, days, times, ages, prices, as text."""
    return {
        "year": str(rng.integers(1920, 2027)), "month": str(rng.integers(1, 13)), "day": str(rng.integers(1, 29)),
        "hour": str(rng.integers(10, 24)), "minute": f"{rng.integers(0, 60):02d}", "n9": str(rng.integers(1, 13)),
        "age": str(pick(rng, ("7", "12", "14", "15", "16", "18", "19"))),
        "price": f"{int(rng.integers(10, 900)) * 100:,}",
        "phone": f"{rng.integers(200, 999)}-{rng.integers(1000, 9999)}", "score": str(rng.integers(0, 9)),
        "score2": str(rng.integers(0, 9)),
    }  # fmt: skip
