"""What pairs of pictures say of their fields, and what is made of it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from stream.decode.fields import judge, look_at, woven_parity
from stream.records import Scan

from .woven import pulled_down, sliding, woven


def said(pictures: list[np.ndarray], bit_depth: int = 8) -> str:
    return "".join(look_at(a, b, bit_depth).says for a, b in pairwise(pictures))


@pytest.mark.parametrize(("even_first", "word"), [(True, "T"), (False, "B")])
@pytest.mark.parametrize("step", [2.0, 5.0])
def test_woven_pictures_tell_which_field_is_older(even_first, word, step):
    assert said(woven(sliding(20, step), even_first)) == word * 9


@pytest.mark.parametrize("step", [1.0, 5.0, 30.0])
def test_whole_pictures_are_whole(step):
    assert set(said(sliding(10, step))) == {"P"}


def test_deep_pictures_say_the_same():
    assert said([p.astype(np.uint16) << 2 for p in woven(sliding(12))], 10) == "T" * 5


def test_where_nothing_moves_nothing_is_said():
    assert said(sliding(5, 0.0)) == "----"
    assert said(woven(sliding(10, 0.0))) == "----"


def test_stripes_of_single_lines_grain_and_flicker_are_not_taken_for_fields():
    rng = np.random.default_rng(1)
    stripes = [picture.copy() for picture in sliding(8)]
    for picture in stripes:
        picture[:, ::2][1::2] //= 3  # a fine pattern that does not move, over one that does
    assert not {"T", "B"} & set(said(stripes))
    grain = [np.clip(p + rng.normal(0, 12, p.shape), 0, 255).astype(np.uint8) for p in sliding(8)]
    assert set(said(grain)) == {"P"}
    lines = [np.where((np.arange(96) + k) % 2, 200, 40).astype(np.uint8) for k in range(6)]
    scrolled = [np.tile(line[:, None], (1, 160)) for line in lines]
    assert not {"T", "B"} & set(said(scrolled))
    flicker = [np.clip(p * (1.2 if k % 2 else 0.8), 0, 255).astype(np.uint8) for k, p in enumerate(sliding(8, 0.0))]
    assert not {"T", "B"} & set(said(flicker))


@pytest.mark.parametrize("down", [1, -1, 2, 3])
def test_pictures_of_doubled_lines_that_move_up_or_down_are_not_taken_for_fields(down):
    texture = np.kron(np.random.default_rng(2).uniform(40, 210, (40, 20)), np.ones((3, 8)))
    small = [np.roll(texture, down * k, axis=0)[:48].astype(np.uint8) for k in range(9)]
    assert not {"T", "B"} & set(said([np.repeat(picture, 2, axis=0) for picture in small]))


def test_fields_of_what_moves_up_or_down_are_seen():
    texture = np.kron(np.random.default_rng(2).uniform(40, 210, (40, 20)), np.ones((5, 8)))
    assert set(said(woven([np.roll(texture, 2 * k, axis=0)[:96].astype(np.uint8) for k in range(18)]))) == {"T"}


def test_pulldown_has_its_cadence_and_tells_which_pictures_are_mixed():
    film = pulled_down(sliding(16))
    assert said(film) in ("PTTTPPTTTPPTTTPPTTTP"[k:][:19] for k in range(5))
    looks = [look_at(a, b, 8) for a, b in pairwise(film)]
    mixed = {k for k, look in enumerate(looks) if look.first_mixed} | {
        k + 1 for k, look in enumerate(looks) if look.second_mixed
    }
    truth = {k for k, p in enumerate(film) if not any(np.array_equal(p, whole) for whole in sliding(16))}
    assert mixed == truth and len(truth) == 8


T15, P15 = list("T" * 15), list("P" * 15)
CADENCE, OTHER_CADENCE = list("PTTTPPTTTPPTTTP"), list("TPPPTTPPPTTPPPT")


@pytest.mark.parametrize(
    ("places", "flagged", "order", "expected"),
    [
        ([P15, P15], 1.0, 2, Scan("progressive", None, "measured")),
        ([T15, T15], 0.0, 1, Scan("interlaced", "tff", "measured")),
        ([["B"] * 15], 1.0, 2, Scan("interlaced", "bff", "measured")),
        ([P15] * 9 + [T15], 0.0, 1, Scan("interlaced", "tff", "measured")),
        ([P15] * 9 + [list("TPPPP")], 0.0, 1, Scan("progressive", None, "measured")),
        ([CADENCE, CADENCE[3:]], 0.0, 1, Scan("telecine", "tff", "measured")),
        ([OTHER_CADENCE], 0.0, 1, Scan("telecine", "tff", "measured")),
        ([CADENCE, P15, P15], 0.0, 1, Scan("telecine", "tff", "measured")),
        ([CADENCE, T15, T15], 0.0, 1, Scan("interlaced", "tff", "measured")),
        ([list("T?TP?TTPT?TT?PT")], 0.0, 1, Scan("interlaced", "tff", "measured")),
        ([list("TBTBBTTB?TBTTBB")] * 4, 0.0, 1, Scan("progressive", None, "measured")),
        ([list("TBTBBTTB?TBTTBB"), T15], 0.0, 1, Scan("interlaced", "tff", "measured")),
        ([list("TTTTTTTTTBTT?BT")], 0.0, 1, Scan("interlaced", "tff", "measured")),
        ([["-"] * 15], 1.0, 3, Scan("interlaced", "bff", "flags")),
        ([["-"] * 15], 1.0, 0, Scan("interlaced", None, "flags")),
        ([["-"] * 15], 0.0, 2, Scan("progressive", None, "flags")),
        ([], 0.0, 0, Scan("progressive", None, "flags")),
    ],
)
def test_films_are_judged_by_what_is_measured_and_by_flags_where_nothing_is(places, flagged, order, expected):
    assert judge(places, flagged, order) == expected


def test_a_few_pairs_anywhere_are_an_accident():
    assert woven_parity(list("PPTPPTPP")) is None
    assert woven_parity(list("PPTPPTPPT")) == "tff"
    assert woven_parity(list("P" * 900 + "BBB")) is None
    assert woven_parity([]) is None


def test_pairs_of_both_orders_are_no_fields():
    assert woven_parity(list("TBTTBBTBBT")) is None
    assert woven_parity(list("TTTTTTTB")) == "tff"
