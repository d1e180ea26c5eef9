"""Decoding of CenterFace's maps, the letterbox and the second detection, on maps made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

import numpy as np
import pytest

from engines.detector import Detection, Detector, Letterbox, decode_maps
from engines.session import FakeSession
from engines.tools import HOST_TOOLS, intersection_over_union

from .scenes import FewShapes, PictureOps, blank_maps, fake_detector, put_face


def test_decoding_follows_the_published_geometry() -> None:
    maps = blank_maps(96, 160)
    put_face(maps, (10, 20), (24, 16), 0.8)
    maps["offset"][0, :, 10, 20] = (0.25, -0.5)
    pictures, boxes, scores, points = decode_maps(maps, 0.5)
    assert pictures.tolist() == [0]
    centre_x, centre_y = (20 - 0.5 + 0.5) * 4, (10 + 0.25 + 0.5) * 4
    np.testing.assert_allclose(boxes, [[centre_x - 8, centre_y - 12, centre_x + 8, centre_y + 12]], atol=1e-4)
    np.testing.assert_allclose(scores, [0.8], atol=1e-6)
    left_eye = (centre_x - 8 + 0.3 * 16, centre_y - 12 + 0.4 * 24)
    np.testing.assert_allclose(points[0, 0], left_eye, atol=1e-4)
    assert points.shape == (1, 5, 2)


def test_nothing_is_decoded_from_empty_maps() -> None:
    pictures, boxes, scores, points = decode_maps(blank_maps(64, 64), 0.5)
    assert (boxes.shape, scores.shape, points.shape) == ((0, 4), (0,), (0, 5, 2))
    assert HOST_TOOLS.suppress(boxes, scores, pictures, 0.3).shape == (0,)


def test_overlap_is_intersection_over_union() -> None:
    shares = intersection_over_union(np.array([[0, 0, 4, 4]]), np.array([[2, 0, 4, 4], [4, 0, 4, 4], [0, 0, 4, 4]]))
    np.testing.assert_allclose(shares, [[8 / 24, 0, 1]])


@pytest.mark.parametrize(
    ("size", "inner", "outer"),
    [
        ((1920, 1080), (320, 180), (320, 192)),
        ((1080, 1920), (180, 320), (192, 320)),
        ((640, 640), (320, 320), (320, 320)),
        ((1279, 719), (320, 180), (320, 192)),
        ((16, 16), (320, 320), (320, 320)),
        ((4000, 10), (320, 1), (320, 32)),
    ],
)
def test_letterbox_keeps_the_shape(size: tuple[int, int], inner: tuple[int, int], outer: tuple[int, int]) -> None:
    letterbox = Letterbox.fit((0, 0, *size), 320)
    assert (letterbox.inner, letterbox.outer) == (inner, outer)


def test_faces_are_given_in_displayed_pixels_of_the_whole_picture() -> None:
    ops = PictureOps()
    surface = ops.surface_of(np.zeros((720, 1280, 3), np.uint8))
    with closing(fake_detector(((20, 40), (48, 32), 0.9))) as session:
        whole = Detector(session, ops).find([surface], [(0, 0, 1280, 720)])[0]
        part = Detector(session, ops).find([surface], [(320, 180, 640, 360)])[0]
    centre = np.array([(40 + 0.5) * 4, (20 + 0.5) * 4])
    for found, origin, scale in ((whole, (0, 0), 4), (part, (320, 180), 2)):
        x, y, width, height = found.faces[0].box
        np.testing.assert_allclose([x + width / 2, y + height / 2], origin + centre * scale, atol=1e-2)
        np.testing.assert_allclose([width, height], [32 * scale, 48 * scale], rtol=1e-5)
        assert found.batch.features.shape == (1, 96, 12, 20)
        assert found.batch.pictures.shape == (1, 180, 320, 3)


def test_the_rest_of_the_input_is_black() -> None:
    ops = PictureOps()
    surface = ops.surface_of(np.full((720, 1280, 3), 200, np.uint8))
    with closing(fake_detector()) as session:
        assert Detector(session, ops).find([surface], [(0, 0, 1280, 720)])[0].faces == []
        shown = session.runs[0]["image"]
    assert shown.shape == (1, 3, 192, 320)
    assert (shown[:, :, :180] == 200).all()
    assert (shown[:, :, 180:] == 0).all()


@pytest.mark.parametrize(
    ("size", "canvas"),
    [((1920, 1080), (192, 320)), ((1920, 800), (192, 320)), ((1440, 1080), (320, 320)), ((1080, 1920), (320, 192))],
)
def test_a_device_meets_three_canvases_and_nothing_beside_the_picture_is_a_face(
    size: tuple[int, int], canvas: tuple[int, int]
) -> None:
    """A face in the middle, and one the network would find in each corner of the black border."""
    ops, (width, height) = PictureOps(), size
    inner = Letterbox.fit((0, 0, width, height), 320).inner
    middle = (inner[1] // 8, inner[0] // 8)
    border = [(row, column) for row in (0, canvas[0] // 4 - 1) for column in (0, canvas[1] // 4 - 1)]
    beside = [cell for cell in border if 4 * cell[0] >= inner[1] or 4 * cell[1] >= inner[0]]
    surface = ops.surface_of(np.zeros((height, width, 3), np.uint8))
    with closing(fake_detector(*((cell, (40.0, 30.0), 0.9) for cell in (middle, *beside)))) as session:
        (found,) = Detector(session, ops, tools=FewShapes()).find([surface], [(0.0, 0.0, float(width), float(height))])
        assert [run["image"].shape for run in session.runs] == [(1, 3, *canvas)]
    (face,) = found.faces
    assert face.box[0] + face.box[2] / 2 == pytest.approx(width / 2, abs=width / 40)
    assert face.box[1] + face.box[3] / 2 == pytest.approx(height / 2, abs=height / 20)
    assert beside


def test_a_second_look_replaces_the_first() -> None:
    ops = PictureOps()
    surface = ops.surface_of(np.zeros((720, 1280, 3), np.uint8))

    def answer(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        height, width = inputs["image"].shape[2:]
        maps = blank_maps(height, width)
        if height == 160:
            put_face(maps, (20, 20), (70, 50), 0.95)
        else:
            put_face(maps, (20, 40), (48, 32), 0.7)
        return maps

    with closing(FakeSession("detector", answer)) as session:
        detector = Detector(session, ops)
        first = detector.find([surface], [(0, 0, 1280, 720)])[0].faces[0]
        (second,) = detector.refine([(surface, first)], side=160, margin=2.2)
    x, y, width, height = first.box
    reach = 2.2 * height
    assert second.score == pytest.approx(0.95)
    np.testing.assert_allclose(second.box[2:], np.array([50, 70]) * reach / 160, rtol=1e-4)
    middle = np.array([x + width / 2 - reach / 2, y + height / 2 - reach / 2]) + 82 * reach / 160
    np.testing.assert_allclose(
        [second.box[0] + second.box[2] / 2, second.box[1] + second.box[3] / 2], middle, rtol=1e-4
    )


def test_a_second_look_that_sees_nothing_changes_nothing() -> None:
    ops = PictureOps()
    surface = ops.surface_of(np.zeros((720, 1280, 3), np.uint8))
    with closing(fake_detector(((20, 40), (48, 32), 0.7))) as session:
        first = Detector(session, ops).find([surface], [(0, 0, 1280, 720)])[0].faces[0]
    with closing(fake_detector()) as session:
        assert Detector(session, ops).refine([(surface, first)], side=160, margin=2.2)[0] is first


def brightness_detector() -> FakeSession:
    """Finds in each picture as many faces side by side as its brightness says, and two boxes for the last of them."""

    def answer(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        shown = inputs["image"]
        height, width = shown.shape[2:]
        answers = []
        for picture in shown:
            maps = blank_maps(height, width)
            for number in range(round(float(picture[0, 0, 0]) / 10)):
                put_face(maps, (height // 8, 10 + 12 * number), (40, 30), 0.9 - number / 100)
                put_face(maps, (height // 8, 11 + 12 * number), (40, 30), 0.6)
            answers.append(maps)
        return {name: np.concatenate([maps[name] for maps in answers]) for name in answers[0]}

    return FakeSession("detector", answer)


@pytest.mark.parametrize("batch", [2, 32])
def test_pictures_in_one_run_answer_as_each_alone(batch: int) -> None:
    ops = PictureOps()
    sizes = [(720, 1280), (1080, 1920), (640, 480), (720, 1280), (720, 1280)]
    surfaces = [ops.surface_of(np.full((*size, 3), 10 * i, np.uint8)) for i, size in enumerate(sizes)]
    areas = [(0.0, 0.0, float(size[1]), float(size[0])) for size in sizes]
    with closing(brightness_detector()) as session:
        alone = Detector(session, ops).find(surfaces, areas)
        assert [len(call["image"]) for call in session.runs] == [1] * 5
        session.runs.clear()
        together = Detector(session, ops, batch=batch).find(surfaces, areas)
        assert [len(call["image"]) for call in session.runs] == ([2, 2, 1] if batch == 2 else [4, 1])
    assert [len(found.faces) for found in together] == [0, 1, 2, 3, 4]
    for one, other in zip(alone, together, strict=True):
        assert [face.box for face in one.faces] == [face.box for face in other.faces]
        np.testing.assert_array_equal(one.batch.pictures[one.index], other.batch.pictures[other.index])
        assert one.batch.features[one.index].shape == other.batch.features[other.index].shape


def test_second_looks_of_several_pictures_share_a_run() -> None:
    ops = PictureOps()
    surfaces = [ops.surface_of(np.full((720, 1280, 3), value, np.uint8)) for value in (0, 10, 10)]
    face = Detection((500.0, 300.0, 80.0, 100.0), 0.7, np.zeros((5, 2), np.float32))
    pairs = [(surface, face) for surface in surfaces]
    with closing(brightness_detector()) as session:
        alone = Detector(session, ops).refine(pairs, side=160, margin=2.2)
        together = Detector(session, ops, batch=8).refine(pairs, side=160, margin=2.2)
        assert [len(call["image"]) for call in session.runs] == [1, 1, 1, 3]
    assert [one.box for one in alone] == [other.box for other in together]
    assert together[0] is face
