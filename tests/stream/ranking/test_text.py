"""Text over a picture, judged by its crops: with a scripted detector, and with the real one on made pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from skimage.data import astronaut, coffee

from engines.faces import Face
from engines.open_session import open_session
from engines.session import Session
from engines.text import TextDetector, TextReading
from kernels.open_ops import open_ops
from kernels.surface import Colour, Geometry, Rect, Surface
from stream.candidates.picture_pool import PicturePool
from stream.framing.active import ActiveRects
from stream.framing.obstacles import is_clear
from stream.framing.overlays import is_cut
from stream.framing.planner import CropPlanner
from stream.ranking.selection import Assessment
from stream.ranking.text import TextCheck, film_marks, near_in_shot, unlike_scenes
from stream.records import ActiveRect
from stream.settings.model import Settings

from ..portraits import candidate, face

WIDE, UPRIGHT, SQUARE = (1280, 720), (720, 1280), (720, 720)
OPS = open_ops("cpu")


def surface_of(picture: np.ndarray) -> Surface:
    """A surface of the RGB picture (h, w, 3) with even sides."""
    height, width = picture.shape[:2]
    planes = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)
    u, v = planes[height:].reshape(2, height // 2, width // 2)
    return Surface(planes[:height], u, v, 8, Colour("bt601"), Geometry(width, height))


def scene(size: tuple[int, int]) -> np.ndarray:
    return np.asarray(cv2.resize(coffee(), size, interpolation=cv2.INTER_AREA))


def written(picture: np.ndarray, *lines: tuple[str, float, float, float]) -> np.ndarray:
    """A copy with white lines on it: words, middle x, middle y, height of the letters in shares of the picture."""
    drawing = Image.fromarray(picture)
    draw = ImageDraw.Draw(drawing)
    for words, x, y, height in lines:
        font = ImageFont.load_default(size=1.35 * height * drawing.height)
        at = (x * drawing.width, y * drawing.height)
        draw.text(at, words, font=font, fill="white", anchor="mm", stroke_width=2, stroke_fill="black")
    return np.asarray(drawing)


class Scripted:
    """A peer of `TextDetector`: these boxes, displayed pixels, in every picture. Counts its readings."""

    def __init__(self, *boxes: Rect, tall: Sequence[Rect] = ()) -> None:
        as_boxes = [np.array(one, np.float32).reshape(-1, 4) for one in (boxes, tall)]
        self._reading = TextReading(as_boxes[0], np.ones(len(boxes), np.float32), as_boxes[1])
        self.readings = 0

    def read(self, surface: Surface, area: Rect | None = None, *, long_side: int | None = None) -> TextReading:
        self.readings += 1
        return self._reading


def checked(
    detector: TextDetector | Scripted,
    picture: np.ndarray,
    faces: Sequence[Face] = (),
    marks: Sequence[Rect] = (),
    formats: tuple[str, ...] = ("landscape",),
    beside: Sequence[np.ndarray] = (),
) -> tuple[str | None, float, list[Rect]]:
    """What is said of a picture, and the crops that will be cut from it."""
    height, width = picture.shape[:2]
    one = replace(candidate(1.0), faces=tuple(faces))
    active = ActiveRect(0, 0, width, height)
    forms = Settings(formats=formats).chosen_formats()
    planner = CropPlanner(forms, ActiveRects(active), OPS, lambda c: surface_of(picture), frozenset(), 0.6)
    around = [(float(place), surface_of(other)) for place, other in enumerate(beside)]
    check = TextCheck(detector, planner, OPS, lambda c: surface_of(picture), marks, (), lambda pts_s: around)
    asked = Assessment(one, active, 0.5, {}, None, False, characters=(None,) * len(one.faces))
    reason, clean = check.look(asked)
    return reason, clean, [crop.source for _, crop in planner.planned(one, asked.characters)]


HEAD = face((560.0, 120.0, 180.0, 240.0))
"""In the upper middle of a wide picture."""
SUBTITLE = (400.0, 640.0, 480.0, 40.0)


def test_a_caption_below_is_no_reason_and_is_not_cut() -> None:
    reason, clean, (crop,) = checked(Scripted(SUBTITLE), scene(WIDE), [HEAD])
    assert (reason, clean) == (None, 1.0)
    assert is_clear(crop, [SUBTITLE])


def test_a_caption_that_no_crop_can_leave_out_is() -> None:
    over_the_chin = (400.0, 330.0, 480.0, 40.0)
    reason, clean, _ = checked(Scripted(over_the_chin), scene(WIDE), [HEAD])
    assert reason == "text_overlay"
    assert clean < 0.4


def test_one_format_that_cannot_leave_it_out_is_enough() -> None:
    beside = (760.0, 100.0, 500.0, 500.0)
    assert checked(Scripted(tall=[beside]), scene(WIDE), [HEAD], formats=("portrait",))[0] is None
    assert checked(Scripted(tall=[beside]), scene(WIDE), [HEAD], formats=("portrait", "landscape"))[0] == "text_overlay"


def test_a_sign_in_the_scene_is_allowed_and_only_costs_what_is_seen_of_it() -> None:
    sign = (1000.0, 300.0, 150.0, 60.0)
    reason, clean, (crop,) = checked(Scripted(sign), scene(WIDE))
    assert reason is None
    assert clean < 1 or is_clear(crop, [sign])


LOGO = (860.0, 16.0, 60.0, 30.0)
"""Above and to the right of the head, so that a crop can only leave it out by what is above."""
CORNER = (1180.0, 20.0, 70.0, 50.0)


def test_a_mark_of_the_film_is_left_out_of_the_crop_and_never_a_reason() -> None:
    reason, clean, (crop,) = checked(Scripted((1185.0, 25.0, 60.0, 20.0)), scene(WIDE), [HEAD], [CORNER])
    assert (reason, clean) == (None, 1.0)
    assert is_clear(crop, [CORNER])


def test_a_mark_that_cannot_be_left_out_is_still_no_reason() -> None:
    mark = (550.0, 320.0, 200.0, 40.0)
    reason, clean, _ = checked(Scripted((560.0, 330.0, 180.0, 20.0)), scene(WIDE), [HEAD], [mark])
    assert (reason, clean) == (None, 1.0)


def test_a_caption_is_left_out_where_a_mark_cannot_be() -> None:
    mark = (550.0, 320.0, 200.0, 40.0)
    reason, _, (crop,) = checked(Scripted(SUBTITLE), scene(WIDE), [HEAD], [mark])
    assert reason is None
    assert is_clear(crop, [SUBTITLE])
    assert not is_clear(crop, [mark])


def test_a_mark_stays_in_where_leaving_it_out_would_crowd_the_head() -> None:
    high, low = face((560.0, 30.0, 180.0, 240.0)), face((560.0, 300.0, 180.0, 240.0))
    (source,) = checked(Scripted(), scene(WIDE), [high], [LOGO])[2]
    assert not is_clear(source, [LOGO])
    assert not is_cut(source, LOGO)
    (source,) = checked(Scripted(), scene(WIDE), [low], [LOGO])[2]
    assert is_clear(source, [LOGO])


def test_a_mark_wider_than_the_crop_is_left_out_by_a_smaller_one() -> None:
    """A picture without faces; the line ends the crop 600 of 720 rows down. A caption above it stays out as before."""
    line = (75.0, 600.0, 1130.0, 50.0)
    (source,) = checked(Scripted(), scene(WIDE), (), [line], ("portrait",))[2]
    assert is_clear(source, [line])
    assert source[3] == 600


def test_text_that_never_moves_is_no_caption() -> None:
    """The line is read in the picture and in three others of the film, once each."""
    pictures = {time_s: written(scene(WIDE), ("copyright", 0.5, 0.5, 0.05)) for time_s in (1.0, 2.0, 3.0, 4.0)}
    active = ActiveRect(0, 0, *WIDE)
    forms = Settings(formats=("landscape",)).chosen_formats()
    planner = CropPlanner(
        forms, ActiveRects(active), OPS, lambda c: surface_of(pictures[c.pts_s]), frozenset(), 0.6
    )  # fmt: skip
    others = [replace(candidate(time_s), faces=()) for time_s in (2.0, 3.0, 4.0)]
    detector = Scripted((300.0, 340.0, 680.0, 40.0))
    check = TextCheck(detector, planner, OPS, lambda c: surface_of(pictures[c.pts_s]), (), others)
    asked = Assessment(replace(candidate(1.0), faces=(HEAD,)), active, 0.5, {}, None, False, characters=(None,))
    assert check.look(asked)[0] is None
    assert check.look(asked)[0] is None
    assert detector.readings == 2 + 3


@pytest.mark.parametrize(("height", "reason"), [(100.0, None), (120.0, "text_overlay"), (160.0, "text_overlay")])
def test_lettering_is_no_watermark_however_long_it_stays(height: float, reason: str | None) -> None:
    line = (300.0, 300.0, 680.0, height)
    active, forms = ActiveRect(0, 0, *WIDE), Settings(formats=("landscape",)).chosen_formats()
    planner = CropPlanner(
        forms, ActiveRects(active), OPS, lambda c: surface_of(scene(WIDE)), frozenset(), 0.6
    )  # fmt: skip
    tall = height > 0.2 * WIDE[1]
    detector = Scripted(tall=[line]) if tall else Scripted(line)
    others = [replace(candidate(time_s), faces=()) for time_s in (2.0, 3.0, 4.0)]
    check = TextCheck(detector, planner, OPS, lambda c: surface_of(scene(WIDE)), (), others)
    asked = Assessment(replace(candidate(1.0), faces=(HEAD,)), active, 0.5, {}, None, False, characters=(None,))
    assert check.look(asked)[0] == reason


class ByPicture:
    """A peer of `TextDetector`: other boxes in pictures whose first pixel has a certain luma."""

    def __init__(self, boxes: dict[int, Rect]) -> None:
        self._boxes = {luma: Scripted(box) for luma, box in boxes.items()}

    def read(self, surface: Surface, area: Rect | None = None, *, long_side: int | None = None) -> TextReading:
        return self._boxes.get(int(surface.y[0, 0]), Scripted()).read(surface, area)


def grey(luma: int) -> Surface:
    """A picture of one tone, which has this luma."""
    plain = np.full((WIDE[1] // 2, WIDE[0] // 2), 128, np.uint8)
    return Surface(np.full(WIDE[::-1], luma, np.uint8), plain, plain, 8, Colour("bt601"), Geometry(*WIDE))


@pytest.mark.parametrize(
    ("elsewhere", "reason"),
    [
        ((340.0, 300.0, 600.0, 40.0), "text_overlay"),
        ((340.0, 300.0, 200.0, 40.0), None),
        ((340.0, 100.0, 600.0, 40.0), None),
    ],
    ids=["the whole line", "no more of it", "another line"],
)
def test_a_caption_behind_somebody_is_known_by_other_pictures_of_its_shot(elsewhere: Rect, reason: str | None) -> None:
    half = (340.0, 300.0, 200.0, 40.0)
    active, forms = ActiveRect(0, 0, *WIDE), Settings(formats=("landscape",)).chosen_formats()
    planner = CropPlanner(forms, ActiveRects(active), OPS, lambda c: grey(100), frozenset(), 0.6)
    check = TextCheck(
        ByPicture({100: half, 120: elsewhere}), planner, OPS, lambda c: grey(100), in_shot=lambda c: [(2.0, grey(120))]
    )
    asked = Assessment(replace(candidate(1.0), faces=(HEAD,)), active, 0.5, {}, None, False, characters=(None,))
    assert check.look(asked)[0] == reason


@pytest.mark.parametrize(("time_s", "reason"), [(1.4, "text_overlay"), (0.6, "text_overlay"), (1.6, None)])
def test_a_picture_without_any_beside_it_is_judged_by_near_ones_of_its_shot(time_s: float, reason: str | None) -> None:
    active, forms = ActiveRect(0, 0, *WIDE), Settings(formats=("landscape",)).chosen_formats()
    planner = CropPlanner(forms, ActiveRects(active), OPS, lambda c: grey(100), frozenset(), 0.6)
    title = ByPicture({120: (340.0, 300.0, 600.0, 100.0)})
    check = TextCheck(title, planner, OPS, lambda c: grey(100), in_shot=lambda c: [(time_s, grey(120))])
    asked = Assessment(replace(candidate(1.0), faces=(HEAD,)), active, 0.5, {}, None, False, characters=(None,))
    assert check.look(asked)[0] == reason


def test_the_nearest_pictures_of_a_shot_that_are_in_the_pool() -> None:
    pool = PicturePool(64, 8)
    times_s = (10.0, 10.4, 10.8, 11.0, 11.5, 8.5, 12.5)
    shown = [candidate(time_s, shot=0) for time_s in times_s] + [candidate(10.1, shot=1)]
    for one in shown:
        if one.pts_s != 10.8:
            pool.put(one.pts_s, grey(100), 1.0, None)
    assert [time_s for time_s, _ in near_in_shot(shown, shown[0], pool)] == [10.4, 11.0, 8.5]
    assert near_in_shot(shown, shown[-1], pool) == []


@pytest.fixture(scope="module")
def session(models_dir: Path) -> Iterator[Session]:
    with closing(open_session(models_dir / "text_detection.onnx", threads=1)) as opened:
        yield opened


BLACK = np.zeros((720, 1280, 3), np.uint8)
LETTER = [(words, 0.5, 0.4 + 0.15 * row, 0.08) for row, words in enumerate(("Two of them", "bit me on", "the neck"))]
CREDITS = [("Somebody", 0.5, 0.1 + 0.2 * row, 0.035) for row in range(5)]
STUDIO = ("A small foundation", 0.5, 0.45, 0.04)


def leader() -> np.ndarray:
    """The countdown before a film: a number in circles on grey, and lines through the middle."""
    picture = np.full((720, 1280, 3), 150, np.uint8)
    for radius in (240, 280):
        cv2.circle(picture, (640, 360), radius, (235, 235, 235), 8)
    cv2.line(picture, (0, 360), (1280, 360), (20, 20, 20), 3)
    cv2.line(picture, (640, 0), (640, 720), (20, 20, 20), 3)
    return written(picture, ("3", 0.5, 0.5, 0.4))


@pytest.mark.models
@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (written(BLACK, *LETTER), "card"),
        (written(BLACK, *CREDITS), "card"),
        (written(BLACK, STUDIO), "card"),
        (written(scene(WIDE), ("ALIEN", 0.5, 0.5, 0.35)), "text_overlay"),
        (leader(), "card"),
        (written(scene(WIDE), ("nobody and somebody present", 0.5, 0.5, 0.05)), "text_overlay"),
        (written(scene(UPRIGHT), ("you will not believe", 0.5, 0.5, 0.03)), "text_overlay"),
        (written(scene(SQUARE), ("you will not believe", 0.5, 0.5, 0.05)), "text_overlay"),
        (scene(WIDE), None),
        (scene(UPRIGHT), None),
        (np.asarray(cv2.resize(astronaut(), SQUARE)), None),
    ],
    ids=["letter card", "credits", "studio", "tall title", "countdown", "opening title", "9:16", "1:1", "wide",
         "upright", "badges on a suit"],
)  # fmt: skip
def test_real_text(session: Session, picture: np.ndarray, reason: str | None) -> None:
    upright = picture.shape[0] > picture.shape[1]
    found, _, crops = checked(TextDetector(session, OPS), picture, formats=("portrait" if upright else "landscape",))
    assert found == reason
    assert all(crop[0] >= 0 and crop[1] >= 0 for crop in crops)


@pytest.mark.models
def test_a_card_is_a_card_whoever_asks(session: Session) -> None:
    pictures = {1.0: written(BLACK, *LETTER), 2.0: scene(WIDE), 3.0: BLACK}
    planner = CropPlanner(
        (), ActiveRects(ActiveRect(0, 0, *WIDE)), OPS, lambda c: surface_of(BLACK), frozenset(), 0.6
    )  # fmt: skip
    check = TextCheck(TextDetector(session, OPS), planner, OPS, lambda c: surface_of(pictures[c.pts_s]))
    assert [check.is_card(candidate(time_s)) for time_s in pictures] == [True, False, False]


@pytest.mark.models
@pytest.mark.parametrize("height", [0.18, 0.25])
def test_lettering_across_a_face_in_two_lines(session: Session, height: float) -> None:
    shown = np.asarray(cv2.resize(astronaut()[:288], WIDE))
    block = written(shown, ("RISE", 0.45, 0.4, height), ("UP", 0.45, 0.43 + 1.1 * height, height))
    assert checked(TextDetector(session, OPS), shown, [HEAD])[0] is None
    assert checked(TextDetector(session, OPS), block, [HEAD])[0] == "text_overlay"


@pytest.mark.models
def test_a_real_caption_below_stays_out_of_the_crop(session: Session) -> None:
    subtitled = written(scene(WIDE), ("Where have you been?", 0.5, 0.92, 0.05))
    reason, clean, (crop,) = checked(TextDetector(session, OPS), subtitled, [HEAD])
    assert (reason, clean) == (None, 1.0)
    assert crop[1] + crop[3] < 0.91 * 720


def smeared(words: str, height: float) -> np.ndarray:
    """A scene over which a title flies too fast to be read."""
    title = written(np.zeros_like(scene(WIDE)), (words, 0.5, 0.5, height))
    opacity = cv2.blur((title > 60).any(2).astype(np.float32), (80, 1))[..., None]
    return (scene(WIDE) * (1 - opacity) + 255 * opacity).astype(np.uint8)


@pytest.mark.models
@pytest.mark.parametrize("place", [0, 2])
def test_a_smear_of_a_moving_title_is_known_by_its_neighbours(session: Session, place: int) -> None:
    smear, beside = smeared("MOVING TITLE", 0.12), [scene(WIDE)] * 3
    detector = TextDetector(session, OPS)
    assert checked(detector, smear, [HEAD], beside=beside)[0] is None
    beside[place] = written(scene(WIDE), ("MOVING TITLE", 0.5, 0.4, 0.12))
    assert checked(detector, smear, [HEAD], beside=beside)[0] == "text_overlay"


@pytest.mark.models
def test_a_subtitle_that_comes_a_moment_later_is_no_fault(session: Session) -> None:
    later = written(scene(WIDE), ("Where have you been?", 0.5, 0.9, 0.04))
    assert checked(TextDetector(session, OPS), scene(WIDE), [HEAD], beside=[later] * 2)[0] is None


def pooled(pictures: Sequence[np.ndarray]) -> tuple[PicturePool, list]:
    pool, shown = PicturePool(64, 8), []
    for time_s, picture in enumerate(pictures, 1):
        surface = surface_of(picture)
        row = OPS.meter(surface.geometry).measure([surface], np.array([float(time_s)]), np.zeros(1, np.int32))[0]
        shown.append(replace(candidate(float(time_s), shot=time_s), row=row))
        pool.put(float(time_s), surface, 1.0, None)
    return pool, shown


WHOLE = CropPlanner((), ActiveRects(ActiveRect(0, 0, *WIDE)), OPS, lambda c: surface_of(BLACK), frozenset(), 0.6)


def test_bars_do_not_make_scenes_alike() -> None:
    pictures = [scene(WIDE), np.asarray(cv2.resize(astronaut(), WIDE))]
    for picture in pictures:
        picture[:200] = picture[-200:] = 0
    pool, shown = pooled(pictures)
    inside = CropPlanner(
        (), ActiveRects(ActiveRect(0, 200, 1280, 320)), OPS, lambda c: surface_of(BLACK), frozenset(), 0.6
    )  # fmt: skip
    assert [len(unlike_scenes(shown, planner, pool)) for planner in (WHOLE, inside)] == [1, 2]


def test_scenes_alike_count_once_and_what_left_the_pool_not_at_all() -> None:
    wide, other = scene(WIDE), np.asarray(cv2.resize(astronaut(), WIDE))
    pool, shown = pooled([wide, other, wide, other[::-1].copy()])
    assert [one.pts_s for one in unlike_scenes(shown, WHOLE, pool)] == [1, 2, 4]
    pool.clear()
    assert unlike_scenes(shown, WHOLE, pool) == []


def test_the_logo_of_a_film_is_found_in_its_pool() -> None:
    random = np.random.default_rng(1)
    drawn = [random.integers(0, 255, (4, 6, 3), np.uint8) for _ in range(8)]
    scenes = [cv2.resize(one, WIDE, interpolation=cv2.INTER_CUBIC) for one in drawn]
    pool, shown = pooled([written(one, ("tv", 0.92, 0.1, 0.09)) for one in scenes])
    unlike = unlike_scenes(shown, WHOLE, pool)
    assert len(unlike) >= 5
    (mark,) = film_marks(unlike, WHOLE, pool, OPS)
    assert mark[0] < 0.92 * 1280 < mark[0] + mark[2]
    assert mark[1] < 0.1 * 720 < mark[1] + mark[3]
    assert mark[2] < 200
    bare, bare_shown = pooled(scenes)
    assert film_marks(unlike_scenes(bare_shown, WHOLE, bare), WHOLE, bare, OPS) == []
