"""The number of an episode: what it may state, how it is written, and whether two of them agree."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

MOST_EPISODES = 10
"""Most episodes that one file may hold. By eye: two are usual, more are a season in one file."""

_NUMBER = r"\d{1,5}(?:\.\d{1,2})?"
_JOINED = rf"{_NUMBER}(?: ?(?:[-~+&]|and|e|ep) ?(?:e|ep)? ?{_NUMBER}){{0,{MOST_EPISODES}}}"
_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"s ?(?P<season>\d{{1,4}}) ?[._-]? ?(?:e|ep|x) ?(?P<episodes>{_JOINED})",
        rf"(?P<season>\d{{1,2}}) ?x ?(?P<episodes>{_JOINED})",
        rf"(?:e|ep|ep\.|episode|episodes|#)? ?(?P<episodes>{_JOINED})",
        r"s ?(?P<season>\d{1,4})",
    )
)
_DASHES = str.maketrans({dash: "-" for dash in "‐‑‒–—―−－〜～~∼∽⁓"} | {"×": "x"})


@dataclass(frozen=True, slots=True)
class EpisodeNumber:
    """The number of an episode as somebody states it: in a picture, a file name, a sheet.

    `episodes`: one number, or in order those of a file that holds several; not negative; empty only for a finale that
    is stated without its number. `season`: None where none is stated. `finale`: it is said to be the last one; False
    where nothing is said of that. Raises ValueError for anything else.
    """

    episodes: tuple[Decimal, ...]
    season: int | None = None
    finale: bool = False

    def __post_init__(self) -> None:
        if not self.episodes and not self.finale:
            raise ValueError("no episode is stated")
        if not all(number.is_finite() and number >= 0 for number in self.episodes):
            raise ValueError(f"an episode's number is 0 or more, not {', '.join(map(str, self.episodes))}")
        if list(self.episodes) != sorted(set(self.episodes)):
            raise ValueError(f"episodes do not rise: {', '.join(map(str, self.episodes))}")
        if self.season is not None and self.season < 0:
            raise ValueError(f"a season's number is 0 or more, not {self.season}")

    def __str__(self) -> str:
        """`7`, `12.5`, `1-2`, `7+9`, `S02E05`, `S01E01-E02`, `finale`, `S02E16 finale`; see `parse_number`."""
        letter = "" if self.season is None else "E"
        written = [f"{letter}{_digits(number, 2 if letter else 1)}" for number in self.episodes]
        if _is_stretch(self.episodes):
            written = [f"{written[0]}-{written[-1]}"]
        season = "" if self.season is None else f"S{self.season:02d}"
        return " ".join(part for part in (season + "+".join(written), "finale" if self.finale else "") if part)


def lost_a_digit(number: EpisodeNumber, other: EpisodeNumber) -> bool:
    """Whether `number` is what is left of `other` without one of its digits: 2 of 52, S07E02 of S07E52."""
    ours, theirs = ("".join(f"{int(value)}" for value in one.episodes) for one in (number, other))
    seasons = number.season is None or other.season is None or number.season == other.season
    left = any(theirs[:at] + theirs[at + 1 :] == ours for at in range(len(theirs)))
    return seasons and len(number.episodes) == len(other.episodes) and left


def parse_number(text: str) -> EpisodeNumber:
    """The number that `text` writes, as it is given with `--expect` and in sheets.

    Reads what `str` shows of a number, too. Case, spaces, full-width digits and the kind of dash do not
    matter. `7-9` are the episodes 7, 8 and 9. Raises ValueError with a sentence that says what can be written.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).lower().translate(_DASHES).split())
    numbers = plain.removesuffix("finale").rstrip()
    finale = numbers != plain
    if finale and not numbers:
        return EpisodeNumber((), finale=True)
    found = next((match for form in _FORMS if (match := form.fullmatch(numbers))), None)
    if found is None:
        raise ValueError(_cannot(text, "is no episode number"))
    parts = found.groupdict()
    season = None if parts.get("season") is None else int(parts["season"])
    try:
        return EpisodeNumber(joined_episodes(parts.get("episodes") or ""), season, finale)
    except ValueError as error:
        raise ValueError(_cannot(text, f"cannot be: {error}")) from None


def joined_episodes(text: str) -> tuple[Decimal, ...]:
    """The numbers of `7`, `7-8`, `e01-e03`, `7 & 8`: a dash between whole numbers stands for all from one to the other.

    `text`: plain digits with signs or letters between them. Raises ValueError where a stretch falls or holds more than
    `MOST_EPISODES`.
    """
    tokens = re.findall(r"-|\d+(?:\.\d+)?", text.translate(_DASHES))
    numbers: list[Decimal] = []
    for before, token in zip(["", *tokens], tokens, strict=False):
        if token == "-":
            continue
        number = Decimal(token)
        numbers += _stretch(numbers.pop(), number) if before == "-" and numbers else (number,)
    if len(numbers) > MOST_EPISODES:
        raise ValueError(f"more than {MOST_EPISODES} episodes in one file")
    return tuple(numbers)


def compatible(one: EpisodeNumber, other: EpisodeNumber) -> bool | None:
    """Whether two numbers are equal in what both state; None where they state nothing that can be compared.

    Seasons are compared where both name one, episodes where both have numbers (`7-8` is not `7`). Two finales without
    numbers are equal; the same season alone says nothing of the episode.
    """
    if one.season is not None and other.season is not None and one.season != other.season:
        return False
    if one.episodes and other.episodes:
        return one.episodes == other.episodes
    return True if one.finale and other.finale else None


def _stretch(first: Decimal, last: Decimal) -> tuple[Decimal, ...]:
    """All from `first` to `last`, where both are whole; else just the two. Raises ValueError where they do not rise."""
    if last <= first:
        raise ValueError(f"{first}-{last} does not rise")
    if first % 1 or last % 1:
        return first, last
    if last - first >= MOST_EPISODES:
        raise ValueError(f"more than {MOST_EPISODES} episodes in one file")
    return tuple(first + step for step in range(int(last - first) + 1))


def _is_stretch(episodes: tuple[Decimal, ...]) -> bool:
    """Whether these are all the episodes from the first to the last, as `_stretch` gives them."""
    first, last = episodes[:1], episodes[-1:]
    return first != last and last[0] - first[0] < MOST_EPISODES and episodes == _stretch(first[0], last[0])


def _digits(number: Decimal, width: int) -> str:
    """The number without idle zeros behind its point, its whole part at least `width` digits."""
    whole, _, fraction = f"{number:f}".partition(".")
    fraction = fraction.rstrip("0")
    return whole.zfill(width) + (f".{fraction}" if fraction else "")


def _cannot(text: str, why: str) -> str:
    return f"{text.strip()!r} {why}; write 7, 12.5, 7-8, S02E05, 2x05, S01E01-E02 or finale"
