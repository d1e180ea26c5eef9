"""The whole way of an interlaced film: its shots are those of the progressive one, its crops have no combs."""

from __future__ import annotations

import io
import subprocess
from itertools import pairwise
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
SECONDS = 26
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
    assert not manifest.video.scan.late
    assert "interlaced_late" not in {warning.code for warning in manifest.warnings}
    assert len(manifest.images) == len(whole.images) == 10
    begins = [shot.start_s for shot in manifest.shots]
    for shot in whole.shots:
        assert min(abs(shot.start_s - begin_s) for begin_s in begins) < 0.1
    assert len(begins) <= len(whole.shots) + 1
    assert energy_of_crops(manifest, folder) <= 1.2 * energy_of_crops(whole, whole_folder)
    if name == "interlaced":
        assert energy_as_stored(manifest, film) > 2 * energy_as_stored(whole, whole_film)


def late_films(folder: Path, testdata: Path, ffmpeg: Path) -> tuple[Path, Path]:
    """E03's beginning at half the rate with its last 10 of 40 seconds interlaced, where nobody looks before watching;
    and the same film whole."""
    source = testdata / "episodes" / "E03" / "E03.mp4"
    weave, half = "tinterlace=interleave_top", "framestep=2"
    kinds = {"begin": (0, 30, half), "woven": (30, 10, weave), "end": (30, 10, half)}
    for name, (begin_s, length_s, step) in kinds.items():
        said = ["-ss", begin_s, "-t", length_s, "-i", source, "-an", "-vf", f"{step},setfield=prog", *CODED]
        run(ffmpeg, *said, "-g", "48", "-r", "30000/2002", folder / f"{name}.ts")
    films = folder / "late.mp4", folder / "whole.mp4"
    for film, end in zip(films, ("woven", "end"), strict=True):
        listed = folder / f"{film.stem}.txt"
        listed.write_text(f"file begin.ts\nfile {end}.ts\n")
        run(ffmpeg, "-f", "concat", "-i", listed, "-c", "copy", film)
    return films


def run(ffmpeg: Path, *words: object) -> None:
    subprocess.run([str(ffmpeg), "-v", "error", "-nostdin", *map(str, words)], check=True)


def test_what_is_seen_late_is_watched_anew_and_whole_parts_lose_nothing(testdata, tmp_path, debian_tool):
    films = late_films(tmp_path, testdata, debian_tool("ffmpeg", "ffmpeg"))
    said, progress = io.StringIO(), []
    outcomes = extract_files_blocking(films, tmp_path / "out", Settings(device="cpu"), Following(said, progress))
    assert all(outcome.folder for outcome in outcomes), said.getvalue()
    late, whole = (read_manifest(outcome.folder / "manifest.json") for outcome in outcomes)
    assert late.video.scan is not None and whole.video.scan is not None
    scan = late.video.scan
    assert (scan.kind, scan.parity, scan.deinterlaced, scan.late) == ("interlaced", "tff", "bwdif", True)
    (warning,) = (one for one in late.warnings if one.code == "interlaced_late")
    assert warning.time_s is not None and 30 <= warning.time_s < 40
    assert whole.video.scan.kind == "progressive" and late.funnel.frames == whole.funnel.frames
    assert [shot.start_s for shot in late.shots] == pytest.approx([shot.start_s for shot in whole.shots], abs=0.1)
    by_time = {image.time_s: image for image in whole.images}
    both = [(one, by_time[one.time_s]) for one in late.images if one.time_s < 29 and one.time_s in by_time]
    assert len(both) >= 4
    for one, other in both:
        for crop, same in zip(one.crops, other.crops, strict=True):
            assert (outcomes[0].folder / crop.path).read_bytes() == (outcomes[1].folder / same.path).read_bytes()
    woven = [image for image in late.images if image.time_s > 30]
    assert woven
    kept = late.model_copy(update={"images": woven})
    ends = whole.model_copy(update={"images": [image for image in whole.images if image.time_s > 30]})
    assert energy_of_crops(kept, outcomes[0].folder) <= 1.2 * energy_of_crops(ends, outcomes[1].folder)
    assert energy_as_stored(kept, films[0]) > 2 * energy_as_stored(ends, films[1])
    # Watched anew once: the count of frames fell back once.
    counts = [frames for video, frames in progress if video == films[0]]
    assert sum(later < sooner for sooner, later in pairwise(counts)) == 1


class Following(QuietReporter):
    """Keeps how many frames were watched, each time it is told."""

    def __init__(self, errors: io.StringIO, progress: list[tuple[Path, int]]) -> None:
        super().__init__(errors)
        self._progress = progress

    def stage(self, video: Path, stage: str, frames_done: int, frames_total: int | None) -> None:
        if stage == "watching":
            self._progress.append((video, frames_done))
