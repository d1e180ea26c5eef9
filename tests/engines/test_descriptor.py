"""One unit vector a picture: alike for alike pictures, none for flat ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from engines.descriptor import LENGTH, SAME_PICTURE, area_mean, describe
from engines.detector import Detector
from engines.session import Session, open_session

from .scenes import PictureOps


@pytest.fixture(scope="module")
def session(models_dir: Path) -> Iterator[Session]:
    with closing(open_session(models_dir / "detector.onnx", threads=1)) as opened:
        yield opened


def described(session: Session, picture: np.ndarray) -> np.ndarray | None:
    ops = PictureOps()
    height, width = picture.shape[:2]
    found = Detector(session, ops).find(ops.surface_of(picture), (0, 0, width, height))
    return describe(found.features, found.picture, ops)


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
    vector = describe(features, large, PictureOps())
    assert vector is not None
    assert vector.shape == (LENGTH,)
    assert vector.dtype == np.float32
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("shape", [(96, 1, 20), (96, 2, 2), (96, 20, 1)])
def test_narrow_pictures_are_described_too(shape: tuple[int, int, int]) -> None:
    features = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    picture = np.kron(noise(shape[1], shape[2]), np.ones((16, 16, 1), np.uint8))
    vector = describe(features, picture, PictureOps())
    assert vector is not None
    assert np.isfinite(vector).all()


def test_flat_pictures_have_no_direction() -> None:
    features = np.ones((96, 12, 20), np.float32)
    assert describe(features, np.full((180, 320, 3), 60, np.uint8), PictureOps()) is None
    grain = np.random.default_rng(0).normal(60, 4, (180, 320, 3)).clip(0, 255).astype(np.uint8)
    assert describe(features, grain, PictureOps()) is None


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
