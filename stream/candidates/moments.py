"""A second look at a stretch of a shot: other moments of it, decoded again and read by all engines.

While a film is watched, a few numbers of every picture are kept (`Timeline`); they say which pictures there are and
which of them are sharp and still.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from engines.faces import Reading
from kernels.ops import Ops
from kernels.surface import Geometry, Surface

from ..records import Picture, Shot, TimedSurface
from .choice import good_looks
from .lone_pictures import lone_pictures
from .probes import reading_rounds, values_of

MOMENT = np.dtype([
    ("pts_s", np.float64), ("frame", np.int32), ("value", np.float32),
    ("change", np.float32), ("cell_change", np.float32),
])  # fmt: skip
"""What is kept of every picture: its time, its number (-1 where unknowable), `probes.value_of`, and how much it differs
from the one before (`kernels.stats.ROW`)."""
PICTURES_A_STRETCH = 8
"""Most pictures of a stretch that are decoded for one look."""
STRETCH_S = 4.0
"""Longest stretch: two pictures a second of it are looked at. Chosen by eye."""
_ENOUGH_GOOD = 2
"""Good looks in a stretch after which no more of its pictures are read. Chosen by eye."""
_LEAST_APART_S = 0.1
"""Least time between two pictures that are looked at. Chosen by eye: a look hardly changes in less."""
LONGEST_GROUP_S = 10.0
"""Encoders make groups of at most 250 pictures as a rule."""
_EDGE_SHARE = 0.08
"""Share of a shot that is left out at each end, at most `_EDGE_S`. Chosen by eye: half of what probes keep away."""
_EDGE_S = 0.16

Read = Callable[[list[Surface]], list[Reading]]
"""All engines on full-size pictures, one reading for each (`engines.reader.FaceReader.read`)."""
At = Callable[[Sequence[float]], list[TimedSurface]]
"""`stream.decode.decoder.Decoder.at`."""


@dataclass(slots=True)
class Timeline:
    """The pictures of a film as far as it was measured, 24 bytes for each, and the times of its key pictures."""

    _blocks: list[np.ndarray] = field(default_factory=list)
    _keys_s: list[np.ndarray] = field(default_factory=list)

    def add(self, rows: np.ndarray, damaged: np.ndarray, keys: np.ndarray | None = None) -> None:
        """Add the next rows (N,) of dtype `kernels.stats.ROW`; damaged pictures (N,) bool are never looked at. keys:
        see `stream.records.FrameBatch`."""
        block = np.empty(len(rows), MOMENT)
        block["pts_s"], block["frame"], block["value"] = rows["pts_s"], rows["frame"], values_of(rows)
        block["change"], block["cell_change"] = rows["change"], rows["cell_change"]
        block["value"][damaged] = -np.inf
        self._blocks.append(block)
        if keys is not None:
            self._keys_s.append(block["pts_s"][keys])

    def damage_s(self) -> np.ndarray:
        """(N, 2) float64, seconds: the times of damaged pictures, by time, and since when those before each may be
        damaged, too: the decoder conceals what it has lost, and says so only of some of the pictures of a group. That
        is since the last key picture, `LONGEST_GROUP_S` at most."""
        blocks = [block["pts_s"][np.isneginf(block["value"])] for block in self._blocks]
        times_s, keys_s = np.concatenate([np.zeros(0), *blocks]), np.concatenate([[-np.inf], *self._keys_s])
        since_s = keys_s[np.searchsorted(keys_s, times_s, side="right") - 1]
        return np.stack([times_s, np.maximum(since_s, times_s - LONGEST_GROUP_S)], axis=1)

    def lone_s(self) -> np.ndarray:
        """(N,) float64, seconds: the times of pictures that stand alone (`lone_pictures`), by time."""
        moments = self._joined()
        return np.asarray(moments["pts_s"][lone_pictures(moments["change"], moments["cell_change"])])

    @property
    def last_two_s(self) -> tuple[float, float] | None:
        """The times of the last two pictures so far, seconds; None with less than two."""
        times_s = [float(time_s) for block in self._blocks[-2:] for time_s in block["pts_s"][-2:]]
        return (times_s[-2], times_s[-1]) if len(times_s) > 1 else None

    @property
    def length_s(self) -> float:
        """From the first picture to the last so far, seconds; 0 without pictures."""
        return float(self._blocks[-1]["pts_s"][-1] - self._blocks[0]["pts_s"][0]) if self._blocks else 0.0

    def of(self, shot: Shot) -> np.ndarray:
        """(N,) of dtype `MOMENT`, by time: the pictures of a shot that no transition mixes and no cut is near."""
        moments = self._joined()[shot.clean_first_row : shot.clean_end_row]
        edge_s = min(_EDGE_S, _EDGE_SHARE * (shot.end_s - shot.start_s))
        inside = (moments["pts_s"] >= shot.start_s + edge_s) & (moments["pts_s"] < shot.end_s - edge_s)
        return np.asarray(moments[inside & np.isfinite(moments["value"])])

    def _joined(self) -> np.ndarray:
        """(N,) of dtype `MOMENT`: all pictures so far."""
        if len(self._blocks) > 1:
            self._blocks = [np.concatenate(self._blocks)]
        return self._blocks[0] if self._blocks else np.empty(0, MOMENT)


def stretches(moments: np.ndarray) -> list[np.ndarray]:
    """The pictures of a shot, (N,) of dtype `MOMENT`, in equal stretches of at most `STRETCH_S`, none for none."""
    if not len(moments):
        return []
    times_s = moments["pts_s"]
    count = max(1, int(np.ceil((times_s[-1] - times_s[0]) / STRETCH_S)))
    edges = np.linspace(times_s[0], times_s[-1], count + 1)[1:-1]
    return [part for part in np.split(moments, np.searchsorted(times_s, edges)) if len(part)]


def worth_a_look(stretch: np.ndarray, seen_s: Sequence[float], count: int = PICTURES_A_STRETCH) -> np.ndarray:
    """The pictures of a stretch to look at: up to `count` spread over it, each the sharpest and stillest about its
    place, none within `_LEAST_APART_S` of another or of a time in `seen_s`. By time.

    stretch: (N,) of dtype `MOMENT`.
    """
    seen, chosen = list(seen_s), []
    for cell in np.array_split(stretch, count):
        free = [m for m in cell if all(abs(float(m["pts_s"]) - other) >= _LEAST_APART_S for other in seen)]
        if free:
            chosen.append(max(free, key=lambda m: (round(float(m["value"]), 3), -float(m["pts_s"]))))
            seen.append(float(chosen[-1]["pts_s"]))
    return np.array(chosen, MOMENT)


class MomentReader:
    """Decodes single pictures of one film again, measures them and reads them with all engines."""

    def __init__(self, at: At, read: Read, ops: Ops, geometry: Geometry) -> None:
        self._at, self._read, self._ops, self._geometry = at, read, ops, geometry

    def look(self, wanted: Sequence[np.ndarray]) -> list[list[tuple[Picture, Reading]]]:
        """For each of several stretches, by time, its pictures at the wanted moments with their readings, by time.

        wanted: (N,) of dtype `MOMENT` for each stretch. All are fetched in one pass. Pictures that cannot be sought are
        left out, and those after which enough looks were good. Of their rows, `chroma_change` and `tone_change` have no
        meaning. Blocks; safe to call from several threads. Synchronises (device only).
        """
        moments = np.concatenate([np.empty(0, MOMENT), *wanted])
        found = self._at(moments["pts_s"].tolist()) if len(moments) else []
        if not found:
            return [[] for _ in wanted]
        places = [int(np.argmin(np.abs(moments["pts_s"] - time_s))) for time_s, _ in found]
        surfaces = [surface for _, surface in found]
        times_s, frames = moments["pts_s"][places], moments["frame"][places]
        rows = self._ops.meter(self._geometry).measure(surfaces, times_s, frames)
        for name in ("change", "cell_change"):
            rows[name] = moments[name][places]
        pictures = [Picture(row, -1, surface) for row, surface in zip(rows, surfaces, strict=True)]
        return [self._read_some([p for p in pictures if p.pts_s in set(part["pts_s"].tolist())]) for part in wanted]

    def _read_some(self, pictures: list[Picture]) -> list[tuple[Picture, Reading]]:
        seen: list[tuple[Picture, Reading]] = []
        for some in reading_rounds(pictures):
            seen += zip(some, self._read([picture.surface for picture in some]), strict=True)
            if good_looks([reading for _, reading in seen]) >= _ENOUGH_GOOD:
                break
        return sorted(seen, key=lambda pair: pair[0].pts_s)
