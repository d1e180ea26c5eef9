"""Small pictures of frames for the report. They are named by their times, so that none is made twice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2

from .footage import Footage
from .labels import LabelledVideo

STILLS_FOLDER = "frames"


def still_name(film: str, time_s: float) -> str:
    """Path of a picture inside the report's folder."""
    return f"{STILLS_FOLDER}/{film}/{time_s:.3f}.jpg"


def write_stills(report: Path, videos: Iterable[LabelledVideo], recall: dict[str, Any], threads: int) -> None:
    """Writes the missing pictures of what Keyart and the expert chose, for each video of the section `recall`."""
    for video in videos:
        details = recall["videos"].get(video.name)
        if details is None:
            continue
        times_s = [image["time_s"] for image in details["keyart"]["images"]] + details["labels"]["picks_s"]
        missing = [t for t in times_s if not (report / still_name(video.name, t)).is_file()]
        if not missing:
            continue
        (report / STILLS_FOLDER / video.name).mkdir(parents=True, exist_ok=True)
        footage = Footage(video.path, threads)
        for asked_s, frame in footage.frames_near(missing):
            picture = cv2.cvtColor(footage.small(frame.picture), cv2.COLOR_RGB2BGR)
            content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
            (report / still_name(video.name, asked_s)).write_bytes(content)
