"""Lines of text are decoded, read the same alone and in company, upright, vertical and upside down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from engines.errors import ModelError
from engines.ocr import (
    HEIGHT_PX,
    WIDTHS_PX,
    LineReader,
    LineText,
    TextDirection,
    Vertical,
    alphabet_of,
    decoded,
    preferred,
    width_of,
)
from engines.open_session import open_session
from engines.session import FakeSession, NamedArrays, Session
from engines.tools import HOST_TOOLS
from kernels.surface import Array, Surface

from ..kernels.device_array import DeviceArray
from .scenes import FewShapes, PictureOps

ALPHABET = ("", "a", "b", " ")


@pytest.fixture(scope="module")
def session(models_dir: Path) -> Iterator[Session]:
    with closing(open_session(models_dir / "text_recognition.onnx", threads=1)) as opened:
        yield opened


def test_equal_neighbours_are_one_character_unless_nothing_stands_between_them() -> None:
    best = np.array([0, 1, 1, 0, 1, 2, 2, 3, 0])
    line = decoded(best, np.array([0.9, 0.5, 0.8, 0.9, 0.4, 0.6, 0.5, 0.7, 0.9]), ALPHABET)
    assert line.text == "aab "
    np.testing.assert_allclose(line.characters, [0.8, 0.4, 0.6, 0.7], atol=1e-6)
    assert line.confidence == pytest.approx((0.8 * 0.4 * 0.6 * 0.7) ** 0.25)


@pytest.mark.parametrize("places", [0, 5])
def test_a_line_without_characters_has_no_confidence(places: int) -> None:
    line = decoded(np.zeros(places, int), np.ones(places), ALPHABET)
    assert (line.text, line.confidence, line.characters.shape) == ("", 0.0, (0,))


def test_the_alphabet_begins_with_no_character_and_ends_with_a_space() -> None:
    assert alphabet_of({"character": "a\n\u3000\nb\n"}, "reader") == ("", "a", "\u3000", "b", " ")


def test_a_model_without_an_alphabet_is_refused() -> None:
    with closing(FakeSession("text_recognition", _dark_columns)) as fake, pytest.raises(ModelError, match="alphabet"):
        LineReader(fake, PictureOps())


@pytest.mark.parametrize(
    ("box", "width"),
    [((0, 0, 100, 50), 96), ((0, 0, 101, 33), 160), ((0, 0, 9000, 20), 2048), ((0, 0, 20, 200), 512)],
)
def test_a_line_is_stretched_to_the_nearest_width(box: tuple[float, float, float, float], width: int) -> None:
    assert width_of(box) == width
    assert max(b / a for a, b in pairwise(WIDTHS_PX)) <= 1.5


def test_each_line_gets_its_own_answer_whatever_its_width_and_company() -> None:
    ops = PictureOps()
    surface = ops.surface_of(_stripes())
    boxes = np.array([[0, 0, 96, 48], [0, 48, 192, 48], [0, 96, 96, 48], [0, 144, 192, 48]], np.float32)
    for batch in (1, 8):
        with closing(FakeSession("text_recognition", _dark_columns, {"character": "a\nb"})) as fake:
            reader = LineReader(fake, ops, batch=batch)
            together = [line.text for line in reader.read(surface, boxes)]
            alone = [reader.read(surface, box[None])[0].text for box in boxes]
        assert together == alone == ["", "a", "aa", "aaa"]
        assert max(len(run["x"]) for run in fake.runs) == min(batch, 2)


def test_a_device_meets_few_widths_and_what_it_reads_beside_a_line_is_left_out() -> None:
    """The network would read an "a" at every grey place."""
    ops = PictureOps()
    surface = ops.surface_of(_stripes())
    boxes = np.array([[0, 0, 96, 48], [0, 48, 192, 48], [0, 96, 96, 48], [0, 144, 192, 48]], np.float32)

    def answer(inputs: Mapping[str, Array]) -> NamedArrays:
        found = _dark_columns(inputs)["y"]
        grey = (np.abs(inputs["x"]) < 0.01).all((1, 2)).reshape(len(found), -1, 8).all(2)
        found[grey] = [0, 0, 1, 0]
        return {"y": found}

    for batch in (1, 8):
        with closing(FakeSession("text_recognition", answer, {"character": "a\nb"})) as fake:
            reader = LineReader(fake, ops, batch=batch, tools=FewShapes())
            assert [line.text for line in reader.read(surface, boxes)] == ["", "a", "aa", "aaa"]
            assert [reader.read(surface, box[None])[0].text for box in boxes] == ["", "a", "aa", "aaa"]
        assert {run["x"].shape[1:] for run in fake.runs} == {(3, 48, 320)}
        assert len(fake.runs[0]["x"]) == (1 if batch == 1 else 4)


def test_no_line_asks_nothing() -> None:
    ops = PictureOps()
    with closing(FakeSession("text_recognition", _dark_columns, {"character": "a\nb"})) as fake:
        assert LineReader(fake, ops).read(ops.surface_of(_stripes()), np.zeros((0, 4), np.float32)) == []
        assert not TextDirection(fake, ops).upside_down(ops.surface_of(_stripes()), np.zeros((0, 4))).shape[0]
    assert not fake.runs


def test_a_margin_shows_what_is_beside_a_line() -> None:
    ops = PictureOps()
    picture = np.full((200, 200, 3), 255, np.uint8)
    picture[:, 30:36] = 0
    surface = ops.surface_of(picture)
    box = np.array([[42, 40, 96, 48]], np.float32)
    with closing(FakeSession("text_recognition", _dark_columns, {"character": "a\nb"})) as fake:
        reader = LineReader(fake, ops)
        assert [reader.read(surface, box, margin=margin)[0].text for margin in (0.0, 0.25)] == ["", "a"]


def test_letters_that_stand_close_together_are_told_apart_where_a_line_is_shown_wider() -> None:
    ops = PictureOps()
    picture = np.full((48, 96, 3), 255, np.uint8)
    picture[:, [20, 21, 28, 29]] = 0
    surface, box = ops.surface_of(picture), np.array([[0, 0, 96, 48]], np.float32)
    with closing(FakeSession("text_recognition", _dark_columns, {"character": "a\nb"})) as fake:
        reader = LineReader(fake, ops)
        assert [reader.read(surface, box, wider=wider)[0].text for wider in (0, 3)] == ["a", "aa"]
        assert len(reader.read(surface, box, wider=len(WIDTHS_PX))) == 1


@pytest.mark.parametrize("vertical", ["turned", "cells"])
def test_a_vertical_line_is_turned_to_the_left_or_cut_into_cells(vertical: Vertical) -> None:
    """Three dark bars across the line: upright columns once it is turned, level ones in every cell."""
    ops = PictureOps()
    picture = np.full((144, 48, 3), 255, np.uint8)
    for top in (4, 52, 100):
        picture[top : top + 8] = 0
    picture[130:138, 40:] = 0
    with closing(FakeSession("text_recognition", _dark_columns, {"character": "a\nb"})) as fake:
        reader = LineReader(fake, ops, vertical=vertical)
        reader.read(ops.surface_of(picture), np.array([[0, 0, 48, 144]], np.float32))
        (shown,) = (run["x"] for run in fake.runs)
    assert shown.shape == (1, 3, HEIGHT_PX, 160)
    dark = shown[0, 0] < 0
    upright, level = dark.all(0).any(), dark.all(1).any()
    assert (upright, level) == ((True, False) if vertical == "turned" else (False, True))
    assert np.flatnonzero(dark.any(0) if vertical == "turned" else dark.any(1))[0] < 8  # the top is first
    if vertical == "turned":  # what was at the right is above
        assert dark[:8, 142:156].any() and not dark[16:, 142:156].any()


def test_the_pictures_stay_on_the_device() -> None:
    """Only the likeliest classes and their probabilities are fetched, once for all lines."""

    fetched: list[tuple[int, ...]] = []

    class DeviceOps(PictureOps):
        def rgb(self, *arguments: Any, **named: Any) -> Array:
            return DeviceArray(super().rgb(*arguments, **named))

        def to_host(self, array: Array) -> np.ndarray:
            fetched.append(array.values.shape)
            return np.asarray(array.values)

    ops = DeviceOps()

    def answer(inputs: Mapping[str, Array]) -> NamedArrays:
        return {"y": DeviceArray(_dark_columns({"x": inputs["x"].values})["y"])}

    boxes = np.array([[0, 0, 96, 48], [0, 48, 192, 48], [0, 144, 192, 48]], np.float32)
    with closing(FakeSession("text_recognition", answer, {"character": "a\nb"})) as fake:
        for tools in (HOST_TOOLS, FewShapes()):
            lines = LineReader(fake, ops, batch=8, tools=tools).read(ops.surface_of(_stripes()), boxes)
            assert [line.text for line in lines] == ["", "a", "aaa"]
    assert fetched == [(2 * (12 + 24 + 24),)] * 2


@pytest.mark.models
def test_lines_are_read_the_same_alone_and_in_company(session: Session) -> None:
    ops = PictureOps()
    texts = ("EPISODE 3", "Ep. 12", "S02E05", "Chapter Four")
    surface, boxes = _page(ops, texts)
    reader = LineReader(session, ops)
    together = reader.read(surface, boxes)
    assert [line.text for line in together] == list(texts)
    assert min(line.confidence for line in together) > 0.9
    for line, box in zip(together, boxes, strict=True):
        (alone,) = reader.read(surface, box[None])
        assert alone.text == line.text
        np.testing.assert_array_equal(alone.characters, line.characters)


@pytest.mark.models
def test_a_line_that_stands_upside_down_is_found_and_read(session: Session, models_dir: Path) -> None:
    ops = PictureOps()
    texts = ("EPISODE 3", "S02E05", "Chapter Four")
    surface, boxes = _page(ops, texts)
    turned = ops.surface_of(ops.pictures[id(surface.y)][::-1, ::-1])
    back = np.array([[640 - x - w, 400 - y - h, w, h] for x, y, w, h in boxes.tolist()], np.float32)
    with closing(open_session(models_dir / "text_direction.onnx", threads=1)) as opened:
        direction = TextDirection(opened, ops)
        assert direction.upside_down(surface, boxes).max() < 0.1
        assert direction.upside_down(turned, back).min() > 0.9
    assert [line.text for line in LineReader(session, ops).read_upside_down(turned, back)] == list(texts)


def _dark_columns(inputs: Mapping[str, Array]) -> NamedArrays:
    """A reader that answers "a" for every dark upright bar: probabilities (N, W / 8, 4), sure of everything."""
    shown = inputs["x"][:, 0]
    steps = shown[:, :, : shown.shape[2] // 8 * 8].reshape(len(shown), shown.shape[1], -1, 8)
    dark = steps.min(3).max(1) < 0
    answer = np.zeros((*dark.shape, 4), np.float32)
    answer[..., 0], answer[..., 1] = ~dark, dark
    return {"y": answer}


def _stripes() -> np.ndarray:
    """(192, 192, 3): four lines with none, one, two and three dark upright bars."""
    picture = np.full((192, 192, 3), 255, np.uint8)
    for line in range(4):
        for bar in range(line):
            picture[48 * line : 48 * line + 48, 20 + 30 * bar : 26 + 30 * bar] = 0
    return picture


def _page(ops: PictureOps, texts: tuple[str, ...]) -> tuple[Surface, np.ndarray]:
    """A picture of 640×400 with white lines of text, and the boxes (N, 4) around them."""
    page = Image.new("RGB", (640, 400), (40, 60, 50))
    draw, font, boxes = ImageDraw.Draw(page), ImageFont.load_default(40), []
    for place, text in enumerate(texts):
        draw.text((60, 30 + 90 * place), text, font=font, fill=(240, 240, 240))
        left, top, right, bottom = draw.textbbox((60, 30 + 90 * place), text, font=font)
        boxes.append([left - 8, top - 8, right - left + 16, bottom - top + 16])
    return ops.surface_of(np.asarray(page)), np.array(boxes, np.float32)


def test_of_several_answers_the_surest_with_hangul_is_gone_by() -> None:
    def answer(text: str, confidence: float) -> LineText:
        return LineText(text, confidence, np.zeros(len(text), np.float32))

    korean, digit = answer("제 7 화", 0.9), answer("7", 0.99)
    assert preferred([digit, korean]) is korean
    assert preferred([answer("7□", 0.9), digit]) is digit
    assert preferred([answer("7", 0.99), digit]).text == "7"
    first = answer("a", 0.80001)
    assert preferred([first, answer("A", 0.80004)]) is first


def test_of_answers_without_hangul_one_that_lines_say_usually_is_gone_by() -> None:
    def answer(text: str, confidence: float) -> LineText:
        return LineText(text, confidence, np.zeros(len(text), np.float32))

    ours = answer("EPISODE ELEVEN", 0.7)
    assert preferred([ours, answer("ERISOIE ELEVEN", 0.91)]) is ours
    assert preferred([ours, answer("E", 0.95)]) is ours
    assert preferred([answer("EPISODE ELEVEN", 0.1), answer("QUIET MORNING", 0.95)]).text == "QUIET MORNING"
    assert preferred([answer("□3□", 0.8), answer("第3集", 0.9)]).text == "第3集"


def test_of_answers_that_look_alike_the_first_says_which_signs_are_digits() -> None:
    def answer(text: str, confidence: float) -> LineText:
        return LineText(text, confidence, np.zeros(len(text), np.float32))

    ours = answer("S05E01", 0.8)
    assert preferred([ours, answer("SO5 EOl", 0.99)]) is ours
    assert preferred([ours, answer("S06E01", 0.99)]) is not ours
    word = answer("EPISODE 8", 0.7)
    assert preferred([word, answer("EPIS0DE B", 0.9)]) is word
    same = answer("s05 e01", 0.99)
    assert preferred([ours, same]) is same
    assert preferred([answer("", 0.0), same]) is same
