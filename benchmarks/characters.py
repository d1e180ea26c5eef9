"""Compares characters with a film's true cast: how well face tracks are grouped, and whether the main characters are
right.

Figures: BCubed precision, recall and F1 (Amigó, Gonzalo, Artiles, Verdejo 2009), weighted cluster purity, normalised
mutual information, clusters per person. A track that belongs to no character is a cluster of its own. A track that
shows nobody of the cast (a toy, a passer-by) is a person of its own, so it is right when it was left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stream.manifest import Manifest
from stream.people.characters import seen_together
from stream.records import Character, Track

from .layouts import Truth

ClusterLabel = Hashable | None


@dataclass(frozen=True, slots=True)
class CharacterScores:
    """All figures of one film. Ratios are 0–1, except `cluster_ratio`, whose ideal value is 1."""

    items: int
    """Number of tracks, or of appearances when a manifest is judged."""
    unassigned: int
    bcubed_precision: float
    bcubed_recall: float
    bcubed_f1: float
    weighted_purity: float
    mutual_information: float
    cluster_ratio: float
    """Number of characters over the number of people of the cast that were seen at all."""
    mains_exact: bool
    mains: tuple[str, ...]
    """Who the main characters really are, sorted; `?` for nobody of the cast."""
    true_mains: tuple[str, ...]


def score_characters(people: Manifest | tuple[Sequence[Track], Sequence[Character]], truth: Truth) -> CharacterScores:
    """Scores of a run's (tracks, characters) or of a finished manifest.

    A manifest has no tracks. Its items are (character, shot) appearances, and in a shot of several people an appearance
    counts for the person that the character shows in other shots, if that person is in the shot. This is a milder
    measure; judge tracks where they are available.
    """
    if isinstance(people, Manifest):
        clusters, classes = _appearances(people, truth)
        main = [character.id for character in people.characters if character.main]
    else:
        tracks, characters = people
        of_track = {number: c.id for c in characters for number in c.tracks}
        clusters, classes = [of_track.get(t.index) for t in tracks], [*true_people(tracks, truth)]
        main = [character.id for character in characters if character.main]
    mains = tuple(sorted(str(_majority(name, clusters, classes) or "?") for name in main))
    true_mains = tuple(sorted(person["id"] for person in truth["cast"]["main"]))
    precision, recall, f1 = bcubed(clusters, classes)
    return CharacterScores(
        items=len(clusters),
        unassigned=sum(c is None for c in clusters),
        bcubed_precision=precision,
        bcubed_recall=recall,
        bcubed_f1=f1,
        weighted_purity=weighted_purity(clusters, classes),
        mutual_information=mutual_information(clusters, classes),
        cluster_ratio=len(_named(clusters)) / max(1, len(_named(classes))),
        mains_exact=mains == true_mains,
        mains=mains,
        true_mains=true_mains,
    )


def true_people(tracks: Sequence[Track], truth: Truth) -> list[str | None]:
    """The person that each track shows; None for nobody of the cast.

    The people of a shot stand side by side and share the picture's width equally. When several faces of one picture are
    at the place of one person, the largest is the person.
    """
    width = float(truth["width"])
    left, right = (float(truth.get("bars", {}).get(side, 0)) for side in ("left", "right"))
    found = [_person(track, truth, left, width - right) for track in tracks]
    together = seen_together(tracks)
    heights = [_median(face.box[3] for _, face in track.faces) for track in tracks]
    return [
        None if any(together[i, j] and found[j] == found[i] and heights[j] > heights[i] for j in range(len(tracks)))
        else person
        for i, person in enumerate(found)
    ]  # fmt: skip


def bcubed(clusters: Sequence[ClusterLabel], classes: Sequence[ClusterLabel]) -> tuple[float, float, float]:
    """(precision, recall, F1), with each item counted itself. Each None is a label of its own. 1 when there are no
    items."""
    sizes, joint = _table(clusters, classes)
    if not joint:
        return 1.0, 1.0, 1.0
    precision = sum(n * n / sizes[0][k] for (k, _), n in joint.items()) / len(clusters)
    recall = sum(n * n / sizes[1][c] for (_, c), n in joint.items()) / len(clusters)
    return precision, recall, 2 * precision * recall / (precision + recall)


def weighted_purity(clusters: Sequence[ClusterLabel], classes: Sequence[ClusterLabel]) -> float:
    """Share of the items that belong to the largest class of their cluster. 1 when there are no items."""
    _, joint = _table(clusters, classes)
    largest: dict[Hashable, int] = {}
    for (cluster, _), count in joint.items():
        largest[cluster] = max(largest.get(cluster, 0), count)
    return sum(largest.values()) / len(clusters) if clusters else 1.0


def mutual_information(clusters: Sequence[ClusterLabel], classes: Sequence[ClusterLabel]) -> float:
    """Mutual information over the mean of both entropies, 0–1. 1 when neither side divides the items."""
    sizes, joint = _table(clusters, classes)
    total = len(clusters)
    entropies = [_entropy(side.values(), total) for side in sizes]
    if sum(entropies) == 0:
        return 1.0
    shared = sum(entropies) - _entropy(joint.values(), total)
    return float(np.clip(2 * shared / sum(entropies), 0, 1))


def _entropy(counts: Any, total: int) -> float:
    shares = np.array(list(counts), float) / max(total, 1)
    return float(-(shares * np.log(shares)).sum())


def _table(
    clusters: Sequence[ClusterLabel], classes: Sequence[ClusterLabel]
) -> tuple[tuple[Counter[Hashable], Counter[Hashable]], Counter[tuple[Hashable, Hashable]]]:
    """Sizes of clusters and of classes, and the number of items in each pair of them. Raises ValueError for unequal
    lengths."""
    mine = [("alone", i) if label is None else label for i, label in enumerate(clusters)]
    real = [("alone", i) if label is None else label for i, label in enumerate(classes)]
    pairs = list(zip(mine, real, strict=True))
    return (Counter(k for k, _ in pairs), Counter(c for _, c in pairs)), Counter(pairs)


def _majority(name: ClusterLabel, clusters: Sequence[ClusterLabel], classes: Sequence[ClusterLabel]) -> ClusterLabel:
    """The class of most items of a cluster; the first in the alphabet among equals, None for nobody of the cast."""
    counts = Counter(real for mine, real in zip(clusters, classes, strict=True) if mine == name)
    return min(counts, key=lambda c: (-counts[c], str(c or "")), default=None)


def _named(labels: Sequence[ClusterLabel]) -> set[ClusterLabel]:
    return {label for label in labels if label is not None}


def _person(track: Track, truth: Truth, left_px: float, right_px: float) -> str | None:
    persons = shot_at(truth, _median(pts_s for pts_s, _ in track.faces))["persons"]
    if not persons:
        return None
    centre = _median(face.box[0] + face.box[2] / 2 for _, face in track.faces)
    place = int(len(persons) * (centre - left_px) / max(1.0, right_px - left_px))
    return str(persons[min(max(place, 0), len(persons) - 1)])


def _appearances(manifest: Manifest, truth: Truth) -> tuple[list[ClusterLabel], list[ClusterLabel]]:
    shown = {s.index: shot_at(truth, (s.start_s + s.end_s) / 2)["persons"] for s in manifest.shots}
    clusters: list[ClusterLabel] = []
    classes: list[ClusterLabel] = []
    for character in manifest.characters:
        who = _usual([shown[shot] for shot in character.appearances])
        for shot in character.appearances:
            persons = shown[shot]
            clusters.append(character.id)
            classes.append(who if who in persons else persons[0] if persons else None)
    return clusters, classes


def _usual(shots: Sequence[Sequence[str]]) -> str | None:
    """The person of most of these shots. A shot with one person counts more than a shot with several."""
    weights: dict[str, float] = {}
    for persons in shots:
        for person in persons:
            weights[person] = weights.get(person, 0.0) + 1 / len(persons)
    return min(weights, key=lambda p: (-round(weights[p], 6), p), default=None)


def shot_at(truth: Truth, time_s: float) -> Mapping[str, Any]:
    """The true shot at a time; the nearest one for times outside the film."""
    shots: Sequence[Mapping[str, Any]] = truth["shots"]
    starts = [shot["start_s"] for shot in shots]
    return shots[max(0, int(np.searchsorted(starts, time_s + 1e-6, side="right")) - 1)]


def _median(values: Any) -> float:
    return float(np.median(list(values)))
