"""Face tracks grouped to people: clusters by density or linkage first, then corrected by which tracks share
a picture and by other evidence beside the faces.

All limits follow from one number, the balance point of the identity network: the cosine at which two faces are as
likely to be of one person as of two. The balance distance, 1 − that cosine, is the unit of distance here. So another
network needs one other number only (`people.same_person_cosine`).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from engines.clustering import NOISE, average_linkage, cluster

from ..dataflow.cancellation import checkpoint
from ..settings.sections import PeopleSettings
from .evidence import Evidence
from .merging import merge_groups

_TRACKS_PER_MEMBER = 25
"""The least size of a cluster grows by one for so many tracks: in long films passers-by are enough to form pairs.
E01–E05: the same from 0.7 to 2 times."""
_SMALLEST, _LARGEST = 2, 5
"""Bounds of the least size of a cluster. Two is the least that HDBSCAN takes; with three, F1 is .974 in E01–E05.
With a largest of 2 to 10 they are the same."""
_DENSE = _LARGEST
"""Tracks in a cluster from which on its density is evidence; two or three lonely faces are each other's nearest too.
E01–E05: the same from 4 to 10."""
_DENSE_LIMIT = 1.25
"""Balance distances between the halves of a dense cluster up to which it is not cut; 1 for other clusters. E01–E05: the
same from 1 to 2 times, F1 .994 at 0.9."""
_ONE_PERSON_DISTANCE = 5 / 6
"""Median distance, in balance distances, up to which a film without clusters shows one person (default: cosine .95).
E01–E05: the same from 0.5 to 2 times."""
_STRONG_DISTANCE = 1 / 2
"""Mean distance of two groups, in balance distances, up to which they are one person (default: cosine 0.97). E01–E05:
the same from 0.7 to 2 times."""
_GAP_RATIO = 1.5
"""Two groups have no gap between them when their distance is at most this many times the wider one's inner distance.
E01–E05: the same from 0.5 to 2 times."""
_FEW_LIMIT = 1.25
"""Distance up to which the groups of a film with few tracks join, in balance distances: there is no density to join
them later, and a person split in two does as much harm as two people in one. Chosen by eye on the real films, where
one person's tracks are 1.2 to 2.3 apart; of the 2,255 pairs of different people in four of E01–E05, 2 % are nearer."""
_CLEARLY_NEARER = 1.5
"""A lonely track joins a person only if the second nearest is at least this many times as far away."""
_ONE_PERSON = "one person"


def group_tracks(
    embeddings: np.ndarray,
    evidence: Evidence,
    settings: PeopleSettings,
    device: str,
    clusters: np.ndarray | None = None,
) -> tuple[np.ndarray, str]:
    """(N,) labels of people from 0, -1 for tracks that belong to nobody; and a text that says how they were found.

    `embeddings`: (N, D) unit vectors, by time. `evidence`: what beside the faces is known of each pair. `device`: where
    to cluster, "cpu" or "cuda". `clusters`: (N,) what `clusters_by_density` found, where it was asked before.
    """
    balance = 1 - settings.same_person_cosine
    cosines = np.clip(embeddings.astype(np.float64) @ embeddings.T.astype(np.float64), -1, 1)
    labels, method = _first_guess(embeddings, cosines, settings, device, clusters)
    few = len(embeddings) < settings.few_tracks
    linked = few and not method.startswith(_ONE_PERSON)
    if not linked:
        labels = _split_clusters(embeddings, cosines, labels, evidence.apart, balance)
    if not few:
        labels = _without_lonely(labels)

    def joined(weighed: np.ndarray) -> np.ndarray:
        first = _few_people(embeddings, weighed, evidence.apart, _FEW_LIMIT * balance) if linked else labels
        return merge_groups(weighed, first, evidence.apart, partial(on_strong_evidence, balance))

    found = joined(evidence.applied(cosines, balance))
    by_faces = joined(cosines) if evidence.worth.any() else found
    return found, _method_text(method, found) + evidence_text(evidence, found, by_faces)


def _method_text(method: str, labels: np.ndarray) -> str:
    people = int(labels.max()) + 1
    if people == 1 and not method.startswith(_ONE_PERSON):
        return f"{method}: {_ONE_PERSON}" + (", other face tracks are unlike it" if (labels < 0).any() else "")
    if people > 1 and method.startswith(_ONE_PERSON):
        return "average linkage: all face tracks are alike, but one picture shows two people"
    return method


def evidence_text(evidence: Evidence, found: np.ndarray, by_faces: np.ndarray) -> str:
    """What the text on the grouping says of the evidence beside the faces: the kinds that speak for pairs of tracks
    that the faces alone would not have joined; empty where there are none. `found`, `by_faces`: (N,) labels."""
    pairs = _one_person(found) & ~_one_person(by_faces)
    used = [name for name, speaks in evidence.kinds.items() if (speaks & pairs).any()]
    return f"; beside the faces by {', '.join(used)}" if used else ""


def _one_person(labels: np.ndarray) -> np.ndarray:
    """(N, N) bool: pairs of different tracks of one person."""
    same = (labels[:, None] == labels) & (labels >= 0)
    np.fill_diagonal(same, False)
    return np.asarray(same)


def join_by_evidence(embeddings: np.ndarray, evidence: Evidence, settings: PeopleSettings) -> tuple[np.ndarray, str]:
    """As `group_tracks`, for a film without a good face: tracks are one person only where the faces are within the
    balance distance and the place in a camera setup or the clothes speak for it."""
    balance = 1 - settings.same_person_cosine
    cosines = np.clip(embeddings.astype(np.float64) @ embeddings.T.astype(np.float64), -1, 1)
    strangers = evidence.apart | ~np.any([*evidence.kinds.values()], axis=0)
    labels = merge_groups(cosines, np.arange(len(cosines)), strangers, partial(within_limit, balance))
    method = "no face is good enough to tell people apart by it alone"
    return labels, method + evidence_text(evidence, labels, np.full(len(labels), NOISE))


def _few_people(embeddings: np.ndarray, weighed: np.ndarray, apart: np.ndarray, limit: float) -> np.ndarray:
    """(N,) labels by average linkage of the weighed cosines, after which tracks that are alone join a person whose
    mean embedding is within the limit and clearly nearer than any other."""
    labels = merge_groups(weighed, np.arange(len(weighed)), apart, partial(within_limit, limit))
    for i in np.flatnonzero(np.bincount(labels)[labels] == 1):
        checkpoint()
        others = [label for label in np.unique(labels) if label != labels[i]]
        means = [embeddings[labels == label].mean(axis=0) for label in others]
        distances = np.array([1 - float(embeddings[i] @ mean) / float(np.linalg.norm(mean)) for mean in means]).round(6)
        if len(others) and _clearly_near(distances, limit):
            nearest = labels == others[int(np.argmin(distances))]
            if nearest.sum() > 1 and not apart[i, nearest].any():
                labels[i] = others[int(np.argmin(distances))]
    return np.asarray(np.unique(labels, return_inverse=True)[1])


def _clearly_near(distances: np.ndarray, limit: float) -> bool:
    nearest, *others = np.sort(distances)[:2]
    return bool(nearest <= limit and all(second >= _CLEARLY_NEARER * nearest for second in others))


def clusters_by_density(embeddings: np.ndarray, device: str) -> np.ndarray:
    """(N,) labels of dense clusters from 0, -1 for tracks in none, by HDBSCAN. Synchronises (on a device)."""
    size = int(np.clip(len(embeddings) // _TRACKS_PER_MEMBER, _SMALLEST, _LARGEST))
    return cluster(embeddings, size, size, "cuda" if device == "cuda" else "cpu")


def _first_guess(
    embeddings: np.ndarray, cosines: np.ndarray, settings: PeopleSettings, device: str, clusters: np.ndarray | None
) -> tuple[np.ndarray, str]:
    balance = 1 - settings.same_person_cosine
    checkpoint()
    linked = average_linkage(embeddings, balance)
    if linked.max(initial=0) == 0:
        return linked, f"{_ONE_PERSON}: all {len(linked)} face tracks are alike"
    if len(embeddings) < settings.few_tracks:
        return linked, f"average linkage: {len(linked)} face tracks are too few for density"
    checkpoint()
    labels = clusters_by_density(embeddings, device) if clusters is None else clusters
    if labels.max() >= 0:
        return labels, "HDBSCAN"
    if 1 - float(np.median(cosines[np.triu_indices(len(cosines), 1)])) <= _ONE_PERSON_DISTANCE * balance:
        return np.zeros(len(linked), np.int64), f"{_ONE_PERSON}: density sees no groups and most face tracks are alike"
    return linked, "average linkage: density sees no groups"


def _split_clusters(
    embeddings: np.ndarray, cosines: np.ndarray, labels: np.ndarray, apart: np.ndarray, balance: float
) -> np.ndarray:
    """(N,) labels after clusters were cut whose parts are farther apart than the limit or appear in one picture."""
    split, count = np.full(len(labels), NOISE, np.int64), 0
    for label in range(int(labels.max(initial=-1)) + 1):
        checkpoint()
        member = np.flatnonzero(labels == label)
        limit = balance * (_DENSE_LIMIT if len(member) >= _DENSE else 1)
        bound = apart[np.ix_(member, member)]
        pieces = (
            _split_by_conflicts(cosines[np.ix_(member, member)], bound, limit)
            if bound.any()
            else average_linkage(embeddings[member], limit)
        )
        split[member] = np.where(pieces >= 0, pieces + count, NOISE)
        count += int(pieces.max()) + 1
    return split


def _split_by_conflicts(cosines: np.ndarray, bound: np.ndarray, limit: float) -> np.ndarray:
    """(N,) labels of the parts of a cluster in which pictures show two of its tracks; no part holds such a pair.

    Two people who look alike form two groups with a gap between them. Without a gap the cluster is one person, and the
    second face in the picture is something else (a mirror, a poster, a face detected twice): only that track is taken
    out. `bound`: (N, N) bool, pairs that one picture shows; `limit`: distance up to which groups join.
    """
    pieces = merge_groups(cosines, np.arange(len(cosines)), bound, partial(within_limit, limit))
    labels = merge_groups(cosines, pieces, np.zeros_like(bound), partial(without_gap, limit))
    while (conflicts := (bound & (labels[:, None] == labels) & (labels >= 0)).sum(axis=1)).any():
        checkpoint()
        most = np.flatnonzero(conflicts == conflicts.max()).tolist()
        labels[max(most, key=lambda i: (-cosines[i, labels == labels[i]].mean().round(6), i))] = NOISE
    return labels


def _without_lonely(labels: np.ndarray) -> np.ndarray:
    """(N,) labels in which groups of one track are noise."""
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    kept: np.ndarray = np.where((labels >= 0) & (sizes[labels] > 1), labels, NOISE)
    return kept


def within_limit(limit: float, distances: np.ndarray, inner: float, inners: np.ndarray) -> np.ndarray:
    """Join up to a distance: plain average linkage. An `Accept` once `limit` is given."""
    accepted: np.ndarray = distances <= limit
    return accepted


def without_gap(limit: float, distances: np.ndarray, inner: float, inners: np.ndarray) -> np.ndarray:
    """Join within the limit where there is no gap between the groups. An `Accept` once `limit` is given."""
    accepted: np.ndarray = distances <= np.minimum(limit, _GAP_RATIO * np.maximum(inner, inners))
    return accepted


def on_strong_evidence(balance: float, distances: np.ndarray, inner: float, inners: np.ndarray) -> np.ndarray:
    """Join groups that are very near, or within the balance distance and without a gap.

    An `Accept` once `balance`, a distance, is given.
    """
    accepted: np.ndarray = (distances <= _STRONG_DISTANCE * balance) | without_gap(balance, distances, inner, inners)
    return accepted
