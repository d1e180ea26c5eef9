"""Kinds of content: sensible images, or fewer and said so. Where no real film of a kind was to be had, one is made of
an excerpt of a composed episode: a stand-in, which shows that nothing breaks, not how well such films are served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from stream.manifest import Manifest
from stream.pipeline.film_run import extract
from stream.settings.model import Settings

pytestmark = [
    pytest.mark.models, pytest.mark.slow, pytest.mark.testdata, pytest.mark.usefixtures("models_dir"),
]  # fmt: skip
SIZE = (640, 360)
Change = Callable[[list[np.ndarray]], Iterator[np.ndarray]]


def split_screen(pictures: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Two takes side by side, each half as wide."""
    for one, other in zip(pictures, pictures[len(pictures) // 2 :] + pictures, strict=False):
        yield np.hstack([one[:, 160:480], other[:, 160:480]])


def crowd(pictures: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Nine small pictures of people at a time."""
    for number in range(len(pictures)):
        small = [cv2.resize(pictures[(number + 16 * k) % len(pictures)], (213, 120)) for k in range(9)]
        grid = np.vstack([np.hstack(small[3 * k : 3 * k + 3]) for k in range(3)])
        yield cv2.copyMakeBorder(grid, 0, 0, 0, SIZE[0] - grid.shape[1], cv2.BORDER_REPLICATE)


def grain(pictures: list[np.ndarray]) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(1)
    for picture in pictures:
        noise = rng.normal(0, 14, picture.shape[:2])[..., None]
        yield np.clip(picture + noise, 0, 255).astype(np.uint8)


def scratches(pictures: list[np.ndarray]) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(1)
    for picture in pictures:
        worn = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        for across in rng.integers(0, SIZE[0], 4).tolist():
            cv2.line(worn, (across, 0), (across + int(rng.integers(-6, 6)), SIZE[1]), (235, 235, 235), 1)
        for x, y in rng.integers(0, (SIZE[0], SIZE[1]), (12, 2)).tolist():
            cv2.circle(worn, (x, y), int(rng.integers(1, 4)), (20, 20, 20), -1)
        yield worn


def timecode(pictures: list[np.ndarray]) -> Iterator[np.ndarray]:
    """A running timecode below and a logo in a corner."""
    for number, picture in enumerate(pictures):
        marked = picture.copy()
        said = f"01:00:{number // 24:02}:{number % 24:02}"
        cv2.putText(marked, said, (250, 345), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
        cv2.putText(marked, "KTV", (560, 40), cv2.FONT_HERSHEY_DUPLEX, 0.9, (255, 255, 255), 2)
        yield marked


def close_up(pictures: list[np.ndarray]) -> Iterator[np.ndarray]:
    """A third of the picture, which cuts into faces on all sides."""
    for picture in pictures:
        yield cv2.resize(picture[60:180, 220:433], SIZE)


@pytest.fixture(scope="module")
def pictures(testdata: Path) -> list[np.ndarray]:
    """Twelve seconds of E01 (640×360)."""
    with av.open(str(testdata / "episodes" / "E01" / "E01.mp4")) as container:
        container.seek(20 * av.time_base)
        frames = islice(container.decode(video=0), 288)
        return [frame.reformat(*SIZE, format="rgb24").to_ndarray() for frame in frames]


def said_so(manifest: Manifest) -> bool:
    return len(manifest.images) == 10 or "few_images" in {warning.code for warning in manifest.warnings}


@pytest.mark.parametrize(
    ("change", "least"),
    [(split_screen, 3), (crowd, 1), (grain, 3), (scratches, 3), (timecode, 3), (close_up, 1)],
)
def test_stand_ins_for_rare_kinds_give_images_or_say_why_not(
    make_film, pictures: list[np.ndarray], change: Change, least: int
) -> None:
    film = make_film("film.mp4", change(pictures), fps=24, gop=48, preset="veryfast")
    manifest = extract(film, Settings(device="cpu"))
    assert least <= len(manifest.images) <= 10
    assert said_so(manifest)
    shots = {image.shot for image in manifest.images}
    assert len(shots) >= min(least, 2)


@pytest.mark.parametrize(
    ("name", "least"),
    [("nature/nature.mp4", 3), ("steamboat/steamboat.mp4", 10), ("nosferatu/nosferatu.mp4", 8)],
    ids=["nobody in it", "drawn, black and white", "silent, scratched, with title cards"],
)
def test_real_films_without_faces_drawn_and_old_ones_give_images(testdata: Path, name: str, least: int) -> None:
    manifest = extract(testdata / "real" / name, Settings(device="cpu"))
    assert least <= len(manifest.images) <= 10
    assert said_so(manifest)
