"""Times as people write them: what is printed is read back, and nothing else is taken for a time."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stream.errors import SettingsError
from stream.settings.load import load_settings
from stream.settings.section import parse_time_s, time_text

TIMES = st.floats(0, 1e6)


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0.0, "0:00.00"), (9.994, "0:09.99"), (59.994, "0:59.99"), (59.996, "1:00.00"), (119.999, "2:00.00"),
        (-5.72, "-0:05.72"), (-65.0, "-1:05.00"), (-0.001, "0:00.00"),
        (90.5, "1:30.50"), (3600.0, "60:00.00"), (7384.25, "123:04.25"),
    ],
)  # fmt: skip
def test_times_as_they_are_printed(time_s: float, text: str) -> None:
    assert time_text(time_s) == text


@given(TIMES)
@example(59.996)
def test_what_is_printed_is_read_back(time_s: float) -> None:
    text = time_text(time_s)
    assert parse_time_s(text) == pytest.approx(time_s, abs=0.0051)
    assert time_text(parse_time_s(text)) == text


@given(TIMES, TIMES)
def test_later_times_never_print_as_earlier_ones(one: float, other: float) -> None:
    earlier, later = sorted((one, other))
    assert parse_time_s(time_text(earlier)) <= parse_time_s(time_text(later))


@given(st.integers(0, 500), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_hours_minutes_and_seconds_add_up(hours: int, minutes: int, seconds: int, thousandths: int) -> None:
    expected = pytest.approx(3600 * hours + 60 * minutes + seconds + thousandths / 1000)
    assert parse_time_s(f"{hours}:{minutes:02d}:{seconds:02d}.{thousandths:03d}") == expected
    assert parse_time_s(f"{60 * hours + minutes}:{seconds}.{thousandths:03d}") == expected


@given(st.floats(0, 1e9))
def test_seconds_are_read_back_to_the_last_bit(time_s: float) -> None:
    assert parse_time_s(repr(time_s)) == time_s
    assert load_settings(None, {"skip_first_s": repr(time_s)}).skip_first_s == time_s


@given(st.text(max_size=12) | st.text("0123456789:.-+e ", max_size=12))
@example("9" * 400 + ":00")
@example("1:" + "9" * 400)
@example("nan")
@example("1e999")
def test_whatever_is_written_is_a_time_or_refused_in_one_line(text: str) -> None:
    try:
        settings = load_settings(None, {"skip_first_s": text})
    except SettingsError as refused:
        assert "\n" not in str(refused) and "skip_first_s" in str(refused)
    else:
        assert math.isfinite(settings.skip_first_s) and settings.skip_first_s >= 0
