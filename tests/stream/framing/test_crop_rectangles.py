"""Where the knife goes: rectangles that follow from the rules, worked out by hand.

A face of height f should take .3 of the crop's height, so the crop is f / .3 high; but not less than .62 of the
largest that fits, and never more than that one. Across it is centred on the face; eyes lie at the format's line, with
headroom above the box and a margin of .15 f below it; of a face taller than the crop the eyes count most, then the
mouth, then the chin. The file has the format's size, or less where that would enlarge the source more than 1.5 times.
A test's face has its eyes at two fifths of its height and its mouth at four.
"""

from __future__ import annotations

import pytest

from engines.faces import Face
from stream.framing.crops import Crop, crop_for
from stream.records import ActiveRect
from stream.settings.formats import Format, shipped_formats

from ..portraits import face

HD = ActiveRect(0, 0, 1920, 1080)
SCOPE = ActiveRect(0, 140, 1920, 800)
"""1080p with bars of 140 rows above and below."""
PILLARS = ActiveRect(240, 0, 1440, 1080)
"""1080p with bars of 240 columns on both sides."""
UPRIGHT = ActiveRect(0, 0, 1080, 1920)
BANNER = Format(name="banner", aspect=(3, 1), size=(1500, 500), eyes_line=0.4, headroom=0.05)
FORMATS = shipped_formats() | {"banner": BANNER}

MEDIUM = face((1000, 400, 180, 240))
"""240 / .3 = 800 rows; its eyes at 496."""
CLOSE = face((800, 200, 300, 400))
"""Larger than .3 of any crop of 1080 rows."""
FAR = face((1000, 500, 75, 100))
"""Smaller than .3 of .62 of any."""
CORNER = face((100, 160, 300, 400))


def test_the_rules_are_those_of_the_shipped_formats() -> None:
    """What the rectangles below were worked out with."""
    rules = {name: (f.aspect, f.size, f.eyes_line, f.headroom) for name, f in shipped_formats().items()}
    assert rules == {
        "landscape": ((16, 9), (1920, 1080), 0.36, 0.06),
        "portrait": ((2, 3), (1000, 1500), 0.34, 0.08),
        "square": ((1, 1), (1080, 1080), 0.36, 0.07),
    }
    assert {(f.face_margin, f.max_enlargement) for f in FORMATS.values()} == {(0.15, 1.5)}


@pytest.mark.parametrize(
    ("form", "active", "lead", "source", "size", "scale"),
    [
        # 800 rows; 496 − .36 × 800 = 208 down, 1090 − 1422.22 / 2 = 378.89 across.
        ("landscape", HD, MEDIUM, (378.89, 208, 1422.22, 800), (1920, 1080), 1.35),
        # 496 − .34 × 800 = 224; 1500 / 800 would be 1.875.
        ("portrait", HD, MEDIUM, (823.33, 224, 533.33, 800), (800, 1200), 1.5),
        ("square", HD, MEDIUM, (690, 208, 800, 800), (1080, 1080), 1.35),
        # The whole height; 950 − 720 / 2 = 590.
        ("landscape", HD, CLOSE, (0, 0, 1920, 1080), (1920, 1080), 1.0),
        ("portrait", HD, CLOSE, (590, 0, 720, 1080), (1000, 1500), 1.3889),
        # .62 × 1080 = 669.6 rows; 540 − .36 × 669.6 = 298.94; 1037.5 − 1190.4 / 2 = 442.3; 1004.4 rows of file.
        ("landscape", HD, FAR, (442.3, 298.94, 1190.4, 669.6), (1786, 1004), 1.5),
        # Inside the bars: 800 rows are all there are, and an edge stops the crop, on the right 1680 − 1422.22 = 257.78.
        ("landscape", SCOPE, CORNER, (0, 140, 1422.22, 800), (1920, 1080), 1.35),
        ("portrait", SCOPE, CORNER, (0, 140, 533.33, 800), (800, 1200), 1.5),
        ("square", PILLARS, face((1500, 200, 300, 400)), (600, 0, 1080, 1080), (1080, 1080), 1.0),
        ("landscape", PILLARS, MEDIUM, (257.78, 208, 1422.22, 800), (1920, 1080), 1.35),
        # Nobody: the largest, in the middle.
        ("landscape", HD, None, (0, 0, 1920, 1080), (1920, 1080), 1.0),
        ("portrait", HD, None, (600, 0, 720, 1080), (1000, 1500), 1.3889),
        ("landscape", PILLARS, None, (240, 135, 1440, 810), (1920, 1080), 1.3333),
        ("portrait", SCOPE, None, (693.33, 140, 533.33, 800), (800, 1200), 1.5),
        ("banner", SCOPE, None, (0, 220, 1920, 640), (1500, 500), 0.7812),
        # Upright, 607.5 rows. Hair wants 600 − .35 × 480 = 432, the chin 600 + 552 − 607.5 = 544.5.
        ("landscape", UPRIGHT, face((400, 600, 360, 480)), (0, 544.5, 1080, 607.5), (1620, 911), 1.5),
        # The same with a face of 510: the chin wants 600 + 586.5 − 607.5 = 579.
        ("landscape", UPRIGHT, face((400, 600, 360, 510)), (0, 579, 1080, 607.5), (1620, 911), 1.5),
        # 600 of 640 rows: with its margin the chin would push the forehead out, so the face begins the crop.
        ("banner", HD, face((800, 200, 450, 600)), (0, 200, 1920, 640), (1500, 500), 0.7812),
        # Taller than the crop: the eyes at 480, the mouth 280 below them. The chin stays, 900 − 640 = 260, as
        # that leaves more than .6 × 280 above the eyes.
        ("banner", HD, face((800, 200, 525, 700)), (0, 260, 1920, 640), (1500, 500), 0.7812),
        # The eyes at 880, the mouth at 1200: 880 − .6 × 320 = 688, and the mouth with .25 × 320 below it is inside.
        ("landscape", UPRIGHT, face((0, 560, 600, 800)), (0, 688, 1080, 607.5), (1620, 911), 1.5),
        # The eyes at 900 and the mouth at 1500 do not both fit: the eyes stay, 900 − .2 × 600 = 780.
        ("landscape", UPRIGHT, face((0, 300, 1080, 1500)), (0, 780, 1080, 607.5), (1620, 911), 1.5),
        # Wide faces: 600 × (1 + 2 × .15) / (2 / 3) = 1170 rows, of which there are 1080.
        ("portrait", HD, face((800, 400, 600, 300)), (740, 0, 720, 1080), (1000, 1500), 1.3889),
    ],
)  # fmt: skip
def test_one_face_or_none(
    form: str,
    active: ActiveRect,
    lead: Face | None,
    source: tuple[float, float, float, float],
    size: tuple[int, int],
    scale: float,
) -> None:
    assert crop_for(FORMATS[form], active, [lead] if lead else [], lead) == Crop(source, size, scale)


@pytest.mark.parametrize(
    ("other", "x"),
    [
        (face((1300, 250, 225, 300)), 490),  # far away: 850 − 360, and it is out of the picture
        (face((1060, 260, 225, 300)), 632.5),  # 700 to 1285 fits in .9 × 720: both, in the middle
        (face((1123, 260, 225, 300)), 664),  # 700 to 1348: 648 is .9 × 720
        (face((1124, 260, 225, 300)), 404),  # a pixel too far: cut at 1210, so slid until it is out, 1124 − 720
        (face((280, 260, 225, 300)), 505),  # cut at 490 on the left: slid until it is out
        (face((1060, 260, 140, 190)), 490),  # small (less than half) and whole
        (face((1100, 260, 140, 190)), 380),  # small and cut: slid out
        (face((80, 260, 225, 300)), 490),  # out on the left
    ],
)
def test_others_are_whole_or_out(other: Face, x: float) -> None:
    """Portrait of a face from 700 to 1000 across: a crop of 720×1080."""
    lead = face((700, 200, 300, 400))
    for faces in ([lead, other], [other, lead]):
        assert crop_for(FORMATS["portrait"], HD, faces, lead).source == (x, 0, 720, 1080)


def test_small_heads_have_room_for_hats() -> None:
    """From .8 × 160 above the upper face to .15 × 160 below the lower one: 200 − 128 = 72 to 804, so 732 rows."""
    upper, lower = face((1000, 200, 120, 160)), face((700, 620, 120, 160))
    _, y, _, height = crop_for(FORMATS["landscape"], HD, [upper, lower], upper).source
    assert (y, height) == (72, 732)


def test_the_nearest_in_size_join_first_and_the_leading_face_is_never_given_up() -> None:
    """Of two that fit only one at a time the larger is taken, 600 to 1100; 490 to 1210 cuts the other, so 480 it is."""
    lead, large, small = face((800, 200, 300, 400)), face((600, 200, 180, 380)), face((1200, 250, 180, 300))
    assert crop_for(FORMATS["portrait"], HD, [lead, small, large], lead).source == (480, 0, 720, 1080)
    wedged = [lead, face((560, 200, 200, 150)), face((1140, 200, 200, 150))]
    x, _, width, _ = crop_for(FORMATS["portrait"], HD, wedged, lead).source
    assert x <= 800 and x + width >= 1100
