"""Face tracks grouped to people: density or linkage first, then what the pictures themselves prove.

All limits follow from one, the balance point of the identity network: the cosine at which two faces are as likely of
one person as of two. Its distance (1 − cosine) is the unit here, so another network needs one other number only.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from engines.clustering import NOISE, cluster, link

from ..settings.sections import PeopleSettings
from .merging import merge

_TRACKS_PER_MEMBER = 25
"""The least size of a cluster grows by one with so many tracks: long films have passers-by enough to form a pair."""
_SMALLEST, _LARGEST = 2, 5
_DENSE = _LARGEST
"""Tracks of a cluster from which on its density is evidence; two or three lonely faces are each other's nearest too."""
_DENSE_SLACK = 1.25
"""What that evidence is worth: such a cluster is cut only where its halves lie this many balance distances apart."""
_ONE_PERSON = 5 / 6
"""Median distance, in balance distances, up to which a film without clusters shows one person (default: cosine .95)."""
_STRONG = 1 / 2
"""Mean distance of two groups that proves one person: twice as near as the balance (default: cosine 0.97)."""
_OVERLAPPING = 1.5
"""Groups nearer than the balance are one person too when the space between them is hardly wider than the wider one."""


def group(embeddings: np.ndarray, apart: np.ndarray, settings: PeopleSettings, device: str) -> tuple[np.ndarray, str]:
    """(N,) labels from 0, -1 for tracks of nobody in particular; and the words for how they were found.

    `embeddings`: (N, D) unit vectors by time. `apart`: (N, N) bool, tracks that were seen in one picture.
    """
    balance = 1 - settings.same_person_cosine
    cosines = np.clip(embeddings.astype(np.float64) @ embeddings.T.astype(np.float64), -1, 1)
    labels, method = _first_guess(embeddings, cosines, settings, device)
    labels = _split(embeddings, cosines, labels, apart, balance)
    if len(embeddings) >= settings.few_tracks:
        labels = _without_lonely(labels)
    labels = merge(cosines, labels, apart, partial(surely_one, balance))
    return labels, _in_words(method, int(labels.max()) + 1)


_ONE = "one person"


def _in_words(method: str, people: int) -> str:
    if people == 1 and not method.startswith(_ONE):
        return f"{method}: {_ONE}, other face tracks are unlike it"
    if people > 1 and method.startswith(_ONE):
        return "average linkage: all face tracks are alike, but one picture shows two people"
    return method


def _first_guess(
    embeddings: np.ndarray, cosines: np.ndarray, settings: PeopleSettings, device: str
) -> tuple[np.ndarray, str]:
    balance = 1 - settings.same_person_cosine
    linked = link(embeddings, balance)
    if linked.max(initial=0) == 0:
        return linked, f"{_ONE}: all {len(linked)} face tracks are alike"
    if len(embeddings) < settings.few_tracks:
        return linked, f"average linkage: {len(linked)} face tracks are too few for density"
    size = int(np.clip(len(embeddings) // _TRACKS_PER_MEMBER, _SMALLEST, _LARGEST))
    labels = cluster(embeddings, size, size, "cuda" if device == "cuda" else "cpu")
    if labels.max() >= 0:
        return labels, "HDBSCAN"
    if 1 - float(np.median(cosines[np.triu_indices(len(cosines), 1)])) <= _ONE_PERSON * balance:
        return np.zeros(len(linked), np.int64), f"{_ONE}: density sees no groups and most face tracks are alike"
    return linked, "average linkage: density sees no groups"


def _split(
    embeddings: np.ndarray, cosines: np.ndarray, labels: np.ndarray, apart: np.ndarray, balance: float
) -> np.ndarray:
    """Clusters cut where their halves are less alike than the balance, or where one picture shows both."""
    split, count = np.full(len(labels), NOISE, np.int64), 0
    for label in range(int(labels.max(initial=-1)) + 1):
        member = np.flatnonzero(labels == label)
        limit = balance * (_DENSE_SLACK if len(member) >= _DENSE else 1)
        bound = apart[np.ix_(member, member)]
        pieces = (
            _part(cosines[np.ix_(member, member)], bound, limit) if bound.any() else link(embeddings[member], limit)
        )
        split[member] = np.where(pieces >= 0, pieces + count, NOISE)
        count += int(pieces.max()) + 1
    return split


def _part(cosines: np.ndarray, bound: np.ndarray, limit: float) -> np.ndarray:
    """(N,) labels of a cluster in which some picture shows two faces, no label of which has such a pair.

    Two people who look alike come apart as two groups with a gap between them. Where there is no gap it is one person
    and the second face another thing (a mirror, a poster, a box found twice): only that one face is put out.
    """
    pieces = merge(cosines, np.arange(len(cosines)), bound, partial(near, limit))
    labels = merge(cosines, pieces, np.zeros_like(bound), partial(no_gap, limit))
    while (conflicts := (bound & (labels[:, None] == labels) & (labels >= 0)).sum(axis=1)).any():
        unlike = [-cosines[i, labels == labels[i]].mean().round(6) for i in range(len(labels))]
        labels[max(range(len(labels)), key=lambda i: (conflicts[i], unlike[i], i))] = NOISE
    return labels


def _without_lonely(labels: np.ndarray) -> np.ndarray:
    """Groups of one track are noise where there are tracks enough."""
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    kept: np.ndarray = np.where((labels >= 0) & (sizes[labels] > 1), labels, NOISE)
    return kept


def near(limit: float, distances: np.ndarray, inner: float, inners: np.ndarray) -> np.ndarray:
    """Plain average linkage (an `Accept` once the limit is given)."""
    accepted: np.ndarray = distances <= limit
    return accepted


def no_gap(limit: float, distances: np.ndarray, inner: float, inners: np.ndarray) -> np.ndarray:
    """Within the limit and hardly further apart than the wider one is wide (an `Accept` once the limit is given)."""
    accepted: np.ndarray = distances <= np.minimum(limit, _OVERLAPPING * np.maximum(inner, inners))
    return accepted


def surely_one(balance: float, distances: np.ndarray, inner: float, inners: np.ndarray) -> np.ndarray:
    """Strong evidence: very near, or nearer than the balance and hardly further apart than the wider one is wide.

    An `Accept` once `balance`, a distance, is given.
    """
    accepted: np.ndarray = (distances <= _STRONG * balance) | no_gap(balance, distances, inner, inners)
    return accepted
