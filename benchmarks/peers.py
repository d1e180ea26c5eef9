"""Runs other programs on the same films, on the same machine, in the same run.

Frames: Katna, FFmpeg's `thumbnail` filter. The whole job: `benchmarks.plain`. Every run has its own process. A peer
that is not installed is reported as unavailable. Rows are kept film by film, so that an interrupted run can be
continued. Other detectors of shots are in `benchmarks.shot_detectors`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from .evaluate import Evaluation
from .labels import LabelledVideo
from .peer_file import peer_file
from .provenance import code_fingerprint
from .report import Row
from .row_cache import RowCache
from .throughput import run_child

_HERE = Path(__file__).parent
_KATNA_SCRIPT = _HERE / "katna_frames.py"
_PLAIN_SCRIPT = _HERE / "plain.py"


class PeerUnavailable(Exception):
    """A peer cannot be run here; the message says why."""


@dataclass(slots=True)
class Choices:
    """The frames a peer chose, as times in seconds by the video's name, and its cost by the video's name."""

    times_s: dict[str, list[float]] = field(default_factory=dict)
    cost: dict[str, Row] = field(default_factory=dict)


def katna(videos: Sequence[LabelledVideo], evaluation: Evaluation, kept: RowCache, python: str | None) -> Choices:
    """Katna's ten frames; their times are found by matching. python: interpreter of the environment in which Katna is
    installed; None is this one.

    Raises PeerUnavailable.
    """
    if python is None and find_spec("Katna") is None:
        raise PeerUnavailable("not installed (pip install katna, or --peer-python of an environment that has it)")
    choices = Choices()
    how = {"script": _KATNA_SCRIPT.read_text("utf-8"), "matcher": evaluation.matcher.fingerprint}
    for video in videos:
        row = kept.row("frames by Katna", video.path, partial(_katna_row, video, evaluation, python), **how)
        choices.times_s[video.name] = row.pop("times_s")
        choices.cost[video.name] = row
    return choices


def _katna_row(video: LabelledVideo, evaluation: Evaluation, python: str | None) -> Row:
    with peer_file(video.path) as film, tempfile.TemporaryDirectory(prefix="keyart-bench-") as folder:
        row = _run([python or sys.executable, str(_KATNA_SCRIPT), str(film), folder])
        pictures = [cv2.imread(str(Path(folder) / name), cv2.IMREAD_COLOR_RGB) for name in row["images"]]
    survey = evaluation.surveyor.survey(video.path)
    times = [evaluation.time_of_picture(np.asarray(p, np.uint8), video, survey) for p in pictures if p is not None]
    known = [t for t in times if t is not None]
    return {"wall_s": row["wall_s"], "not_found": times.count(None), "times_s": known}


def plain(
    videos: Sequence[LabelledVideo], models: Path, every: int, threads: int, rounds: int, kept: RowCache
) -> Choices:
    """The plain script's ten frames. The script and Keyart's whole pipeline run in turn, so that both meet the same
    machine.

    every: the script looks at every `every`th frame. threads: of each. rounds: runs of each. Raises PeerUnavailable.
    """
    choices = Choices()
    how = {"every": every, "threads": threads, "rounds": rounds, "script": _PLAIN_SCRIPT.read_text("utf-8")}
    how["code"] = code_fingerprint()
    for video in videos:
        measure = partial(_in_turn, video.path, models, every, threads, rounds)
        row = kept.row("the plain script and Keyart in turn", video.path, measure, **how)
        choices.times_s[video.name] = row.pop("times_s")
        choices.cost[video.name] = row
    return choices


def _in_turn(video: Path, models: Path, every: int, threads: int, rounds: int) -> Row:
    arguments = [str(video), str(models), "--every", str(every), "--threads", str(threads)]
    script: list[Row] = []
    own: list[Row] = []
    for _ in range(rounds):
        script.append(_run([sys.executable, "-m", "benchmarks.plain", *arguments]))
        try:
            own.append(run_child("whole", video, threads))
        except subprocess.CalledProcessError as error:
            raise PeerUnavailable(f"Keyart's own run ended with exit {error.returncode}") from None
    return {
        "frames": script[-1]["frames"], "times_s": script[-1]["times_s"], "threads": threads, "rounds": rounds,
        **{key: _median(script, key) for key in ("wall_s", "cpu_s")},
        **{f"keyart_{key}": _median(own, key) for key in ("wall_s", "cpu_s")},
        "factors": [round(a["wall_s"] / b["wall_s"], 3) for a, b in zip(script, own, strict=True)],
    }  # fmt: skip


def whole_job(script: Choices) -> dict[str, Any]:
    """Frames per second of the script and of Keyart, and how many times faster Keyart is, by wall time and by CPU time.

    `factor` and `cpu_factor` are medians over films; `total_factor` is that of all films' seconds together.
    """
    rows: dict[str, Row] = {
        name: {
            "script_fps": round(row["frames"] / row["wall_s"], 1),
            "keyart_fps": round(row["frames"] / row["keyart_wall_s"], 1),
            "factor": round(row["wall_s"] / row["keyart_wall_s"], 3),
            "cpu_factor": round(row["cpu_s"] / row["keyart_cpu_s"], 3),
        }
        for name, row in script.cost.items()
    }
    if not rows:
        return {"videos": rows}
    total = [sum(row[key] for row in script.cost.values()) for key in ("wall_s", "keyart_wall_s")]
    medians = {key: round(float(np.median([row[key] for row in rows.values()])), 3) for key in ("factor", "cpu_factor")}
    return {"videos": rows, **medians, "total_factor": round(total[0] / total[1], 3)}


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


def _median(rows: Sequence[Row], key: str) -> float:
    return round(float(np.median([row[key] for row in rows])), 3)
