"""What is read of a film's colours, and what becomes of its pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from kernels.cpu import CpuOps
from kernels.reference_tone_mapping import mapped
from kernels.surface import Colour
from kernels.tone_mapping import SDR
from stream.decode.colours import colour_of, is_tagged, refuse_not_converted
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.nvdec.open import open_on_chip
from stream.decode.nvdec.session import Chip
from stream.decode.upload import UploadDecoder
from stream.errors import KeyartError

from .host_memory import HostMemory
from .nvdec.fake_nvdec import FakeNvdec

MASTERED = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(40000000,50)"
CODES = (512, 480, 560)


def write_hdr(
    path: Path, *, transfer: int = 16, claims: str = "", tagged: bool = True, count: int = 3,
    size: tuple[int, int] = (96, 64),
) -> Path:  # fmt: skip
    """A film of one colour in 10 bits and BT.2020, by x265. transfer: H.273."""
    with av.open(str(path), "w") as container:
        params = "log-level=none:pools=none:frame-threads=1:lossless=1" + claims
        stream: Any = container.add_stream("libx265", rate=Fraction(25), options={"x265-params": params})
        (stream.width, stream.height), stream.pix_fmt = size, "yuv420p10le"
        frame = av.VideoFrame(*size, "yuv420p10le")
        for plane, code in zip(frame.planes, CODES, strict=True):
            np.frombuffer(plane, np.uint16)[:] = code  # type: ignore[call-overload]
        for target in (stream.codec_context, frame) if tagged else ():
            target.colorspace, target.color_range = 9, 1
            target.color_primaries, target.color_trc = 9, transfer
        for number in range(count):
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("claims", "peak", "codes"),
    [
        ("", 0.0, ["hdr_peak_assumed"]),
        (":hdr10=1:max-cll=700,100", 700.0, []),
        (f":master-display={MASTERED}", 4000.0, []),
        (f":max-cll=700,100:master-display={MASTERED}", 700.0, []),
    ],
)
def test_the_brightest_light_is_that_of_the_content_or_of_its_master(
    tmp_path: Path, claims: str, peak: float, codes: list[str]
) -> None:
    decoder = AvDecoder(write_hdr(tmp_path / "film.mp4", claims=claims))
    assert decoder.info.colour == Colour("bt2020", False, "bt2020", "pq", peak)
    assert [notice.code for notice in decoder.notices] == codes
    assert next(decoder.batches()).surfaces[0].colour.peak_nits == peak
    assert decoder.frame_at(decoder.info.first_pts_s).colour.peak_nits == peak


@pytest.mark.parametrize(("transfer", "name"), [(16, "pq"), (18, "hlg"), (14, "bt2020")])
def test_pictures_are_shown_in_standard_range(tmp_path: Path, transfer: int, name: str) -> None:
    decoder = AvDecoder(write_hdr(tmp_path / "film.mkv", transfer=transfer))
    surface = next(decoder.batches()).surfaces[0]
    assert surface.colour.transfer == name
    y, u, v = (code / 4.0 for code in CODES)
    luma, blue, red = (y - 16) / 219, (u - 128) / 224, (v - 128) / 224
    r, b = luma + 1.4746 * red, luma + 1.8814 * blue
    signal = np.array([r, (luma - 0.2627 * r - 0.0593 * b) / 0.6780, b])
    np.testing.assert_allclose(CpuOps().rgb(surface)[30, 40], mapped(signal, surface.colour), atol=1.5)


def frame_of(matrix: int, primaries: int = 1, layout: str = "yuv420p") -> av.VideoFrame:
    frame = av.VideoFrame(96, 64, layout)
    frame.colorspace, frame.color_range, frame.color_primaries = matrix, 1, primaries
    return frame


@pytest.mark.parametrize("matrix", [8, 10, 11, 13, 14, 15, 16, 17])
def test_forms_of_colour_that_are_not_converted_are_refused(matrix: int) -> None:
    with pytest.raises(KeyartError, match=r"colours in the form .+, which is not converted"):
        refuse_not_converted(frame_of(matrix))


def test_a_film_in_a_form_that_is_not_converted_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "film.mkv"), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.colorspace = 8
        container.mux([*stream.encode(frame_of(8)), *stream.encode()])
    with pytest.raises(KeyartError, match="YCgCo"):
        AvDecoder(tmp_path / "film.mkv")


@pytest.mark.parametrize(
    ("matrix", "primaries", "taken_for"),
    [(1, 1, "bt709"), (4, 4, "bt601"), (7, 7, "bt709"), (12, 9, "bt2020"), (12, 1, "bt709"), (9, 9, "bt2020")],
)
def test_matrices_are_named_or_taken_for_the_nearest(matrix: int, primaries: int, taken_for: str) -> None:
    frame = frame_of(matrix, primaries)
    refuse_not_converted(frame)
    assert (colour_of(frame).matrix, is_tagged(frame)) == (taken_for, True)


def test_a_chip_is_not_asked_for_pictures_that_are_mapped(tmp_path: Path) -> None:
    film = write_hdr(tmp_path / "film.mp4")
    decoder = open_on_chip(film, DecodeOptions(threads=1), Chip(FakeNvdec()), HostMemory)
    assert isinstance(decoder, UploadDecoder)
    (batch,) = decoder.batches()
    assert [surface.colour for surface in batch.surfaces] == [SDR] * 3
    assert decoder.notices[0].code == "decoded_on_cpu"
    assert "3 frames" in decoder.notices[0].message
    expected = CpuOps().rgb(next(AvDecoder(film).batches()).surfaces[0])
    np.testing.assert_allclose(CpuOps().rgb(batch.surfaces[0]), expected, atol=3)


def test_high_dynamic_range_that_only_the_container_tells_is_believed(tmp_path: Path) -> None:
    film = tmp_path / "film.mov"
    with av.open(str(film), "w") as container:
        stream: Any = container.add_stream("prores_ks", rate=Fraction(25), options={"profile": "hq"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv422p10le"
        for target in (stream.codec_context, frame := av.VideoFrame(96, 64, "yuv422p10le")):
            target.colorspace, target.color_range, target.color_primaries, target.color_trc = 9, 1, 9, 16
        for plane, code in zip(frame.planes, CODES, strict=True):
            np.frombuffer(plane, np.uint16)[:] = code  # type: ignore[call-overload]
        frame.pts = 0
        container.mux([*stream.encode(frame), *stream.encode()])
    data = film.read_bytes()
    at = data.index(b"icpf") + 4 + 2 + 2 + 4 + 2 + 2 + 1 + 1  # to the primaries in the frame's header (SMPTE RDD 36)
    assert data[at : at + 3] == bytes((9, 16, 9))
    film.write_bytes(data[:at] + bytes((2, 2, 9)) + data[at + 3 :])
    decoder = AvDecoder(film)
    assert decoder.info.colour == Colour("bt2020", False, "bt2020", "pq")
    assert next(decoder.batches()).surfaces[0].colour == decoder.info.colour


def test_what_is_not_tagged_is_guessed_by_size_and_said(tmp_path: Path) -> None:
    info = AvDecoder(write_hdr(tmp_path / "film.mkv", tagged=False)).info
    assert info.matrix_guessed
    assert info.colour == Colour("bt601", False, "unknown", "unknown")
    assert not AvDecoder(write_hdr(tmp_path / "tagged.mkv")).info.matrix_guessed
