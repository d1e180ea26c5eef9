"""Reads the films that the weights of cuts are fitted to, and keeps what TransNet V2 says of each window of them."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engines import shots as transnet
from engines.open_session import open_session
from engines.session import NamedArrays, Session
from engines.zoo import Zoo
from kernels.cpu import CpuOps
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.errors import KeyartError
from stream.settings.model import Settings
from stream.shots.second_opinion import AskedOpinion

from .accuracy import with_truth
from .cut_candidates import ShotFilm
from .labels import LabelledVideo
from .layouts import Truth
from .row_cache import RowCache
from .shot_matches import true_boundaries

_ROLE = "shots"


@dataclass(slots=True)
class ShotFilms:
    """`problems`: a line for each film that cannot be used. `partial`: name → what the truth of a film does not say."""

    films: list[ShotFilm] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    partial: dict[str, str] = field(default_factory=dict)


class KeptSession:
    """A session whose answers about a film are kept on disk by what it was shown. Only what is not known is asked of
    `open_`'s session."""

    def __init__(self, open_: Callable[[], Session], kept: RowCache, video: Path, how: dict[str, Any]) -> None:
        self._open, self._kept, self._video, self._how = open_, kept, video, how

    @property
    def name(self) -> str:
        """See `Session`."""
        return _ROLE

    @property
    def provider(self) -> str:
        """See `Session`."""
        return "CPUExecutionProvider"

    @property
    def metadata(self) -> Mapping[str, str]:
        """See `Session`."""
        return {}

    def run(self, inputs: NamedArrays) -> NamedArrays:
        """See `Session`."""

        def measure() -> dict[str, Any]:
            return {name: np.asarray(found).tolist() for name, found in self._open().run(inputs).items()}

        shown = hashlib.sha256(b"".join(np.ascontiguousarray(inputs[name]).tobytes() for name in sorted(inputs)))
        row = self._kept.row("second opinion", self._video, measure, shown=shown.hexdigest(), **self._how)
        return {name: np.array(values, np.float32) for name, values in row.items()}

    def close(self) -> None:
        """See `Session`. What was opened is closed by whoever opened it."""


def read_films(videos: Sequence[LabelledVideo], settings: Settings, cache: Path, stack: ExitStack) -> ShotFilms:
    """Decodes and measures the films whose truth gives shots. `stack` closes the session, which is opened with the
    first window that was not seen before. Raises ModelError when there are no weights of the role `shots`."""
    truths = with_truth(videos, ("shots",))
    read = ShotFilms(problems=[*truths.problems], partial=truths.partial)
    zoo = Zoo.default(settings.model_set, settings.models)
    zoo.ensure((_ROLE,))
    model, opened = zoo.model(_ROLE), list[Session]()

    def session() -> Session:
        if not opened:
            opened.append(open_session(model.path, threads=settings.thread_count))
            stack.callback(opened[0].close)
        return opened[0]

    kept, how = RowCache(cache / "shots", lambda line: None), {"weights": model.sha256}
    how["code"] = inspect.getsource(transnet)
    for video, truth in truths.known:
        print(f"{video.name}: measuring", file=sys.stderr, flush=True)
        try:
            read.films.append(_film(video, truth, settings, KeptSession(session, kept, video.path, how)))
        except KeyartError as error:
            read.problems.append(f"{video.name}: {error}")
        except (KeyError, TypeError, ValueError) as error:
            wrong = f"truth.json is not as expected ({type(error).__name__}: {error}); left out"
            read.problems.append(f"{video.name}: {wrong}")
    return read


def _film(video: LabelledVideo, truth: Truth, settings: Settings, session: Session) -> ShotFilm:
    rows, pictures, fps = measured(video.path, settings.thread_count)
    classifier = transnet.BoundaryClassifier(session, CpuOps())

    def opinion() -> AskedOpinion:
        asked = AskedOpinion(classifier)
        asked.add(pictures)
        return asked

    return ShotFilm(video.name, video.set_name, rows, fps, true_boundaries(truth, rows["pts_s"]), opinion)


def measured(video: Path, threads: int = 0) -> tuple[np.ndarray, np.ndarray, float | None]:
    """The row of every frame, dtype `kernels.stats.ROW`, its picture as TransNet V2 is shown it, (F, 27, 48, 3) uint8,
    and the frame rate that the container claims. threads: of the decoder. Raises KeyartError."""
    decoder = AvDecoder(video, DecodeOptions(threads=threads))
    rows: list[np.ndarray] = []
    pictures: list[np.ndarray] = []
    try:
        meter = CpuOps().meter(decoder.info.geometry)
        for batch in decoder.batches():
            rows.append(meter.measure(batch.surfaces, batch.pts_s, batch.frames))
            pictures.append(np.asarray(meter.thumbnails()))
        return np.concatenate(rows), np.concatenate(pictures), decoder.info.fps
    finally:
        decoder.close()
