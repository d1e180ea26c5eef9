"""FFmpeg's frames as surfaces."""

from __future__ import annotations

import av
import numpy as np
import pytest

from kernels.cpu import CpuOps
from kernels.surface import Colour, Geometry
from stream.decode.ffmpeg.surface import surface_of


@pytest.mark.parametrize("colour", [Colour("bt601"), Colour("bt709", True), Colour("bt2020")], ids=str)
@pytest.mark.parametrize("layout", ["rgba", "yuva420p", "yuva444p12le", "gbrap"])
def test_transparent_pictures_are_seen_before_black(layout: str, colour: Colour) -> None:
    rgba = np.zeros((32, 48, 4), np.uint8)
    rgba[..., :3] = (200, 120, 60)
    rgba[:, :16, 3], rgba[:, 16:32, 3], rgba[:, 32:, 3] = 255, 128, 0
    matrix = {"bt601": "ITU601", "bt709": "ITU709", "bt2020": "BT2020"}[colour.matrix]
    span = "JPEG" if colour.full_range else "MPEG"
    frame = av.VideoFrame.from_ndarray(rgba, format="rgba")
    frame = frame.reformat(format=layout, dst_colorspace=matrix, dst_color_range=span)
    shown = CpuOps().rgb(surface_of(frame, colour, Geometry(48, 32))).astype(int)
    for left, expected in ((4, (200, 120, 60)), (20, (100, 60, 30)), (36, (0, 0, 0))):
        np.testing.assert_allclose(shown[8:24, left : left + 8].mean(axis=(0, 1)), expected, atol=4)


@pytest.mark.parametrize("layout", ["yuva444p10le", "yuva420p", "uyvy422", "p010le"])
def test_pictures_that_name_no_matrix_are_not_converted_to_the_guessed_one(layout: str) -> None:
    rgb = np.full((32, 48, 3), (200, 120, 60), np.uint8)
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=layout, dst_colorspace="ITU709")
    frame.colorspace = 2
    shown = CpuOps().rgb(surface_of(frame, Colour("bt709"), Geometry(48, 32)))
    np.testing.assert_allclose(shown.mean(axis=(0, 1)), rgb[0, 0], atol=4)


@pytest.mark.parametrize("layout", ["p010le", "p210le", "yuv410p", "uyvy422", "gbrp10le", "bgr24", "gray16le"])
@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
def test_layouts_that_are_converted_keep_their_colours(layout: str, matrix: str) -> None:
    rgb = np.empty((32, 48, 3), np.uint8)
    rgb[:] = (180, 180, 180) if layout.startswith("gray") else (200, 120, 60)
    name = {"bt601": "ITU601", "bt709": "ITU709", "bt2020": "BT2020"}[matrix]
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=layout, dst_colorspace=name)
    frame.colorspace = {"bt601": 5, "bt709": 1, "bt2020": 9}[matrix] if not frame.format.is_rgb else 0
    shown = CpuOps().rgb(surface_of(frame, Colour(matrix), Geometry(48, 32)))  # type: ignore[arg-type]
    np.testing.assert_allclose(shown.mean(axis=(0, 1)), rgb[0, 0], atol=4)
