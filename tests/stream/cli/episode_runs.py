"""`keyart episode` run with a reader of pictures that follows a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from typer.testing import CliRunner, Result

from stream.cli.app import build_app
from stream.episode.records import PictureReading
from stream.errors import KeyartError
from stream.settings.model import Settings

from ..episode.readings import reading


class ScriptedReader:
    """Reads what it was told of each film by name, and remembers what it was asked. `bad` cannot be read."""

    def __init__(self, **numbers: str | None) -> None:
        self.numbers = numbers
        self.asked: list[tuple[str, str | None]] = []
        self.settings: Settings | None = None
        self.is_open = False

    @contextmanager
    def __call__(
        self, settings: Settings, progress: Callable[[int, int, str], None] | None = None
    ) -> Iterator[Callable[[Path, str | None], PictureReading]]:
        self.settings, self.is_open = settings, True
        for done in (0, 1 << 20) if progress else ():
            progress(done, 1 << 21, "text_detection")
        try:
            yield self._read
        finally:
            self.is_open = False

    def _read(self, film: Path, series: str | None) -> PictureReading:
        assert self.is_open
        self.asked.append((film.name, series))
        if film.stem == "bad":
            raise KeyartError("is empty, copy it again")
        text, _, confidence = (self.numbers.get(film.stem) or "").partition("@")
        return reading(text or None, float(confidence or 0.99))


def call(*arguments: str | Path, reader: ScriptedReader | None = None) -> Result:
    given = ["episode", *map(str, arguments)]
    done = CliRunner().invoke(build_app([]), given, obj=reader or ScriptedReader())
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def lines(result: Result) -> dict[str, dict[str, object]]:
    """The lines of JSON about films, by file name."""
    found = [json.loads(line) for line in result.stdout.splitlines()]
    return {Path(line["file"]).name: line for line in found if "file" in line}


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
