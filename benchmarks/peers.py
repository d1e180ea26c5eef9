"""What others would do with the same films on the same machine in the same run.

Shots: PySceneDetect. Frames: Katna, FFmpeg's `thumbnail` filter. The whole job: `benchmarks.plain`. Every run has a
process of its own; a peer that is not installed is reported as such.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from . import shots
from .evaluate import Evaluation
from .labels import LabelledVideo
from .layouts import Truth
from .throughput import measure

Row = dict[str, Any]
_KATNA_SCRIPT = Path(__file__).with_name("katna_frames.py")


class PeerUnavailable(Exception):
    """A peer cannot be run here; the message says why."""


@dataclass(slots=True)
class Choices:
    """Frames a peer chose, as times by the video's name, and what it took, likewise."""

    times_s: dict[str, list[float]] = field(default_factory=dict)
    cost: dict[str, Row] = field(default_factory=dict)


def shot_peers(videos: Sequence[tuple[LabelledVideo, Truth]]) -> tuple[dict[str, Row], dict[str, str]]:
    """PySceneDetect's detectors: pooled figures and seconds by name; and why some could not be run."""
    names = shots.peers()
    if not names:
        return {}, {"PySceneDetect": "not installed (pip install scenedetect)"}
    found: dict[str, Row] = {}
    for name, detector in names.items():
        started_s = time.perf_counter()
        scores = [shots.measure_peer(video.path.parent, detector) for video, _ in videos]
        found[name] = _pooled(scores, time.perf_counter() - started_s)
    return found, {}


def own_shots(videos: Sequence[tuple[LabelledVideo, Truth]], **how: Any) -> Row:
    """Keyart's figures and seconds for the same stage alone: decoding, measuring, splitting."""
    started_s = time.perf_counter()
    scores = [shots.evaluate(shots.detect(video.path, **how), truth) for video, truth in videos]
    return _pooled(scores, time.perf_counter() - started_s)


def katna(videos: Sequence[LabelledVideo], evaluation: Evaluation, python: str | None) -> Choices:
    """Katna's ten; their times are found by matching. `python`: the interpreter of the environment it lives in.

    Raises PeerUnavailable.
    """
    if python is None and find_spec("Katna") is None:
        raise PeerUnavailable("not installed (pip install katna, or --peer-python of an environment that has it)")
    choices = Choices()
    for video in videos:
        with tempfile.TemporaryDirectory(prefix="keyart-bench-") as folder:
            row = _run([python or sys.executable, str(_KATNA_SCRIPT), str(video.path.resolve()), folder])
            pictures = [cv2.imread(str(Path(folder) / name), cv2.IMREAD_COLOR_RGB) for name in row["images"]]
        survey = evaluation.surveyor.survey(video.path)
        times = [evaluation.find(np.asarray(p, np.uint8), video, survey) for p in pictures if p is not None]
        choices.times_s[video.name] = [t for t in times if t is not None]
        choices.cost[video.name] = {"wall_s": row["wall_s"], "not_found": times.count(None)}
    return choices


def plain(
    videos: Sequence[LabelledVideo], models: Path, every: int, threads: int, say: Callable[[str], None]
) -> Choices:
    """The plain script's ten, and film by film right after it Keyart's whole pipeline, so that both meet one machine.

    every: look at every so many frames. Raises PeerUnavailable.
    """
    choices = Choices()
    for video in videos:
        say(f"{video.name}: the plain script, then Keyart")
        arguments = ["-m", "benchmarks.plain", str(video.path), str(models), "--every", str(every)]
        row = _run([sys.executable, *arguments])
        choices.times_s[video.name] = row.pop("times_s")
        own = measure(video.path, threads, 1)["runs"]["whole"][-1]
        choices.cost[video.name] = {**row, "keyart_wall_s": own["wall_s"], "keyart_cpu_s": own["cpu_s"]}
    return choices


def whole_job(script: Choices) -> dict[str, Any]:
    """Frames per second of the script and of Keyart, and how many times faster Keyart is, by the clock and by CPU."""
    rows: dict[str, Row] = {
        name: {
            "script_fps": round(row["frames"] / row["wall_s"], 1),
            "keyart_fps": round(row["frames"] / row["keyart_wall_s"], 1),
            "factor": round(row["wall_s"] / row["keyart_wall_s"], 3),
            "cpu_factor": round(row["cpu_s"] / row["keyart_cpu_s"], 3),
        }
        for name, row in script.cost.items()
    }
    medians = {
        key: round(float(np.median([row[key] for row in rows.values()])), 3) for key in ("factor", "cpu_factor") if rows
    }
    return {"videos": rows, **medians}


def _run(command: Sequence[str]) -> Row:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        reason = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        raise PeerUnavailable(f"did not run ({reason})")
    try:
        row: Row = json.loads(lines[-1])
    except json.JSONDecodeError:
        raise PeerUnavailable(f"gave no figures ({lines[-1][:80]})") from None
    return row


def _pooled(scores: Sequence[shots.Scores], wall_s: float) -> Row:
    whole = shots.pooled(scores)
    return {
        "precision": round(whole.precision, 6), "recall": round(whole.recall, 6), "f1": round(whole.f1, 6),
        "found": whole.found, "missed": len(whole.missed), "invented": len(whole.invented), "wall_s": round(wall_s, 3),
    }  # fmt: skip


__all__ = ["Choices", "PeerUnavailable", "katna", "own_shots", "plain", "shot_peers", "whole_job"]
