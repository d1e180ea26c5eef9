"""Cards as pictures: drawn with a font, laid over a ground, compressed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.debian_fonts import FontFace
from benchmarks.episode_cards.cards import Card, Line
from benchmarks.episode_cards.drawing import pictures_of
from benchmarks.episode_cards.encoding import compressed
from benchmarks.episode_cards.fonts import Fonts, fonts_of
from benchmarks.episode_cards.footage import PICTURES, Stretches, plain
from kernels.cpu import CpuOps
from stream.errors import KeyartError

from .made_cards import card

DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


def grey(level: int) -> Stretches:
    _, data = cv2.imencode(".jpg", np.full((270, 480, 3), level, np.uint8))
    return Stretches([(bytes(data),) * PICTURES])


@pytest.fixture
def fonts(debian_file: Callable[[str, str], Path]) -> Fonts:
    return Fonts({"latin": ((FontFace(debian_file("fonts-dejavu-core", DEJAVU)),),)})


def small(**changes: object) -> Card:
    return replace(card(), size=(320, 180), plain=False, lines=(Line("EPISODE 12", "number", 0.15),), **changes)  # type: ignore[arg-type]


@pytest.mark.debian
def test_a_card_is_drawn_the_same_again(fonts: Fonts) -> None:
    first, again = (pictures_of(small(), fonts, grey(60)) for _ in range(2))
    assert len(first) == PICTURES
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    assert first[0].shape == (180, 320, 3)


@pytest.mark.debian
def test_letters_can_be_told_from_the_ground(fonts: Fonts) -> None:
    for level in (10, 128, 245):
        picture = pictures_of(small(), fonts, grey(level))[-1].astype(int)
        assert picture.max() - picture.min() > 70


@pytest.mark.debian
def test_motion_changes_the_pictures(fonts: Fonts) -> None:
    still, fade, slide, zoom = (
        pictures_of(small(motion=motion), fonts, grey(60)) for motion in ("still", "fade", "slide", "zoom")
    )
    assert np.array_equal(still[0], still[-1])
    assert np.ptp(fade[0]) < np.ptp(fade[-1])
    assert not np.array_equal(slide[0], slide[-1])
    assert not np.array_equal(zoom[0], zoom[-1])


@pytest.mark.debian
def test_a_font_without_the_glyphs_is_not_used(fonts: Fonts) -> None:
    korean = replace(small(), lines=(Line("제 7 화", "number", 0.1),))
    with pytest.raises(KeyartError, match="no font"):
        pictures_of(korean, fonts, grey(60))


def test_missing_fonts_are_named(tmp_path: Path) -> None:
    with pytest.raises(KeyartError, match=r"benchmarks\.episode_cards fonts"):
        fonts_of("test", [tmp_path])


def test_compression_keeps_pictures_times_and_colours() -> None:
    picture = np.zeros((90, 160, 3), np.uint8)
    picture[:, 80:] = (200, 40, 40)
    found = compressed([picture] * PICTURES, 20)
    assert [time_s for time_s, _ in found] == [0.0, 0.5, 1.0, 1.5, 2.0]
    shown = CpuOps().rgb(found[-1][1]).astype(int)
    assert shown.shape == picture.shape
    assert np.abs(shown[:, :70]).max() < 12
    assert np.abs(shown[:, 100:] - (200, 40, 40)).max() < 12


def test_stronger_compression_loses_more() -> None:
    rng = np.random.default_rng(1)
    picture = cv2.GaussianBlur(rng.integers(0, 256, (96, 160, 3)).astype(np.uint8), (0, 0), 1.0)
    shown = [CpuOps().rgb(compressed([picture] * 3, crf)[1][1]).astype(int) for crf in (18, 36)]
    assert np.abs(shown[0] - picture).mean() < np.abs(shown[1] - picture).mean()


def test_a_plain_ground_has_the_size_asked_for() -> None:
    assert plain(np.random.default_rng(0), (64, 36)).shape == (36, 64, 3)
