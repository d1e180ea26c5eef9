"""Accuracy of black bars on episodes whose bars are known.

    python -m benchmarks.bars EPISODE_FOLDER… [--json]

A side is right when it is within 2 pixels. A bar that is not there counts as invented.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kernels.active_areas import BarsEvidence
from kernels.bars import ActiveArea
from kernels.open_ops import open_ops
from stream.decode.decoder import DecodeMode, DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.framing.borders import PendingBorders
from stream.settings.sections import ShotSettings
from stream.shots.splitter import ShotSplitter

from .shots import episode_film

TOLERANCE_PX = 2


def measure_bars(video: Path, truth: Mapping[str, Any], mode: DecodeMode = "all") -> dict[str, Any]:
    """Runs one film through decoder, meter and shot splitter and compares its active area with `truth["bars"]`.

    Returns `area` and `expected` (pixels per side), `error_px` (per side, signed), `invented` (sides), `changed`
    (whether the bars change within the film) and `passed`. Raises KeyartError when the film cannot be decoded.
    """
    area, changed = find_bars(video, mode)
    return compare_bars(area, truth["bars"]) | {"video": video.name, "changed": changed}


def find_bars(video: Path, mode: DecodeMode = "all") -> tuple[ActiveArea, bool]:
    """The active area of one film, and whether its bars change. Raises KeyartError when it cannot be decoded."""
    decoder = AvDecoder(video, DecodeOptions(mode=mode, batch=32))
    try:
        geometry = decoder.info.geometry
        meter, evidence = open_ops("cpu").meter(geometry), BarsEvidence(geometry)
        splitter, pending, end_s = ShotSplitter(ShotSettings(), decoder.info.fps), PendingBorders(), 0.0
        for batch in decoder.batches():
            rows = meter.measure(batch.surfaces, batch.pts_s, batch.frames)
            pending.add(len(rows), meter.borders())
            end_s = float(rows["pts_s"][-1])
            for shot in splitter.add(rows):
                evidence.add(pending.take(shot))
        for shot in splitter.finish(end_s):
            evidence.add(pending.take(shot))
    finally:
        decoder.close()
    return evidence.active_area(), evidence.changed


def compare_bars(area: ActiveArea, expected: Mapping[str, int]) -> dict[str, Any]:
    """What `measure_bars` returns, for an active area that is already known."""
    found = asdict(area)
    error_px = {side: found[side] - expected[side] for side in found}
    return {
        "area": found,
        "expected": {side: expected[side] for side in found},
        "error_px": error_px,
        "invented": [side for side in found if expected[side] == 0 and found[side] > TOLERANCE_PX],
        "passed": all(abs(error) <= TOLERANCE_PX for error in error_px.values()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line for each episode; returns 1 when any side of any episode is wrong."""
    parser = argparse.ArgumentParser(prog="benchmarks.bars", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("episodes", nargs="+", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    results = [measure_bars(*_episode(folder)) for folder in options.episodes]
    if options.json:
        print(json.dumps(results, indent=2))
    else:
        for result in results:
            verdict = "ok" if result["passed"] else "WRONG"
            print(f"{result['video']:12} {verdict:5} found {result['area']} expected {result['expected']}")
    return 0 if all(result["passed"] for result in results) else 1


def _episode(folder: Path) -> tuple[Path, dict[str, Any]]:
    video = episode_film(folder)
    truth: dict[str, Any] = json.loads((folder / "truth.json").read_text())
    return video, truth


if __name__ == "__main__":
    sys.exit(main())
