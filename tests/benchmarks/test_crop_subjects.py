"""What of its subject a crop shows."""

from __future__ import annotations

import json

import pytest

from benchmarks.crop_subjects import LABELS, share_shown, shown, table

CROP = (100.0, 0.0, 200.0, 300.0)


@pytest.mark.parametrize(
    ("box", "share"),
    [
        ((150.0, 50.0, 100.0, 100.0), 1.0),
        ((50.0, 0.0, 100.0, 100.0), 0.5),
        ((0.0, 0.0, 100.0, 100.0), 0.0),
        ((0.0, 0.0, 400.0, 300.0), 1.0),  # larger than the crop, which holds as much of it as it can
        ((200.0, 0.0, 400.0, 300.0), 0.5),
    ],
)
def test_of_a_box_the_share_that_could_be_shown_counts(box: tuple[float, ...], share: float):
    assert share_shown(CROP, box) == pytest.approx(share)


def test_of_two_subjects_the_one_that_is_shown_better_counts():
    left = {"box": (50.0, 0.0, 100.0, 100.0), "head": (100.0, 0.0, 10.0, 10.0)}
    right = {"box": (150.0, 50.0, 100.0, 100.0), "head": None}
    assert shown(CROP, [left]) == (0.5, 1.0)
    assert shown(CROP, [left, right]) == (1.0, None)


def test_the_table_has_a_row_for_each_format():
    crops = [("portrait", (1.0, 0.95)), ("portrait", (0.4, 0.0)), ("landscape", (0.9, None))]
    assert table(crops) == {
        "landscape": {"pictures": 1, "subject": 0.9, "missed": 0.0, "heads": 1.0},
        "portrait": {"pictures": 2, "subject": 0.7, "missed": 0.5, "heads": 0.5},
    }


def test_every_label_lies_in_its_picture():
    films = json.loads(LABELS.read_text("utf-8"))
    assert films
    for film in films.values():
        left, top, width, height = film["area"]
        for one in film["pictures"]:
            for x, y, w, h in [box for subject in one["subjects"] for box in subject.values() if box]:
                assert w > 0 and h > 0 and x >= left - 1 and y >= top - 1
                assert x + w <= left + width + 1 and y + h <= top + height + 1
