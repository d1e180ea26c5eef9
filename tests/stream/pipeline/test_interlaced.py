"""The whole way of an interlaced film: its shots are those of the progressive one, its crops have no combs."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stream.cli.progress import QuietReporter
from stream.decode.ffmpeg.demux_decode import AvPass
from stream.manifest import Manifest, read_manifest
from stream.pipeline.many import extract_files_blocking
from stream.settings.model import Settings

from ..decode.woven import line_energy

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.testdata, pytest.mark.debian]
SECONDS = 40
CODED = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p"]
VERSIONS = {
    "progressive": ["-vf", "null", *CODED],
    "interlaced": ["-vf", "tinterlace=interleave_top,setfield=tff", *CODED, "-flags", "+ilme+ildct"],
    "telecine": ["-vf", "telecine=pattern=23,setfield=prog", *CODED],
}


@pytest.fixture(scope="module")
def made(testdata: Path, models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("made")


def result(made: Path, testdata: Path, ffmpeg: Path, name: str) -> tuple[Manifest, Path, Path]:
    """The manifest of a version of E03's beginning, the folder of its result, and the film."""
    film, out = made / f"{name}.mp4", made / "out"
    if not film.exists():
        source = testdata / "episodes" / "E03" / "E03.mp4"
        command = [ffmpeg, "-v", "error", "-nostdin", "-t", SECONDS, "-i", source, "-an", *VERSIONS[name], film]
        subprocess.run([str(word) for word in command], check=True)
        said = io.StringIO()
        (outcome,) = extract_files_blocking([film], out, Settings(device="cpu"), QuietReporter(said))
        assert outcome.folder is not None, said.getvalue()
    return read_manifest(out / film.name / "manifest.json"), out / film.name, film


def energy_of_crops(manifest: Manifest, folder: Path) -> float:
    crops = [crop for image in manifest.images for crop in image.crops]
    return float(np.mean([line_energy(luma_of(folder / crop.path), crop.scale) for crop in crops]))


def luma_of(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"))


def energy_as_stored(manifest: Manifest, film: Path) -> float:
    """Of the pictures that were chosen, as they are in the file."""
    chosen, energies = {round(image.time_s, 3) for image in manifest.images}, []
    reading = AvPass(film, 1, "all")
    try:
        for frame in reading.frames():
            if round(reading.time_s(frame) or 0.0, 3) in chosen:
                energies.append(line_energy(frame.to_ndarray(format="gray")))
    finally:
        reading.close()
    assert len(energies) == len(chosen)
    return float(np.mean(energies))


@pytest.mark.parametrize("name", ["interlaced", "telecine"])
def test_shots_are_found_and_crops_have_no_combs(made, testdata, debian_tool, name):
    ffmpeg = debian_tool("ffmpeg", "ffmpeg")
    whole, whole_folder, whole_film = result(made, testdata, ffmpeg, "progressive")
    manifest, folder, film = result(made, testdata, ffmpeg, name)
    assert manifest.video.scan is not None
    assert (manifest.video.scan.kind, manifest.video.scan.parity) == (name, "tff")
    assert (manifest.video.scan.by, manifest.video.scan.deinterlaced) == ("measured", "bwdif")
    assert "not_deinterlaced" not in {warning.code for warning in manifest.warnings}
    assert len(manifest.images) == len(whole.images) == 10
    begins = [shot.start_s for shot in manifest.shots]
    for shot in whole.shots:
        assert min(abs(shot.start_s - begin_s) for begin_s in begins) < 0.1
    assert len(begins) <= len(whole.shots) + 1
    assert energy_of_crops(manifest, folder) <= 1.2 * energy_of_crops(whole, whole_folder)
    if name == "interlaced":
        assert energy_as_stored(manifest, film) > 2 * energy_as_stored(whole, whole_film)
