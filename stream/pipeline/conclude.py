"""The second half of the work on a film, after its last shot: black bars, characters, filters, choice, image files."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from engines.maturity import MaturityClassifier
from engines.text import TextDetector
from kernels.bars import ActiveArea
from kernels.ops import Ops
from kernels.surface import Surface

from ..candidates.inside import settle_inside
from ..candidates.moments import At, MomentReader, Read
from ..candidates.neighbours import Glance, NeighbourFaces
from ..candidates.picture_pool import PicturePool
from ..dataflow.cancellation import checkpoint
from ..dataflow.workers import workers
from ..deciding.decisions import Deciders, Decisions
from ..decode.seeking import SAME_TIME_S
from ..film import Film
from ..framing.active import ActiveRects, active_rects
from ..framing.planner import CropPlanner
from ..origin import in_stage
from ..output.jpeg import Encoder
from ..output.render import Cutter, Files
from ..ranking.cards import card_shots, said_of
from ..ranking.pixel_checks import PixelChecks, choose_checked
from ..ranking.portraits import portraits_of
from ..ranking.second_look import SecondLook
from ..ranking.selection import Assessment, Pick, Selection
from ..ranking.shortage import shortage_message
from ..ranking.text import TextCheck, film_marks, near_in_shot, unlike_scenes
from ..records import Candidate, Character, Notice, TimedSurface
from ..settings.model import Settings
from ..settings.section import time_text
from .bars import active_areas


class Between(Protocol):
    """`stream.decode.decoder.Decoder.between`."""

    def __call__(self, first_s: float, last_s: float, *, fine: bool = False) -> list[TimedSurface]: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What `conclude` works with: the device's operations, the engines and three functions of the film's decoder.

    `deciders`: who decides by the film's numbers. `text`, `maturity`: None where the settings leave them out.
    `read`: all engines on a few pictures; blocks. `at`: where it finds no picture, as by default, there is no second
    look.
    """

    deciders: Deciders
    ops: Ops
    encoder: Encoder
    text: TextDetector | None
    glance: Glance
    frame_at: Callable[[float], Surface]
    between: Between
    read: Read = field(default=lambda surfaces: [])
    at: At = field(default=lambda times_s: [])
    maturity: MaturityClassifier | None = None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The decisions about a film.

    `by_shot`: areas of shots that differ from the film's, by index. `refetched`: times (`pts_s`) of the pictures that
    were decoded a second time. `judged`: every picture that could be chosen from, with what was said of it.
    """

    area: ActiveArea
    by_shot: Mapping[int, ActiveArea]
    active: ActiveRects
    characters: list[Character]
    grouping: str
    files: Files
    refetched: frozenset[float]
    judged: Sequence[Assessment]


@dataclass(frozen=True, slots=True)
class Areas:
    """Where the picture is between the bars: of the film, of shots that differ (by index), and both as rectangles."""

    area: ActiveArea
    by_shot: Mapping[int, ActiveArea]
    active: ActiveRects


_FETCHED = 4
"""Pictures that were decoded again and are kept, the latest: a picture is checked and later cut, others come between.
Chosen by eye: they must not become a second pool."""


class FullSizePictures:
    """Full-size pictures of candidates: from the pool, or decoded again where the pool has dropped them. Safe for
    several threads. `refetched`: times (`pts_s`) of the pictures that were decoded again."""

    def __init__(self, pool: PicturePool, frame_at: Callable[[float], Surface], between: Between) -> None:
        self._pool, self._frame_at, self._between = pool, frame_at, between
        self._fetched: OrderedDict[float, Surface] = OrderedDict()
        self._lock = Lock()
        self.refetched: set[float] = set()

    def surface(self, candidate: Candidate) -> Surface:
        """The candidate's picture. Raises KeyartError when it cannot be decoded from the file again."""
        held = self._pool.get(candidate.pts_s)
        if held is not None:
            return held
        with self._lock:
            fetched = self._fetched.get(candidate.pts_s)
        if fetched is None:
            checkpoint()
            fetched = self._keep(candidate, self._frame_at(candidate.pts_s))
        return fetched

    def beside(self, candidate: Candidate, first_s: float, last_s: float) -> list[TimedSurface]:
        """Decode the pictures from `first_s` to `last_s` again. Where the pool has dropped the candidate's own picture,
        keep it from this pass for the next calls of `surface`."""
        evicted = self._pool.get(candidate.pts_s) is None
        pictures = self._between(first_s, last_s, fine=evicted)
        own = [surface for time_s, surface in pictures if abs(time_s - candidate.pts_s) < SAME_TIME_S]
        if evicted and own:
            self._keep(candidate, own[0])
        return pictures

    def hold(self, candidate: Candidate, surface: Surface) -> None:
        """Keep the picture of a candidate that was found by a second look, while the pool has free room."""
        self.refetched.add(candidate.pts_s)
        self._pool.put_where_free(candidate.pts_s, surface)

    def _keep(self, candidate: Candidate, surface: Surface) -> Surface:
        self.refetched.add(candidate.pts_s)
        with self._lock:
            self._fetched[candidate.pts_s] = surface
            if len(self._fetched) > _FETCHED:
                self._fetched.popitem(last=False)
        return surface


def conclude(film: Film, settings: Settings, tools: Tools) -> Conclusion:
    """Choose the images of one film and cut them. Blocks. Adds notices and counts to `film`.

    On an anyio worker thread each step hears a cancellation within a second. Raises KeyartError when the picture of a
    chosen candidate cannot be decoded again.
    """
    area, by_shot = active_areas(film, settings.crop.bars)
    active = active_rects(film.info.geometry, area, by_shot, settings.crop.bars_margin_px)
    for candidate in [*film.candidates, *(candidate for candidate, _ in film.reserve)]:
        settle_inside(candidate, active.of(candidate.shot), film.info.geometry)
    with closing(tools.deciders.on(film, settings)) as decisions:
        return _concluded(film, settings, tools, decisions, Areas(area, by_shot, active))


def _concluded(film: Film, settings: Settings, tools: Tools, decisions: Decisions, areas: Areas) -> Conclusion:
    clocks, active = film.clocks, areas.active
    characters, grouping = clocks["people"].stage(decisions.people, len(film.tracks))
    judged = clocks["judge"].stage(lambda: decisions.judge(active), len(film.candidates))
    pictures = FullSizePictures(film.pool, tools.frame_at, tools.between)
    planner = _planner(settings, active, characters, tools.ops, pictures)
    neighbours = NeighbourFaces(film.pool, pictures.beside, tools.glance, settings.faces.moment_s)
    text = _text_check(film, tools, planner, pictures)
    checks = PixelChecks(
        film, settings, judged.baselines, text, neighbours, pictures.surface, tools.ops, tools.maturity
    )
    with workers(settings.thread_count) as pool:
        cutter = Cutter(settings, planner, tools.ops, tools.encoder, pictures.surface, pool)
        reader = MomentReader(tools.at, tools.read, tools.ops, film.info.geometry)
        more = SecondLook(film, settings, characters, decisions.more, active, reader, tools.ops, pictures.hold, pool)
        with in_stage("select"):
            selection = choose_checked(decisions, settings, checks.check, pool, cutter.begin, more)
        picks, cards = selection.picks, frozenset[int]()
        if len(picks) < settings.top and text is not None:
            cards = card_shots(selection.assessments, film.pool, text.is_card, pool)
        _count_rejections(film, selection, cards)
        portraits = portraits_of(characters, selection.assessments, selection.late)
        files = clocks["crop"].stage(lambda: cutter.cut(picks, portraits), len(picks))
    film.notices += maturity_notices(picks, settings.maturity.warn_above)
    if len(picks) < settings.top:
        turned_down = film.funnel.at_shot + film.funnel.at_end
        film.notices.append(Notice("few_images", shortage_message(len(picks), settings.top, turned_down)))
    refetched = frozenset(pictures.refetched)
    return Conclusion(areas.area, areas.by_shot, active, characters, grouping, files, refetched, selection.assessments)


def _planner(
    settings: Settings, active: ActiveRects, characters: Sequence[Character], ops: Ops, pictures: FullSizePictures
) -> CropPlanner:
    mains = frozenset(character.id for character in characters if character.main)
    return CropPlanner(settings.chosen_formats(), active, ops, pictures.surface, mains, settings.faces.min_score)


def maturity_notices(picks: Sequence[Pick], above: float) -> list[Notice]:
    """One notice for each pick that is explicit with a probability above this."""
    notices = []
    for rank, pick in enumerate(picks, 1):
        explicit, time_s = pick.assessment.explicit, pick.assessment.candidate.pts_s
        if explicit is not None and explicit > above:
            what = f"image {rank} at {time_text(time_s)} may be explicit ({explicit:.2f})"
            notices.append(Notice("maturity", f"{what}, look at it before it is shown", time_s))
    return notices


def _text_check(film: Film, tools: Tools, planner: CropPlanner, pictures: FullSizePictures) -> TextCheck | None:
    if tools.text is None:
        return None
    scenes = unlike_scenes(film.candidates, planner, film.pool)
    marks = film_marks(scenes, planner, film.pool, tools.ops)

    def in_shot(candidate: Candidate) -> list[TimedSurface]:
        return near_in_shot(film.candidates, candidate, film.pool)

    return TextCheck(tools.text, planner, tools.ops, pictures.surface, marks, scenes, film.pool.beside, in_shot)


def _count_rejections(film: Film, selection: Selection, cards: Set[int]) -> None:
    """Count why assessed pictures were not chosen. Leaves out the reserve: it was counted when its shots closed.
    `cards`: shots of which pictures of little tone are cards."""
    taken = {id(pick.assessment) for pick in selection.picks}
    at_shot = {candidate.pts_s for candidate, _ in film.reserve}
    for assessment in selection.assessments:
        if id(assessment) in taken or assessment.candidate.pts_s in at_shot:
            continue
        film.funnel.at_end.update(said_of(assessment.reasons, assessment.candidate.shot in cards))
        if not assessment.reasons and assessment.candidate.pts_s in selection.duplicates:
            film.funnel.at_end["duplicate"] += 1
