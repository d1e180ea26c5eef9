"""Marks become boxes in displayed pixels; burned-in text is told from a small sign."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engines.session import FakeSession, Session, open_session
from engines.text import TextDetector, boxes_of

from .scenes import PictureOps


@pytest.fixture(scope="module")
def session(models_dir: Path) -> Iterator[Session]:
    with closing(open_session(models_dir / "text_detection.onnx", threads=1)) as opened:
        yield opened


def test_a_mark_grows_back_to_its_line() -> None:
    marks = np.zeros((96, 160), np.float32)
    marks[40:48, 20:120] = 0.9
    boxes, scores = boxes_of(marks)
    x, y, width, height = boxes[0]
    grown = 1.5 * 99 * 7 / (2 * (99 + 7))
    np.testing.assert_allclose(
        [x, y, width, height], [20 - grown, 40 - grown, 100 + 2 * grown, 8 + 2 * grown], atol=0.1
    )
    np.testing.assert_allclose(scores, [0.9], atol=1e-6)


def test_faint_and_tiny_marks_are_left_out() -> None:
    marks = np.zeros((96, 160), np.float32)
    marks[10:20, 10:60] = 0.5
    marks[40:42, 10:60] = 0.9
    assert boxes_of(marks)[0].shape == (0, 4)
    assert boxes_of(np.zeros((96, 160), np.float32))[1].shape == (0,)


def test_boxes_stay_inside_and_come_in_reading_order() -> None:
    marks = np.zeros((96, 160), np.float32)
    marks[80:96, 0:160] = 0.9
    marks[10:20, 90:150] = 0.8
    marks[10:20, 10:70] = 0.7
    boxes, scores = boxes_of(marks)
    np.testing.assert_allclose(scores, [0.7, 0.8, 0.9], atol=1e-6)
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 0] + boxes[:, 2] <= 160).all()
    assert (boxes[:, 1] + boxes[:, 3] <= 96).all()


def test_boxes_are_in_displayed_pixels_of_the_whole_picture() -> None:
    marks = np.zeros((1, 1, 256, 480), np.float32)
    marks[0, 0, 100:110, 50:200] = 0.9
    ops = PictureOps()
    surface = ops.surface_of(np.zeros((1080, 1920, 3), np.uint8))
    with closing(FakeSession("text_detection", lambda inputs: {"map": marks})) as session:
        part = TextDetector(session, ops, long_side=480).read(surface, (480, 270, 960, 540))
        assert session.asked[0]["x"].shape == (1, 3, 256, 480)
        np.testing.assert_allclose(session.asked[0]["x"], -1)
    x, y, width, height = part.boxes[0]
    assert x + width / 2 == pytest.approx(480 + 125 * 2, abs=2)
    assert y + height / 2 == pytest.approx(270 + 105 * 540 / 256, abs=2)
