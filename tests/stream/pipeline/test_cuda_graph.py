"""The graph of a GPU run, from the first picture to the manifest, against the same film on the CPU."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import cv2
import numpy as np
import pytest
from PIL import Image

from benchmarks.demo import BAR, FILM, HEIGHT, film_pictures
from stream.cli.progress import QuietReporter
from stream.device.kit import Kit
from stream.device.open import open_kit
from stream.manifest import Manifest, read_manifest
from stream.pipeline.many import extract_files
from stream.pipeline.reporter import Outcome
from stream.settings.model import Settings

from ...kernels import emulated
from ..cuda_peers import emulated_kit

SIZE, FPS, FRAMES = (320, 180), 10, 20
TAKES = (0, 2, 3, 4, 8, 11)
"""Of the demo film: two without a face, four of the person."""
BAR_ROWS = BAR * SIZE[1] // HEIGHT

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_dir")]


@pytest.fixture(scope="module")
def small_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of the demo film, small and with few frames a second: the emulated kernels take their time."""
    import av

    path = tmp_path_factory.mktemp("films") / "small.mp4"
    film = tuple(replace(FILM[number], frames=FRAMES, dissolve=0) for number in TAKES)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for picture in film_pictures(film):
            small = cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(small.astype(np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def host(small_film: Path, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """What the CPU makes of it."""
    return manifest_of(small_film, tmp_path_factory.mktemp("host"), "cpu", open_kit)


def manifest_of(film: Path, out: Path, device: str, make_kit: Callable[[Settings], Kit]) -> Manifest:
    said = io.StringIO()
    settings: Any = {"device": device, "faces": {"moment_s": 0.2}, "formats": ("landscape",)}
    work = partial(extract_files, make_kit=make_kit)
    outcomes: list[Outcome] = anyio.run(work, [film], out, Settings(**settings), QuietReporter(said))
    assert outcomes[0].folder is not None, said.getvalue()
    return read_manifest(outcomes[0].folder / "manifest.json")


def assert_alike(device: Manifest, host: Manifest) -> None:
    """What may differ between devices, and by how much."""
    assert [(s.start_frame, s.end_frame, s.transition) for s in device.shots] == [
        (s.start_frame, s.end_frame, s.transition) for s in host.shots
    ]
    for side in ("top", "bottom", "left", "right"):
        assert abs(getattr(device.active_area, side) - getattr(host.active_area, side)) <= 1
    mains = [{tuple(c.appearances) for c in manifest.characters if c.main} for manifest in (device, host)]
    assert mains[0] == mains[1]
    times = [{image.time_s for image in manifest.images} for manifest in (device, host)]
    assert len(times[0]) == len(times[1])
    assert len(times[0] & times[1]) >= 0.8 * len(times[1])


@pytest.mark.skipif(not emulated.available(), reason="needs a C++ compiler")
def test_the_graph_on_an_emulated_device_gives_what_the_cpu_gives(
    small_film: Path, host: Manifest, tmp_path: Path
) -> None:
    device = manifest_of(small_film, tmp_path / "device", "cuda", emulated_kit)
    assert (host.tool.device, device.tool.device) == ("cpu", "cuda")
    assert (host.tool.decoder, device.tool.decoder) == ("ffmpeg", "nvdec")
    assert len(host.images) >= 4 and sum(c.main for c in host.characters) == 1
    assert abs(host.active_area.top - BAR_ROWS) <= 2
    assert_alike(device, host)
    for image in device.images:
        file = image.crops[0].path
        with Image.open(tmp_path / "device" / "small.mp4" / file) as one:
            assert one.size == (image.crops[0].width, image.crops[0].height)


@pytest.mark.gpu
def test_the_graph_on_a_gpu_gives_what_the_cpu_gives(small_film: Path, host: Manifest, tmp_path: Path) -> None:
    device = manifest_of(small_film, tmp_path / "device", "cuda", open_kit)
    assert (device.tool.device, device.tool.decoder) == ("cuda", "nvdec")
    assert "CPUExecutionProvider" not in device.tool.providers
    assert_alike(device, host)
