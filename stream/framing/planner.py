"""The crops of a film's pictures, planned in one place: what is checked for captions is what is cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from engines.faces import Face
from kernels.ops import Ops
from kernels.surface import Rect, Surface

from ..people.looks import leading_face
from ..records import ActiveRect, Candidate
from ..settings.formats import Format
from .active import ActiveRects
from .crops import Crop, plan_crops
from .focus import DETAIL_LONG_SIDE, focus_weights
from .saliency import Saliency, map_size, saliency_of

CropPlan = list[tuple[Format, Crop]]
"""The crop of each format, in the order of the settings."""

_MAIN_LEADS = 0.5
"""Share of the largest face's height from which on a main character leads a crop beside a larger stranger. Chosen by
eye."""


class CropPlanner:
    """Plans the crops of one film's pictures, and remembers them. Safe for several threads.

    `surface`: the full-size picture of a candidate. `mains`: ids of the main characters. `least_score`: faces of which
    the detector is less certain do not lead a crop; they only draw the eye.
    """

    def __init__(
        self,
        forms: Sequence[Format],
        active: ActiveRects,
        ops: Ops,
        surface: Callable[[Candidate], Surface],
        mains: frozenset[str],
        least_score: float,
    ) -> None:
        self._forms, self._active, self._ops, self._surface = forms, active, ops, surface
        self._mains, self._least_score = mains, least_score
        self._plans: dict[float, CropPlan] = {}
        self._lock = Lock()

    def plan(
        self,
        candidate: Candidate,
        characters: Sequence[str | None],
        obstacles: Sequence[Rect] = (),
        marks: Sequence[Rect] = (),
    ) -> CropPlan:
        """Plan the crops of a picture, remember them for `planned`, and return them.

        `characters`: one for each face, None for an unknown one. `obstacles`: what should stay out, displayed pixels.
        `marks`: what should stay out or be whole, displayed pixels.
        Synchronises (device ops only): a copy of at most 64 by 64 pixels comes to the host; where no face leads, with
        it as many numbers.
        """
        active = self.active(candidate)
        area = (active.x, active.y, active.width, active.height)
        faces, lead = candidate.faces, self.lead(candidate.faces, characters)
        saliency = (self._scene(candidate, area) if lead is None else self._map(candidate, area)).with_people(faces)
        certain = [face for face in faces if face.score >= self._least_score]
        plan = plan_crops(self._forms, active, certain, lead, obstacles, saliency, marks)
        return self.keep(candidate, plan)

    def _map(self, candidate: Candidate, area: Rect) -> Saliency:
        return saliency_of(self._ops.to_host(self._ops.rgb(self._surface(candidate), area, map_size(area))), area)

    def _scene(self, candidate: Candidate, area: Rect) -> Saliency:
        """The map of a picture that no face leads: with focus."""
        surface, size = self._surface(candidate), map_size(area)
        small, fine = self._ops.rgb(surface, area, size), map_size(area, min(DETAIL_LONG_SIDE, max(area[2:])))
        detail = self._ops.detail(self._ops.rgb(surface, area, fine), size)
        own = self._ops.to_host(small)
        return saliency_of(own, area).in_focus(focus_weights(own, self._ops.to_host(detail)))

    def keep(self, candidate: Candidate, plan: CropPlan) -> CropPlan:
        """Remember a plan for `planned`, in place of an earlier one, and return it."""
        with self._lock:
            self._plans[candidate.pts_s] = plan
        return plan

    def planned(self, candidate: Candidate, characters: Sequence[str | None]) -> CropPlan:
        """The plan that was remembered, or a new one without obstacles."""
        with self._lock:
            known = self._plans.get(candidate.pts_s)
        return self.plan(candidate, characters) if known is None else known

    def active(self, candidate: Candidate) -> ActiveRect:
        """Where the picture of the candidate's shot is."""
        return self._active.of(candidate.shot)

    def lead(self, faces: Sequence[Face], characters: Sequence[str | None]) -> Face | None:
        """The face that the crops are made around: a main character's that is large enough, else the leading one."""
        certain = tuple(face for face in faces if face.score >= self._least_score)
        first = leading_face(certain)
        if first is None:
            return None
        known = dict(zip(map(id, faces), characters, strict=False))
        mains = tuple(f for f in certain if known.get(id(f)) in self._mains and f.box[3] >= _MAIN_LEADS * first.box[3])
        return leading_face(mains) or first
