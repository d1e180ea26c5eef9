"""How much of its subject a crop shows, in pictures that no face leads.

    python -m benchmarks.crop_subjects TESTDATA [--json]

`crop_subjects.json` has pictures of real films that were chosen as posters, with the box of the subject and of its
head, marked by eye before the crops were looked at; where two things may be the subject, the one that is shown better
counts. A subject larger than the crop is whole where the crop holds as much of it as it can.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kernels.open_ops import open_ops
from kernels.stats import ROW
from kernels.surface import Rect, Surface
from stream.framing.active import ActiveRects
from stream.framing.planner import CropPlanner
from stream.records import ActiveRect, Candidate
from stream.settings.model import Settings

from .labelled_frames import surfaces_at

LABELS = Path(__file__).with_name("crop_subjects.json")
ROUNDED_S = 1e-4
"""More than what rounding takes from a time."""
HALF, WHOLE_HEAD = 0.5, 0.9
"""Less of a subject is missed; so much of a head is a whole one."""
Shown = tuple[float, float | None]
"""Of the subject and of its head the share that is shown (0-1); None without a head."""


def share_shown(crop: Rect, box: Rect) -> float:
    """Share (0-1) of a box inside a crop, of as much of it as a crop of this size can hold."""
    across, down = (max(0.0, min(crop[i] + crop[i + 2], box[i] + box[i + 2]) - max(crop[i], box[i])) for i in (0, 1))
    return across * down / (min(box[2], crop[2]) * min(box[3], crop[3]))


def shown(crop: Rect, subjects: Sequence[Mapping[str, Any]]) -> Shown:
    """What a crop shows of the subject that it shows best."""
    found = [
        (share_shown(crop, one["box"]), None if one["head"] is None else share_shown(crop, one["head"]))
        for one in subjects
    ]
    return max(found, key=lambda one: one[0])


def film_crops(testdata: Path, film: str, labels: Mapping[str, Any]) -> Iterator[tuple[str, Shown]]:
    """(format, what its crop shows) for every labelled picture of one film. Raises KeyartError, OSError."""
    subjects = {one["time_s"]: one["subjects"] for one in labels["pictures"]}
    now: dict[float, Surface] = {}
    settings, active = Settings(), ActiveRects(ActiveRect(*labels["area"]))
    planner = CropPlanner(
        settings.chosen_formats(), active, open_ops("cpu"), lambda one: now[one.pts_s], frozenset(), 0.6
    )
    for asked_s, surface in surfaces_at(testdata / film, [time_s - ROUNDED_S for time_s in subjects], 0):
        time_s = min(subjects, key=lambda known_s: abs(known_s - asked_s))
        now[time_s] = surface
        for form, crop in planner.plan(candidate_at(time_s), ()):
            yield form.name, shown(crop.source, subjects[time_s])


def candidate_at(time_s: float) -> Candidate:
    """A picture without faces."""
    return Candidate(0, time_s, None, np.zeros(1, ROW)[0], (), None, 0.0, 0.0)


def table(crops: Sequence[tuple[str, Shown]]) -> dict[str, dict[str, float]]:
    """For each format: pictures, mean share of the subject, share of crops that miss more than half, whole heads."""
    found = {}
    for name in sorted({name for name, _ in crops}):
        subjects = np.array([subject for form, (subject, _) in crops if form == name])
        heads = np.array([head for form, (_, head) in crops if form == name and head is not None])
        found[name] = {
            "pictures": len(subjects),
            "subject": round(float(subjects.mean()), 3),
            "missed": round(float((subjects < HALF).mean()), 3),
            "heads": round(float((heads >= WHOLE_HEAD).mean()), 3) if len(heads) else 1.0,
        }
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("testdata", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    labels = json.loads(LABELS.read_text("utf-8"))
    crops = [one for film, known in labels.items() for one in film_crops(options.testdata, film, known)]
    found = table(crops)
    if options.json:
        json.dump(found, sys.stdout)
        return
    for name, numbers in found.items():
        print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in numbers.items()))


if __name__ == "__main__":
    main()
