"""Runs the first half of the pipeline on one film, for data that no manifest has, or to decide with several
settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio

from stream.film import Film
from stream.output.result_folder import result_folder
from stream.pipeline.conclude import Conclusion
from stream.pipeline.film_run import concluded, finished, watching
from stream.pipeline.many import open_result, write_result
from stream.pipeline.services import open_services
from stream.settings.load import load_settings
from stream.settings.model import Settings


def watch_film(video: Path, settings: Settings) -> Film:
    """The film after its last shot was collected. Raises KeyartError when it cannot be decoded."""

    async def watched() -> Film:
        async with (
            open_services(settings) as services,
            watching(video, settings, services, lambda stage, done, total: None) as seen,
        ):
            return seen.film

    return anyio.run(watched)


def conclude_each(
    video: Path, settings: Settings, variants: Mapping[Path, Settings], say: Callable[[Path], None]
) -> None:
    """Watches the film once with `settings` and writes one result for each of `variants` (folder → settings). say:
    called with each folder.

    Variants must not differ from `settings` in what the first half of the pipeline reads. Raises KeyartError.
    """

    async def concluded() -> None:
        async with (
            open_services(settings) as services,
            watching(video, settings, services, lambda stage, done, total: None) as seen,
        ):
            for folder, variant in variants.items():
                say(folder)
                result = await finished(replace(seen, film=_fresh(seen.film)), variant, services)
                async with open_result(result_folder(folder, video), overwrite=True) as opened:
                    await anyio.to_thread.run_sync(write_result, opened, result)

    anyio.run(concluded)


def conclusions_of(video: Path, settings: Settings, variants: Sequence[Settings]) -> list[Conclusion]:
    """Watches the film once with `settings` and returns what each of `variants` decides; writes nothing.

    Variants must not differ from `settings` in what the first half of the pipeline reads. Raises KeyartError.
    """

    async def every() -> list[Conclusion]:
        async with (
            open_services(settings) as services,
            watching(video, settings, services, lambda stage, done, total: None) as seen,
        ):
            return [await concluded(replace(seen, film=_fresh(seen.film)), one, services) for one in variants]

    return anyio.run(every)


def settings_with(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """The same settings but for `changes` (`table.name` → value). Raises SettingsError when one does not exist."""
    given = {key: value for key, value in settings.values().items() if settings.source_of(key) != "default"}
    return load_settings(None, {**given, **changes})


def _fresh(film: Film) -> Film:
    """The film with copies of everything that deciding changes."""
    return replace(
        film,
        funnel=deepcopy(film.funnel),
        notices=list(film.notices),
        clocks=deepcopy(film.clocks),
        reserve=list(film.reserve),
        candidates=list(film.candidates),
        read_s={shot: list(times_s) for shot, times_s in film.read_s.items()},
    )
