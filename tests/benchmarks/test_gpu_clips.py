"""Clips for the GPU check, made from a small film."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.gpu_check.rates import cut_beginnings
from benchmarks.gpu_clips import as_hevc, copy_beginning, main, packet_kinds

PICTURES = 48


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with B-frames and uneven times."""
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"bf": "3", "b-pyramid": "none", "b-adapt": "0"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        base = rng.integers(0, 255, (96, 256, 3), dtype=np.uint8)
        for number in range(PICTURES):
            picture = np.ascontiguousarray(base[:, 2 * number : 2 * number + 128])
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number + (number > 20)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0) if frame.time is not None]


def test_packets_that_no_other_needs_are_counted(film: Path) -> None:
    total, share = packet_kinds(film)
    assert total == PICTURES
    assert 0.6 <= share <= 0.75


def test_a_clip_as_hevc_keeps_its_times(film: Path, tmp_path: Path) -> None:
    if "libx265" not in av.codecs_available:
        pytest.skip("this PyAV has no libx265")
    made = tmp_path / "made.mkv"
    assert as_hevc(film, made) == PICTURES
    assert times(made) == pytest.approx(times(film), abs=2e-3)
    with av.open(str(made)) as container:
        assert container.streams.video[0].codec_context.name == "hevc"
    total, share = packet_kinds(made)
    assert total == PICTURES
    assert 0.2 <= share <= 0.8
    assert as_hevc(film, made, seconds=0.5) == 13


def test_beginnings_of_different_length_are_cut_without_encoding(film: Path, tmp_path: Path) -> None:
    copy_beginning(film, 10, tmp_path / "ten.mkv")
    assert packet_kinds(tmp_path / "ten.mkv")[0] == 10
    lengths = [packet_kinds(path)[0] for path in cut_beginnings(film, 4, tmp_path)]
    assert lengths == [12, 24, 36, 48]


def test_without_episodes_nothing_is_made_of_them(tmp_path: Path) -> None:
    assert main([str(tmp_path / "clips"), "--testdata", str(tmp_path)]) == 0
    assert np.load(tmp_path / "clips" / "embeddings.npz").files == []
