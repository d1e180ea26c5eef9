"""Which episode a film should be, by the metadata: what the command was told, a sheet, a template, the container's
tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .numbers import EpisodeNumber
from .sheet import Row
from .tags import OfTitle, read_tags
from .template import Template


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of one film. `number`: None where nothing is, or where it cannot be told: then `problem` says
    why. `absolute`: the number counted through all seasons, where that is known. `source`: who says so, as in "by the
    sheet, line 4". `name_is_used`: the number comes from the file's name."""

    number: EpisodeNumber | None
    source: str
    absolute: EpisodeNumber | None = None
    series: str | None = None
    problem: str | None = None
    name_is_used: bool = False


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where expected numbers come from. `given`: one that was given for this film. `rows`: those of a sheet by film;
    None without a sheet. `of_title`: reads the titles in tags. `without_row`: why a film has no row, for people.

    The first that is there decides: `given`, else the sheet, else the template, else the tags. A film that a sheet or a
    template leaves out is not looked up in its tags: what was asked to be compared with is what is compared with.
    """

    of_title: OfTitle
    given: EpisodeNumber | None = None
    rows: Mapping[Path, Row] | None = None
    template: Template | None = None
    without_row: str = "the sheet has no row for this file"

    def of(self, film: Path) -> Expected:
        """What is expected of a film. Raises KeyartError when its tags are needed and it cannot be opened."""
        if self.given is not None:
            return Expected(self.given, "as given")
        row = None if self.rows is None else self.rows.get(film)
        if row is not None:
            source = f"by the sheet, {row.place}"
            return Expected(row.number, source, row.absolute, row.series, _of_sheet(row.problem))
        if self.template is not None:
            return self._by_template(self.template, film)
        if self.rows is not None:
            return Expected(None, "by the sheet", problem=self.without_row)
        tagged = read_tags(film, self.of_title)
        return Expected(tagged.number, "by the tags", series=tagged.series, problem=tagged.problem)

    def _by_template(self, template: Template, film: Path) -> Expected:
        try:
            placed = template.read(film)
        except ValueError as error:
            return Expected(None, "by the template", problem=f"the template finds no number in the path ({error})")
        if placed is None:
            return Expected(None, "by the template", problem=f"the path is not of the form {template.text}")
        number, absolute = placed.number, placed.absolute
        return Expected(number, "by the template", absolute, placed.series, None, template.uses_name)


def _of_sheet(problem: str | None) -> str | None:
    return None if problem is None else f"its row in the sheet does not count: {problem}"
