"""Accuracy of shot boundaries on episodes whose cuts are known, and of PySceneDetect when it is installed.

    python -m benchmarks.shots EPISODE_FOLDER… [--decode reference] [--peers] [--json]

A cut is found when it is within one measured frame, a dissolve or a fade when the boundary is anywhere inside its
extent.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import numpy as np

from kernels.cpu import CpuOps
from stream.decode.decoder import DecodeMode, DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.settings.sections import ShotSettings
from stream.shots.second_opinion import SecondOpinion
from stream.shots.splitter import ShotSplitter

from .peer_file import peer_file

EPISODE_SUFFIXES = (".mp4", ".mkv", ".webm", ".mov")
"""Suffixes of the film in an episode folder."""


@dataclass(frozen=True, slots=True)
class BoundaryScores:
    """Number of boundaries that were found, and frame numbers of those missed and invented. A film's first frame is not
    a boundary."""

    found: int
    missed: tuple[int, ...] = ()
    invented: tuple[int, ...] = ()

    @property
    def precision(self) -> float:
        """Found boundaries over all detected ones, 0–1; 1 where none was detected."""
        return _share(self.found, self.found + len(self.invented))

    @property
    def recall(self) -> float:
        """Found boundaries over all true ones, 0–1; 1 where there are none."""
        return _share(self.found, self.found + len(self.missed))

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0–1; 1 for a film of one shot in which no other was found."""
        return _share(2 * self.found, 2 * self.found + len(self.missed) + len(self.invented))


@dataclass(frozen=True, slots=True)
class DetectedShots:
    """`starts`: frame numbers at which shots begin, without the first; `frames`: numbers of all measured frames;
    `times_s`: their times in seconds, where they were measured; `kinds`: how each shot of `starts` begins ("cut", …),
    where that is said."""

    starts: Sequence[int]
    frames: np.ndarray
    times_s: np.ndarray | None = None
    kinds: Sequence[str] = ()


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def score_shots(detected: DetectedShots, truth: dict[str, Any]) -> BoundaryScores:
    """Matches detected starts one to one, in order, with the boundaries of a truth.json; what is found at one that is
    `optional` counts neither way."""
    left, missed, found = sorted(detected.starts), [], 0
    for boundary, low, high, optional in _accepted(truth, detected.frames):
        hits = [start for start in left if low <= start <= high]
        hit = next(iter(hits), None)
        if optional:
            left = [start for start in left if start not in hits]
        elif hit is None:
            missed.append(boundary)
        else:
            left.remove(hit)
            found += 1
    return BoundaryScores(found, tuple(missed), tuple(left))


def pooled_scores(scores: Sequence[BoundaryScores]) -> BoundaryScores:
    """All boundaries of several films as one."""
    return BoundaryScores(
        sum(s.found for s in scores),
        tuple(m for s in scores for m in s.missed),
        tuple(i for s in scores for i in s.invented),
    )


def _accepted(truth: dict[str, Any], frames: np.ndarray) -> Iterator[tuple[int, int, int, bool]]:
    """(boundary, first accepted frame, last accepted frame, whether it is optional) of each shot but the first."""
    last = len(frames) - 1
    for shot in truth["shots"][1:]:
        start = shot["start_frame"]
        begin, end = extent_frames(shot)
        slack = 1 if begin == end else 0
        low, high = np.searchsorted(frames, [begin, end]) + np.array([-slack, slack])
        yield start, int(frames[max(0, low)]), int(frames[min(last, high)]), bool(shot.get("optional"))


def extent_frames(shot: Mapping[str, Any]) -> tuple[int, int]:
    """First and last frame of the transition with which a shot of a truth.json begins; twice its first frame at a cut.

    The extent is `fade_frames` (`out_from`, `in_until`), or two numbers under `dissolve_frames`, `wipe_frames` or
    another name of that form.
    """
    if "fade_frames" in shot:
        return shot["fade_frames"]["out_from"], shot["fade_frames"]["in_until"]
    extents = [value for name, value in shot.items() if name.endswith("_frames")]
    begin, end = extents[0] if extents else (shot["start_frame"], shot["start_frame"])
    return begin, end


def detect(
    path: Path,
    mode: DecodeMode = "all",
    settings: ShotSettings | None = None,
    threads: int = 0,
    opinion: SecondOpinion | None = None,
) -> DetectedShots:
    """Runs one film through decoder, meter and shot splitter on the CPU. threads: of the decoder; 0 leaves the number
    to it. opinion: a new one, on this film's shots; None does without. Raises KeyartError when the film cannot be
    decoded."""
    parts, fps = measured_parts(path, mode, threads, opinion)
    return split(parts, fps, settings or ShotSettings(), opinion)


def rows_of(path: Path) -> tuple[np.ndarray, float | None]:
    """All rows of a film (dtype `kernels.stats.ROW`), measured on the CPU, and its frame rate."""
    parts, fps = measured_parts(path)
    return np.concatenate(parts), fps


def measured_parts(
    path: Path, mode: DecodeMode = "all", threads: int = 0, opinion: SecondOpinion | None = None
) -> tuple[list[np.ndarray], float | None]:
    """The rows of a film batch by batch, and its frame rate. opinion: is given a small picture of every frame."""
    decoder = AvDecoder(path, DecodeOptions(mode=mode, batch=32, threads=threads))
    parts: list[np.ndarray] = []
    try:
        meter = CpuOps().meter(decoder.info.geometry)
        for batch in decoder.batches():
            parts.append(meter.measure(batch.surfaces, batch.pts_s, batch.frames))
            if opinion is not None:
                opinion.add(meter.thumbnails())
        return parts, decoder.info.fps
    finally:
        decoder.close()


def split(
    parts: Sequence[np.ndarray], fps: float | None, settings: ShotSettings, opinion: SecondOpinion | None = None
) -> DetectedShots:
    """Shots of rows that come in parts. fps: frames per second, None when it is not known. opinion: one that has the
    pictures of all rows."""
    splitter = ShotSplitter(settings, fps, opinion)
    shots = [shot for part in parts for shot in splitter.add(part)]
    shots += splitter.finish(float(parts[-1]["pts_s"][-1]) if parts else 0.0)
    frames = np.concatenate([part["frame"] for part in parts])
    starts = [int(frames[shot.first_row]) for shot in shots[1:]]
    times_s = np.concatenate([part["pts_s"] for part in parts])
    return DetectedShots(starts, frames, times_s, [shot.transition for shot in shots[1:]])


def episode_film(folder: Path) -> Path:
    """The film in an episode folder. Raises FileNotFoundError when there is none."""
    found = sorted(p for p in folder.iterdir() if p.suffix in EPISODE_SUFFIXES)
    if not found:
        raise FileNotFoundError(f"{folder}: no film here (looked for {', '.join(EPISODE_SUFFIXES)})")
    return found[0]


def measure_episode(folder: Path, mode: DecodeMode = "all") -> BoundaryScores:
    """Scores of one episode folder (a film beside its truth.json)."""
    return score_shots(detect(episode_film(folder), mode), truth_in(folder))


def scenedetect_detectors() -> dict[str, Callable[[], Any]]:
    """PySceneDetect's detectors with their own defaults, by name; empty when it is not installed."""
    if find_spec("scenedetect") is None:
        return {}
    library = import_module("scenedetect")
    return {"PySceneDetect adaptive": library.AdaptiveDetector, "PySceneDetect content": library.ContentDetector}


def measure_detector(video: Path, truth: dict[str, Any], detector: Callable[[], Any]) -> BoundaryScores:
    """Scores of one PySceneDetect detector on every frame of a film."""
    first_s = truth.get("first_pts_s", 0.0)
    starts_s = [first_s + after_s for after_s in scenedetect_starts(video, detector)]
    frames = np.arange(truth["frame_count"])
    return score_shots(DetectedShots([_frame_at(truth, s) for s in starts_s], frames), truth)


def scenedetect_starts(video: Path, detector: Callable[[], Any]) -> list[float]:
    """Where one PySceneDetect detector says that shots begin, without the first, in seconds after the film's first
    frame: the clock of its reader (OpenCV) starts there, whatever time that frame has. Raises KeyartError for what is
    no film."""
    with peer_file(video) as film:
        scenes = import_module("scenedetect").detect(str(film), detector())
    return [start.seconds for start, _ in scenes[1:]]


def _frame_at(truth: dict[str, Any], pts_s: float) -> int:
    """The frame number nearest to a time, computed within its shot (frames may be missing in films of variable
    rate)."""
    shots = [s for s in truth["shots"] if s["start_s"] <= pts_s + 0.5 / Fraction(truth["fps"])] or truth["shots"][:1]
    shot = shots[-1]
    rate = (shot["end_frame"] - shot["start_frame"]) / (shot["end_s"] - shot["start_s"])
    return int(shot["start_frame"] + round((pts_s - shot["start_s"]) * rate))


def truth_in(folder: Path) -> dict[str, Any]:
    """The parsed truth.json of an episode folder."""
    loaded: dict[str, Any] = json.loads((folder / "truth.json").read_text())
    return loaded


def report(folders: Sequence[Path], mode: DecodeMode, with_peers: bool) -> dict[str, dict[str, BoundaryScores]]:
    """Scores by method and episode name; `pooled` is last."""
    methods: dict[str, Callable[[Path], BoundaryScores]] = {f"keyart {mode}": lambda f: measure_episode(f, mode)}
    if with_peers:
        for name, detector in scenedetect_detectors().items():
            methods[name] = lambda f, d=detector: measure_detector(episode_film(f), truth_in(f), d)  # type: ignore[misc]
    table = {name: {f.name: measure(f) for f in folders} for name, measure in methods.items()}
    return {name: {**row, "pooled": pooled_scores(list(row.values()))} for name, row in table.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("episodes", nargs="+", type=Path, help="folders with a film and its truth.json")
    parser.add_argument("--decode", choices=get_args(DecodeMode), default="all")
    parser.add_argument("--peers", action="store_true", help="also run PySceneDetect (pip install scenedetect)")
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")
    options = parser.parse_args(arguments)
    table = report(options.episodes, options.decode, options.peers)
    if options.json:
        print(json.dumps({name: {k: asdict(s) for k, s in row.items()} for name, row in table.items()}))
        return
    if options.peers and not scenedetect_detectors():
        print("PySceneDetect is not installed: pip install scenedetect")
    for name, row in table.items():
        for episode, s in row.items():
            print(f"{name:24} {episode:8} P {s.precision:.4f}  R {s.recall:.4f}  F1 {s.f1:.4f}", end="  ")
            print(f"missed {list(s.missed)}  invented {list(s.invented)}" if episode != "pooled" else "")


if __name__ == "__main__":
    main()
