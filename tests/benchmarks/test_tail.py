"""What the end of a film costs: that growth beyond N log N is noticed, and that made films are worked through."""

from __future__ import annotations

import json

import pytest

from benchmarks.made_films import made_film
from benchmarks.tail import Cost, cost_of, main, too_fast


def cost(candidates: int, people_s: float, judge_s: float, select_s: float) -> Cost:
    return Cost("copies", candidates, people_s, judge_s, select_s, 10, 20)


@pytest.mark.parametrize(
    ("more", "grown"),
    [
        (cost(10_000, 10.0, 10.0, 10.0), []),
        (cost(10_000, 100.0, 10.0, 10.0), ["people"]),
        (cost(10_000, 10.0, 21.0, 100.0), ["judge", "select"]),
    ],
)
def test_ten_times_the_candidates_may_cost_thirteen_times_as_much_with_some_slack(more: Cost, grown: list[str]) -> None:
    """10⁴ ln 10⁴ is 13.3 times 10³ ln 10³, and half as much again is allowed: 20 times."""
    assert too_fast(cost(1000, 1.0, 1.0, 1.0), more) == grown


def test_what_takes_next_to_no_time_is_not_judged() -> None:
    assert too_fast(cost(100, 0.001, 0.001, 0.001), cost(1000, 3.7, 3.7, 3.7)) == []
    assert too_fast(cost(100, 0.001, 0.001, 0.001), cost(1000, 3.9, 0.1, 0.1)) == []
    assert too_fast(cost(100, 0.001, 0.001, 0.001), cost(1000, 6.0, 0.1, 0.1)) == ["people"]


def test_made_films_have_the_people_and_the_copies_they_are_said_to_have() -> None:
    copies, varied = made_film(48, copies=True), made_film(48, copies=False)
    assert len(copies.candidates) == len(copies.shots) == 48 == len(varied.candidates)

    def alike(film: object, one: int, other: int) -> float:
        looks = [candidate.descriptor for candidate in film.candidates]  # type: ignore[attr-defined]
        return float(looks[one] @ looks[other])

    assert alike(copies, 0, 8) > 0.85 > alike(copies, 0, 1)
    assert alike(varied, 0, 8) < 0.5
    assert sum(track.embedding is None for track in copies.tracks) > 9


@pytest.mark.slow
def test_where_all_are_refused_patience_ends_and_nothing_is_chosen() -> None:
    refused = cost_of("copies, all refused", 400)
    assert (refused.images, cost_of("copies", 100).images) == (0, 10)
    assert refused.checks < 160


def test_it_prints_a_table_and_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--counts", "30", "60"]) == 0
    *table, line = capsys.readouterr().out.splitlines()
    assert json.loads(line)["holds"] is True
    assert len(table) == 1 + 3 * 2
