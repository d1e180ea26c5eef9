import cv2
import numpy as np
import pytest

from benchmarks.hangul.backgrounds import Backgrounds, plain
from benchmarks.hangul.damage import as_h264, as_jpeg, damaged
from benchmarks.hangul.lines import batch, scaled


def card() -> np.ndarray:
    """(37, 151, 3) uint8, white lettering on blue."""
    picture = np.full((37, 151, 3), (20, 30, 90), np.uint8)
    return cv2.putText(picture, "S02E05", (5, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (255, 255, 255), 2)


@pytest.mark.parametrize(("compress", "mild", "strong"), [(as_jpeg, 90, 15), (as_h264, 18, 42)])
def test_compression_keeps_the_size_and_costs_the_more_the_stronger_it_is(compress, mild, strong) -> None:
    picture = card()
    errors = [np.abs(compress(picture, how).astype(int) - picture).mean() for how in (mild, strong)]
    assert compress(picture, mild).shape == picture.shape
    assert 0 < errors[0] < errors[1] < 30


def test_damage_depends_on_the_generator_alone() -> None:
    first, again, other = (damaged(np.random.default_rng(seed), card(), 24) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_line_is_scaled_to_the_readers_height() -> None:
    assert scaled(card()).shape == (48, 192, 3)
    assert scaled(np.zeros((10, 4000, 3), np.uint8)).shape == (48, 640, 3)
    assert scaled(np.zeros((96, 8, 3), np.uint8)).shape == (48, 16, 3)


def test_a_batch_is_normalised_and_padded_as_ppocr_does() -> None:
    black, white = np.zeros((48, 16, 3), np.uint8), np.full((48, 24, 3), 255, np.uint8)
    rows = batch([black, white])
    assert (rows.shape, rows.dtype) == ((2, 3, 48, 24), np.float32)
    assert (rows[0, :, :, :16] == -1).all() and (rows[0, :, :, 16:] == 0).all() and (rows[1] == 1).all()


def test_backgrounds_have_the_size_that_is_asked_for() -> None:
    frames = Backgrounds([np.random.default_rng(0).integers(0, 255, (90, 160, 3), np.uint8)])
    for seed in range(20):
        rng = np.random.default_rng(seed)
        for width, height in ((300, 40), (17, 200)):
            assert frames.crop(rng, width, height).shape == plain(rng, width, height).shape == (height, width, 3)
