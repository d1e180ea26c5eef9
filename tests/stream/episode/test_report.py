from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from stream.episode.folder import survey
from stream.episode.past import Past
from stream.episode.report import LabelsEntry, LabelsLine, film_line, json_line, schema_json, season_line
from stream.episode.verify import verify

from .readings import number, reading


def shipped() -> dict[str, Any]:
    text = resources.files("stream.episode").joinpath("report.schema.json").read_text(encoding="utf-8")
    assert text == schema_json(), "write schema_json() to stream/episode/report.schema.json"
    schema: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def test_the_line_of_a_film() -> None:
    verdict = verify(reading("7"), Past(), number("S01E07"), threshold=0.9)
    line = json.loads(film_line(Path("등대/07.mkv"), verdict))
    assert list(line) == ["file", "verdict", "confidence", "read", "expected", "evidence", "why"]
    assert [line[name] for name in ("file", "verdict", "read")] == ["등대/07.mkv", "confirmed", "7"]
    assert line["expected"] == "S01E07"
    assert line["evidence"] == [
        {"time_s": 4.0, "box": [10.0, 20.0, 300.0, 40.0], "text": "EPISODE 7", "confidence": 0.99, "number": "7",
         "kind": "this"}
    ]  # fmt: skip
    jsonschema.validate(line, shipped())
    unread = json.loads(film_line(Path("caf\udce9.mkv"), verify(reading(None), Past(), None, threshold=0.9)))
    assert (unread["file"], unread["read"], unread["expected"]) == ("caf\N{REPLACEMENT CHARACTER}.mkv", None, None)
    jsonschema.validate(unread, shipped())


def test_the_line_of_a_season_and_of_labels() -> None:
    films = [(Path("s1", f"{name}.mkv"), number(f"S01E{name}")) for name in ("02", "02.5", "06")]
    (season,) = survey([*films, (Path("s1/x.mkv"), number("S01E02.5"))])
    line = json.loads(season_line(season))
    duplicates = [{"episode": "2.5", "files": ["s1/02.5.mkv", "s1/x.mkv"]}]
    assert line == {"season": {"folder": "s1", "season": 1, "duplicates": duplicates, "gaps": ["1", "3-5"]}}
    jsonschema.validate(line, shipped())
    labels = json.loads(json_line(LabelsLine(labels=LabelsEntry(labelled=3, right=1, wrong=1, unread=1))))
    assert labels == {"labels": {"labelled": 3, "right": 1, "wrong": 1, "unread": 1}}
    jsonschema.validate(labels, shipped())


@pytest.mark.parametrize("field", ["file", "verdict", "confidence", "read", "expected", "evidence", "why"])
def test_the_schema_misses_what_is_not_there(field: str) -> None:
    line = json.loads(film_line(Path("a.mkv"), verify(reading("7"), Past(), number("7"), threshold=0.9)))
    del line[field]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(line, shipped())
