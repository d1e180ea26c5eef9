"""What FFmpeg's own `ffprobe` says of a film, where it is installed: the times of its pictures and their shown size."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

_MOST_S = 120.0
_STREAM = "stream=width,height,sample_aspect_ratio:stream_side_data=rotation"


@dataclass(frozen=True, slots=True)
class Probed:
    """`times_s`: (N,) of the pictures as a player shows them (best effort), by time. `size`: displayed width and
    height, pixels."""

    times_s: np.ndarray
    size: tuple[int, int]


def find_ffprobe() -> str | None:
    """The path of `ffprobe`; None where it is not installed."""
    return shutil.which("ffprobe")


def probed(ffprobe: str, film: Path) -> Probed | None:
    """What it says of the film's first video stream that is no cover picture; None where it sees none."""
    frames = "frame=best_effort_timestamp_time"
    entries = ["-show_entries", f"{_STREAM}:{frames}", "-select_streams", "V:0", "-of", "json"]
    run = subprocess.run(
        [ffprobe, "-v", "quiet", *entries, f"file:{film}"], capture_output=True, text=True, timeout=_MOST_S, check=False
    )
    said = json.loads(run.stdout or "{}")
    times_s = [float(f["best_effort_timestamp_time"]) for f in said.get("frames", []) if _has_time(f)]
    streams = said.get("streams", [])
    return Probed(np.sort(np.array(times_s)), _shown_size(streams[0])) if streams and times_s else None


def _has_time(frame: dict[str, Any]) -> bool:
    return frame.get("best_effort_timestamp_time") not in (None, "N/A")


def _shown_size(stream: dict[str, Any]) -> tuple[int, int]:
    ratio = stream.get("sample_aspect_ratio", "1:1").replace(":", "/")
    aspect = Fraction(ratio) if not ratio.startswith("0/") and not ratio.endswith("/0") and ratio != "N/A" else 1
    width, height = round(stream["width"] * aspect), stream["height"]
    turned = next((side["rotation"] for side in stream.get("side_data_list", []) if "rotation" in side), 0)
    return (height, width) if round(float(turned)) % 180 == 90 else (width, height)


def differences(said: Probed, times_s: list[float], size: tuple[int, int]) -> list[str]:
    """Where a manifest differs from it: times of images at which it shows no picture (by more than a millisecond and
    the last digit), and another size by more than a pixel."""
    found = []
    away = [time_s for time_s in times_s if float(np.abs(said.times_s - time_s).min()) > 0.0015]
    if away:
        found.append(f"no picture at {', '.join(f'{time_s:.3f}' for time_s in away[:3])} s")
    if max(abs(size[0] - said.size[0]), abs(size[1] - said.size[1])) > 1:
        found.append(f"shown as {size[0]}x{size[1]}, by ffprobe {said.size[0]}x{said.size[1]}")
    return found
