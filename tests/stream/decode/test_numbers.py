"""Numbers and times of pictures that come in another order than their packets."""

from __future__ import annotations

import pytest

from stream.decode.numbers import FrameNumbers
from stream.decode.times import FrameClock, found_time


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


def times_of(clock: FrameClock, *stored_s: float | None) -> list[float]:
    return [time_s for _, time_s in clock.timed(stored_s, lambda stamp_s: stamp_s)]


def test_times_pass_through_where_they_make_sense():
    clock = FrameClock(25.0)
    assert times_of(clock, 1.5, 1.54, 1.7) == [1.5, 1.54, 1.7]
    assert times_of(FrameClock(0.2), 0.0, 5.0, 10.0, 95.0, 100.0) == [0.0, 5.0, 10.0, 95.0, 100.0]
    assert times_of(FrameClock(25.0), 0.0, 0.04, 600.0) == [0.0, 0.04, 600.0]
    assert not clock.adjusted and not clock.mended


def test_times_that_run_backwards_go_on_from_where_they_were():
    clock = FrameClock(25.0)
    assert times_of(clock, 4.40, 4.44, 4.40, 4.44) == pytest.approx([4.40, 4.44, 4.48, 4.52])
    assert clock.adjusted


def test_missing_times_step_by_a_frame():
    clock = FrameClock(10.0)
    assert times_of(clock, None, None, 0.2, 0.3, None) == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert clock.adjusted


@pytest.mark.parametrize("wild_s", [9568.0, 0.13, -3.0, 0.0])
@pytest.mark.parametrize("place", [0, 1, 3, 7])
@pytest.mark.parametrize("count", [1, 2])
def test_a_few_wild_times_are_mended_and_the_others_stay(wild_s, place, count):
    right = [1.0 + number / 25 for number in range(12)]
    stored = [*right[:place], *(wild_s + number / 100 for number in range(count)), *right[place + count :]]
    clock = FrameClock(25.0)
    found = times_of(clock, *stored)
    if place == 0 and (wild_s < 1.0 or count > 1):  # a gap or a joint after them is as likely
        assert found[:count] == stored[:count]
        return
    assert found == pytest.approx(right)
    assert not clock.adjusted
    assert len(clock.mended) == count


def test_a_wild_picture_keeps_its_number():
    numbers = FrameNumbers()
    for pts in (0, 30, 9000, 20, 60, 40, 50):
        numbers.demuxed(pts)
    assert [numbers.number(pts) for pts in (0,)] == [0]
    assert numbers.number(numbers.mended(9000, 10)) == 1
    assert [numbers.number(pts) for pts in (20, 30, 40, 60)] == [2, 3, 4, 6]


def test_a_mended_time_is_found_again_and_no_other_is_taken_for_it():
    mended = {9576.0: 8.667, 3.0: 5.02}
    assert found_time(mended, 9576.0, 8.625) == 8.667
    assert found_time(mended, 9576.0, 9575.96) == 9576.0
    assert found_time(mended, 3.0, 4.98) == 5.02
    assert found_time(mended, 3.0, 2.96) == 3.0
    assert found_time(mended, 3.0, None) == 3.0
