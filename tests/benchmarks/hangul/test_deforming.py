"""Lines drawn as no font has them stay readable, and those of the test are never so."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.hangul.deforming import Measures, brushed, placed, reshaped, warped


def stroke() -> np.ndarray:
    """(96, 300) uint8: two bars of 8 pixels that cross."""
    layer = np.zeros((96, 300), np.uint8)
    layer[44:52, 30:270] = layer[20:76, 146:154] = 255
    return layer


def test_every_character_keeps_its_place_and_about_its_size():
    for seed in range(40):
        found = placed(np.random.default_rng(seed), "제 12회 3")
        assert len(found) == 7
        for one, character in zip(found, "제 12회 3", strict=True):
            assert one.drawn == character or (character, one.drawn) == ("1", "I")
            assert 0.5 < one.scale < 1.15 and abs(one.drop) < 0.3


def test_figures_of_old_style_are_small_or_hang():
    lines = [placed(np.random.default_rng(seed), "0123456789") for seed in range(60)]
    old = [line for line in lines if line[0].scale < 0.8]
    assert 10 < len(old) < 35
    for line in old:
        assert all(one.scale < 0.9 for one in line[:3]) and all(line[at].drop > 0.1 for at in (3, 4, 5, 7, 9))
        assert all(line[at].scale > 0.85 and abs(line[at].drop) < 0.1 for at in (6, 8))
    assert {line[1].drawn for line in old} == {"1", "I"}


def drawn(text: str) -> set[str]:
    """All ways in which a text is drawn."""
    return {"".join(one.drawn for one in placed(np.random.default_rng(seed), text)) for seed in range(80)}


def test_noughts_are_drawn_as_letters_where_what_stands_beside_tells_that_they_are_none():
    assert {"SOOEO4", "SooEo4", "S00E04"} <= drawn("S00E04")
    assert {"제 1O화", "제 1o화", "제 10화"} <= drawn("제 10화")
    assert all("O" not in text and "o" not in text for text in drawn("A0 X0B 0"))
    assert drawn("SOE OK") == {"SOE OK"}


def measures(text: str = "제1") -> Measures:
    """Of a line of two characters, as `stroke` may be."""
    return Measures(text, 48, 2, np.array([80.0, 220.0]), 48.0)


@pytest.mark.parametrize("seed", range(40))
def test_a_line_reshaped_is_about_where_it_was_and_its_outline_lies_around_it(seed):
    layer = stroke()
    outline = cv2.dilate(layer, np.ones((5, 5), np.uint8))
    one, other = reshaped(np.random.default_rng(seed), [layer, outline], measures())
    assert one.shape == other.shape == layer.shape and one.max() > 100
    assert 0.1 < one.sum() / layer.sum() < 2.5
    assert one[cv2.dilate(layer, np.ones((41, 41), np.uint8)) == 0].max(initial=0) < 60
    assert np.all(other[one > 200] > 100) and other.sum() > one.sum()
    (alone,) = reshaped(np.random.default_rng(seed), [layer], measures())
    assert alone.shape == layer.shape


def test_no_two_kinds_look_alike():
    sums = {int(reshaped(np.random.default_rng(seed), [stroke()], measures())[0].sum()) for seed in range(40)}
    assert len(sums) > 35


def test_columns_of_syllables_are_those_nearest_to_them():
    columns = measures("제1").of_syllables(300)
    assert columns[:150].all() and not columns[151:].any()


@pytest.mark.parametrize("seed", range(8))
def test_warped_strokes_keep_their_amount_and_stay_together(seed):
    layer = stroke()
    one, other = warped(np.random.default_rng(seed), [layer, cv2.dilate(layer, np.ones((5, 5), np.uint8))], 48)
    assert one.shape == layer.shape and not np.array_equal(one, layer)
    assert 0.85 < one.sum() / layer.sum() < 1.15
    assert np.all(other[one > 200] > 100)  # the outline still lies around its stroke
    assert cv2.connectedComponents((one > 100).astype(np.uint8))[0] == 2


@pytest.mark.parametrize("seed", range(16))
def test_brushed_strokes_change_their_weight_and_not_their_place(seed):
    layer = stroke()
    outline = cv2.dilate(layer, np.ones((5, 5), np.uint8))
    one, other = brushed(np.random.default_rng(seed), [layer, outline], 48)
    assert 0.3 < one.sum() / layer.sum() < 2.5
    far = cv2.dilate(layer, np.ones((13, 13), np.uint8)) == 0
    assert one[far].max() < 60 and np.all(other.astype(int) >= one.astype(int) - 1)
    assert other.sum() > 1.2 * one.sum() and other.max() == 255
