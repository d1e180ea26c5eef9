"""What finds shot boundaries: Keyart, PySceneDetect's detectors, and TransNet V2, each on all frames of a film."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from engines import shots as transnet
from engines.errors import ModelError, SessionError
from engines.open_session import open_session
from engines.shots import BoundaryClassifier
from engines.zoo import Model, Zoo
from kernels.cpu import CpuOps
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.settings.model import Settings
from stream.shots.second_opinion import AskedOpinion

from . import shots
from .provenance import code_fingerprint, version_of
from .report import Row

OWN = "keyart"
_ROLE = "shots"


class DetectorError(Exception):
    """A detector cannot judge a film; the message is one line."""


@dataclass(frozen=True, slots=True)
class Detector:
    """One way to find boundaries.

    `find`: film → row with `starts_s`, the times at which shots begin without the first, in seconds; maybe with
    `kinds`, what it calls their transitions; Keyart's also with `times_s`, the times of all frames. `how`: what its
    answer depends on beside the film. `from_first`: its times count from the film's first frame, not as the file does.
    `find` raises KeyartError for what is no film, DetectorError for what only this detector cannot do.
    """

    name: str
    find: Callable[[Path], Row]
    how: dict[str, Any] = field(default_factory=dict)
    from_first: bool = False


def keyart(settings: Settings, stack: ExitStack) -> Detector:
    """Decoding, measuring and splitting of Keyart, by these settings, with its second opinion where they ask for one.
    `stack` closes what it opens. Raises ModelError when the weights for that cannot be had."""
    find = partial(_find_own, settings, second_opinions(settings, stack))
    how = {"code": code_fingerprint(), "shots": settings.shots.model_dump(), "decode": settings.decode}
    return Detector(OWN, find, {**how, "threads": settings.thread_count})


def second_opinions(settings: Settings, stack: ExitStack) -> Callable[[], AskedOpinion | None]:
    """What makes a second opinion for a film, by these settings; of None where they want none. `stack` closes what it
    opens. Raises ModelError when the weights for that cannot be had."""
    if not settings.shots.second_opinion:
        return lambda: None
    classifier = _opener(settings, stack)[0]
    return lambda: AskedOpinion(classifier())


def peers(settings: Settings, stack: ExitStack) -> tuple[list[Detector], dict[str, str]]:
    """All other detectors that can be run here, and why others cannot, by name. `stack` closes what they open."""
    unavailable: dict[str, str] = {}
    found = _scenedetect()
    if not found:
        unavailable["PySceneDetect"] = "not installed (pip install scenedetect-headless)"
    try:
        found.append(_transnet(settings, stack))
    except ModelError as error:
        unavailable["TransNet V2"] = str(error)
    return found, unavailable


def timed(find: Callable[[Path], Row], video: Path) -> Row:
    """What `find` returns, with the seconds that it took: of the clock, and of this process's processors."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    row = find(video)
    return {
        **row, "wall_s": round(time.perf_counter() - wall_s, 3), "cpu_s": round(time.process_time() - cpu_s, 3),
    }  # fmt: skip


def _find_own(settings: Settings, opinion: Callable[[], AskedOpinion | None], video: Path) -> Row:
    found = shots.detect(video, settings.decode, settings.shots, settings.thread_count, opinion())
    assert found.times_s is not None  # `detect` measures them
    times_s = found.times_s[np.searchsorted(found.frames, found.starts)]
    return {"starts_s": times_s.tolist(), "kinds": list(found.kinds), "times_s": found.times_s.tolist()}


def _scenedetect() -> list[Detector]:
    version = version_of("scenedetect-headless") or version_of("scenedetect")
    return [
        Detector(name, partial(_find_scenes, detector), {"version": version}, from_first=True)
        for name, detector in shots.scenedetect_detectors().items()
    ]


def _find_scenes(detector: Callable[[], Any], video: Path) -> Row:
    try:
        return {"starts_s": shots.scenedetect_starts(video, detector)}
    except import_module("scenedetect.video_stream").VideoOpenFailure as error:
        raise DetectorError(f"PySceneDetect cannot open it ({error})") from None


def _transnet(settings: Settings, stack: ExitStack) -> Detector:
    """Raises ModelError when there are no weights."""
    classifier, model = _opener(settings, stack)

    def find(video: Path) -> Row:
        try:
            return find_by_transnet(classifier(), video, settings.thread_count)
        except SessionError as error:
            raise DetectorError(str(error)) from None

    code = [inspect.getsource(transnet), inspect.getsource(find_by_transnet)]
    return Detector("TransNet V2", find, {"weights": model.sha256, "code": code})


def _opener(settings: Settings, stack: ExitStack) -> tuple[Callable[[], BoundaryClassifier], Model]:
    """What opens TransNet V2 when it is first asked for, and its weights. Raises ModelError when there are none."""
    zoo = Zoo.default(settings.model_set, settings.models)
    zoo.ensure((_ROLE,))
    model = zoo.model(_ROLE)

    @cache
    def classifier() -> BoundaryClassifier:
        session = open_session(model.path, threads=settings.thread_count)
        stack.callback(session.close)
        return BoundaryClassifier(session, CpuOps())

    return classifier, model


def find_by_transnet(classifier: BoundaryClassifier, video: Path, threads: int) -> Row:
    """Every frame of a film, as a picture of 48×27 pixels, shown to TransNet V2; its authors' threshold. Raises
    KeyartError and SessionError."""
    ops, stream = CpuOps(), transnet.BoundaryStream(classifier)
    answers: list[np.ndarray] = []
    times_s: list[float] = []
    decoder = AvDecoder(video, DecodeOptions(threads=threads))
    try:
        for batch in decoder.batches():
            pictures = ops.rgb_all([(s, None) for s in batch.surfaces], (transnet.WIDTH_PX, transnet.HEIGHT_PX))
            answers.append(stream.push(pictures))
            times_s += np.asarray(batch.pts_s).tolist()
    finally:
        decoder.close()
    probabilities = np.concatenate([*answers, stream.finish()])[:, transnet.BOUNDARY]
    return {"starts_s": [times_s[number] for number in transnet.shot_starts(probabilities)]}
