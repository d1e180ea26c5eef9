"""How true colours are: flat patches through a lossless film, the decoder, a crop and its JPEG.

    python -m benchmarks.colour [--json] [--seed 1]

Patches of standard range are compared with what Debian's ffmpeg makes of the same film by zscale (CIEDE2000), those of
high dynamic range with the formulas in double precision (`kernels.reference_tone_mapping`). Exits with 1 where a mean
is above 2 (3 for high dynamic range) or a patch of standard range above 5.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import cv2
import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab

from kernels.colour import rgb_matrix
from kernels.cpu import CpuOps
from kernels.reference_tone_mapping import mapped
from kernels.surface import Colour, Matrix
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.output.jpeg import CpuEncoder

PATCH_PX, ACROSS, DOWN = 32, 12, 10
QUALITY = 95
MOST_MEAN, MOST_OF_ONE, MOST_MEAN_HDR = 2.0, 5.0, 3.0
_SUBSAMPLINGS = {"420": (2, 2), "422": (2, 1), "444": (1, 1)}
_MATRIX_CODES: dict[Matrix, int] = {"bt601": 6, "bt709": 1, "bt2020": 9}
_TRANSFER_CODES = {"bt709": 1, "pq": 16, "hlg": 18}
_PRIMARY_CODES = {"bt709": 1, "bt2020": 9}
_ZSCALE_MATRICES = {"bt601": "170m", "bt709": "709", "bt2020": "2020_ncl"}


@dataclass(frozen=True)
class Kind:
    """How the patches are coded."""

    colour: Colour
    bit_depth: int
    subsampling: str

    def __str__(self) -> str:
        colour = self.colour
        span = "full" if colour.full_range else "limited"
        names = colour.matrix, colour.transfer, colour.primaries, span, f"{self.bit_depth} bits", self.subsampling
        return " ".join(names)

    @property
    def pixel_format(self) -> str:
        """FFmpeg's name."""
        return f"yuv{self.subsampling}p" + (f"{self.bit_depth}le" if self.bit_depth > 8 else "")


@dataclass(frozen=True)
class Result:
    """Differences (CIEDE2000) of the patches of one kind, and the share (0–1) of patches with a channel at an end."""

    kind: str
    compared_with: str
    mean: float
    most: float
    clipped: float

    @property
    def passed(self) -> bool:
        """Whether the differences are within the limits."""
        if self.compared_with == "formula":
            return self.mean <= MOST_MEAN_HDR
        return self.mean <= MOST_MEAN and self.most <= MOST_OF_ONE


def kinds() -> Iterator[Kind]:
    """All that are measured: matrix × range × depth × subsampling, a wide gamut, and high dynamic range."""
    for matrix, full, bits, subsampling in product(_MATRIX_CODES, (False, True), (8, 10, 12), _SUBSAMPLINGS):
        yield Kind(Colour(matrix, full, "bt709", "bt709"), bits, subsampling)
    yield Kind(Colour("bt2020", False, "bt2020", "bt709"), 10, "420")
    for transfer, full, bits, subsampling in product(("pq", "hlg"), (False, True), (10, 12), ("420", "444")):
        yield Kind(Colour("bt2020", full, "bt2020", transfer), bits, subsampling)


def measure(kind: Kind, folder: Path, seed: int = 1) -> Result:
    """The differences of one kind. Raises CalledProcessError where ffmpeg fails, FileNotFoundError without it."""
    film, codes = folder / "patches.mkv", patches(kind, seed)
    write_film(film, kind, codes)
    ours = written_patches(film)
    if kind.colour.transfer in ("pq", "hlg"):
        to_rgb = rgb_matrix(kind.colour, kind.bit_depth)
        theirs, source = mapped((codes @ to_rgb[:, :3].T + to_rgb[:, 3]) / 255.0, kind.colour), "formula"
    else:
        theirs, source = zscale_patches(film, kind), "zscale"
    compare: Callable[..., np.ndarray] = deltaE_ciede2000
    away = compare(rgb2lab(ours / 255.0), rgb2lab(theirs / 255.0))
    clipped = ((theirs <= 0.5) | (theirs >= 254.5)).any(axis=-1).mean()
    return Result(str(kind), source, float(away.mean()), float(away.max()), float(clipped))


def patches(kind: Kind, seed: int) -> np.ndarray:
    """(ACROSS · DOWN, 3) int64 Y, U, V in code values: greys from black to white, then random colours; of a wide gamut
    half of these with a third of their saturation, for most of the others lie outside BT.709; of PQ up to 1,000
    cd/m²."""
    greys, count = np.linspace(0.0, 1.0, ACROSS)[:, None].repeat(3, axis=1), ACROSS * (DOWN - 1)
    colours = np.random.default_rng(seed).uniform(0.0, 1.0, (count, 3))
    if kind.colour.primaries == "bt2020":
        pale = colours[::2]
        colours[::2] = pale.mean(axis=1, keepdims=True) * 2 / 3 + pale / 3
    signal = np.concatenate([greys, colours]) * (0.75 if kind.colour.transfer == "pq" else 1.0)
    to_rgb = rgb_matrix(kind.colour, kind.bit_depth)
    codes = np.linalg.solve(to_rgb[:, :3], (signal * 255.0 - to_rgb[:, 3]).T).T
    return np.rint(codes).clip(0, (1 << kind.bit_depth) - 1).astype(np.int64)


def write_film(film: Path, kind: Kind, codes: np.ndarray) -> None:
    """One picture of the patches, lossless (FFV1), with the tags of their colour."""
    across, down = _SUBSAMPLINGS[kind.subsampling]
    dtype = np.uint8 if kind.bit_depth == 8 else np.uint16
    with av.open(str(film), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(10))
        stream.width, stream.height, stream.pix_fmt = ACROSS * PATCH_PX, DOWN * PATCH_PX, kind.pixel_format
        _tag(stream.codec_context, kind.colour)
        frame = av.VideoFrame(stream.width, stream.height, kind.pixel_format)
        _tag(frame, kind.colour)
        frame.pts = 0
        for plane, values, steps in zip(frame.planes, codes.T, ((1, 1), (across, down), (across, down)), strict=True):
            grid = values.reshape(DOWN, ACROSS).astype(dtype)
            _fill(plane, grid.repeat(PATCH_PX // steps[1], axis=0).repeat(PATCH_PX // steps[0], axis=1))
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _tag(target: Any, colour: Colour) -> None:
    target.colorspace, target.color_range = _MATRIX_CODES[colour.matrix], 2 if colour.full_range else 1
    target.color_primaries, target.color_trc = _PRIMARY_CODES[colour.primaries], _TRANSFER_CODES[colour.transfer]


def _fill(plane: Any, picture: np.ndarray) -> None:
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    rows[: len(picture), : picture.shape[1] * picture.itemsize] = picture.view(np.uint8)


def written_patches(film: Path) -> np.ndarray:
    """(patches, 3) float64 R'G'B' in the middle of each patch of the JPEG that would be written."""
    decoder = AvDecoder(film)
    surface = next(decoder.batches()).surfaces[0]
    jpeg = CpuEncoder().jpeg(CpuOps().rgb(surface, fine=True), QUALITY)
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    return _middles(np.asarray(picture))


def zscale_patches(film: Path, kind: Kind) -> np.ndarray:
    """The same of ffmpeg's picture, by zscale."""
    colour = kind.colour
    wide = ":pin=2020:p=709:tin=709:t=709" if colour.primaries == "bt2020" else ""
    span = "full" if colour.full_range else "limited"
    how = f"zscale=min={_ZSCALE_MATRICES[colour.matrix]}:m=gbr:rin={span}:r=full{wide},format=gbrp"
    size = ACROSS * PATCH_PX, DOWN * PATCH_PX
    command = ["ffmpeg", "-v", "error", "-i", str(film), "-vf", how, "-frames:v", "1", "-f", "rawvideo"]
    raw = subprocess.run([*command, "-pix_fmt", "rgb24", "-"], check=True, capture_output=True).stdout
    return _middles(np.frombuffer(raw, np.uint8).reshape(size[1], size[0], 3))


def _middles(picture: np.ndarray) -> np.ndarray:
    cells = picture.astype(np.float64).reshape(DOWN, PATCH_PX, ACROSS, PATCH_PX, 3)
    inner = slice(PATCH_PX // 4, -PATCH_PX // 4)
    return np.asarray(cells[:, inner, :, inner].mean(axis=(1, 3)).reshape(-1, 3))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        results = [measure(kind, Path(folder), options.seed) for kind in kinds()]
    if options.json:
        print(json.dumps([asdict(result) | {"passed": result.passed} for result in results]))
    else:
        for result in results:
            differences = f"mean {result.mean:5.2f}  most {result.most:5.2f}  clipped {result.clipped:4.0%}"
            print(f"{result.kind:45} {result.compared_with:8} {differences}{'' if result.passed else '  TOO FAR'}")
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
