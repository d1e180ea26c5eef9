"""Descriptors: one unit vector for each picture, similar for similar pictures, None for flat ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from engines.descriptor import picture_descriptors
from engines.detector import Detector
from engines.open_session import open_session
from engines.pooling import area_mean, picture_numbers
from engines.session import Session
from engines.tools import HOST_TOOLS, HostTools

from .scenes import PictureOps

SAME_PICTURE = 0.5
"""Cosine from which two pictures show the same."""


@pytest.fixture(scope="module")
def session(models_dir: Path) -> Iterator[Session]:
    with closing(open_session(models_dir / "detector.onnx", threads=1)) as opened:
        yield opened


def described(session: Session, picture: np.ndarray) -> np.ndarray | None:
    ops = PictureOps()
    height, width = picture.shape[:2]
    found = Detector(session, ops).find([ops.surface_of(picture)], [(0, 0, width, height)])[0]
    return picture_descriptors(found.batch.features, found.batch.pictures, ops)[0]


def noise(height: int = 180, width: int = 320) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)


def test_the_mean_of_equal_parts_may_cut_pixels() -> None:
    row = np.arange(5, dtype=np.float32)[None, None]
    np.testing.assert_allclose(area_mean(row, 1, 2), [[[(0 + 1 + 2 * 0.5) / 2.5, (2 * 0.5 + 3 + 4) / 2.5]]], rtol=1e-6)
    np.testing.assert_allclose(area_mean(row, 1, 5), row, rtol=1e-6)
    np.testing.assert_allclose(area_mean(row, 2, 10)[0, 1], np.repeat(np.arange(5), 2), rtol=1e-6)


def test_a_unit_vector_of_fixed_length() -> None:
    features = np.random.default_rng(1).normal(size=(96, 12, 20)).astype(np.float32)
    large = np.kron(noise(18, 32), np.ones((10, 10, 1), np.uint8))
    (vector,) = picture_descriptors(features[None], large[None], PictureOps())
    assert vector is not None
    assert vector.shape == (1056,)
    assert vector.dtype == np.float32
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("shape", [(96, 1, 20), (96, 2, 2), (96, 20, 1)])
def test_narrow_pictures_are_described_too(shape: tuple[int, int, int]) -> None:
    features = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    picture = np.kron(noise(shape[1], shape[2]), np.ones((16, 16, 1), np.uint8))
    (vector,) = picture_descriptors(features[None], picture[None], PictureOps())
    assert vector is not None
    assert np.isfinite(vector).all()


def test_flat_pictures_have_no_direction() -> None:
    features = np.ones((96, 12, 20), np.float32)
    plain = np.full((180, 320, 3), 60, np.uint8)
    grain = np.random.default_rng(0).normal(60, 4, (180, 320, 3)).clip(0, 255).astype(np.uint8)
    assert picture_descriptors(np.stack([features] * 2), np.stack([plain, grain]), PictureOps()) == [None, None]


def test_a_pictures_vector_is_the_same_bits_whatever_it_is_described_with() -> None:
    random = np.random.default_rng(2)
    features = random.normal(size=(5, 96, 12, 20)).astype(np.float32)
    pictures = np.stack([np.kron(random.integers(0, 255, (18, 32, 3)), np.ones((10, 10, 1))) for _ in range(5)])
    pictures = pictures.astype(np.uint8)
    together = picture_descriptors(features, pictures, PictureOps())
    for i, vector in enumerate(together):
        (alone,) = picture_descriptors(features[i : i + 1], pictures[i : i + 1], PictureOps())
        assert vector is not None and alone is not None
        assert vector.tobytes() == alone.tobytes()


class PackingTools(HostTools):
    """The host's tools with the precision that a device sends."""

    def picture_numbers(self, features: np.ndarray, pictures: np.ndarray) -> np.ndarray:
        return picture_numbers(features, pictures).astype(np.float16)


def test_half_precision_moves_cosines_by_less_than_a_thousandth() -> None:
    """With pictures of all contrasts; the faintest, just above flat, differ most."""
    random = np.random.default_rng(4)
    features = random.normal(0.2, 0.5, (40, 96, 12, 20)).astype(np.float32)
    tiles = np.kron(random.normal(size=(40, 9, 16, 3)), np.ones((1, 20, 20, 1)))
    levels, contrasts = random.uniform(20, 235, (40, 1, 1, 1)), np.geomspace(11, 90, 40)[:, None, None, None]
    pictures = (levels + contrasts * tiles).clip(0, 255).astype(np.uint8)
    given, sent = (
        picture_descriptors(features, pictures, PictureOps(), tools) for tools in (HOST_TOOLS, PackingTools())
    )
    assert all((one is None) == (other is None) for one, other in zip(given, sent, strict=True))
    whole, half = (np.stack([vector for vector in vectors if vector is not None]) for vectors in (given, sent))
    assert len(whole) >= 38
    assert np.abs(whole @ whole.T - half @ half.T).max() < 1e-3
    assert (whole * half).sum(1).min() > 1 - 1e-4


@pytest.mark.models
def test_alike_pictures_match_and_others_do_not(session: Session) -> None:
    astronaut, cat, coffee = data.astronaut(), data.chelsea(), data.coffee()
    first = described(session, astronaut[:288])
    closer = described(session, astronaut[8:280, 14:500])
    darker = described(session, (astronaut[:288] * 0.8).astype(np.uint8))
    assert first is not None
    assert closer is not None
    assert darker is not None
    assert min(first @ closer, first @ darker) > SAME_PICTURE + 0.15
    others = [described(session, picture) for picture in (cat, coffee)]
    assert all(other is not None and float(first @ other) < SAME_PICTURE - 0.15 for other in others)
