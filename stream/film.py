"""Everything that is known of one film while it is watched. Pixels are bounded (the pool); only numbers grow with the
film."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from kernels.active_areas import BarsEvidence

from .candidates.moments import Timeline
from .candidates.pace import LONG, Pace
from .candidates.picture_pool import PicturePool
from .dataflow.channels import ChannelMeter
from .dataflow.clocks import Clocks
from .decode.colour_parts import FilmColours
from .episode.looks import LookRows
from .episode.verify import Verdict
from .records import Candidate, Notice, Picture, Shot, Track, VideoInfo


@dataclass(slots=True)
class Funnel:
    """How many pictures were left at each step, and how many were rejected for each reason.

    `at_shot`: rejections when a shot closed; `at_end`: at the end of the film.
    """

    frames: int = 0
    probes: int = 0
    candidates: int = 0
    at_shot: Counter[str] = field(default_factory=Counter)
    at_end: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Film:
    """One video in flight.

    `candidates`: by time. `reserve`: the best rejected pictures, each with its reason. `read_s`: shot → times of its
    pictures that the engines have read. `channels`: of the stages. `look_rows`: where the episode number is to be read;
    `episode`: the verdict on it, when it was.
    """

    info: VideoInfo
    pool: PicturePool
    bars: BarsEvidence
    pace: Pace = LONG
    shots: list[Shot] = field(default_factory=list)
    tracks: list[Track] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    reserve: list[tuple[Candidate, str]] = field(default_factory=list)
    timeline: Timeline = field(default_factory=Timeline)
    read_s: dict[int, list[float]] = field(default_factory=dict)
    funnel: Funnel = field(default_factory=Funnel)
    notices: list[Notice] = field(default_factory=list)
    colours: FilmColours = field(default_factory=FilmColours)
    clocks: Clocks = field(default_factory=Clocks)
    channels: list[ChannelMeter] = field(default_factory=list)
    look_rows: LookRows | None = None
    episode: Verdict | None = None
    pictures_in_stream: int | None = None
    """Pictures of the stream, skipped ones included; None when unknowable."""
    measured_s: float | None = None
    """How long the film is by its packets, where these were asked; None where the container is believed."""

    def descriptors(self) -> dict[int, list[np.ndarray]]:
        """See `descriptors_by_shot`."""
        return descriptors_by_shot([*self.candidates, *(candidate for candidate, _ in self.reserve)])

    def damage_s(self) -> np.ndarray:
        """(N, 2) float64, seconds: see `Timeline.damage_s`."""
        return self.timeline.damage_s()

    def lone_s(self) -> np.ndarray:
        """(N,) float64, seconds: in a film with damage, the times of pictures unlike both beside them."""
        has_damage = any(notice.code == "damaged" for notice in self.notices)
        return self.timeline.lone_s() if has_damage else np.zeros(0)


def descriptors_by_shot(candidates: Iterable[Candidate]) -> dict[int, list[np.ndarray]]:
    """Shot → image descriptors (D,) of its candidates and of its pictures in the reserve, all of them `candidates`."""
    found: dict[int, list[np.ndarray]] = {}
    for candidate in candidates:
        if candidate.descriptor is not None:
            found.setdefault(candidate.shot, []).append(candidate.descriptor)
    return found


_MOST_PEOPLE = 64
"""Bounds the memory; further people have no number and no quota. Chosen by eye."""


class ProvisionalPeople:
    """Numbers for people while the film still runs, from embeddings alone.

    The pool's quota for each person needs them before the characters are known. Two numbers may be one person.
    """

    def __init__(self, same_person_cosine: float) -> None:
        self._alike = same_person_cosine
        self._known: list[np.ndarray] = []

    def person(self, embedding: np.ndarray | None) -> int | None:
        """Number of the first known person whose embedding is alike, else a new number.

        None without an embedding, and for a new person once there are `_MOST_PEOPLE`. `embedding`: (D,) unit vector.
        """
        if embedding is None:
            return None
        for number, known in enumerate(self._known):
            if float(known @ embedding) >= self._alike:
                return number
        if len(self._known) < _MOST_PEOPLE:
            self._known.append(embedding)
            return len(self._known) - 1
        return None


def unread_candidate(shot: int, picture: Picture) -> Candidate:
    """A candidate of last resort from a picture that no engine has read: without faces, descriptor or score."""
    frame = int(picture.row["frame"])
    return Candidate(
        shot=shot,
        pts_s=picture.pts_s,
        frame=None if frame < 0 else frame,
        row=picture.row.copy(),
        faces=(),
        descriptor=None,
        focus=float(picture.row["laplacian_var"]),
        shot_score=0.0,
    )
