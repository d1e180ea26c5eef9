"""Composition: mirrored pictures are symmetric, busy backgrounds cluttered, subjects left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.faces import UNMEASURED, Face
from kernels.cpu import CpuOps
from kernels.surface import Geometry
from stream.candidates.composition import SIZE, measure_composition
from stream.records import Composition

from ...kernels.samples import grey_surface

GEOMETRY = Geometry(960, 540)
RNG = np.random.default_rng(1)


def measure(picture: np.ndarray, lead: Face | None) -> Composition:
    """The composition of a grey picture of `SIZE` that is displayed ten times as large."""
    surface = replace(grey_surface(picture.astype(np.uint8)), geometry=GEOMETRY)
    return measure_composition(CpuOps(), surface, lead)


def noise() -> np.ndarray:
    return RNG.integers(0, 255, (SIZE[1], SIZE[0])).astype(np.float32)


def face(x: float, y: float, size: float) -> Face:
    return Face(
        (x, y, size, size), 0.9, np.zeros((5, 2), np.float32), 40.0, None, (None, None), (0.0, 0.0, 0.0), None, None,
        UNMEASURED,
    )  # fmt: skip


def test_a_mirrored_picture_is_symmetric_and_noise_is_not():
    half = noise()
    assert measure((half + half[:, ::-1]) // 2, None).symmetry > 0.99
    assert measure(half, None).symmetry < 0.2


def test_a_flat_picture_is_calm_and_defined():
    flat = measure(np.full((SIZE[1], SIZE[0]), 90.0), None)
    assert flat.clutter == 0.0 and flat.symmetry == 1.0


def test_what_lies_behind_the_subject_counts_and_the_subject_does_not():
    picture = np.full((SIZE[1], SIZE[0]), 90.0)
    picture[10:40, 40:56] = noise()[10:40, 40:56]
    assert measure(picture, face(430, 130, 100)).clutter < 0.5
    assert measure(picture, face(50, 130, 100)).clutter > 3.0


def test_a_face_outside_the_picture_is_no_trouble():
    assert measure(noise(), face(-500, -500, 100)).clutter > 0
