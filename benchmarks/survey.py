"""What the matcher needs of a film: collected in one pass and kept in a cache folder between runs.

A grid of frames with their descriptors (for random draws and for the ceiling), the sharpness of every frame, and the
frames that FFmpeg's `thumbnail` filter takes. Frames that are needed later are decoded one by one and kept as well.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import av.filter
import cv2
import numpy as np
import numpy.typing as npt
from av.error import BlockingIOError as NoFrameYet
from av.error import EOFError as NoMoreFrames

from .borders import Border
from .footage import Footage, Frame
from .matcher import LENGTH, Matcher, Vector

GRID_STEP_S = 0.25
THUMBNAILS = 10
_THUMBNAIL_FILTER_WIDTH = 160
"""The filter keeps all frames of its batch in memory. It compares colour histograms, for which small pictures are
enough."""
_VERSION = 3
_THUMBNAILS_OF = "thumbnails_of_"

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Survey:
    """Data of one film. Times are presentation times in seconds; `sharpness` is the variance of the Laplacian at a
    width of 320."""

    first_pts_s: float
    end_s: float
    border: Border
    """Black bars, which are left out of every described picture."""
    times_s: Floats
    """(F,) times of all frames."""
    sharpness: Floats
    """(F,) sharpness of all frames."""
    grid_s: Floats
    """(G,) times of the grid's frames."""
    thumbnails_s: Floats
    """Times of the frames that FFmpeg's filter takes, ten for a film, in the order of time."""
    undecodable: int = 0
    """Number of packets that could not be decoded."""
    described: dict[float, Vector | None] = field(default_factory=dict)
    """Time of a frame → its descriptor; None: the frame is flat."""
    frame_times_s: dict[float, float] = field(default_factory=dict)
    """Requested time → time of the frame that is shown then."""
    more_thumbnails_s: dict[int, Floats] = field(default_factory=dict)
    """Number of equal parts of the film → times of the frames that FFmpeg's filter takes of them."""

    def thumbnails_of(self, parts: int) -> Floats:
        """Times of the frames that FFmpeg's filter takes of so many equal parts of the film. Raises KeyError for a
        number that `Surveyor.take_thumbnails` did not get."""
        return self.thumbnails_s if parts == THUMBNAILS else self.more_thumbnails_s[parts]

    def at(self, asked_s: float) -> tuple[float, Vector | None]:
        """Time and descriptor of the frame that is shown at a time. Raises KeyError for a time that
        `Surveyor.describe_frames` did not get."""
        shown_s = self.frame_times_s[_key(asked_s)]
        return shown_s, self.described[shown_s]

    def contains(self, time_s: float) -> bool:
        """Whether the film shows something at this time in seconds."""
        return self.first_pts_s - 1e-3 <= time_s <= self.end_s + 1e-3


class Surveyor:
    """Surveys films with one matcher. cache: folder for the surveys; None keeps nothing."""

    def __init__(self, matcher: Matcher, cache: Path | None, threads: int = 0) -> None:
        self._matcher, self._cache, self._threads = matcher, cache, threads

    def survey(self, video: Path) -> Survey:
        """The survey of a film, from the cache when there is one. Raises KeyartError when the film cannot be read."""
        kept = self._kept(video)
        if kept is not None and kept.is_file():
            return _load(kept)
        survey = self._watch(Footage(video, self._threads))
        self._keep(video, survey)
        return survey

    def describe_frames(self, video: Path, survey: Survey, times_s: Iterable[float]) -> None:
        """Adds the descriptors of the frames nearest to these times to the survey, so that `survey.at` has them."""
        missing = [t for t in times_s if _key(t) not in survey.frame_times_s]
        if not missing:
            return
        footage = Footage(video, self._threads)
        footage.border = survey.border
        for asked_s, frame in footage.frames_near(missing):
            self._note(footage, survey, frame)
            survey.frame_times_s[_key(asked_s)] = survey.frame_times_s[_key(frame.pts_s)] = frame.pts_s
        self._keep(video, survey)

    def take_thumbnails(self, video: Path, survey: Survey, parts: int) -> None:
        """Adds what FFmpeg's filter takes of so many equal parts to the survey, so that `survey.thumbnails_of` has it.

        The filter holds all frames of a part in memory, so few parts of a long film need much of it.
        """
        if parts in (THUMBNAILS, *survey.more_thumbnails_s):
            return
        taken: list[float] = []
        if parts:
            footage = Footage(video, self._threads)
            thumbnails = ThumbnailFilter(footage.frame_count, parts)
            for frame in footage.frames():
                thumbnails.push(frame)
            taken = thumbnails.finish()
        survey.more_thumbnails_s[parts] = np.array(taken, np.float64)
        self._keep(video, survey)

    def _note(self, footage: Footage, survey: Survey, frame: Frame) -> None:
        if frame.pts_s not in survey.described:
            survey.described[frame.pts_s] = self._matcher.descriptor(footage.small(frame.picture))

    def _watch(self, footage: Footage) -> Survey:
        times_s: list[float] = []
        sharpness: list[float] = []
        grid_s: list[float] = []
        described: dict[float, Vector | None] = {}
        next_s = footage.first_pts_s
        border = footage.find_border()
        thumbnails = ThumbnailFilter(footage.frame_count, THUMBNAILS)
        for frame in footage.frames():
            small = footage.small(frame.picture)
            times_s.append(frame.pts_s)
            sharpness.append(float(cv2.Laplacian(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var()))
            thumbnails.push(frame)
            if frame.pts_s >= next_s - 1e-6:
                grid_s.append(frame.pts_s)
                described[frame.pts_s] = self._matcher.descriptor(small)
                next_s = max(next_s + GRID_STEP_S, frame.pts_s)
        frame_times_s = {_key(t): t for t in grid_s}
        return Survey(
            footage.first_pts_s, footage.end_s, border, np.array(times_s), np.array(sharpness), np.array(grid_s),
            np.array(thumbnails.finish()), footage.undecodable, described, frame_times_s,
        )  # fmt: skip

    def _kept(self, video: Path) -> Path | None:
        if self._cache is None:
            return None
        parts = f"{content_hash(video)} {self._matcher.fingerprint} {GRID_STEP_S} {_VERSION}"
        return self._cache / f"{video.stem}-{hashlib.sha256(parts.encode()).hexdigest()[:16]}.npz"

    def _keep(self, video: Path, survey: Survey) -> None:
        kept = self._kept(video)
        if kept is None:
            return
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_name(f".{kept.name}.{os.getpid()}.part")
        with unfinished.open("wb") as file:
            np.savez(file, allow_pickle=False, **_arrays(survey))
        unfinished.replace(kept)


class ThumbnailFilter:
    """FFmpeg's `thumbnail` filter: of each of `parts` equal parts of a film of so many frames it takes the frame whose
    colour histogram is nearest to their mean."""

    def __init__(self, frame_count: int, parts: int) -> None:
        self._batch = max(2, -(-frame_count // parts))
        self._graph: av.filter.Graph | None = None
        self._taken: list[float] = []

    def push(self, frame: Frame) -> None:
        """Adds the next frame in presentation order."""
        if self._graph is None:
            self._graph = self._open(frame.picture)
        self._graph.push(frame.picture)
        self._pull(self._graph)

    def finish(self) -> list[float]:
        """Presentation times in seconds of the frames taken, in order."""
        if self._graph is not None:
            self._graph.push(None)
            self._pull(self._graph)
        return self._taken

    def _open(self, picture: av.VideoFrame) -> av.filter.Graph:
        graph = av.filter.Graph()
        nodes = [
            graph.add_buffer(
                width=picture.width, height=picture.height, format=picture.format, time_base=picture.time_base or None
            ),
            graph.add("scale", f"{_THUMBNAIL_FILTER_WIDTH}:-2"),
            graph.add("thumbnail", f"n={self._batch}"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*nodes).configure()
        return graph

    def _pull(self, graph: av.filter.Graph) -> None:
        while True:
            try:
                taken = graph.pull()
            except (NoFrameYet, NoMoreFrames):
                return
            assert isinstance(taken, av.VideoFrame)
            if taken.pts is not None and taken.time_base:
                self._taken.append(float(taken.pts * taken.time_base))


def descriptors(survey: Survey, times_s: Sequence[float] | Floats) -> Vector:
    """(N, 1056) descriptors of frames that were described; rows of zeros for flat frames, so that they match
    nothing."""
    found = np.zeros((len(times_s), LENGTH), np.float32)
    for row, time_s in zip(found, times_s, strict=True):
        vector = survey.at(float(time_s))[1]
        if vector is not None:
            row[:] = vector
    return found


def content_hash(video: Path) -> str:
    """Identifies a film independently of its path: a hash of its size and of its first and last mebibyte."""
    size = video.stat().st_size
    with video.open("rb") as file:
        head = file.read(1 << 20)
        file.seek(max(0, size - (1 << 20)))
        return hashlib.sha256(b"%d " % size + head + file.read()).hexdigest()


def _key(time_s: float) -> float:
    return round(time_s, 4)


def _arrays(survey: Survey) -> dict[str, Any]:
    known = sorted(survey.described)
    vectors = [survey.described[t] for t in known]
    return {
        "extent": np.array([survey.first_pts_s, survey.end_s, *survey.border]),
        "undecodable": np.array(survey.undecodable),
        "times_s": survey.times_s, "sharpness": survey.sharpness, "grid_s": survey.grid_s,
        "thumbnails_s": survey.thumbnails_s, "described_s": np.array(known),
        "vectors": np.stack([np.zeros(LENGTH, np.float32) if v is None else v for v in vectors]),
        "asked": np.array(list(survey.frame_times_s.items())),
        **{f"{_THUMBNAILS_OF}{parts}": times_s for parts, times_s in survey.more_thumbnails_s.items()},
    }  # fmt: skip


def _load(kept: Path) -> Survey:
    with np.load(kept) as held:
        extent, known, vectors = held["extent"], held["described_s"], held["vectors"]
        described = {float(t): (row if row.any() else None) for t, row in zip(known, vectors, strict=True)}
        more = {int(key.removeprefix(_THUMBNAILS_OF)): held[key] for key in held if key.startswith(_THUMBNAILS_OF)}
        return Survey(
            float(extent[0]), float(extent[1]), Border(*extent[2:].tolist()), held["times_s"], held["sharpness"],
            held["grid_s"], held["thumbnails_s"], int(held["undecodable"]), described, dict(_pairs(held["asked"])),
            more,
        )  # fmt: skip


def _pairs(rows: Floats) -> Iterator[tuple[float, float]]:
    yield from ((float(time_s), float(shown_s)) for time_s, shown_s in rows)
