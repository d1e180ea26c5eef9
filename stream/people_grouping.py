"""Face tracks grouped to people: density or linkage first, then what the pictures themselves prove.

All limits follow from one, the balance point of the identity network: the cosine at which two faces are as likely of one
person as of two. Its distance (1 − cosine) is the unit here, so another network needs one other number only.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from engines.clustering import NOISE, cluster, link

from .people_merging import merge
from .sections import PeopleSettings

_TRACKS_PER_MEMBER = 25
"""The least size of a cluster grows by one with so many tracks: long films have passers-by enough to form a pair."""
_SMALLEST, _LARGEST = 2, 5
_ONE_PERSON = 5 / 6
"""Median distance, in balance distances, under which a film without any cluster shows one person (default: cosine 0.95)."""
_STRONG = 1 / 2
"""Mean distance of two groups that proves one person: twice as near as the balance (default: cosine 0.97)."""
_OVERLAPPING = 1.5
"""Groups nearer than the balance are one person as well when the space between them is hardly wider than the wider one."""


def group(
    embeddings: np.ndarray, apart: np.ndarray, settings: PeopleSettings, device: str
) -> tuple[np.ndarray, str]:
    """(N,) labels from 0, -1 for tracks of nobody in particular; and the words for how they were found.

    `embeddings`: (N, D) unit vectors by time. `apart`: (N, N) bool, tracks that were seen in one picture.
    """
    balance = 1 - settings.same_person_cosine
    cosines = np.clip(embeddings.astype(np.float64) @ embeddings.T.astype(np.float64), -1, 1)
    labels, method = _first_guess(embeddings, cosines, settings, device)
    labels = _split(embeddings, cosines, labels, apart, balance)
    if len(embeddings) >= settings.few_tracks:
        labels = _without_lonely(labels)
    return merge(cosines, labels, apart, partial(_surely_one, balance)), method


def _first_guess(
    embeddings: np.ndarray, cosines: np.ndarray, settings: PeopleSettings, device: str
) -> tuple[np.ndarray, str]:
    balance = 1 - settings.same_person_cosine
    linked = link(embeddings, balance)
    if linked.max(initial=0) == 0:
        return linked, f"one person: all {len(linked)} face tracks are alike"
    if len(embeddings) < settings.few_tracks:
        return linked, f"average linkage: {len(linked)} face tracks are too few for density"
    size = int(np.clip(len(embeddings) // _TRACKS_PER_MEMBER, _SMALLEST, _LARGEST))
    labels = cluster(embeddings, size, size, "cuda" if device == "cuda" else "cpu")
    if labels.max() >= 0:
        return labels, "HDBSCAN"
    if 1 - float(np.median(cosines[np.triu_indices(len(cosines), 1)])) <= _ONE_PERSON * balance:
        return np.zeros(len(linked), np.int64), f"one person: density sees no groups and most face tracks are alike"
    return linked, f"average linkage: density sees no groups"


def _split(
    embeddings: np.ndarray, cosines: np.ndarray, labels: np.ndarray, apart: np.ndarray, balance: float
) -> np.ndarray:
    """Clusters cut where their halves are less alike than the balance, or where one picture shows both.

    Density finds a pair wherever two lonely faces are each other's nearest, however far that is.
    """
    split, count = np.full(len(labels), NOISE, np.int64), 0
    for label in range(int(labels.max(initial=-1)) + 1):
        member = np.flatnonzero(labels == label)
        bound = apart[np.ix_(member, member)]
        if bound.any():
            alone = np.arange(len(member))
            pieces = merge(cosines[np.ix_(member, member)], alone, bound, lambda d, _, __: d <= balance)
        else:
            pieces = link(embeddings[member], balance)
        split[member] = pieces + count
        count += int(pieces.max()) + 1
    return split


def _without_lonely(labels: np.ndarray) -> np.ndarray:
    """Groups of one track are noise where there are tracks enough."""
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    return np.where((labels >= 0) & (sizes[labels] > 1), labels, NOISE)


def _surely_one(balance: float, distances: np.ndarray, inner: float, inners: np.ndarray) -> np.ndarray:
    """Strong evidence: very near, or nearer than the balance and hardly further apart than each of them is wide."""
    widest = np.maximum(inner, inners)
    return (distances <= _STRONG * balance) | (distances <= np.minimum(balance, _OVERLAPPING * widest))
