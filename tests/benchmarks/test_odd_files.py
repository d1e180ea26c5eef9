"""How files of a folder end: what is called done, refused and bad, and what `ffprobe` is compared with."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks import odd_files
from benchmarks.ffprobe import Probed, differences, probed
from benchmarks.fuzz_sources import make_sources
from benchmarks.limited import Ended, run_limited
from benchmarks.odd_files import judged, main

from ..stream.samples import sample_manifest

NAME = "film.mp4"
REFUSED = f"keyart: some/{NAME}: is empty (zero bytes), copy it again\n"
TRACE = "Traceback (most recent call last):\n  File …\nValueError: no\n"


def ended(code: int, stderr: str = "", over: str | None = None) -> Ended:
    return Ended(code, "", stderr, over, 1.0, 100.0)


def result_in(out: Path, *names: str) -> None:
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(sample_manifest().dump_json().encode() if name.endswith(".json") else b"")


WHOLE = (f"{NAME}/manifest.json", f"{NAME}/landscape/01.jpg")


@pytest.mark.parametrize(
    ("end", "left", "kind", "said"),
    [
        (ended(0), WHOLE, "done", ""),
        (ended(1, REFUSED), (), "refused", "is empty (zero bytes), copy it again"),
        (ended(1, REFUSED + TRACE), (), "traceback", "exit code 1: ValueError: no"),
        (ended(1, f"keyart: {NAME}: failed inside Keyart (x), report this\n"), (), "traceback", "exit code 1"),
        (ended(1, REFUSED + "and more\n"), (), "traceback", "refused with 2 lines"),
        (ended(1), (), "traceback", "refused with 0 lines"),
        (ended(-11), (), "traceback", "exit code -11: nothing said"),
        (ended(70), (), "traceback", "exit code 70"),
        (ended(-9, over="time"), (), "hang", "ended for its time"),
        (ended(-9, over="memory"), (), "too large", "ended for its memory"),
        (ended(1, REFUSED), WHOLE, "half output", "refused, but left"),
        (ended(0), (), "half output", "nothing"),
        (ended(0), WHOLE[:1], "half output", "without landscape/01.jpg"),
        (ended(0), WHOLE[1:], "half output", "done, but there is"),
        (ended(0), (*WHOLE, ".film.mp4.partial/x.jpg"), "half output", ".film.mp4.partial"),
    ],
)
def test_each_end_has_its_name(tmp_path: Path, end: Ended, left: tuple[str, ...], kind: str, said: str) -> None:
    result_in(tmp_path, *left)
    found, words, manifest = judged(end, tmp_path, NAME)
    assert (found, manifest is not None) == (kind, kind == "done")
    assert said in words


def test_a_command_is_ended_for_its_time_and_for_its_memory_with_its_children() -> None:
    sleeps = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    assert run_limited([sys.executable, "-c", sleeps], 0.5, 1000.0).over == "time"
    takes = "held = bytearray(400 << 20); import time; time.sleep(60)"
    taken = run_limited([sys.executable, "-c", takes], 20.0, 200.0)
    assert (taken.over, taken.code) == ("memory", -9)
    says = run_limited([sys.executable, "-c", "import sys; print(1); sys.exit('no')"], 20.0, 1000.0)
    assert (says.code, says.stdout, says.stderr, says.over) == (1, "1\n", "no\n", None)


def test_what_ffprobe_says_otherwise() -> None:
    said = Probed(np.array([0.0, 0.04, 0.08]), (640, 360))
    assert differences(said, [0.04, 0.0801], (640, 361)) == []
    assert differences(said, [0.02, 0.06], (360, 640)) == [
        "no picture at 0.020, 0.060 s", "shown as 360x640, by ffprobe 640x360",
    ]  # fmt: skip


@pytest.mark.debian
def test_ffprobe_is_read(debian_tool: Callable[[str, str], Path], tmp_path: Path) -> None:
    ffprobe = str(debian_tool("ffmpeg", "ffprobe"))
    film = make_sources(tmp_path)[0]
    said = probed(ffprobe, film)
    assert said is not None
    assert said.size == (160, 96)
    assert np.allclose(said.times_s, np.arange(30) / 25, atol=1e-6)
    (film.parent / "text.mp4").write_text("no film")
    assert probed(ffprobe, film.parent / "text.mp4") is None


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.usefixtures("models_dir")
def test_a_folder_is_reported_in_one_line_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "README.md").write_text("no film")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "list.m3u8").write_text("#EXTM3U\nfilm.ts\n")
    assert main([str(tmp_path)]) == 0
    *table, line = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert (said["holds"], said["files"], said["refused"], said["done"]) == (True, 2, 2, 0)
    assert len(table) == 2 and "is a list of other files" in table[1]
    assert main([str(tmp_path), "--most-s", "0.01"]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["hang"] == 2


def test_an_empty_folder_is_no_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert json.loads(capsys.readouterr().out)["holds"] is False
    assert set(odd_files._BAD) == {"traceback", "hang", "too large", "half output"}
