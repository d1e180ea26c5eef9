"""The ranges that the comments in stream/shots name: every number is tried, and each is put back."""

from __future__ import annotations

import pytest

from benchmarks.shot_ranges import FACTORS, MODULES, NEAR_ONE, ROWS, VALUES, constant, owner_of, scaled, stable_range

DEFINITIONS = {
    "LUMA_CELLS", "CHROMA_CELLS", "PICTURE", "BLACK", "WHITE", "HISTOGRAM_BINS", "_CODE_ZERO", "_USUAL_FPS",
    "_ROUNDING",
}  # fmt: skip
"""What the rows and the code mean, what is taken where nothing is known, how exact sums are: not to be varied."""


def test_the_range_ends_where_the_score_first_changes() -> None:
    assert stable_range(lambda factor: 1.0) == (FACTORS[0], FACTORS[-1])
    assert stable_range(lambda factor: 1.0 if 0.8 < factor < 1.3 else 0.9) == (0.85, 1.2)
    assert stable_range(lambda factor: 0.9 if factor == 1.1 else 1.0) == (0.5, 1.05)


def test_every_number_of_the_shots_package_is_tried() -> None:
    numbers = {
        name
        for module in MODULES
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, int | float) and name not in DEFINITIONS
    }
    assert numbers == ROWS | NEAR_ONE | VALUES


@pytest.mark.parametrize(
    ("name", "factor", "expected"), [("OUTSIDE_ROWS", 0.5, 6), ("_SPAN_RATIO", 2.0, 1.4), ("_FARTHEST", 2.0, 0.5)]
)
def test_a_number_is_scaled_by_its_kind_and_put_back(name: str, factor: float, expected: float) -> None:
    before = getattr(owner_of(name), name)
    with constant(name, factor):
        assert [getattr(m, name) for m in MODULES if hasattr(m, name)] == pytest.approx(
            [scaled(name, before, factor)] * sum(hasattr(m, name) for m in MODULES)
        )
        assert getattr(owner_of(name), name) == pytest.approx(expected)
    assert getattr(owner_of(name), name) == before
