"""The demo film matches its truth, is the same every time, and needs nothing but wheels."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks import demo

SHORT = tuple(replace(take, frames=take.frames // 12, dissolve=take.dissolve // 4) for take in demo.FILM)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.mp4"
    demo.make_demo_film(path, SHORT)
    return path


def test_the_file_has_the_frames_and_bars_of_its_truth(film: Path) -> None:
    truth = json.loads(film.with_suffix(".truth.json").read_text())
    with av.open(str(film)) as container:
        luma = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 24
    assert len(luma) == truth["frame_count"] == truth["shots"][-1]["end_frame"]
    top, bottom = truth["bars"]["top"], truth["bars"]["bottom"]
    brightest = np.max(luma, axis=0)
    assert brightest[: top - 2].max() <= 24 and brightest[-bottom + 2 :].max() <= 24
    assert brightest[top + 2].mean() > 60 and brightest[-bottom - 3].mean() > 60


def test_hard_cuts_lie_where_the_truth_says(film: Path) -> None:
    truth = json.loads(film.with_suffix(".truth.json").read_text())
    small = [picture[::8, ::8].astype(np.int16) for picture in demo.film_pictures(SHORT)]
    change = [float(np.abs(b - a).mean()) for a, b in itertools.pairwise(small)]
    cuts = [shot["start_frame"] for shot in truth["shots"][1:] if shot["transition_in"] == "cut"]
    assert all(change[cut - 1] == max(change[max(cut - 3, 0) : cut + 2]) for cut in cuts)


def test_shots_cover_the_film_and_a_dissolve_holds_its_boundary() -> None:
    shots = demo.truth()["shots"]
    assert shots[0]["start_frame"] == 0
    assert all(a["end_frame"] == b["start_frame"] for a, b in itertools.pairwise(shots))
    for shot in shots:
        if shot["transition_in"] == "dissolve":
            first, end = shot["dissolve_frames"]
            assert first < shot["start_frame"] < end
    assert 25 <= demo.truth()["duration_s"] <= 35
    assert {"dark", "blur"} <= {shot["degradation"] for shot in shots}


def test_the_same_bytes_twice(film: Path, tmp_path: Path) -> None:
    demo.make_demo_film(tmp_path / "demo.mp4", SHORT)
    first, second = (hashlib.sha256(path.read_bytes()).digest() for path in (film, tmp_path / "demo.mp4"))
    assert first == second


def test_without_libx264_the_film_is_mpeg4(tmp_path: Path) -> None:
    demo.encode(tmp_path / "old.mp4", SHORT[:3], "mpeg4")
    with av.open(str(tmp_path / "old.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"
        assert sum(1 for _ in container.decode(video=0)) == sum(take.frames for take in SHORT[:3])
