"""What single pictures state, joined over the frames of a card and over the cards of a film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_high

import numpy as np

from kernels.surface import Rect

from .confidence import Features, Table, confidence
from .numbers import EpisodeNumber, compatible
from .pages import Page
from .records import Evidence, Kind, PictureReading
from .seasons import OpenSeason
from .weighing import Said
from .words import DOUBTFUL

CARD_GAP_S = 4.0
"""Frames that state one number and are no further apart belong to one card. By eye."""
MOST_FRAMES = 3
"""Frames of one card that count in the choice between numbers: a logo in a corner stands in all of them."""
MOST_EVIDENCE = 16
SEASON_REACH_S = 60.0
"""A card that names a season and no episode may be of a number so long before or after it. By eye: a title sequence."""
_KINDS_OF_THIS_FILE: tuple[Kind, ...] = ("this", "bare")
_KINDS_OF_OTHERS: tuple[Kind, ...] = ("next", "previous")


@dataclass(frozen=True, slots=True)
class Card:
    """Frames (by time) that state one number of one kind, near each other."""

    said: tuple[Said, ...]

    @property
    def weight(self) -> float:
        """How much the card counts: the best frames' strength, by how surely they were read."""
        values = sorted((one.strength * one.confidence * one.crops for one in self.said), reverse=True)
        return float(sum(values[:MOST_FRAMES]))


@dataclass(frozen=True, slots=True)
class Finding:
    """The number that the cards of a film state most, with what speaks for it and against it. `season`: that of another
    card near by."""

    number: EpisodeNumber
    kind: Kind
    cards: tuple[Card, ...]
    against: tuple[Card, ...]
    features: Features
    season: OpenSeason | None = None


def cards_of(pages: Sequence[Page]) -> list[Card]:
    """The cards of all kinds, by time."""
    cards: list[list[Said]] = []
    for said in sorted((one for page in pages for one in page.said), key=lambda one: (one.time_s, one.box)):
        last = next((card for card in reversed(cards) if _goes_on(card[-1], said)), None)
        if last is None:
            cards.append([said])
        else:
            last.append(said)
    return [Card(tuple(card)) for card in cards]


def finding_of(pages: Sequence[Page]) -> Finding | None:
    """The number of this file by its pages; None where none states one.

    Words that say "this episode" come before a bare number; the next or the previous episode's number and how many
    there are never count. Nor does a number of which one frame says that it is the next or the previous episode's, and
    others lack the word for that.
    """
    cards = cards_of(pages)
    of_others = [one for card in cards if card.said[0].kind in (*_KINDS_OF_OTHERS, "total") for one in card.said]
    for kind in _KINDS_OF_THIS_FILE:
        of_kind = [card for card in cards if card.said[0].kind == kind and not _is_of_another(card, of_others)]
        if of_kind:
            return _finding(kind, of_kind, pages)
    return None


def reading_of(pages: Sequence[Page], table: Table | None = None) -> PictureReading:
    """What the picture says. table: weights of the confidence, default the package's."""
    finding = finding_of(pages)
    if finding is None:
        return PictureReading(None, 0.0, _evidence(cards_of(pages)), _why_nothing(pages))
    shown = [*finding.cards, *finding.against]
    sure = confidence(finding.features, table)
    return PictureReading(finding.number, sure, _evidence(shown), _why(finding), open_season_of(finding))


def open_season_of(finding: Finding) -> OpenSeason | None:
    """What may be a season beside a number that has none: named in one frame or on a card near by, or there in most
    frames."""
    said = [one for card in finding.cards for one in card.said if _states_all_of(one.number, finding.number)]
    open_ = [one.season for one in said if one.season is not None]
    if finding.number.season is not None:
        return None
    named = next((season for season in open_ if season.named), finding.season)
    return named or (open_[0] if 2 * len(open_) > len(said) else None)


def _is_of_another(card: Card, of_others: Sequence[Said]) -> bool:
    """Whether a number at the card's place, and of its time, was read as another episode's, or as how many there are,
    by other words than the card's (`8 of 8` says both)."""
    return any(
        abs(one.time_s - other.time_s) <= CARD_GAP_S
        and compatible(one.number, other.number) is True
        and _overlap(one.box, other.box)
        and (other.kind != "total" or other.text != one.text)
        for one in card.said
        for other in of_others
    )


def _overlap(one: Rect, other: Rect) -> bool:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return across > 0 and down > 0


def _goes_on(before: Said, said: Said) -> bool:
    """Whether two statements stand on one card."""
    near = 0 < said.time_s - before.time_s <= CARD_GAP_S
    return near and before.kind == said.kind and compatible(before.number, said.number) is True


def _finding(kind: Kind, cards: Sequence[Card], pages: Sequence[Page]) -> Finding:
    """Cards whose numbers can be one are taken together; the heaviest group leads, among equals the earliest."""
    groups: list[list[Card]] = []
    for card in cards:
        group = next((g for g in groups if all(_alike(card, other) for other in g)), None)
        if group is None:
            groups.append([card])
        else:
            group.append(card)
    lead = max(groups, key=lambda group: round(sum(card.weight for card in group), 4))
    number = max((one.number for card in lead for one in card.said), key=_completeness)
    against = [card for card in cards if all(compatible(one.number, number) is False for one in card.said)]
    features = _features(kind, lead, against, number, pages)
    return Finding(number, kind, tuple(lead), tuple(against), features, _season_near(lead, pages))


def _season_near(cards: Sequence[Card], pages: Sequence[Page]) -> OpenSeason | None:
    times_s = [one.time_s for card in cards for one in card.said]
    near = (page.season for page in pages if any(abs(page.time_s - time_s) <= SEASON_REACH_S for time_s in times_s))
    return next((season for season in near if season is not None), None)


def _alike(one: Card, other: Card) -> bool:
    return compatible(one.said[0].number, other.said[0].number) is not False


def _completeness(number: EpisodeNumber) -> tuple[bool, bool, bool]:
    return bool(number.episodes), number.season is not None, number.finale


def _features(
    kind: Kind, lead: Sequence[Card], against: Sequence[Card], number: EpisodeNumber, pages: Sequence[Page]
) -> Features:
    """Of the statements that name all of the number: one of a finale without its number is evidence for none, one
    without a season for none."""
    named = [[one for one in card.said if _states_all_of(one.number, number)] for card in lead]
    said = [one for card in named for one in card]
    seconds = [one.second for one in said if one.second is not None]
    for_it, opposed = sum(card.weight for card in lead), sum(card.weight for card in against)
    return Features(
        strength=_strength(said),
        certainty=float(np.mean([one.confidence for one in said])),
        weakest=float(np.mean([one.weakest for one in said])),
        frames=1.0 - 1.0 / len({one.time_s for one in said}),
        same_frames=_same_frames([card for card, ones in zip(lead, named, strict=True) if ones], number, pages),
        crops=float(np.mean([one.crops for one in said])),
        readers=float(np.mean(seconds)) if seconds else 0.5,
        places=1.0 - 1.0 / sum(bool(card) for card in named),
        against=opposed / max(for_it + opposed, 1e-9),
        bare=float(kind == "bare"),
        height=min(1.0, 10 * max(one.height for one in said)),
    )


def _strength(said: Sequence[Said]) -> float:
    """That of the surest words, of which every frame has a say: what one frame shows behind them others may miss. A
    roman numeral that has more strokes in one frame than in the others is doubtful."""
    of_words: dict[str, list[float]] = {}
    for one in said:
        of_words.setdefault("".join(one.text.split()), []).append(one.strength)
    strength = max(median_high(strengths) for strengths in of_words.values())
    return min(strength, DOUBTFUL) if any(one.more_strokes for one in said) else strength


def _states_all_of(said: EpisodeNumber, number: EpisodeNumber) -> bool:
    return bool(said.episodes) == bool(number.episodes) and said.season == number.season


def _same_frames(cards: Sequence[Card], number: EpisodeNumber, pages: Sequence[Page]) -> float:
    """Share of the frames during the cards that name all of the number, of those that state a number of this file."""
    spans = [(card.said[0].time_s, card.said[-1].time_s) for card in cards]
    agree, other = 0, 0
    for page in pages:
        stated = [one for one in page.said if one.kind in _KINDS_OF_THIS_FILE]
        if stated and any(start_s - 1 <= page.time_s <= end_s + 1 for start_s, end_s in spans):
            agrees = any(
                compatible(one.number, number) is True and _states_all_of(one.number, number) for one in stated
            )
            agree, other = agree + agrees, other + (not agrees)
    return agree / max(1, agree + other)


def _evidence(cards: Sequence[Card]) -> tuple[Evidence, ...]:
    """Frames of all cards in turn, at most `MOST_EVIDENCE`, by time."""
    most = max((len(card.said) for card in cards), default=0)
    turns = [card.said[place] for place in range(most) for card in cards if place < len(card.said)]
    chosen = sorted(turns[:MOST_EVIDENCE], key=lambda one: (one.time_s, one.box))
    return tuple(
        Evidence(one.time_s, one.box, one.text, round(one.confidence, 4), one.number, one.kind) for one in chosen
    )


def _why(finding: Finding) -> str:
    said = [one for card in finding.cards for one in card.said if _states_all_of(one.number, finding.number)]
    best = max(said, key=lambda one: (one.strength, one.confidence))
    count = len({one.time_s for one in said})
    frames = "one frame" if count == 1 else f"{count} frames"
    what = f"“{best.text.strip()}” in {frames} at {best.time_s:.1f} s"
    if finding.kind == "bare":
        what += ", without a word that says what the number is"
    if finding.against:
        other = finding.against[0].said[0]
        what += f"; but “{other.text.strip()}” at {other.time_s:.1f} s"
    return what


def _why_nothing(pages: Sequence[Page]) -> str:
    if not pages:
        return "no picture could be looked at"
    said = [one for page in pages for one in page.said if one.kind not in _KINDS_OF_THIS_FILE]
    if said:
        one = max(said, key=lambda other: other.strength)
        of = {"next": "the next episode", "previous": "the previous episode", "total": "how many there are"}[one.kind]
        return f"only a number of {of}: “{one.text.strip()}” at {one.time_s:.1f} s"
    if not any(page.lines for page in pages):
        return "no text was found"
    return "text was found, but no episode number"
