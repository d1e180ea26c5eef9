"""Films whose number is known: by truth.json and by operators' decisions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.episode_cards.bench import Asked, episode_section
from benchmarks.episode_cards.films import KnownFilm, Read, decided_readings, films_decided, films_with_truth
from benchmarks.episode_cards.fit import Decided
from benchmarks.episode_cards.readings import Setup
from benchmarks.labels import LabelError, LabelledVideo
from benchmarks.page.episode import episode_tables
from benchmarks.report import Section
from stream.episode.numbers import EpisodeNumber, parse_number
from stream.episode.records import PictureReading
from stream.episode.seasons import OpenSeason
from stream.settings.model import Settings


def film(folder: Path, name: str, truth: object = None) -> LabelledVideo:
    place = folder / name
    place.mkdir()
    (place / f"{name}.mkv").write_bytes(name.encode())
    (place / "truth.json").write_text(json.dumps({} if truth is None else {"episode": truth}), "utf-8")
    return LabelledVideo(name, place / f"{name}.mkv", truth=place / "truth.json")


class Reader:
    """Reads from each film's picture what it was told."""

    def __init__(self, season: OpenSeason | None = None, **numbers: str) -> None:
        self.season, self.numbers, self.asked = season, numbers, list[str]()

    def __call__(self, path: Path, _series: str | None) -> PictureReading:
        self.asked.append(path.stem)
        number = self.numbers.get(path.stem)
        found = None if number is None else parse_number(number)
        return PictureReading(found, 0.99 if number else 0.0, (), "said so", self.season)

    def opened(self, _settings: Settings, _stack: ExitStack) -> Read:
        return self


def test_a_film_s_truth_gives_what_its_picture_states_and_what_it_is(tmp_path: Path) -> None:
    videos = [
        film(tmp_path, "E03", {"number": 5, "season": 2, "metadata_number": 5}),
        film(tmp_path, "E05", {"number": None, "metadata_number": 10}),
        film(tmp_path, "other"),
    ]
    films, problems = films_with_truth(videos)
    assert [(one.name, str(one.file), None if one.stated is None else str(one.stated)) for one in films] == [
        ("E03", "5", "S02E05"), ("E05", "10", None)
    ]  # fmt: skip
    assert problems == ["other: truth.json does not say which episode it is"]


def test_operators_decisions_name_films_beside_the_sheet(tmp_path: Path) -> None:
    film(tmp_path, "a")
    sheet = tmp_path / "decided.csv"
    sheet.write_text("file,episode\na/a.mkv,S01E02\nb.mkv,3\nc.mkv,soon\n", "utf-8")
    films, problems = films_decided(sheet)
    assert [(one.path, str(one.file), str(one.stated)) for one in films] == [
        (tmp_path / "a" / "a.mkv", "S01E02", "S01E02")
    ]  # fmt: skip
    assert any("b.mkv" in line for line in problems)
    assert any("line 4" in line for line in problems)


def test_of_decided_films_the_fit_is_told_what_was_read_and_whether_that_is_right(tmp_path: Path) -> None:
    number = EpisodeNumber((Decimal(3),), 1)
    names = ("right", "other", "without season", "nothing")
    films = [KnownFilm(name, tmp_path / name, number, number, decided=True) for name in names]
    films += [KnownFilm(name, tmp_path / name, number, number) for name in ("known", "lost")]
    read = {"right": "S01E03", "other": "S01E04", "without season": "3", "nothing": None, "known": "3"}
    section = {"films": {name: {"read": text, "confidence": 0.9} for name, text in read.items()}}
    assert decided_readings(films, section) == [Decided(0.9, True), Decided(0.9, False), Decided(0.9, True)]
    assert decided_readings(films, {}) == []


def section_of(folder: Path, reader: Reader, models: Path | None = None, data: Sequence[Path] = ()) -> Section:
    setup = Setup(folder / "none", folder / "cache", models=models)
    section, problems = episode_section(Asked(0, 0, 0, 1, data), setup, Settings(), reader.opened, lambda _: None)
    assert problems == []
    return section


@pytest.mark.models
def test_films_are_judged_and_what_was_read_is_kept(tmp_path: Path, models_dir: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    film(data, "E01", {"number": 3, "metadata_number": 3})
    film(data, "E05", {"number": None, "metadata_number": 10})
    reader = Reader(E01="3")
    section = section_of(tmp_path, reader, models_dir, [data])
    rows = section["films"]["films"]
    assert (rows["E01"]["own"], rows["E01"]["wrong"]) == ("confirmed", {"confirmed": 0, "mismatch": 2, "unverified": 0})
    assert (rows["E05"]["own"], rows["E05"]["wrong"]["unverified"]) == ("unverified", 4)
    again = Reader()
    assert section_of(tmp_path, again, models_dir, [data]) == section
    assert again.asked == []
    assert "| E01" in episode_tables(section)


@pytest.mark.models
@pytest.mark.parametrize(("season", "confirmed"), [(None, 2), (OpenSeason("SEASON s|", named=True), 0)])
def test_other_seasons_of_a_film_are_confirmed_where_none_may_stand_unread(
    tmp_path: Path, models_dir: Path, season: OpenSeason | None, confirmed: int
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    film(data, "E03", {"number": 5, "season": 2, "metadata_number": 5})
    section = section_of(tmp_path, Reader(season, E03="5"), models_dir, [data])
    assert section["films"]["films"]["E03"]["wrong"]["confirmed"] == confirmed


def test_nothing_asked_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="nothing to do"):
        section_of(tmp_path, Reader())
    found = CliRunner().invoke(app, ["episode", "--cards", "0"])
    assert found.exit_code == 2
