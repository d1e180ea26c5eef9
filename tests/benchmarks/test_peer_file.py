"""Other programs get only films that Keyart opens, under names that make none of them read another file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import plain, shots
from benchmarks.peer_file import peer_file
from stream.errors import KeyartError


class NoNetworks(plain.Networks):
    """Sees no face in any frame."""

    def __init__(self) -> None:
        """Nothing to load."""

    def face(self, frame: np.ndarray) -> None:
        return None


def by_plain_script(video: Path) -> int:
    return plain.best_frames(video, NoNetworks(), every=1)[1]


def by_scene_detector(video: Path) -> object:
    return shots.measure_detector(video, {"fps": "10", "frame_count": 240, "shots": []}, lambda: None)


@pytest.mark.parametrize("look", [by_plain_script, by_scene_detector])
def test_a_list_reaches_no_peer(scenes_film: Path, tmp_path: Path, look: Callable[[Path], object]) -> None:
    listed = tmp_path / "list.mp4"
    listed.write_text("ffconcat version 1.0\nfile scenes.mp4\n")
    (tmp_path / "scenes.mp4").write_bytes(scenes_film.read_bytes())
    assert cv2.VideoCapture(str(listed), cv2.CAP_FFMPEG).read()[0], "OpenCV follows no lists any more"
    with pytest.raises(KeyartError, match="is a list of other files"):
        look(listed)


def test_a_peer_reads_the_film_whatever_its_name(
    scenes_film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "13:19:57.mp4").write_bytes(scenes_film.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert by_plain_script(Path("13:19:57.mp4")) == 240


def test_a_peer_reads_the_picture_and_not_its_series(tmp_path: Path) -> None:
    for name, shade in (("img01.png", 250), ("img02.png", 250), ("own.png", 60)):
        cv2.imwrite(str(tmp_path / name), np.full((48, 64, 3), shade, np.uint8))
    picture = (tmp_path / "own.png").rename(tmp_path / "img%02d.png")
    with peer_file(picture) as path:
        there, frame = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG).read()
    assert there and frame.max() < 70
