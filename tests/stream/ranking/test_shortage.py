"""What is said of a film that gives too few images."""

from __future__ import annotations

from collections import Counter

from stream.ranking.lifting import LAST_RESORT, LIFTED_IN_ORDER, LIMITS, NEVER_LIFTED
from stream.ranking.shortage import _FOR, shortage_message


def test_it_says_how_many_pictures_were_turned_down_for_what_the_most_first() -> None:
    turned_down = Counter(eyes_closed=9, text_overlay=12, duplicate=7, dark=0)
    assert shortage_message(4, 10, turned_down) == (
        "only 4 of 10 images; pictures turned down: 12 for text, 9 for closed eyes, 7 as too much like others"
    )


def test_a_film_without_an_image_says_why() -> None:
    assert shortage_message(0, 10, Counter(dark=2)) == "no image; pictures turned down: 2 as too dark"
    assert shortage_message(0, 10, Counter()) == "no image, the film has no more pictures that can be told apart"


def test_every_reason_has_words_and_an_unknown_one_its_name() -> None:
    assert {*LIFTED_IN_ORDER, *LAST_RESORT, *NEVER_LIFTED} - LIMITS <= set(_FOR)
    assert shortage_message(1, 2, {"of_tomorrow": 3}).endswith("turned down: 3 for of tomorrow")
