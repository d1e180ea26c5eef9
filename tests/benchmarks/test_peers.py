"""`keyart bench peers` from end to end on a small film: one report, and nothing is measured twice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmarks.cli import app
from benchmarks.report import read_report

pytestmark = [pytest.mark.models, pytest.mark.slow]


@pytest.fixture
def data(scenes_film: Path, tmp_path: Path) -> Path:
    """The film of scenes as a labelled film whose shots are known."""
    folder = tmp_path / "data" / "scenes"
    folder.mkdir(parents=True)
    shutil.copy(scenes_film, folder / "scenes.mp4")
    shots = [
        {"start_frame": 40 * i, "end_frame": 40 * i + 40, "start_s": 4.0 * i, "end_s": 4.0 * i + 4, "persons": []}
        for i in range(6)
    ]
    bars = {"top": 0, "bottom": 0, "left": 0, "right": 0}
    truth = {
        "file": "scenes.mp4", "fps": "10", "frame_count": 240, "width": 320, "height": 180, "bars": bars,
        "cast": {"main": []}, "shots": shots,
    }  # fmt: skip
    (folder / "truth.json").write_text(json.dumps(truth))
    (folder / "picks.json").write_text(json.dumps([{"time_s": 4.0 * i + 2} for i in range(5)]))
    return folder.parent


def peers(data: Path, folder: Path) -> Result:
    options = ["--data", data, "--out", folder / "report", "--cache", folder / "cache", "--threads", 1, "--every", 4]
    return CliRunner().invoke(app, ["peers", *map(str, options)], catch_exceptions=False)


def test_one_report_and_nothing_measured_twice(data: Path, tmp_path: Path) -> None:
    first = peers(data, tmp_path)
    assert first.exit_code == 0, first.stderr
    report = read_report(tmp_path / "report")
    shots = report["shot_peers"]["sets"]["data"]
    assert [shots["pooled"][name]["f1"] for name in ("keyart", "TransNet V2")] == [1.0, 1.0]
    assert shots["against"]["TransNet V2"] == {"better": [], "equal": ["scenes"], "worse": []}
    assert report["peers"]["whole_job"]["factor"] > 0
    assert {"keyart", "plain_script", "random", "ffmpeg_thumbnail"} <= set(report["recall"]["summary"])
    assert (tmp_path / "report" / "frames" / "scenes").is_dir()
    for words in ("× as fast as the plain script that looks at every 4th frame", "| plain_script"):
        assert words in first.stdout
    again = peers(data, tmp_path)
    assert again.exit_code == 0
    assert "scenes.mp4: the plain script and Keyart in turn, measured before" in again.stderr
    assert "scenes.mp4: boundaries by TransNet V2, measured before" in again.stderr
    assert [read_report(tmp_path / "report")[name] == report[name] for name in ("peers", "shot_peers")] == [True, True]
