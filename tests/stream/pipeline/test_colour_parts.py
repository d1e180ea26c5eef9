"""The whole way of a film that begins in standard and goes on in high dynamic range."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kernels.cpu import CpuOps
from stream.cli.progress import QuietReporter
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.manifest import read_manifest
from stream.pipeline.many import extract_files_blocking
from stream.settings.model import Settings

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.testdata, pytest.mark.debian]
AS_IT_IS = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709,format=yuv420p10le"
# White at 203 cd/m² must be said twice: left out of the second zscale, it would be at 100.
AS_PQ = (
    "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709,zscale=t=linear:npl=203,format=gbrpf32le,"
    "zscale=p=2020:t=smpte2084:m=2020_ncl:r=tv:npl=203,format=yuv420p10le"
)
X265 = "log-level=none:pools=none:keyint=24:repeat-headers=1"
SECONDS = 3


def test_a_film_in_two_colours_looks_the_same_in_both(
    testdata: Path, models_dir: Path, tmp_path: Path, debian_tool: Callable[[str, str], Path]
) -> None:
    folder, ffmpeg, parts = testdata / "real" / "tos_battle", debian_tool("ffmpeg", "ffmpeg"), []
    source = next(path for path in folder.iterdir() if path.suffix in (".mp4", ".mkv", ".webm"))
    for number, filters in enumerate((AS_IT_IS, AS_PQ)):
        parts.append(tmp_path / f"part{number}.ts")
        coded = ["-c:v", "libx265", "-preset", "ultrafast", "-crf", "14", "-x265-params", X265, "-an", parts[-1]]
        run(ffmpeg, "-ss", 24, "-t", SECONDS, "-i", source, "-vf", f"scale=480:-2,{filters}", *coded)
    (tmp_path / "parts.txt").write_text("".join(f"file {part.name}\n" for part in parts))
    film = tmp_path / "film.ts"
    run(ffmpeg, "-f", "concat", "-i", tmp_path / "parts.txt", "-c", "copy", film)

    said = io.StringIO()
    (outcome,) = extract_files_blocking([film], tmp_path / "out", Settings(device="cpu", top=10), QuietReporter(said))
    assert outcome.folder is not None, said.getvalue()
    manifest = read_manifest(outcome.folder / "manifest.json")
    video, change_s = manifest.video, manifest.video.first_pts_s + SECONDS
    assert video.color_parts is not None
    sdr, pq = video.color_parts
    assert (sdr.transfer, sdr.mapped, sdr.time_s) == ("bt709", False, video.first_pts_s)
    assert (pq.transfer, pq.mapped, pq.peak_nits) == ("pq", True, 1000.0)
    assert pq.time_s == pytest.approx(change_s, abs=0.1)
    (warning,) = (one for one in manifest.warnings if one.code == "colour_changed")
    assert warning.time_s == pq.time_s
    decoder = AvDecoder(film)
    for after_s in (0.5, 1.5, 2.5):
        one, other = (mean_of(decoder, part.time_s + after_s) for part in (sdr, pq))
        assert 0.97 < other / one <= 1.0  # the curve darkens what is nearly white


def run(*command: object) -> None:
    tool, *rest = map(str, command)
    subprocess.run([tool, "-v", "error", "-nostdin", *rest], check=True)


def mean_of(decoder: AvDecoder, time_s: float) -> float:
    ((_, surface), *_) = decoder.between(time_s, time_s + 0.1, fine=True)
    return float(CpuOps().rgb(surface, fine=True).mean())
