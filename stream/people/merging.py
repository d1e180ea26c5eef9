"""Agglomerative clustering of face tracks by average linkage that never joins two tracks of one picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..dataflow.cancellation import checkpoint

Accept = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Which groups a group may join: (its mean distances to all G groups (G,), its mean inner distance, theirs (G,)) →
(G,) bool."""

_DECIMALS = 6
"""Distances are rounded to so many decimals before they are compared, so that the order of a sum decides nothing."""


def merge_groups(cosines: np.ndarray, labels: np.ndarray, apart: np.ndarray, accept: Accept) -> np.ndarray:
    """(N,) int64 labels, numbered by first member, after the two nearest groups that may join have joined, repeatedly.

    `cosines`: (N, N). `labels`: (N,) the groups to begin with; -1 marks loose points, which may join a group but not
    each other, and stay -1 if they join none. `apart`: (N, N) bool, pairs that must not be in one group. The distance
    of two groups is the mean 1 − cosine of their pairs (average linkage). `accept`: which groups are near enough.
    """
    members = _members(labels)
    if len(members) < 2:
        return _labelled(members, labels)
    distances = _GroupDistances(cosines, apart, members, np.array([labels[m[0]] < 0 for m in members]), accept)
    while (pair := distances.nearest()) is not None:
        checkpoint()
        kept, gone = pair
        members[kept] = np.concatenate([members[kept], members[gone]])
        members[gone] = members[gone][:0]
        distances.join(kept, gone)
    return _labelled([m for m in members if len(m)], labels)


def _members(labels: np.ndarray) -> list[np.ndarray]:
    """The indices of each group, and of each loose point by itself, sorted by first member."""
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels[labels >= 0])]
    loose = [np.array([i]) for i in np.flatnonzero(labels < 0)]
    return sorted(groups + loose, key=lambda member: int(member[0]))


def _labelled(members: list[np.ndarray], before: np.ndarray) -> np.ndarray:
    after = np.full(len(before), -1, np.int64)
    groups = [m for m in members if len(m) > 1 or before[m[0]] >= 0]
    for number, group in enumerate(sorted(groups, key=lambda member: int(member.min()))):
        after[group] = number
    return after


class _GroupDistances:
    """The cosines between all groups, as sums over their pairs, updated when two groups join.

    Of each group the best score is remembered. Where that may have fallen since, it stays as an upper bound until the
    group's turn comes: so that most joins look at a few rows, and not at all pairs.

    `members`: the G groups; `loose`: (G,) bool, which of them are loose points.
    """

    def __init__(
        self, cosines: np.ndarray, apart: np.ndarray, members: list[np.ndarray], loose: np.ndarray, accept: Accept
    ) -> None:
        belongs = np.zeros((len(members), len(cosines)))
        for i, member in enumerate(members):
            belongs[i, member] = 1
        self._sums = belongs @ cosines @ belongs.T
        self._conflicts = belongs @ apart @ belongs.T
        self._loose = loose
        self._sizes = belongs.sum(axis=1)
        self._accept = accept
        self._score = np.full(self._sums.shape, -np.inf)
        for i in range(len(members)):
            checkpoint()
            self._rescore(i)
        self._best, self._fallen = self._score.max(axis=1), np.zeros(len(members), bool)

    def nearest(self) -> tuple[int, int] | None:
        """The two nearest groups that may join, the earlier one first; None when no two may. Of equals, those that come
        first."""
        while self._fallen[i := int(np.argmax(self._best))]:
            self._best[i], self._fallen[i] = self._score[i].max(), False
        j = int(np.argmax(self._score[i]))
        return (min(i, j), max(i, j)) if np.isfinite(self._score[i, j]) else None

    def join(self, kept: int, gone: int) -> None:
        """Move the members of group `gone` to group `kept`."""
        for matrix in (self._sums, self._conflicts):
            matrix[kept] += matrix[gone]
            matrix[:, kept] += matrix[:, gone]
        self._sizes[kept] += self._sizes[gone]
        self._loose[kept] = False
        self._sizes[gone] = 0
        before = np.maximum(self._score[kept], self._score[gone])
        self._score[gone] = self._score[:, gone] = -np.inf
        self._rescore(kept)
        self._fallen |= (before >= self._best) & (self._score[kept] < before)
        self._best = np.maximum(self._best, self._score[kept])
        for changed in (kept, gone):
            self._best[changed], self._fallen[changed] = self._score[changed].max(), False

    def _rescore(self, i: int) -> None:
        alive = self._sizes > 0
        distances = 1 - self._sums[i] / np.maximum(self._sizes[i] * self._sizes, 1)
        inner = self._inner()
        allowed = alive & (self._conflicts[i] == 0) & ~(self._loose[i] & self._loose)
        allowed &= self._accept(np.round(distances, _DECIMALS), inner[i], inner)
        allowed[i] = False
        self._score[i] = np.where(allowed, np.round(1 - distances, _DECIMALS), -np.inf)
        self._score[:, i] = self._score[i]

    def _inner(self) -> np.ndarray:
        """(G,) mean distance of the pairs inside each group; 0 for a single point."""
        pairs = self._sizes * (self._sizes - 1)
        return np.where(pairs > 0, 1 - (np.diag(self._sums) - self._sizes) / np.maximum(pairs, 1), 0.0)
