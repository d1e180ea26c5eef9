from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stream.episode.folder import missing_between, survey

from .readings import number


def films(folder: str = "s1", **numbers: str | None) -> list[tuple[Path, object]]:
    return [(Path(folder, f"{name}.mkv"), number(text)) for name, text in numbers.items()]


def found(*pairs: object) -> list[tuple[str, int | None, dict[str, list[str]], list[tuple[int, int]]]]:
    return [
        (
            one.folder.as_posix(), one.season,
            {str(episode): [path.name for path in paths] for episode, paths in one.duplicates.items()}, list(one.gaps),
        )
        for one in survey(pairs)  # type: ignore[arg-type]
    ]  # fmt: skip


def test_duplicates_and_gaps_of_a_season() -> None:
    told = found(*films(a="S01E02", b="S01E03", c="S01E03", d="S01E07", e=None))
    assert told == [("s1", 1, {"3": ["b.mkv", "c.mkv"]}, [(1, 1), (4, 6)])]


def test_a_season_without_faults_is_not_told() -> None:
    assert found(*films(a="S01E01", b="S01E02", c="S01E02.5", d="S01E03")) == []
    assert found() == []


def test_without_a_season_counting_may_begin_anywhere() -> None:
    assert found(*films(a="13", b="14", c="16")) == [("s1", None, {}, [(15, 15)])]


def test_double_episodes_fill_both_numbers_and_half_ones_none() -> None:
    assert found(*films(a="S01E01-E02", b="S01E02", c="S01E03.5", d="S01E04")) == [
        ("s1", 1, {"2": ["a.mkv", "b.mkv"]}, [(3, 3)])
    ]


def test_specials_begin_nowhere_and_a_finale_without_number_counts_nowhere() -> None:
    assert found(*films(a="S00E03", b="S00E05", c="finale")) == [("s1", 0, {}, [(4, 4)])]


def test_a_film_alone_has_no_gaps() -> None:
    assert found(*films(a="S01E07", b=None)) == []
    assert found(*films(a="S01E03-E04")) == []
    assert found(*films(a="S01E07", b="S01E07")) == [("s1", 1, {"7": ["a.mkv", "b.mkv"]}, [(1, 6)])]


def test_folders_and_seasons_are_apart() -> None:
    pairs = [*films("x/s1", a="S01E01", b="S02E01"), *films("x/s2", a="S01E01")]
    assert found(*pairs) == []


def test_one_absurd_number_costs_no_memory() -> None:
    assert missing_between([Decimal(1), Decimal(10**5 - 1)]) == [(2, 10**5 - 2)]


@given(st.sets(st.integers(0, 60)))
def test_gaps_and_numbers_together_are_everything_between(whole: set[int]) -> None:
    missing = {n for first, last in missing_between(map(Decimal, whole)) for n in range(first, last + 1)}
    assert not missing & whole
    assert missing | whole == (set(range(min(whole), max(whole) + 1)) if whole else set())
