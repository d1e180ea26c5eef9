"""The people of a film: tracks clustered to characters, the main ones named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engines.clustering import cluster, link

from .records import Character, Shot, Track
from .sections import PeopleSettings

_FEW_TRACKS_PER_PERSON = 25
_MIN_MAIN_SHOTS = 2
_FEW_SHOTS = 4


def find_characters(
    tracks: Sequence[Track], shots: Sequence[Shot], settings: PeopleSettings, device: str
) -> tuple[list[Character], str]:
    """The film's characters by falling screen time, and the words for how they were found."""
    good = [t for t in tracks if t.embedding is not None]
    if not good:
        return [], "none: no face was good enough to tell people apart"
    embeddings = np.stack([t.embedding for t in good if t.embedding is not None])
    if len(good) < settings.few_tracks:
        labels, method = link(embeddings, 1.0 - settings.same_person_cosine), "average linkage"
    else:
        size = int(np.clip(len(good) // _FEW_TRACKS_PER_PERSON, 2, 5))
        labels, method = cluster(embeddings, size, size, device), "HDBSCAN"
        if labels.max(initial=-1) < 0:
            labels, method = _one_person(embeddings, settings), "one person"
    groups = {int(k): [t for t, label in zip(good, labels, strict=True) if label == k] for k in set(labels) if k >= 0}
    return _as_characters(list(groups.values()), shots, settings), method


def _one_person(embeddings: np.ndarray, settings: PeopleSettings) -> np.ndarray:
    cosines = embeddings @ embeddings.T
    alike = float(np.median(cosines)) > settings.same_person_cosine
    return np.zeros(len(embeddings), int) if alike else link(embeddings, 1.0 - settings.same_person_cosine)


def _as_characters(groups: list[list[Track]], shots: Sequence[Shot], settings: PeopleSettings) -> list[Character]:
    length_s = {shot.index: shot.end_s - shot.start_s for shot in shots}
    ranked = sorted(groups, key=lambda g: (-_screen_time_s(g, length_s), g[0].index))
    needed = _MIN_MAIN_SHOTS if len(shots) >= _FEW_SHOTS else 1
    main = [g for g in ranked if len({t.shot for t in g}) >= needed][: settings.main_characters]
    return [
        _character(f"c{number:02d}", any(group is m for m in main), group, length_s)
        for number, group in enumerate(ranked, 1)
    ]


def _screen_time_s(group: Sequence[Track], length_s: Mapping[int, float]) -> float:
    return round(sum(length_s.get(shot, 0.0) for shot in {t.shot for t in group}), 6)


def _character(name: str, main: bool, group: Sequence[Track], length_s: Mapping[int, float]) -> Character:
    mean = np.mean([t.embedding for t in group if t.embedding is not None], axis=0)
    return Character(
        id=name,
        main=main,
        tracks=tuple(t.index for t in group),
        shots=tuple(sorted({t.shot for t in group})),
        screen_time_s=_screen_time_s(group, length_s),
        embedding=(mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32),
    )
