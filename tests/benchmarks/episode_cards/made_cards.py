"""Cards and readings made by hand."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.episode_cards.cards import Card, Line
from benchmarks.episode_cards.reading import CardReading
from benchmarks.episode_cards.readings import ReadCard
from stream.episode.confidence import Features
from stream.episode.numbers import EpisodeNumber, parse_number
from stream.episode.seasons import OpenSeason

SURE = Features(1.0, 0.99, 0.98, 0.75, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.8)
DOUBTFUL = Features(0.3, 0.6, 0.3, 0.0, 0.5, 0.4, 0.0, 0.0, 0.5, 1.0, 0.3)


def card(index: int = 0, stated: str | None = "12", file: str | None = None, others: tuple[int, ...] = ()) -> Card:
    """A card of episode 12; `file`: the number of its file where the card states another or none."""
    own = parse_number(file or stated or "12")
    shown: EpisodeNumber | None = None if stated is None else parse_number(stated)
    lines, size = (Line(f"Episode {stated}", "number", 0.1),), (1280, 720)
    return Card(
        "test", index, "latin", "Episode 3", own, shown, others, None, lines, "centre", "still", size, True, 20, 1
    )


def read(
    of: Card, number: str | None, features: Features | None = SURE, season: OpenSeason | None = None
) -> ReadCard:
    """What was read of a card."""
    if number is None:
        return ReadCard(of, CardReading(None, None, (), (), 6))
    return ReadCard(of, CardReading(parse_number(number), features, (f"this {number}",), (), 5, season))


def in_script(of: Card, script: str) -> Card:
    return replace(of, script=script)  # type: ignore[arg-type]
