"""Allowed distances of a device from the reference, in one table, each with its reason. Luma units are 0–255."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Tolerance(NamedTuple):
    """Allowed: `absolute` + `relative` × |expected|."""

    absolute: float
    relative: float
    reason: str


TOLERANCES = {
    "luma_mean": Tolerance(0.3, 0, "the last, bilinear step rounds ties up here and to even there"),
    "luma_std": Tolerance(0.1, 1e-3, "follows the rounding of the analysis picture"),
    "sobel_energy": Tolerance(0.3, 2e-3, "rounding noise has variance 1/12 and enters every gradient"),
    "laplacian_var": Tolerance(2.5, 4e-3, "the Laplacian weighs rounding noise by 20"),
    "blur_anisotropy": Tolerance(2e-3, 0, "ratio of sums that the same rounding touches"),
    "blur_angle_rad": Tolerance(0.02, 0, "ill-conditioned when the anisotropy is small; compared above 0.01, modulo π"),
    "colourfulness": Tolerance(0.5, 2e-3, "chroma is rounded to 8 bits after each halving"),
    "change": Tolerance(0.3, 2e-3, "thumbnails that shrink in whole steps are rounded to 8 bits"),
    "cell_change": Tolerance(2, 0, "one step of a signature's 8 bits on either side"),
    "chroma_change": Tolerance(1, 0, "one step of the signatures' 8 bits on either side"),
    "tone_change": Tolerance(0.01, 0, "as the histogram"),
    "histogram": Tolerance(400, 0, "pixels at a bin's edge move with the rounding of the analysis picture"),
    "signature_y": Tolerance(1, 0, "one step of its 8 bits"),
    "signature_uv": Tolerance(1, 0, "one step of its 8 bits"),
    "darkness": Tolerance(0.01, 0, "sums of float32"),
    "rgb_thumbnail": Tolerance(1.2, 0, "half a code, and luma whose ties round as for its mean, with a gain of 1.2"),
    "rgb_thumbnail_filters": Tolerance(4, 0, "means over cells against halvings, which drop odd lines and round"),
    "rgb": Tolerance(3, 0, "fixed-point matrices, and chroma rounded to 8 bits before a gain of up to 2.1"),
    "rgb_devices": Tolerance(
        4, 0, "sums in another order may round to the next code: one of luma and one of chroma, gains 1.2 and 2.1"
    ),
    "crop": Tolerance(2.5, 0, "luma, chroma and the result are rounded to 8 bits, with gains of 1.2 and 2.1 between"),
    "engine_input": Tolerance(1e-6, 1e-6, "one float32 product and sum; a division on the host"),
    "quality": Tolerance(0.01, 1e-4, "sums of float32 on the host, of float64 on the device"),
    "picture_numbers": Tolerance(2e-3, 1e-3, "half precision from a device, sums of float32 before it"),
    "balance": Tolerance(0.01, 1e-5, "luma and gradients are float32 before they are added"),
    "warp_mean": Tolerance(1.5, 0, "rounding of chroma, before a gain of up to 2.1"),
    "warp": Tolerance(6, 0, "OpenCV places samples on a grid of 1/32 pixel, and rounds to 8 bits in between"),
}


def assert_close(name: str, actual: np.ndarray | float, expected: np.ndarray | float) -> None:
    """Raises AssertionError with the place of the largest distance and the table's reason."""
    allowed = TOLERANCES[name]
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape, f"{name}: shape {actual.shape}, expected {expected.shape}"
    assert np.isfinite(actual).all(), f"{name}: not finite"
    excess = np.abs(actual - expected) - allowed.absolute - allowed.relative * np.abs(expected)
    worst = np.unravel_index(int(excess.argmax()), excess.shape)
    assert excess[worst] <= 0, f"{name}{worst}: {actual[worst]}, expected {expected[worst]} ({allowed})"


def assert_rows_close(actual: np.void, expected: np.void) -> None:
    """All measured fields of two rows."""
    for name in (n for n in expected.dtype.names or () if n not in ("pts_s", "frame", "blur_angle_rad")):
        assert_close(name, actual[name], expected[name])
    if expected["blur_anisotropy"] > 0.01:
        apart = float(actual["blur_angle_rad"]) - float(expected["blur_angle_rad"])
        assert_close("blur_angle_rad", (apart + np.pi / 2) % np.pi, np.pi / 2)
