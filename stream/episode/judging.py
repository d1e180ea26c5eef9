"""The verdict on one file, out of what its picture says and all that is known of the file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..decode.suffixes import SUFFIXES
from .expected import Expected
from .past import OfFileName, Source, past_of_file
from .records import PictureReading
from .verify import Verdict, verify


def verdict_on(
    film: Path,
    picture: PictureReading,
    expected: Expected,
    of_file_name: OfFileName,
    *,
    threshold: float,
    earlier: Iterable[Source] = (),
) -> Verdict:
    """The verdict on a film. `earlier`: what was decided before."""
    past = past_of_file(
        film.name,
        of_file_name,
        neighbours=[name for name in _films_in(film.absolute().parent) if name != film.name],
        earlier=earlier,
        name_is_used=expected.name_is_used,
    )
    return verify(
        picture, past, expected.number, threshold=threshold, absolute=expected.absolute, source=expected.source,
        problem=expected.problem,
    )  # fmt: skip


def _films_in(folder: Path) -> list[str]:
    """The names of the films in a folder; none where it cannot be listed: then it says nothing of its films."""
    try:
        return sorted(entry.name for entry in folder.iterdir() if entry.suffix.lower() in SUFFIXES)
    except OSError:
        return []
