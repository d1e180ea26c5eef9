"""Marks become boxes in displayed pixels, and burned-in text is distinguished from a small sign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from skimage.data import coffee

from engines.open_session import open_session
from engines.session import FakeSession, NamedArrays, Session
from engines.text import (
    TextDetector,
    TextReading,
    boxes_of,
    canvas_of,
    fetch_map,
    is_overlay,
    overlay_lines,
    tall_lettering,
    tall_titles,
    text_boxes,
    text_lines,
    text_share,
)
from kernels.cuda.ops import CudaOps
from kernels.surface import Array

from ..kernels.device_array import DeviceArray, DeviceRuntime
from .scenes import FewShapes, PictureOps, portrait


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
        assert session.runs[0]["x"].shape == (1, 3, 256, 480)
        np.testing.assert_allclose(session.runs[0]["x"], -1)
    x, y, width, height = part.boxes[0]
    assert x + width / 2 == pytest.approx(480 + 125 * 2, abs=2)
    assert y + height / 2 == pytest.approx(270 + 105 * 540 / 256, abs=2)


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1920, 800), (720, 720)])
def test_a_device_meets_one_canvas_whatever_the_shape_of_the_film(size: tuple[int, int]) -> None:
    """The network would mark all of the border; nothing of it becomes text, and what is inside stays where it is."""
    ops, (width, height) = PictureOps(), size

    def answer(inputs: Mapping[str, Array]) -> NamedArrays:
        assert (inputs["x"][0, :, across[1] :] == -1).all() and (inputs["x"][0, :, :, across[0] :] == -1).all()
        marks = np.full((1, 1, *inputs["x"].shape[2:]), 0.95, np.float32)
        marks[0, 0, : across[1], : across[0]] = 0
        marks[0, 0, 20:26, 40:90] = 0.95
        return {"map": marks}

    across = tuple(32 * max(1, round(side * 384 / max(size) / 32)) for side in size)
    surface = ops.surface_of(np.full((height, width, 3), 200, np.uint8))
    with closing(FakeSession("text_detection", answer)) as session:
        found = TextDetector(session, ops, tools=FewShapes()).read(surface)
        assert [run["x"].shape for run in session.runs] == [(1, 3, 384, 384)]
    ((x, y, w, h),) = found.boxes.tolist()
    assert x + w / 2 == pytest.approx(64.5 * width / across[0], abs=2 * width / across[0])
    assert y + h / 2 == pytest.approx(22.5 * height / across[1], abs=2 * height / across[1])


def test_the_canvas_is_the_smallest_that_holds_the_input() -> None:
    assert [canvas_of(size) for size in ((64, 32), (192, 96), (32, 224), (640, 352), (672, 32))] == [
        (192, 192), (192, 192), (384, 384), (640, 640), (672, 32)
    ]  # fmt: skip


def made_marks(seed: int) -> np.ndarray:
    """(96, 160) uint8: marks and rings of all strengths, some at the edges, on a faint background."""
    random = np.random.default_rng(seed)
    marks = random.integers(0, 78, (96, 160)).astype(np.uint8)
    marks[random.random(marks.shape) < random.choice([0.3, 0.9, 1.0])] = 0
    for _ in range(random.integers(0, 5)):
        x, y = (int(random.integers(-5, side)) for side in (160, 96))
        reach = x + int(random.integers(3, 60)), y + int(random.integers(2, 20))
        strength, thickness = int(random.choice([76, 77, 100, 152, 153, 160, 255])), int(random.choice([-1, 2]))
        cv2.rectangle(marks, (x, y), reach, strength, thickness)
    return marks


@pytest.mark.parametrize("seed", range(60))
def test_the_part_that_is_fetched_has_all_boxes_to_the_bit(seed: int) -> None:
    marks, runtime = made_marks(seed), DeviceRuntime()
    expected = boxes_of(marks.astype(np.float32) / 255)
    host = fetch_map(DeviceArray(marks), CudaOps(runtime))
    found = boxes_of(host.astype(np.float32) / 255)
    assert [part.tobytes() for part in found] == [part.tobytes() for part in expected]
    assert runtime.downloaded <= marks.size + sum(marks.shape)


@pytest.mark.parametrize("strength", [0, 76, 152])
def test_without_a_mark_that_could_be_text_the_peaks_alone_are_fetched(strength: int) -> None:
    marks, runtime = np.zeros((96, 160), np.uint8), DeviceRuntime()
    marks[10:20, 10:60] = strength
    assert not fetch_map(DeviceArray(marks), CudaOps(runtime)).any()
    assert (runtime.asked["download"], runtime.downloaded) == (1, 96 + 160)
    marks[50:60, 80:140] = 153
    fetch_map(DeviceArray(marks), CudaOps(runtime))
    assert (runtime.asked["download"], runtime.downloaded) == (3, 2 * (96 + 160) + 10 * 60)


AREA = (100.0, 50.0, 1000.0, 500.0)


def reading(*lines: tuple[float, float, float, float], score: float = 0.95) -> TextReading:
    """Lines given as middle x, middle y, width, height in shares of `AREA`."""
    middles = np.array(lines, np.float32).reshape(-1, 4)
    boxes = np.concatenate([middles[:, :2] - middles[:, 2:] / 2, middles[:, 2:]], 1) * np.array([1000, 500] * 2)
    return TextReading((boxes + np.array([100, 50, 0, 0])).astype(np.float32), np.full(len(lines), score, np.float32))


def marked(*marks: tuple[float, float, float, float], score: float = 0.94) -> TextReading:
    boxes = np.array(marks, np.float32).reshape(-1, 4) * np.array([1000, 500] * 2) + np.array([100, 50, 0, 0])
    return TextReading(boxes.astype(np.float32), np.full(len(marks), score, np.float32))


@pytest.mark.parametrize(
    "found",
    [
        reading((0.5, 0.88, 0.25, 0.07)),
        reading((0.24, 0.82, 0.14, 0.07)),
        reading((0.5, 0.4, 0.33, 0.06), (0.5, 0.54, 0.34, 0.1)),
        reading(*[(0.5, 0.2 + 0.1 * row, 0.15, 0.06) for row in range(5)]),
        reading((0.52, 0.45, 0.24, 0.05)),
        reading((0.5, 0.1, 0.3, 0.04)),
        reading((0.43, 0.45, 0.13, 0.07), (0.57, 0.45, 0.13, 0.07)),
        replace(reading(), tall=marked((0.1, 0.1, 0.3, 0.3)).boxes),
    ],
    ids=["subtitle", "caption", "title", "credits", "in the middle", "at the top", "word by word", "tall letters"],
)
def test_text_laid_over_the_picture(found: TextReading) -> None:
    assert is_overlay(found, AREA)


@pytest.mark.parametrize(
    "found",
    [
        reading(),
        reading((0.88, 0.6, 0.2, 0.1)),
        reading((0.94, 0.94, 0.06, 0.05)),
        reading((0.5, 0.5, 0.9, 0.9)),
        reading((0.5, 0.8, 0.3, 0.1), score=0.7),
        reading((0.5, 0.75, 0.12, 0.22)),
        reading((0.55, 0.45, 0.24, 0.05)),
        reading((0.5, 0.45, 0.19, 0.05)),
        reading((0.41, 0.45, 0.13, 0.07), (0.59, 0.45, 0.13, 0.07)),
        reading((0.43, 0.45, 0.13, 0.04), (0.57, 0.45, 0.13, 0.07)),
        reading((0.43, 0.45, 0.13, 0.07), (0.57, 0.48, 0.13, 0.07)),
    ],
    ids=["nothing", "sign behind a person", "logo in a corner", "the whole picture", "unsure", "taller than wide",
         "a sign beside the middle", "a short word in the middle", "two signs", "of two heights", "in two rows"],
)  # fmt: skip
def test_text_of_the_scene_and_what_is_no_text(found: TextReading) -> None:
    assert not is_overlay(found, AREA)


def test_a_banner_is_not_too_low_for_the_lines_of_its_title() -> None:
    boxes = np.array([[1015, 105, 785, 105], [1147, 195, 541, 77]], np.float32)
    title = TextReading(boxes, np.array([0.95, 0.87], np.float32))
    banner, film = (0.0, 0.0, 1920.0, 374.0), (0.0, 0.0, 1032.0, 374.0)
    assert is_overlay(title, banner)
    assert not len(text_boxes(title, film))


def test_the_share_counts_lines_alone() -> None:
    assert text_share(reading((0.5, 0.5, 0.2, 0.1), (0.5, 0.5, 0.9, 0.9)), AREA) == pytest.approx(0.02, rel=1e-4)
    assert text_share(reading(), AREA) == 0


@pytest.mark.models
def test_a_real_subtitle_is_seen_and_a_bare_face_is_not(session: Session) -> None:
    ops = PictureOps()
    bare = portrait(720)
    subtitled = cv2.putText(
        bare.copy(), "Where have you been?", (150, 650), cv2.FONT_HERSHEY_DUPLEX, 1.2, (255,) * 3, 2
    )
    detector = TextDetector(session, ops)
    area = (0.0, 0.0, 720.0, 720.0)
    assert not is_overlay(detector.read(ops.surface_of(bare)), area)
    seen = detector.read(ops.surface_of(subtitled))
    assert is_overlay(seen, area)
    x, y, width, height = seen.boxes[int(np.argmax(seen.boxes[:, 1]))]
    assert x < 170
    assert x + width > 500
    assert y < 640 < y + height


FINE, COARSE = (0.3, 0.25, 0.4, 0.5), (0.28, 0.22, 0.44, 0.56)
"""A mark at two scales: left, top, width, height in shares of `AREA`."""


@pytest.mark.parametrize(
    ("fine", "coarse", "found"),
    [
        (marked(FINE), marked(COARSE), 1),
        (marked((0.3, 0.25, 0.18, 0.5), (0.5, 0.25, 0.2, 0.5)), marked(COARSE), 1),
        (marked(FINE), marked((0.5, 0.4, 0.44, 0.56)), 0),
        (marked((0.3, 0.25, 0.12, 0.5)), marked(COARSE), 0),
        (marked(FINE), marked(COARSE, score=0.79), 0),
        (marked(FINE, score=0.89), marked(COARSE), 0),
        (marked((0.0, 0.02, 1.0, 0.9)), marked((0.0, 0.02, 1.0, 0.9)), 0),
        (marked((0.3, 0.4, 0.4, 0.18)), marked((0.3, 0.4, 0.4, 0.19)), 0),
        (marked(), marked(COARSE), 0),
    ],
    ids=["the same twice", "letter by letter", "elsewhere", "a part", "unsure when small", "unsure when large",
         "the whole picture", "no taller than a line", "only when small"],
)  # fmt: skip
def test_tall_lettering_is_marked_at_two_scales(fine: TextReading, coarse: TextReading, found: int) -> None:
    boxes = tall_lettering(fine, coarse, AREA)
    assert boxes.shape == (found, 4)
    assert len(boxes) == 0 or np.allclose(boxes[0], marked((0.3, 0.25, 0.4, 0.5)).boxes[0])


@pytest.mark.parametrize(
    ("mark", "score", "found"),
    [
        (FINE, 0.95, True),
        (FINE, 0.94, False),
        ((0.3, 0.1, 0.3, 0.7), 0.97, False),
        ((0.0, 0.25, 0.6, 0.25), 0.97, False),
        ((0.019, 0.25, 0.6, 0.25), 0.97, False),
        ((0.021, 0.25, 0.6, 0.25), 0.97, True),
        ((0.0, 0.2, 1.0, 0.5), 0.97, True),
        ((0.0, 0.2, 0.95, 0.5), 0.97, True),
        ((0.0, 0.2, 0.91, 0.5), 0.97, False),
        ((0.3, 0.4, 0.4, 0.19), 0.97, False),
    ],
    ids=["sure", "less sure", "higher than wide", "cut by a side", "at a side", "near a side", "all the width",
         "nearly all", "most of it", "no taller than a line"],
)  # fmt: skip
def test_a_sure_mark_needs_no_second_scale(
    mark: tuple[float, float, float, float], score: float, found: bool
) -> None:
    fine = marked(mark, score=score + 1e-4)
    assert len(tall_lettering(fine, marked(), AREA)) == found
    assert len(tall_lettering(fine, marked(mark), AREA)) == (mark[3] > 0.2)


@pytest.mark.parametrize(
    ("large", "small", "found"),
    [
        (marked(FINE, score=0.9), marked(COARSE, score=0.86), 1),
        (marked(FINE, score=0.89), marked(COARSE, score=0.86), 0),
        (marked(FINE, score=0.9), marked(COARSE, score=0.84), 0),
        (marked((0.3, 0.1, 0.4, 0.7), score=0.9), marked((0.3, 0.1, 0.4, 0.7), score=0.9), 0),
        (marked((0.0, 0.2, 0.9, 0.5), score=0.9), marked((0.0, 0.2, 0.9, 0.5), score=0.9), 0),
    ],
    ids=["at both scales", "faint when large", "faint when small", "hardly wider than high", "at a side"],
)
def test_a_title_that_fades_is_marked_at_two_scales(large: TextReading, small: TextReading, found: int) -> None:
    assert len(tall_titles(large, small, AREA)) == found


def test_what_stands_below_a_caption_in_its_letters_belongs_to_it() -> None:
    caption, below = (0.5, 0.45, 0.3, 0.06), (0.58, 0.52, 0.1, 0.06)
    further, lower, aside = (0.58, 0.6, 0.1, 0.06), (0.58, 0.53, 0.1, 0.03), (0.9, 0.52, 0.1, 0.06)
    for other, laid in ((below, 2), (further, 1), (lower, 1), (aside, 1)):
        lines = reading(caption, other)
        assert int(overlay_lines(text_lines(lines, AREA)).sum()) == laid
    assert not overlay_lines(text_lines(reading(below), AREA)).any()


def test_a_line_inside_tall_lettering_is_no_line_of_its_own() -> None:
    lines = marked((0.35, 0.3, 0.2, 0.1), (0.1, 0.9, 0.3, 0.06))
    boxes = text_boxes(replace(lines, tall=marked(COARSE).boxes), AREA)
    np.testing.assert_allclose(boxes, [lines.boxes[1], marked(COARSE).boxes[0]])


def test_only_a_tall_mark_is_looked_at_again() -> None:
    marks = np.zeros((1, 1, 224, 384), np.float32)
    ops = PictureOps()
    surface = ops.surface_of(np.zeros((1080, 1920, 3), np.uint8))
    with closing(FakeSession("text_detection", lambda inputs: {"map": marks[..., : inputs["x"].shape[2]]})) as session:
        TextDetector(session, ops).read(surface)
        marks[0, 0, 60:70, 50:300] = 0.9
        TextDetector(session, ops).read(surface)
        assert len(session.runs) == 2
        marks[0, 0, 20:90, 50:300] = 0.95
        TextDetector(session, ops).read(surface)
        assert [run["x"].shape[2:] for run in session.runs[2:]] == [(224, 384), (64, 128)]


def test_a_tall_mark_that_is_one_glyph_is_lettering_however_sure_the_network_is() -> None:
    marks = np.zeros((1, 1, 224, 384), np.float32)
    marks[0, 0, 64:160, 160:224] = 0.8
    ops, scene = PictureOps(), cv2.resize(coffee() // 2, (1280, 746))
    digit = titled(scene, "7", 0.6)
    with closing(FakeSession("text_detection", lambda inputs: {"map": marks})) as session:
        bare, counted = (TextDetector(session, ops).read(ops.surface_of(picture)) for picture in (scene, digit))
    assert not len(bare.tall)
    np.testing.assert_allclose(counted.tall, counted.boxes)


def titled(picture: np.ndarray, word: str, height: float) -> np.ndarray:
    """A picture (h, w, 3) with a word in its middle, in letters of this share of its height."""
    drawing = Image.fromarray(picture)
    font = ImageFont.load_default(size=1.35 * height * drawing.height)
    middle = (drawing.width / 2, drawing.height / 2)
    ImageDraw.Draw(drawing).text(middle, word, font=font, fill="white", anchor="mm")
    return np.asarray(drawing)


@pytest.mark.models
@pytest.mark.parametrize("height", [0.25, 0.35, 0.45])
def test_a_title_in_tall_letters_is_seen(session: Session, height: float) -> None:
    ops = PictureOps()
    detector, area = TextDetector(session, ops), (0.0, 0.0, 1280.0, 720.0)
    scene = cv2.resize(coffee(), (1280, 720))
    assert not len(text_boxes(detector.read(ops.surface_of(scene)), area))
    seen = detector.read(ops.surface_of(titled(scene, "ALIEN", height)))
    assert is_overlay(seen, area)
    assert len(seen.tall)
