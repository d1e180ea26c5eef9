"""`keyart episode` with a reader of pictures that follows a script: verdicts, lines, exit codes, bad input."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from stream.cli.app import build_app

from .episode_runs import ScriptedReader, call, lines, write

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def season(tmp_path: Path) -> Path:
    """A folder of empty files: `Show/Season 1/01.mkv` to `03.mkv`."""
    folder = tmp_path / "Show" / "Season 1"
    folder.mkdir(parents=True)
    for name in ("01.mkv", "02.mkv", "03.mkv"):
        (folder / name).touch()
    return folder


def test_a_film_against_an_expected_number(tmp_path: Path) -> None:
    reader = ScriptedReader(film="7")
    result = call(tmp_path / "film.mkv", "--expect", "S01E07", "--json", "--quiet", reader=reader)
    assert (result.exit_code, result.stderr) == (0, "")
    (line,) = [json.loads(text) for text in result.stdout.splitlines()]
    assert list(line) == ["file", "verdict", "confidence", "read", "expected", "evidence", "why"]
    assert [line[name] for name in ("file", "verdict", "read", "expected")] == [
        str(tmp_path / "film.mkv"), "confirmed", "7", "S01E07",
    ]  # fmt: skip
    assert line["why"] == "The picture says 7, S01E07 is expected as given."
    assert not reader.is_open


def test_tags_are_compared_where_nothing_else_was_given(make_film: Callable[..., Path]) -> None:
    film = make_film("film.mp4", [np.zeros((64, 64, 3), np.uint8)] * 2, title="등대 - S01E07")
    found = lines(call(film, "--json", reader=ScriptedReader(film="8")))["film.mp4"]
    assert (found["verdict"], found["why"]) == ("mismatch", "The picture says 8, S01E07 is expected by the tags.")


def test_a_table_for_people(season: Path) -> None:
    sheet = write(season / "sheet.csv", "file,episode\n01.mkv,1\n02.mkv,3\n")
    result = call(season, "--sheet", sheet, reader=ScriptedReader(**{"01": "1", "02": "2@0.985"}))
    shown = result.stdout.splitlines()
    cells = [re.split(r"\s{2,}", line) for line in shown]
    assert [row[0] for row in cells[1:4]] == ["01.mkv", "02.mkv", "03.mkv"]
    assert cells[0] == ["file", "verdict", "read", "expected", "confidence", "why"]
    assert cells[1][1:5] == ["confirmed", "1", "1", "0.990"]
    assert shown[1].endswith("The picture says 1, 1 is expected by the sheet, line 2; the file name agrees.")
    assert cells[2][1:5] == ["mismatch", "2", "3", "0.985"]
    assert cells[3][1:4] == ["unverified", "-", "-"]
    assert "The sheet has no row for this file" in shown[3]
    assert shown[4] == "1 confirmed, 1 mismatch, 1 unverified"
    assert result.stderr.splitlines() == [
        "pulling text_detection (2 MiB)", *(f"0{n}.mkv: looking for its number ({n} of 3)" for n in (1, 2, 3))
    ]
    quiet = call(season, "--sheet", sheet, "--quiet")
    assert (quiet.stdout, quiet.stderr, quiet.exit_code) == ("", "", 0)


@pytest.mark.parametrize(
    ("read", "fail_on", "code"),
    [
        ("1", None, 0), ("1", "mismatch", 0), ("1", "unverified", 0),
        ("2", None, 0), ("2", "mismatch", 1), ("2", "unverified", 1),
        (None, None, 0), (None, "mismatch", 0), (None, "unverified", 1),
    ],
)  # fmt: skip
def test_verdicts_are_no_failures_unless_asked(
    tmp_path: Path, read: str | None, fail_on: str | None, code: int
) -> None:
    options = () if fail_on is None else ("--fail-on", fail_on)
    result = call(tmp_path / "film.mkv", "--expect", "1", *options, reader=ScriptedReader(film=read))
    assert result.exit_code == code


def test_a_film_that_cannot_be_read_gives_one_line_and_the_others_go_on(season: Path) -> None:
    (season / "bad.mkv").touch()
    result = call(
        season / "bad.mkv", season / "01.mkv", "--template", "{episode}.mkv", "--json", "--quiet",
        reader=ScriptedReader(**{"01": "1"}),
    )  # fmt: skip
    assert result.exit_code == 1
    assert list(lines(result)) == ["01.mkv"]
    assert result.stderr == f"keyart: {season / 'bad.mkv'}: is empty, copy it again\n"


def test_a_film_and_a_folder_without_permission_fail_alone(season: Path) -> None:
    closed = season.parent / "closed"
    closed.mkdir()
    for path in (closed, season / "02.mkv"):
        path.chmod(0)
    if os.access(closed, os.R_OK):
        pytest.skip("needs a user who may not read everything")
    result = call(
        season / "01.mkv", closed, season / "02.mkv", "--template", "{episode}.mkv", "--json", "--quiet",
        reader=ScriptedReader(**{"01": "1"}),
    )  # fmt: skip
    assert result.exit_code == 1
    assert "01.mkv" in lines(result)
    assert str(closed) in result.stderr


def test_films_whose_tags_cannot_be_read_fail_alone(season: Path, tmp_path: Path) -> None:
    result = call(season / "01.mkv", tmp_path / "gone.mkv")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "no film was looked at")
    assert [line for line in result.stderr.splitlines() if "pulling" not in line] == [
        "01.mkv: looking for its number (1 of 2)",
        f"keyart: {season / '01.mkv'}: is empty (zero bytes), copy it again from its source",
        "gone.mkv: looking for its number (2 of 2)",
        f"keyart: {tmp_path / 'gone.mkv'}: does not exist, check the path",
    ]


def test_films_of_several_folders_are_named_below_what_they_share(season: Path) -> None:
    (season.parent / "S2").mkdir()
    (season.parent / "S2" / "01.mkv").touch()
    shown = call(season.parent, "--template", "{episode}.mkv", reader=ScriptedReader()).stdout.splitlines()
    assert [line.split("  ")[0] for line in shown[1:5]] == ["S2/01.mkv", *(f"Season 1/0{n}.mkv" for n in (1, 2, 3))]


def test_rows_for_none_of_the_films_are_noted_where_a_film_may_be_missing(season: Path) -> None:
    rows = "01.mkv,1\n02.mkv,2\n03.mkv,3\n"
    others = "".join(f"S9/{n}.mkv,{n}\n" for n in range(1, 23))
    sheet = write(season.parent / "sheet.csv", f"file,episode\n{rows}{others}")
    noted = call(season, "--sheet", sheet)
    said = [line for line in noted.stderr.splitlines() if "none of the films" in line]
    assert (said[0], len(said)) == ("keyart: sheet.csv: line 5: S9/1.mkv is none of the films", 21)
    assert said[-1] == "keyart: … and 2 more rows for none of the films"
    assert noted.exit_code == 0
    assert "none of" not in call(season / "01.mkv", "--sheet", sheet).stderr
    assert "none of" not in call(season, "--sheet", sheet, "--quiet").stderr
    (season / "04.mkv").touch()
    assert "none of" in call(season / "04.mkv", "--sheet", sheet).stderr


@pytest.mark.parametrize(
    ("text", "problem", "why"),
    [
        ("", "is empty", "The sheet cannot be read; "),
        ("[1,", "line 1 is no JSON", "The sheet cannot be read; "),
        ("file,episode\n", "has no rows", "The sheet has no row for this file; "),
        ("[]", "has no rows", "The sheet has no row for this file; "),
    ],
)
def test_a_sheet_without_rows_is_named(season: Path, text: str, problem: str, why: str) -> None:
    result = call(season / "01.mkv", "--sheet", write(season / "sheet.csv", text), "--json", "--quiet")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"keyart: sheet.csv: {problem}")
    assert str(lines(result)["01.mkv"]["why"]).startswith(why)


def test_what_an_operator_decided_is_told_where_nothing_is_expected(season: Path) -> None:
    labels = write(season / "labels.csv", "file,episode\n01.mkv,13\n")
    result = call(
        season / "01.mkv", "--labels", labels, "--template", "{any}x{episode}.mkv", "--json", "--quiet",
        reader=ScriptedReader(**{"01": "12"}),
    )  # fmt: skip
    assert str(lines(result)["01.mkv"]["why"]).endswith("the picture says 12, but an operator says 13.")


def test_bad_rows_are_named_and_the_rest_goes_on(season: Path) -> None:
    text = "file,episode\n01.mkv,1\n02.mkv,two\n,3\n03.mkv,3\n03.mkv,3\n"
    sheet = write(season.parent / "sheet.csv", text)
    result = call(season, "--sheet", sheet, "--json", "--quiet", reader=ScriptedReader(**{"01": "1", "02": "2"}))
    assert result.exit_code == 1
    assert [line.split(": ")[:3] for line in result.stderr.splitlines()] == [
        ["keyart", "sheet.csv", f"line {n}"] for n in (3, 4, 6)
    ]
    found = lines(result)
    assert [found[name]["verdict"] for name in ("01.mkv", "02.mkv", "03.mkv")] == ["confirmed", *["unverified"] * 2]
    assert "Its row in the sheet does not count: 'two' is no episode number" in str(found["02.mkv"]["why"])
    assert "03.mkv stands in line 5, line 6" in str(found["03.mkv"]["why"])


def test_a_row_for_two_films_is_named(season: Path) -> None:
    other = season.parent / "Season 2"
    other.mkdir()
    (other / "01.mkv").touch()
    sheet = write(season.parent / "sheet.csv", "file,episode\n01.mkv,1\n")
    result = call(season / "01.mkv", other / "01.mkv", "--sheet", sheet, "--json", "--quiet")
    assert result.exit_code == 1
    assert result.stderr == (
        "keyart: sheet.csv: line 2: 01.mkv is 2 of the files, write their folders into the sheet, too\n"
    )
    assert {line["verdict"] for line in lines(result).values()} == {"unverified"}


def test_a_name_that_the_template_reads_is_no_second_witness(season: Path) -> None:
    reader = ScriptedReader(**{"01": "1"})
    template = "{series}/Season {season}/{episode}.mkv"
    found = lines(call(season / "01.mkv", "--template", template, "--json", reader=reader))["01.mkv"]
    assert found["why"] == "The picture says 1, S01E01 is expected by the template."
    assert reader.asked == [("01.mkv", "Show")]
    elsewhere = "{episode}/{any}"
    (season / "S01E09.mkv").touch()
    told = call(season / "S01E09.mkv", "--template", elsewhere, "--json", reader=ScriptedReader(S01E09="1"))
    assert lines(told)["S01E09.mkv"]["verdict"] == "unverified"


def test_the_neighbours_of_a_film_are_past_knowledge(tmp_path: Path) -> None:
    for name in ("S01E05.mkv", "S01E06.mkv", "S01E08.mkv", "final.mkv", "notes.txt"):
        (tmp_path / name).touch()
    found = lines(call(tmp_path / "final.mkv", "--expect", "9", "--json"))["final.mkv"]
    assert found["verdict"] == "mismatch"
    assert str(found["why"]).startswith("The one gap among the files beside it says S01E07, 9 is expected as given")


def test_a_folder_has_duplicates_and_gaps(season: Path) -> None:
    (season / "05.mkv").touch()
    sheet = write(season.parent / "sheet.csv", "file,season,episode\n01.mkv,1,1\n02.mkv,1,2\n03.mkv,1,3\n05.mkv,1,6\n")
    reader = ScriptedReader(**{"01": "1", "02": "1", "03": None, "05": "6@0.2"})
    result = call(season, "--sheet", sheet, reader=reader)
    assert result.stdout.splitlines()[-2:] == [
        f"{season}, season 1: episode 1 is 2 files: 01.mkv, 02.mkv", f"{season}, season 1: missing 2, 4-5",
    ]  # fmt: skip
    told = [json.loads(line) for line in call(season, "--sheet", sheet, "--json", reader=reader).stdout.splitlines()]
    files = [str(season / "01.mkv"), str(season / "02.mkv")]
    assert told[-1] == {
        "season": {"folder": str(season), "season": 1, "duplicates": [{"episode": "1", "files": files}],
                   "gaps": ["2", "4-5"]}
    }  # fmt: skip
    alone = call(*sorted(season.glob("*.mkv")), "--sheet", sheet, reader=reader)
    assert "missing" not in alone.stdout


def test_labels_are_past_knowledge_and_are_compared(season: Path) -> None:
    labels = write(season.parent / "labels.json", json.dumps({"01.mkv": 1, "02.mkv": 9, "03.mkv": 3}))
    reader = ScriptedReader(**{"01": "1", "02": "2", "03": "3@0.1"})
    options = ("--template", "{episode}.mkv", "--labels", labels)
    result = call(season, *options, "--json", "--quiet", reader=reader)
    found = lines(result)
    assert [line["verdict"] for line in found.values()] == ["confirmed", "mismatch", "unverified"]
    assert found["02.mkv"]["why"] == "The picture says 2 and 2 is expected by the template, but an operator says 9."
    told = json.loads(result.stdout.splitlines()[-1])
    assert told == {"labels": {"labelled": 3, "right": 1, "wrong": 1, "unread": 1}}
    shown = call(season, *options, reader=reader).stdout.splitlines()[-1]
    assert shown == "labels: 3 films, the picture says the same in 1, something else in 1, nothing sure in 1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x.mkv", "--expect", "seventh"), "keyart: --expect 'seventh' is no episode number; write 7, 12.5"),
        (("x.mkv", "y.mkv", "--expect", "7"), "--expect is the number of one film and there are 2, use --sheet"),
        (("x.mkv", "--sheet", "gone.csv"), "keyart: gone.csv: cannot be read"),
        (("x.mkv", "--labels", "gone.csv"), "keyart: gone.csv: cannot be read"),
        (("x.mkv", "--template", "{number}"), "keyart: --template {number}: {number} is no field"),
        (("x.mkv", "--looks", "0"), "keyart: episode.looks (flag)"),
        (("x.mkv", "--set", "episode.threshold=2"), "keyart: episode.threshold (flag)"),
        (("x.mkv", "--fail-on", "never"), "fail-on"),
        ((), "Usage"),
    ],
)
def test_wrong_usage_is_found_before_work(arguments: tuple[str, ...], message: str) -> None:
    reader = ScriptedReader()
    result = call(*arguments, reader=reader)
    assert result.exit_code == 2
    assert message in result.stderr + result.stdout
    assert reader.settings is None


def test_numbers_may_be_written_in_words(season: Path) -> None:
    reader = ScriptedReader(**{"01": "7"})
    film = season / "01.mkv"
    assert lines(call(film, "--expect", "제 7 화", "--json", reader=reader))["01.mkv"]["expected"] == "7"
    sheet = season.parent / "sheet.csv"
    sheet.write_bytes("파일명,시즌,회차\r\n01.mkv,1,제7화\r\n".encode("cp949"))
    found = lines(call(film, "--sheet", sheet, "--json", reader=reader))["01.mkv"]
    assert (found["expected"], found["verdict"]) == ("S01E07", "confirmed")


def test_a_film_named_twice_is_looked_at_once(season: Path) -> None:
    reader = ScriptedReader()
    call(season, season / "01.mkv", "--template", "{episode}.mkv", reader=reader)
    assert [name for name, _ in reader.asked] == ["01.mkv", "02.mkv", "03.mkv"]


def test_a_folder_without_films_is_named(tmp_path: Path) -> None:
    result = call(tmp_path, "--json")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"keyart: {tmp_path}: holds no films\n")


def test_options_become_settings(tmp_path: Path) -> None:
    reader = ScriptedReader(film="7@0.6")
    result = call(
        tmp_path / "film.mkv", "--expect", "7", "--looks", "12", "--set", "episode.threshold=0.5", "--device", "cpu",
        "--threads", "2", "--json", reader=reader,
    )  # fmt: skip
    assert lines(result)["film.mkv"]["verdict"] == "confirmed"
    assert reader.settings is not None
    assert (reader.settings.episode.looks, reader.settings.threads, reader.settings.device) == (12, 2, "cpu")


def test_the_template_of_the_settings_counts(season: Path, tmp_path: Path) -> None:
    config = write(tmp_path / "my.toml", '[episode]\ntemplate = "{episode}.mkv"\n')
    found = lines(call(season / "01.mkv", "--config", config, "--json", reader=ScriptedReader(**{"01": "1"})))
    assert found["01.mkv"]["verdict"] == "confirmed"


def test_what_happens_is_logged(season: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    (season / "bad.mkv").touch()
    call(season, "--template", "{any}{episode}.mkv", "--log", log, reader=ScriptedReader(**{"01": "1"}))
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["event"], Path(line["film"]).name) for line in told if "film" in line] == [
        ("episode judged", "01.mkv"), ("episode judged", "02.mkv"), ("episode judged", "03.mkv"),
        ("film failed", "bad.mkv"),
    ]  # fmt: skip


INTERRUPTED = """
    import os, signal, sys
    from contextlib import contextmanager
    from stream.cli import build_app

    @contextmanager
    def reader(settings, progress):
        def read(film, series):
            os.kill(os.getpid(), signal.SIGINT)
        yield read

    build_app(())(["episode", sys.argv[1], "--expect", "7", "--quiet"], obj=reader)
"""


def test_ctrl_c_ends_it_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(INTERRUPTED), str(tmp_path / "film.mkv")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "keyart: interrupted, nothing was left half-written\n"


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.testdata
def test_the_composed_episodes(testdata: Path, tmp_path: Path, models_dir: Path) -> None:
    def judged(*names: str, sheet: Path | None = None) -> dict[str, object]:
        films = [next((testdata / "episodes" / name).glob(f"{name}.m*")) for name in names]
        options = () if sheet is None else ("--sheet", str(sheet))
        given = ["episode", *map(str, films), "--device", "cpu", "--json", "--quiet", *options]
        done = CliRunner().invoke(build_app([]), given)
        assert (done.exit_code, done.stderr) == (0, "")
        return {name: line["verdict"] for name, line in lines(done).items()}

    # What is read of the others, with the same models: pipeline/test_episode.py.
    assert judged("E01", "E03") == {"E01.mp4": "confirmed", "E03.mp4": "confirmed"}
    wrong = write(tmp_path / "wrong.csv", "file,episode\nE01.mp4,4\nE03.mp4,S01E05\n")
    assert judged("E01", "E03", sheet=wrong) == {"E01.mp4": "mismatch", "E03.mp4": "mismatch"}
