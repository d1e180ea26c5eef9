"""Real episodes by the way of the chip's decoder, several at once, against the CPU's way: FFmpeg plays the chip and the
host's kernels measure, so that whatever differs comes from the packets, the slots, the batches or the company."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import anyio
import av
import pytest

from stream.cli.progress import QuietReporter
from stream.device.kit import MakeKit
from stream.device.kit_cpu import host_kit
from stream.manifest import Manifest, read_manifest
from stream.pipeline.many import extract_files
from stream.settings.model import Settings

from .chip_kit import ChipKit

pytestmark = [pytest.mark.testdata, pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_dir")]
SECONDS = 60
"""Of E05: many times the slots, in two shots of three people and a rate that varies."""


def manifests(films: Sequence[Path], out: Path, make_kit: MakeKit) -> list[Manifest]:
    said = io.StringIO()
    work = partial(extract_files, make_kit=make_kit)
    outcomes = anyio.run(work, films, out, Settings(device="cpu"), QuietReporter(said))
    found = [read_manifest(outcome.folder / "manifest.json") for outcome in outcomes if outcome.folder is not None]
    assert len(found) == len(films), said.getvalue()
    return found


def choice(manifest: Manifest) -> dict[str, object]:
    """Everything but how it came about."""
    kept = {"video", "shots", "active_area", "characters", "images", "funnel"}
    return manifest.model_dump(mode="json", include=kept)


def beginning(film: Path, path: Path) -> Path:
    """The first `SECONDS` of a film, its packets as they are."""
    with av.open(str(film)) as source, av.open(str(path), "w") as target:
        (shown,) = source.streams.video
        copied = target.add_stream_from_template(shown)
        for packet in source.demux(shown):
            if packet.pts is None or packet.pts * packet.time_base >= SECONDS:
                break
            packet.stream = copied
            target.mux(packet)
    return path


def test_films_in_each_others_company_give_what_each_gives_alone_on_the_cpu(testdata: Path, tmp_path: Path) -> None:
    episodes = [testdata / "episodes" / "E01" / "E01.mp4"]
    episodes.append(beginning(testdata / "episodes" / "E05" / "E05.mkv", tmp_path / "E05.mkv"))
    twin = tmp_path / "twin.mp4"
    twin.symlink_to(episodes[0])
    kit = ChipKit()
    together = manifests([*episodes, twin], tmp_path / "chip", kit)
    alone = manifests(episodes, tmp_path / "host", host_kit)
    assert [manifest.tool.decoder for manifest in together] == ["nvdec"] * 3
    for device, host in zip(together, alone, strict=False):
        assert len(host.images) == 10
        assert choice(device) == choice(host)
    assert [image.time_s for image in together[2].images] == [image.time_s for image in alone[0].images]
    assert len(kit.memories) == 3 and sum(memory.alive for memory in kit.memories) == 0
