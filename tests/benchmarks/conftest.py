"""A film of noise scenes, the pinned matcher, and manifests made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from benchmarks import demo
from benchmarks.evaluate import Evaluation
from benchmarks.labels import LabelledVideo, read_labels
from benchmarks.matcher import Matcher, open_matcher
from benchmarks.survey import Surveyor
from stream.manifest import ActiveAreaEntry, ImageEntry, Manifest, ShotEntry

FPS = 10
SCENE_S = 4
SCENES = 6
SEEDS = (0, 1, 2, 4, 5, 6, 8)
"""Of scenes that the matcher tells apart; the last is in no film."""


@pytest.fixture(scope="session")
def matcher(models_dir: Path) -> Matcher:
    """The matcher with its pinned weights."""
    return open_matcher()


def scene(number: int, size: tuple[int, int] = (320, 180)) -> np.ndarray:
    """A picture (H, W, 3) unlike all others: a colour ramp with shapes in places where no other scene has them."""
    width, height = size
    rng = np.random.default_rng(SEEDS[number])
    corners = rng.integers(0, 255, (2, 2, 3)).astype(np.uint8)
    picture = np.asarray(cv2.resize(corners, size, interpolation=cv2.INTER_CUBIC))
    for _ in range(2 + 3 * (number % 3)):
        x, y, r = int(rng.uniform(0, width)), int(rng.uniform(0, height)), int(rng.uniform(0.05, 0.4) * height)
        colour = tuple(int(c) for c in rng.integers(0, 255, 3))
        if rng.random() < 0.5:
            cv2.circle(picture, (x, y), r, colour, cv2.FILLED)
        else:
            cv2.rectangle(picture, (x, y), (x + 2 * r, y + r), colour, int(rng.choice([-1, 3])))
    return picture


@pytest.fixture(scope="session")
def scenes_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six scenes of four seconds at ten frames a second, each of which drifts slowly."""
    path = tmp_path_factory.mktemp("film") / "scenes.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.codec_context.gop_size = 10
        for number in range(SCENES):
            for step in range(SCENE_S * FPS):
                picture = np.ascontiguousarray(np.roll(scene(number), step // 4, axis=1))
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def demo_film(
    demo_video: Path, matcher: Matcher, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Evaluation, LabelledVideo]:
    """The demo film with its labels; what evaluates it has surveyed it."""
    folder = tmp_path_factory.mktemp("labelled")
    content = json.loads((Path(demo.__file__).parent / "demo_labels.json").read_text())
    content["videos"][0]["video"] = str(demo_video)
    (folder / "labels.json").write_text(json.dumps(content))
    (video,) = read_labels(folder / "labels.json").videos
    evaluation = Evaluation(Surveyor(matcher, folder / "cache", threads=1), matcher)
    evaluation.surveyor.survey(video.path)
    return evaluation, video


def manifest(times_s: Sequence[float], shots: Sequence[tuple[float, float]] = ()) -> Manifest:
    """A result with these images and shots, and defaults for everything else."""
    spans = shots or [(i * SCENE_S, (i + 1) * SCENE_S) for i in range(SCENES)]
    return Manifest.model_construct(
        active_area=ActiveAreaEntry(top=0, bottom=0, left=0, right=0),
        shots=[
            ShotEntry.model_construct(
                index=i, start_s=float(a), end_s=float(b), start_frame=None, end_frame=None, transition="cut"
            )
            for i, (a, b) in enumerate(spans)
        ],
        images=[
            ImageEntry.model_construct(rank=rank, time_s=time_s, score=1 - rank / 20, crops=[])
            for rank, time_s in enumerate(times_s, 1)
        ],
    )


@pytest.fixture
def make_manifest() -> Callable[..., Manifest]:
    """`make_manifest(times_s, shots=…)`."""
    return manifest
