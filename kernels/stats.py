"""The row of numbers that is measured of every frame. Nothing else of a frame has to reach the host."""

from __future__ import annotations

import numpy as np

ANALYSIS_LONG_SIDE = 480
"""Longer displayed side, in pixels, of the luma picture that is measured (never enlarged), so that sharpness does not
depend on the film's resolution."""

THUMB_WIDTH, THUMB_HEIGHT = 48, 27
"""Size of the grey thumbnail whose change to the frame before is measured, and of the coloured one of
`kernels.ops.Meter.thumbnails`. They stay on the device."""

HISTOGRAM_BINS = 64

ROW = np.dtype(
    [
        ("pts_s", "<f8"),  # presentation time, seconds, the file's own clock
        ("frame", "<i4"),  # number of the picture in presentation order, -1 when unknowable
        ("luma_mean", "<f4"),  # 0–255 full-range units, of the analysis picture
        ("luma_std", "<f4"),  # same units
        ("sobel_energy", "<f4"),  # mean of gx² + gy² (3×3 Sobel / 8), squared luma units
        ("laplacian_var", "<f4"),  # variance of the 4-neighbour Laplacian, squared luma units
        ("blur_anisotropy", "<f4"),  # structure-tensor coherence 0–1: 1 when all gradients lie in one direction
        ("blur_angle_rad", "<f4"),  # direction of least gradient energy, radians in [0, π)
        ("colourfulness", "<f4"),  # Hasler & Süsstrunk 2003, from the chroma planes
        ("change", "<f4"),  # mean |difference| of the 48×27 thumbnails to the frame before, 0–255; 0 for the first
        ("chroma_change", "<f4"),  # mean |difference| of signature_uv to the frame before, 8-bit codes; 0 for the first
        ("cell_change", "<f4"),  # largest |difference| of a cell of signature_y to the frame before; 0 for the first
        ("tone_change", "<f4"),  # share of pixels (0–1) in another bin than in the frame before; 0 for the first
        ("histogram", "<u2", (HISTOGRAM_BINS,)),  # luma histogram, sums to about 65,535
        ("signature_y", "u1", (9, 16)),  # area-averaged luma of the displayed picture
        ("signature_uv", "u1", (2, 4, 8)),  # area-averaged chroma of the displayed picture
    ]
)
"""One row for each frame. A device sends 376 bytes of it: time and frame number are known on the host, which computes
`cell_change`. The limit is 512
bytes for everything that comes with each frame."""

HISTOGRAM_SUM = 65535
"""Sum of a row's histogram, up to the rounding of its bins."""

assert ROW.itemsize <= 512
