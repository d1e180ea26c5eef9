"""How many pictures of a shot are looked at and offered, in short films and in long ones."""

from __future__ import annotations

import pytest

from stream.candidates.pace import LONG, Pace


def test_a_long_film_is_looked_at_by_the_settings_alone() -> None:
    for pace in (LONG, Pace(7200.0)):
        assert pace.apart_s == 0.6 and pace.spacing_s(0.8) == 0.8
        assert pace.candidates(4.0) == pace.probes(4.0) == 1


def test_in_a_short_film_each_shot_offers_its_share() -> None:
    """48 candidates and 72 probes in all."""
    pace = Pace(24.0)
    assert [pace.candidates(length_s) for length_s in (0.2, 0.5, 0.6, 12.0, 24.0)] == [1, 1, 2, 24, 48]
    assert [pace.probes(length_s) for length_s in (0.2, 12.0, 24.0)] == [1, 36, 72]
    assert pace.apart_s == 0.5 and pace.spacing_s(0.8) == pytest.approx(1 / 3)
    assert pace.spacing_s(0.1) == 0.1  # never farther apart than the settings say
