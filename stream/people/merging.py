"""Groups of faces that grow together, nearest first, but never across two faces of one picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Accept = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""(mean distances of one group to all others, its inner distance, theirs) → which of them it may join."""

_DECIMALS = 6
"""Cosines are compared this coarsely, so that the order of a sum decides nothing."""


def merge(cosines: np.ndarray, labels: np.ndarray, apart: np.ndarray, accept: Accept) -> np.ndarray:
    """(N,) int64 labels after the nearest acceptable groups have joined, again and again; numbered by first member.

    `cosines`: (N, N). `labels`: (N,) the groups to begin with; -1 are loose points, which may join a group but not each
    other, and stay -1 when none takes them. `apart`: (N, N) bool, pairs that no group may hold: groups with such a pair
    between them never join. Distances of groups are the mean 1 − cosine of their pairs (average linkage).
    """
    members = _members(labels)
    if len(members) < 2:
        return _labelled(members, labels)
    field = _Field(cosines, apart, members, np.array([labels[m[0]] < 0 for m in members]), accept)
    while (pair := field.nearest()) is not None:
        kept, gone = pair
        members[kept] = np.concatenate([members[kept], members[gone]])
        members[gone] = members[gone][:0]
        field.join(kept, gone)
    return _labelled([m for m in members if len(m)], labels)


def _members(labels: np.ndarray) -> list[np.ndarray]:
    """Indices of each group, and of each loose point alone, by first member."""
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels[labels >= 0])]
    loose = [np.array([i]) for i in np.flatnonzero(labels < 0)]
    return sorted(groups + loose, key=lambda member: int(member[0]))


def _labelled(members: list[np.ndarray], before: np.ndarray) -> np.ndarray:
    after = np.full(len(before), -1, np.int64)
    groups = [m for m in members if len(m) > 1 or before[m[0]] >= 0]
    for number, group in enumerate(sorted(groups, key=lambda member: int(member.min()))):
        after[group] = number
    return after


class _Field:
    """Sums of cosines between all groups, kept up to date row by row."""

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
            self._rescore(i)

    def nearest(self) -> tuple[int, int] | None:
        """The two groups that are most alike among those that may join, the earlier first; None when none may."""
        best = int(np.argmax(self._score))
        i, j = divmod(best, len(self._score))
        return (min(i, j), max(i, j)) if np.isfinite(self._score[i, j]) else None

    def join(self, kept: int, gone: int) -> None:
        for matrix in (self._sums, self._conflicts):
            matrix[kept] += matrix[gone]
            matrix[:, kept] += matrix[:, gone]
        self._sizes[kept] += self._sizes[gone]
        self._loose[kept] = False
        self._sizes[gone] = 0
        self._score[gone] = self._score[:, gone] = -np.inf
        self._rescore(kept)

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
        """Mean distance of the pairs inside each group; 0 for a single point."""
        pairs = self._sizes * (self._sizes - 1)
        return np.where(pairs > 0, 1 - (np.diag(self._sums) - self._sizes) / np.maximum(pairs, 1), 0.0)
