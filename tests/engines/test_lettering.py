"""Weak marks are lettering where a reader is sure of enough letters."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from skimage.data import coffee

from engines.lettering import LetteringReader
from engines.ocr import LineReader, LineText
from engines.open_session import open_session
from engines.session import FakeSession
from engines.text import TextDetector
from kernels.surface import Surface

from .scenes import PictureOps

BOX = np.array([320.0, 180.0, 640.0, 360.0], np.float32)


class Said:
    """A reader that says this of the lines that it is shown."""

    def __init__(self, *lines: tuple[str, float]) -> None:
        self._lines, self.boxes = lines, np.zeros((0, 4))

    def read(self, surface: Surface, boxes: np.ndarray) -> list[LineText]:
        self.boxes = boxes
        said = [*self._lines, *[("", 0.0)] * len(boxes)][: len(boxes)]
        return [LineText(text, confidence, np.zeros(len(text), np.float32)) for text, confidence in said]


def is_lettering(*readers: Said) -> bool:
    ops = PictureOps()
    reader = LetteringReader([cast(LineReader, one) for one in readers])
    return reader.is_lettering(ops.surface_of(np.zeros((720, 1280, 3), np.uint8)), BOX)


@pytest.mark.parametrize(
    ("text", "confidence", "is_so"),
    [
        ("STAY", 0.97, True), ("STAY", 0.85, False), ("11", 0.96, False), ("5", 1.0, False), ("7 - -", 1.0, False),
        ("1 8 3", 0.95, True), ("괴물", 0.8, True), ("괴물", 0.6, False), ("生", 0.97, False), ("悪夢譚", 0.95, True),
        ("又部", 0.95, False), ("□□", 0.95, True), ("□", 0.99, False),
    ],
)  # fmt: skip
def test_it_takes_enough_letters_that_the_reader_is_sure_of(text: str, confidence: float, is_so: bool) -> None:
    assert is_lettering(Said((text, confidence))) == is_so


def test_a_mark_is_read_as_one_line_and_as_two_by_each_reader() -> None:
    first, second = Said(("KINER", 0.5)), Said(("KINER", 0.5), ("BURGER", 0.99))
    assert is_lettering(first, second)
    np.testing.assert_allclose(second.boxes, [BOX, [320, 180, 640, 180], [320, 360, 640, 180]])
    np.testing.assert_allclose(first.boxes, second.boxes)


class Lettering:
    """Says of marks in turn whether they are lettering, and remembers them."""

    def __init__(self, *answers: bool) -> None:
        self._answers, self.asked = list(answers), list[np.ndarray]()

    def is_lettering(self, surface: Surface, box: np.ndarray) -> bool:
        self.asked.append(box)
        return self._answers.pop(0)


def test_weak_tall_marks_are_lettering_where_they_are_read() -> None:
    marks = np.zeros((1, 1, 224, 384), np.float32)
    marks[0, 0, 64:160, 40:160] = 0.8
    marks[0, 0, 64:160, 220:340] = 0.7
    ops, lettering = PictureOps(), Lettering(False, True)
    surface = ops.surface_of(cv2.resize(coffee() // 2, (1280, 746)))
    with closing(FakeSession("text_detection", lambda inputs: {"map": marks})) as session:
        detector = TextDetector(session, ops, lettering=cast(LetteringReader, lettering))
        read = detector.read(surface)
        # What is looked at small, beside a picture, is not read.
        detector.read(surface, long_side=192)
    np.testing.assert_allclose(lettering.asked, read.boxes)
    np.testing.assert_allclose(read.tall, read.boxes[1:])


def test_sure_tall_marks_are_not_read() -> None:
    marks = np.zeros((1, 1, 224, 384), np.float32)
    marks[0, 0, 64:160, 100:284] = 1.0
    ops, lettering = PictureOps(), Lettering()
    with closing(FakeSession("text_detection", lambda inputs: {"map": marks})) as session:
        detector = TextDetector(session, ops, lettering=cast(LetteringReader, lettering))
        read = detector.read(ops.surface_of(cv2.resize(coffee() // 2, (1280, 746))))
    assert len(read.tall) == 1
    assert not lettering.asked


@pytest.mark.models
def test_a_word_in_a_picture_is_read_and_the_picture_is_not(models_dir: Path) -> None:
    ops, scene = PictureOps(), Image.fromarray(cv2.resize(coffee(), (1280, 720)))
    path = models_dir / "text_recognition.onnx"
    with closing(open_session(path, name="text_recognition", threads=1)) as session:
        reader = LetteringReader([LineReader(session, ops)])
        drawing, font = ImageDraw.Draw(scene), ImageFont.load_default(size=250)
        left, top, right, bottom = drawing.textbbox((640, 360), "SAFE", font=font, anchor="mm")
        mark = np.array([left - 30, top - 30, right - left + 60, bottom - top + 60], np.float32)
        bare = ops.surface_of(np.asarray(scene))
        assert not reader.is_lettering(bare, mark)
        drawing.text((640, 360), "SAFE", font=font, fill="black", anchor="mm")
        assert reader.is_lettering(ops.surface_of(np.asarray(scene)), mark)
