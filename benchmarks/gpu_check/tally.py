"""Counts bytes that reach the host by kind of data, for `gpu_check`. Some kinds come with every frame, most do not."""

from __future__ import annotations

import sys
import threading
from collections import Counter

from ..report import Row

ROWS = "rows"
"""Kinds that measuring sends, whatever the film shows."""
FILES, TILES = "files", "tiles"
"""The crops: finished pictures, and those from which the contact sheet is made."""

PER = {
    ROWS: "frame",
    "fields": "64th frame, 8th at first",
    "detections": "probe",
    "descriptors": "probe",
    "faces": "probe",
    "composition": "candidate",
    "text maps": "candidate that could win",
    "lettering": "tall mark in one that is not sure",
    "maturity": "candidate that could win",
    "charts": "candidate that could win",
    "crop plans": "candidate that could win",
    "lasting marks": "film",
    TILES: "image",
    FILES: "image",
}
"""What each kind is sent for. A probe is a picture that the models read, a few of every shot."""

_KIND_OF_CALLER = {
    "stream.pipeline.field_watch": "fields",
    "engines.detector": "detections",
    "engines.descriptor": "descriptors",
    "engines.reader": "faces",
    "engines.text": "text maps",
    "engines.ocr": "lettering",
    "engines.maturity": "maturity",
    "stream.candidates.composition": "composition",
    "stream.framing.planner": "crop plans",
    "stream.ranking.pixel_checks": "charts",
    "stream.ranking.text": "lasting marks",
    "stream.output.render": TILES,
}


class Tally:
    """Bytes by kind. It may be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.bytes: Counter[str] = Counter()
        self._times: Counter[str] = Counter()

    def add(self, what: str, count: int) -> None:
        """Adds `count` bytes of a kind."""
        with self._lock:
            self.bytes[what] += count
            self._times[what] += 1

    def row(self) -> Row:
        """For the report: each kind, the bytes that come with every frame, those of the crops, and all except the
        crops."""
        crops = self.bytes[FILES] + self.bytes[TILES]
        kinds = {
            what: {"bytes": count, "times": self._times[what], "per": PER.get(what, "not known")}
            for what, count in self.bytes.items()
            if count
        }
        return {
            "by_kind": kinds,
            "each_frame_bytes": self.bytes[ROWS],
            "crops_bytes": crops,
            "beside_crops_bytes": self.bytes.total() - crops,
        }


def kind_by_caller() -> str:
    """The kind of data, by the module of the function that called this function's caller.

    For an unknown module its name is returned.
    """
    module = str(sys._getframe(2).f_globals["__name__"])
    return _KIND_OF_CALLER.get(module, module)
