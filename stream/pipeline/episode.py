"""Opens what reads the episode number in a film's picture, alone and at the end of a film that was watched.

Alone, as `keyart episode` does (blocks):

    with open_reader(settings) as read:
        reading = read(path, series)

In `extract`, where `film.look_rows` was given every row, and `decoder` is the film's:

    verdict = await judge_watched(engines_of(settings, kit, sessions), settings, decoder, film, limiter)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
from anyio import CapacityLimiter
from threadpoolctl import threadpool_limits

from engines.errors import ModelError
from engines.ocr import LineReader, TextDirection
from engines.session import Session
from engines.text import TextDetector
from engines.zoo import Progress
from kernels.ops import Ops

from ..dataflow.clocks import StageClock, on_thread
from ..dataflow.workers import workers
from ..decode.decoder import DecodeOptions, Decoder
from ..device.kit import Kit, MakeKit
from ..device.models import EPISODE_ROLES, LINE_READERS, zoo_of
from ..device.open import open_kit
from ..episode.expected import Metadata
from ..episode.judging import verdict_on
from ..episode.pages import Engines, PageReader
from ..episode.patterns import Patterns
from ..episode.reading import FilmReader, Source, source_of_file, source_of_rows
from ..episode.records import PictureReading
from ..episode.tags import in_titles
from ..episode.template import Template
from ..episode.verify import Verdict
from ..errors import KeyartError
from ..film import Film
from ..settings.model import Settings

Read = Callable[[Path, str | None], PictureReading]
"""(film, title of its series where it is known) → what its picture says. Blocks. Raises KeyartError for a film that
cannot be read, SessionError when a model fails."""


@dataclass(frozen=True, slots=True)
class EpisodeModels:
    """The engines on one device, and the patterns; one for each run. `ops`: of the engines."""

    engines: Engines
    patterns: Patterns
    ops: Ops


@contextmanager
def open_reader(
    settings: Settings, progress: Progress | None = None, make_kit: MakeKit = open_kit
) -> Iterator[Read]:
    """Pulls and loads the models and gives the function that reads one film after another. Raises KeyartError when the
    device cannot be used or a model cannot be had."""
    cv2.setNumThreads(1)  # pictures are read side by side
    with threadpool_limits(1):
        asked = settings.episode.model_copy(update={"enabled": True})  # so that the kit warms what these looks ask
        kit = make_kit(settings.model_copy(update={"episode": asked}))
        with episode_models(settings, kit, {}, progress) as models:
            yield partial(_read_file, models, settings, kit)


@contextmanager
def episode_models(
    settings: Settings, kit: Kit, sessions: Mapping[str, Session], progress: Progress | None = None
) -> Iterator[EpisodeModels]:
    """The models of `EPISODE_ROLES` that the zoo has. Those in `sessions` (role → session) are used and stay open, the
    others are pulled, opened, and closed with the block. Raises KeyartError when one cannot be had."""
    with ExitStack() as stack:
        opened = {**sessions}
        try:
            zoo = zoo_of(settings)
            wanted = [role for role in EPISODE_ROLES if role in zoo.roles and role not in opened]
            zoo.ensure(wanted, progress)
            for role in wanted:
                opened[role] = kit.open_session(zoo.path(role), role)
                stack.callback(opened[role].close)
            models = engines_of(settings, kit, opened)
        except ModelError as error:
            raise KeyartError(str(error)) from error
        yield models


async def judge_watched(
    models: EpisodeModels,
    settings: Settings,
    decoder: Decoder,
    film: Film,
    limiter: CapacityLimiter,
    clock: StageClock | None = None,
) -> Verdict:
    """The verdict on a film that was watched to its end with `film.look_rows`, on a worker thread; its decoder is still
    open. It is compared with what the template of the settings, else the container's tags, say. `clock`: adds the time
    to it, but not that of the threads that read pictures. Raises KeyartError when the tags cannot be read."""
    assert film.look_rows is not None
    rows = film.look_rows.all()
    path, patterns, asked = film.info.path, models.patterns, settings.episode

    def work() -> Verdict:
        template = Template(asked.template) if asked.template else None
        expected = Metadata(in_titles(patterns), template=template).of(path)
        picture = _read(models, settings, source_of_rows(decoder, rows, film.shots), expected.series)
        return verdict_on(path, picture, expected, patterns.of_file_name, threshold=asked.threshold)

    return await on_thread(work, limiter, clock or StageClock("episode"))


def _read_file(models: EpisodeModels, settings: Settings, kit: Kit, path: Path, series: str | None) -> PictureReading:
    decoder = kit.open_decoder(path, DecodeOptions(threads=settings.thread_count))
    try:
        return _read(models, settings, source_of_file(path, decoder), series)
    finally:
        decoder.close()


def _read(models: EpisodeModels, settings: Settings, source: Source, series: str | None) -> PictureReading:
    pages = PageReader(models.engines, models.patterns, series)
    with workers(settings.thread_count) as pool:
        return FilmReader(source, pages, models.ops, models.patterns, settings.episode.looks, pool).read()


def engines_of(settings: Settings, kit: Kit, sessions: Mapping[str, Session]) -> EpisodeModels:
    """What reads episode numbers, on sessions by role. Raises ModelError for a reader without an alphabet."""
    engines = Engines(
        TextDetector(sessions["text_detection"], kit.engine_ops, tools=kit.tools),
        line_readers(settings, kit, sessions),
        TextDirection(sessions["text_direction"], kit.engine_ops, tools=kit.tools, batch=_most_lines(settings, kit)),
    )
    return EpisodeModels(engines, Patterns.shipped(), kit.engine_ops)


def line_readers(settings: Settings, kit: Kit, sessions: Mapping[str, Session]) -> list[LineReader]:
    """The readers of lines of text, on those of the sessions by role that are theirs. Raises ModelError for one without
    an alphabet."""
    return [
        # A model of ours was never shown a line turned on its side; PP-OCR was.
        LineReader(
            sessions[role], kit.engine_ops, tools=kit.tools, batch=_most_lines(settings, kit),
            vertical="turned" if role == "text_recognition" else "cells",
        )
        for role in LINE_READERS
        if role in sessions
    ]  # fmt: skip


def _most_lines(settings: Settings, kit: Kit) -> int:
    """Most lines in one run of a model."""
    return min(settings.batching.max_batch or kit.concurrency.max_batch, 8)
