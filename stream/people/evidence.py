"""What beside the faces tells that two face tracks are one person: the same camera setup, the same scene, the clothes.

An embedding alone is a weak witness in a film of action, smoke and changing light: of the same people in tos_battle and
sintel_ruins it is 1.2 to 2.3 balance distances apart, of different people in E01–E05 1.2 to 4. The other evidence
is weighed in the same unit and taken off the distance. All weights and limits here were chosen by eye, on few films.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..records import Shot, Track

_SAME_SETUP = 0.8
"""Cosine of image descriptors from which on two shots have the same camera setup (two frames of one shot: .85 to 1)."""
_AT_PLACE = 0.5
"""Nearness (0–1) above which two faces of one setup are at one place."""
_SAME_PLACE = 0.45
"""Cosine of descriptors from which on shots that are near each other show one place."""
_SCENE_S = 20.0
"""Seconds between the middles of two shots of a scene, at most."""
_ALIKE_CLOTHES, _OTHER_CLOTHES = 6.0, 24.0
"""Distances in CIE L*a*b* (lightness counts half) up to which clothes are the same and from which on others: of single
people in the real films .2 to 17, of different ones in daylight 22 to 37."""
_SETUP_WORTH, _SCENE_WORTH, _CLOTHES_WORTH = 0.5, 0.25, 0.5
"""Balance distances that one place in a setup, the same scene and the clothes count."""
_NEAREST = 0.5
"""Balance distances; evidence beside the faces never brings two tracks nearer than this."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """About each pair of N tracks, (N, N) each.

    `apart`: bool, one picture shows both. `worth`: balance distances that bring the pair together; negative: drive it
    apart. `kinds`: name of the evidence → bool, the pairs for which it speaks.
    """

    apart: np.ndarray
    worth: np.ndarray
    kinds: Mapping[str, np.ndarray]

    def applied(self, cosines: np.ndarray, balance: float) -> np.ndarray:
        """(N, N) cosines corrected by the evidence. `balance`: the balance distance."""
        distances = (1 - cosines) / balance
        nearer = np.minimum(distances, np.maximum(distances - self.worth, _NEAREST))
        return np.asarray(1 - balance * np.where(self.worth < 0, distances - self.worth, nearer))


def faces_only(apart: np.ndarray) -> Evidence:
    """No evidence but which pairs one picture shows. `apart`: (N, N) bool."""
    return Evidence(apart, np.zeros(apart.shape), {})


Descriptors = Mapping[int, Sequence[np.ndarray]]
"""Shot → image descriptors (D,) of some of its pictures, unit vectors."""


def weigh_evidence(
    tracks: Sequence[Track], apart: np.ndarray, shots: Sequence[Shot], descriptors: Descriptors
) -> Evidence:
    """The evidence about N tracks. `apart`: (N, N) bool, pairs that one picture shows."""
    alike = _likeness(tracks, descriptors)
    setup = (alike >= _SAME_SETUP) & ~apart
    place = setup & (_nearness(tracks) > _AT_PLACE)
    scene = (_seconds_between(tracks, shots) <= _SCENE_S) & (alike >= _SAME_PLACE) & ~apart
    same, other = _clothes(tracks)
    same, other = np.where(setup | scene, same, 0.0), np.where(setup | scene, other, 0.0)
    shot = np.array([t.shot for t in tracks])
    scene &= shot[:, None] != shot
    worth = _SETUP_WORTH * place + _SCENE_WORTH * scene + _CLOTHES_WORTH * (same - other)
    kinds = {"one place in the same camera setup": place, "the same scene": scene, "the same clothes": same > 0.5}
    return Evidence(apart, worth, kinds)


def _likeness(tracks: Sequence[Track], descriptors: Descriptors) -> np.ndarray:
    """(N, N) greatest cosine of the descriptors of the tracks' shots; 1 in one shot, −1 where there are none."""
    shots = sorted({t.shot for t in tracks})
    known = [shot for shot in shots if descriptors.get(shot)]
    among = np.where(np.eye(len(shots), dtype=bool), 1.0, -1.0)
    if known:
        stacked = np.concatenate([np.stack(descriptors[shot]) for shot in known]).astype(np.float32)
        starts = np.cumsum([0] + [len(descriptors[shot]) for shot in known])[:-1]
        cosines = np.round(stacked @ stacked.T, 4)
        places = [shots.index(shot) for shot in known]
        best = np.maximum.reduceat(np.maximum.reduceat(cosines, starts, axis=0), starts, axis=1)
        among[np.ix_(places, places)] = np.maximum(among[np.ix_(places, places)], best)
    rows = np.searchsorted(shots, [t.shot for t in tracks])
    return np.asarray(among[np.ix_(rows, rows)])


def _nearness(tracks: Sequence[Track]) -> np.ndarray:
    """(N, N) 0–1 for the tracks' median boxes: 1 at one place and of one size (as in `stream.people.tracks`)."""
    boxes = np.array([np.median([face.box for _, face in t.faces], axis=0) for t in tracks]).reshape(-1, 4)
    centres, heights = boxes[:, :2] + boxes[:, 2:] / 2, np.maximum(boxes[:, 3], 1e-6)
    larger = np.maximum(heights[:, None], heights)
    gap = np.linalg.norm(centres[:, None] - centres, axis=2) / larger
    return np.asarray(np.exp(-gap) * np.minimum(heights[:, None], heights) / larger)


def _seconds_between(tracks: Sequence[Track], shots: Sequence[Shot]) -> np.ndarray:
    middle = {shot.index: (shot.start_s + shot.end_s) / 2 for shot in shots}
    times = np.array([middle.get(t.shot, t.faces[0][0]) for t in tracks])
    return np.asarray(np.abs(times[:, None] - times))


def _clothes(tracks: Sequence[Track]) -> tuple[np.ndarray, np.ndarray]:
    """(N, N) 0–1 each: how surely the clothes are the same, and others; 0 for both where they are not seen."""
    seen = [[face.clothes for _, face in t.faces if face.clothes is not None] for t in tracks]
    colours = np.array([np.median(c, axis=0) if c else [np.nan] * 3 for c in seen], np.float64).reshape(-1, 3)
    gap = np.linalg.norm((colours[:, None] - colours) * [0.5, 1.0, 1.0], axis=2).round(4)
    middle = (_ALIKE_CLOTHES + _OTHER_CLOTHES) / 2
    same = np.clip((middle - gap) / (middle - _ALIKE_CLOTHES), 0, 1)
    other = np.clip((gap - middle) / (_OTHER_CLOTHES - middle), 0, 1)
    return np.nan_to_num(same), np.nan_to_num(other)
