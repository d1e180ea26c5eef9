"""NVDEC on a real GPU: its pictures equal FFmpeg's, they lie in device memory, and FFmpeg serves refused films."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from kernels.surface import Array, Surface
from stream.decode.decoder import DecodeOptions, Decoder, DecodeRange
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.nvdec.open import open_on_gpu

# Slow only where the first of them compiles and opens everything from a cold disk.
pytestmark = [pytest.mark.gpu, pytest.mark.slow]

SIZE = (320, 192)
X265 = {"x265-params": "bframes=4:b-pyramid=1:keyint=20:log-level=none:pools=none:frame-threads=1"}
FILMS = {
    "h264.mp4": ("libx264", "yuv420p", SIZE, {"x264-params": "bframes=3:b-pyramid=normal:keyint=20"}),
    "h264.ts": ("libx264", "yuv420p", SIZE, {"x264-params": "bframes=3:open-gop=1:keyint=10"}),
    "cropped.mp4": ("libx264", "yuv420p", (322, 198), {}),
    "hevc.mkv": ("libx265", "yuv420p", SIZE, X265),
    "ten_bits.mp4": ("libx265", "yuv420p10le", SIZE, X265),
    "odd.webm": ("libvpx-vp9", "yuv420p", (321, 193), {"cpu-used": "8", "deadline": "realtime"}),
}


@pytest.fixture
def film(tmp_path: Path, moving):
    """`film(name)` writes the film of that name in `FILMS`, sixty pictures."""

    def make(name: str) -> Path:
        codec, layout, size, options = FILMS[name]
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=25, options=options)
            stream.width, stream.height, stream.pix_fmt = *size, layout
            for picture in moving(60, size=size):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode(None))
        return path

    return make


def planes(surface: Surface) -> list[np.ndarray]:
    """Y, U and V copied to the host, as 16-bit code values."""
    shift = 16 - surface.bit_depth
    given = [plane for plane in (surface.y, surface.u, surface.v) if plane is not None]
    host = [plane if isinstance(plane, np.ndarray) else _fetched(plane) for plane in given]
    return [plane.astype(np.uint16) << shift for plane in host]


def _fetched(plane: Array) -> np.ndarray:
    import cupy

    fetched: np.ndarray = cupy.asnumpy(cupy.asarray(plane))
    return fetched


def whole(decoder: Decoder) -> tuple[list[float], list[int], list[list[np.ndarray]]]:
    batches = list(decoder.batches())
    pictures = [planes(surface) for batch in batches for surface in batch.surfaces]
    return [t for b in batches for t in b.pts_s], [n for b in batches for n in b.frames], pictures


def assert_same(a: list[np.ndarray], b: list[np.ndarray]) -> None:
    for ours, theirs in zip(a, b, strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("mode", ["all", "reference"])
@pytest.mark.parametrize("name", FILMS)
def test_the_chip_decodes_what_ffmpeg_decodes(film, name, mode):
    path, options = film(name), DecodeOptions(mode=mode, threads=1)
    expected, decoder = whole(AvDecoder(path, options)), open_on_gpu(path, options)
    assert decoder.name == "nvdec", decoder.notices
    found = whole(decoder)
    decoder.close()
    if mode == "reference" and name == "odd.webm":
        return  # only H.264 and HEVC say which packets nobody needs
    assert found[:2] == expected[:2]
    for ours, theirs in zip(found[2], expected[2], strict=True):
        assert_same(ours, theirs)


@pytest.mark.parametrize("name", FILMS)
def test_any_picture_and_any_stretch_can_be_asked_for_again(film, name):
    decoder = open_on_gpu(film(name), DecodeOptions(threads=1))
    pts_s, _, pictures = whole(decoder)
    for pick in (41, 0, 17, 59):
        assert_same(planes(decoder.frame_at(pts_s[pick])), pictures[pick])
    for number, (time_s, surface) in enumerate(decoder.between(pts_s[15], pts_s[25]), 15):
        assert time_s == pytest.approx(pts_s[number])
        assert_same(planes(surface), pictures[number])
    for number, (_, surface) in zip((3, 22, 40), decoder.at([pts_s[n] for n in (3, 22, 40)]), strict=True):
        assert_same(planes(surface), pictures[number])
    decoder.close()


def test_a_range_is_the_same(film):
    path, options = film("h264.ts"), DecodeOptions(threads=1, range=DecodeRange(0.7, 1.3))
    decoder = open_on_gpu(path, options)
    found, expected = whole(decoder), whole(AvDecoder(path, options))
    decoder.close()
    assert found[:2] == expected[:2]


def test_pictures_stay_while_the_decoder_goes_on_and_closes(film):
    path = film("h264.mp4")
    decoder = open_on_gpu(path, DecodeOptions(threads=1))
    kept = [surface for batch in decoder.batches() for surface in batch.surfaces]
    decoder.close()
    for surface, expected in zip(kept, whole(AvDecoder(path, DecodeOptions(threads=1)))[2], strict=True):
        assert_same(planes(surface), expected)


def test_what_the_chip_refuses_is_uploaded(tmp_path, moving):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv444p"
        for picture in moving(10, size=SIZE):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    decoder = open_on_gpu(path, DecodeOptions(threads=1))
    assert decoder.name == "ffmpeg, uploaded"
    assert [notice.code for notice in decoder.notices] == ["decoded_on_cpu"]
    found, expected = whole(decoder), whole(AvDecoder(path, DecodeOptions(threads=1)))
    decoder.close()
    for ours, theirs in zip(found[2], expected[2], strict=True):
        assert_same(ours, theirs)


def test_closing_gives_the_memory_back(film):
    import cupy

    path = film("h264.mp4")

    def pass_over() -> int:
        decoder = open_on_gpu(path, DecodeOptions(threads=1))
        for batch in decoder.batches():
            assert batch.surfaces
        decoder.close()
        del batch, decoder
        return int(cupy.cuda.runtime.memGetInfo()[0])

    free = [pass_over() for _ in range(4)]
    assert free[3] >= free[1] - 8 * 2**20
