"""The best precision@10 that any selection without duplicates can reach on a video's labels.

Expert picks of one scene often look alike. A selection that shows no picture twice can match at most as many images as
there are matching frames that all differ: the size of a largest independent set in the graph that joins frames whose
descriptors' cosine is at least `SAME_PICTURE`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .matcher import SAME_PICTURE, Vector

_MOST_STEPS = 50_000


def most_different(vectors: Vector, wanted: int) -> tuple[int, bool]:
    """How many of these pictures, descriptors (N, D), can be chosen so that no two show the same; counted up to
    `wanted`.

    The second value says whether the number is proven; else it is the best that a bounded search found.
    """
    alike = np.asarray(vectors @ vectors.T >= SAME_PICTURE)
    np.fill_diagonal(alike, False)
    neighbours = [_bits(row) for row in alike]
    search = _Search(neighbours, wanted)
    search.extend((1 << len(neighbours)) - 1, 0)
    return search.best, search.steps < _MOST_STEPS


class _Search:
    """Branch and bound. A greedy cover by cliques is the bound for the remaining pictures: each clique can give at most
    one."""

    def __init__(self, neighbours: list[int], wanted: int) -> None:
        self._neighbours, self._wanted = neighbours, wanted
        self.best = 0
        self.steps = 0

    def extend(self, candidates: int, size: int) -> None:
        self.best = max(self.best, min(size, self._wanted))
        for node, bound in reversed(self._covered(candidates)):
            if self.best >= self._wanted or size + bound <= self.best or self.steps >= _MOST_STEPS:
                return
            self.steps += 1
            self.extend(candidates & ~self._neighbours[node] & ~(1 << node), size + 1)
            candidates &= ~(1 << node)

    def _covered(self, candidates: int) -> list[tuple[int, int]]:
        """Nodes, each with the number of cliques that cover it and all nodes before it."""
        order: list[tuple[int, int]] = []
        cliques = 0
        while candidates:
            cliques += 1
            members = candidates
            while members:
                node = (members & -members).bit_length() - 1
                order.append((node, cliques))
                candidates &= ~(1 << node)
                members &= self._neighbours[node]
        return order


def _bits(row: npt.NDArray[np.bool_]) -> int:
    return sum(1 << int(i) for i in np.flatnonzero(row))
