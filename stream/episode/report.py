"""What `keyart episode --json` prints: lines of JSON, one for each film, then those about all of them.

`report.schema.json` is generated from these models. A line has `file` for a film, `season` for a season of a folder,
`labels` for the comparison with labels.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, RootModel

from ..manifest import EpisodeEntry, EpisodeEvidence, ManifestPart, printable
from .folder import SeasonSurvey
from .numbers import EpisodeNumber
from .verify import Verdict

PathText = Annotated[str, BeforeValidator(printable)]
_SCHEMA = "urn:keyart:episode:1"


class FilmLine(EpisodeEntry):
    """The verdict on one film, with the fields of the manifest's `episode`. `file`: its path as given."""

    file: PathText


class DuplicateEntry(ManifestPart):
    """Films of one season that have one episode."""

    episode: str
    files: list[PathText]


class SeasonEntry(ManifestPart):
    """A season of a folder. `season`: null where the numbers name none. `gaps`: `3`, or `3-5` for several in a row."""

    folder: PathText
    season: int | None
    duplicates: list[DuplicateEntry]
    gaps: list[str]


class SeasonLine(ManifestPart):
    """Duplicates and gaps of one season."""

    season: SeasonEntry


class LabelsEntry(ManifestPart):
    """How the pictures agree with labels. `labelled`: films with a label that were looked at; of them `right`: the
    picture was read with enough confidence and says what the label says, `wrong`: it says something else, `unread`: it
    was not read so, or there is nothing to compare."""

    labelled: Annotated[int, Field(ge=0)]
    right: Annotated[int, Field(ge=0)]
    wrong: Annotated[int, Field(ge=0)]
    unread: Annotated[int, Field(ge=0)]


class LabelsLine(ManifestPart):
    """The comparison with labels."""

    labels: LabelsEntry


class Line(RootModel[FilmLine | SeasonLine | LabelsLine]):
    """One line of the output."""

    model_config = ConfigDict(title="One line of keyart episode --json", frozen=True)


def entry_of(verdict: Verdict) -> EpisodeEntry:
    """The manifest's `episode` of a verdict."""
    return EpisodeEntry(
        verdict=verdict.verdict,
        confidence=verdict.confidence,
        read=_text(verdict.read),
        expected=_text(verdict.expected),
        evidence=[
            EpisodeEvidence(
                time_s=seen.time_s, box=seen.box, text=seen.text, confidence=seen.confidence, number=str(seen.number),
                kind=seen.kind,
            )
            for seen in verdict.evidence
        ],
        why=verdict.why,
    )  # fmt: skip


def film_line(file: Path, verdict: Verdict) -> str:
    """The line of a film, without a line break."""
    return json_line(FilmLine(file=str(file), **dict(entry_of(verdict))))


def season_line(found: SeasonSurvey) -> str:
    """The line of a season, without a line break."""
    duplicates = [
        DuplicateEntry(episode=plain(episode), files=[str(path) for path in files])
        for episode, files in found.duplicates.items()
    ]
    season = SeasonEntry(folder=str(found.folder), season=found.season, duplicates=duplicates, gaps=gaps(found))
    return json_line(SeasonLine(season=season))


def gaps(found: SeasonSurvey) -> list[str]:
    """The gaps of a season as text: `3`, `5-8`."""
    return [str(first) if first == last else f"{first}-{last}" for first, last in found.gaps]


def plain(episode: Decimal) -> str:
    """One episode as text: `7`, `12.5`."""
    return str(EpisodeNumber((episode,)))


def json_line(line: FilmLine | SeasonLine | LabelsLine) -> str:
    """A line as text, without a line break; `file` comes first."""
    tree = line.model_dump(mode="json")
    if "file" in tree:
        tree = {"file": tree.pop("file"), **tree}
    return json.dumps(tree, ensure_ascii=False, allow_nan=False)


def schema_json() -> str:
    """The JSON Schema (draft 2020-12) of a line, as shipped in `report.schema.json`."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": _SCHEMA}
    return json.dumps({**head, **Line.model_json_schema()}, indent=2, ensure_ascii=False) + "\n"


def _text(number: EpisodeNumber | None) -> str | None:
    return None if number is None else str(number)
