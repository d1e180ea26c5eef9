"""Numbers and times of pictures that come in another order than their packets."""

from __future__ import annotations

import pytest

from stream.decode.numbers import FrameNumbers
from stream.decode.times import FrameClock


def test_numbers_follow_presentation_order_and_count_skipped_pictures():
    numbers = FrameNumbers()
    for pts in (0, 30, 10, 20, 60, 40, 50):  # decoding order with B-frames
        numbers.demuxed(pts)
    assert [numbers.number(pts) for pts in (0, 30, 60)] == [0, 3, 6]


def test_without_times_nothing_can_be_numbered():
    numbers = FrameNumbers()
    numbers.demuxed(0)
    numbers.demuxed(None)
    assert numbers.number(0) == -1


def test_times_pass_through_where_they_make_sense():
    clock = FrameClock(25.0)
    assert [clock.time(t) for t in (1.5, 1.54, 1.7)] == [1.5, 1.54, 1.7]
    assert not clock.adjusted


def test_times_that_run_backwards_go_on_from_where_they_were():
    clock = FrameClock(25.0)
    assert [clock.time(t) for t in (4.40, 4.44, 4.40, 4.44)] == pytest.approx([4.40, 4.44, 4.48, 4.52])
    assert clock.adjusted


def test_missing_times_step_by_a_frame():
    clock = FrameClock(10.0)
    assert [clock.time(t) for t in (None, None, 0.2)] == pytest.approx([0.0, 0.1, 0.2])
