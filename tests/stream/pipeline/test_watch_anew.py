"""What is seen only while a film is watched makes it watched anew, also where a chip decodes it."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import anyio
import pytest

from stream.decode.ffmpeg import scan
from stream.manifest import Manifest, read_manifest
from stream.pipeline.many import extract_files
from stream.settings.model import Settings

from .chip_kit import ChipKit
from .test_interlaced import Following, run

pytestmark = [pytest.mark.testdata, pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_dir")]


def watched(film: Path, out: Path) -> tuple[Manifest, list[int]]:
    """The manifest, and the counts of frames that were told."""
    said, progress = io.StringIO(), []

    async def work():
        return await extract_files([film], out, Settings(device="cpu"), Following(said, progress), ChipKit())

    (outcome,) = anyio.run(work)
    assert outcome.folder is not None, said.getvalue()
    return read_manifest(outcome.folder / "manifest.json"), [frames for _, frames in progress]


def test_a_size_seen_late_by_the_chip_is_left_to_the_host(testdata, tmp_path, debian_tool, monkeypatch):
    ffmpeg, source = debian_tool("ffmpeg", "ffmpeg"), testdata / "episodes" / "E03" / "E03.mp4"
    parts = (0, 4, "640:360"), (4, 2, "240:360"), (6, 4, "640:360")
    for number, (begin_s, length_s, size) in enumerate(parts):
        scaled = ["-an", "-vf", f"scale={size},setsar=1", "-c:v", "libx264", "-g", 15, "-preset", "veryfast"]
        run(ffmpeg, "-ss", begin_s, "-t", length_s, "-i", source, *scaled, tmp_path / f"{number}.ts")
    film = tmp_path / "film.ts"
    film.write_bytes(b"".join((tmp_path / f"{number}.ts").read_bytes() for number in range(3)))
    # Longer films have parts between the places that are looked at.
    monkeypatch.setattr(scan, "_times", lambda first_s, duration_s: [first_s])
    monkeypatch.setattr(scan, "key_shapes", lambda path, first_s, duration_s: [])
    scan._looked_at.cache_clear()
    manifest, counts = watched(film, tmp_path / "out")
    warnings = {warning.code: warning.message for warning in manifest.warnings}
    assert manifest.tool.decoder == "ffmpeg, uploaded"
    assert "change their size at 5." in warnings["decoded_on_cpu"]
    assert "between black bars" in warnings["size_changed"]
    assert sum(later < sooner for sooner, later in pairwise(counts)) == 1
