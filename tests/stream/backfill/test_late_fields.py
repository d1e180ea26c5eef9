"""A film that turns out to be interlaced while a worker watches it is watched anew there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stream.decode.ffmpeg.decoder import AvDecoder
from stream.manifest import read_manifest

from ..decode.woven import sliding, woven, write_woven

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_dir")]
ROOT = Path(__file__).resolve().parents[3]
WHOLE, WOVEN = 110, 60


def late_film(path: Path) -> Path:
    """Eleven seconds, whole at the three places that are looked at and woven in between."""
    pictures = sliding(WHOLE, step=1.0) + woven(sliding(2 * WOVEN, step=3.0)) + sliding(WHOLE, step=1.0)
    return write_woven(path, pictures)


def test_a_film_found_interlaced_late_is_watched_anew_in_a_worker(tmp_path: Path) -> None:
    library, out, log = tmp_path / "library", tmp_path / "out", tmp_path / "log.jsonl"
    library.mkdir()
    film = late_film(library / "late.mp4")
    assert AvDecoder(film).info.scan.kind == "progressive"
    command = [sys.executable, "-m", "stream.cli", "backfill", library, "--out", out, "--device", "cpu", "--log", log]
    ended = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, env=os.environ)
    assert ended.returncode == 0, ended.stderr
    manifest = read_manifest(out / "late.mp4" / "manifest.json")
    scan = manifest.video.scan
    assert scan is not None and (scan.kind, scan.parity, scan.late) == ("interlaced", "tff", True)
    (said,) = [warning for warning in manifest.warnings if warning.code == "interlaced_late"]
    assert said.time_s is not None and WHOLE / 25 - 3 <= said.time_s <= (WHOLE + WOVEN) / 25
    assert manifest.video.frames == manifest.funnel.frames == 2 * WHOLE + WOVEN  # counted once
    assert manifest.images
    events = [json.loads(line) for line in log.read_text().splitlines()]
    again = [event for event in events if event["event"] == "film watched anew"]
    assert len(again) == 1 and again[0]["film"].endswith("late.mp4")
    assert [event["event"] for event in events].count("film finished") == 1
