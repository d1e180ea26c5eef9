"""The first half of the pipeline on one film, for what a manifest does not say: its tracks."""

from __future__ import annotations

from pathlib import Path

import anyio

from kernels.bars import BarsEvidence
from stream.decode import DecodeOptions
from stream.film import Film
from stream.pool import PicturePool
from stream.services import open_services
from stream.settings import Settings
from stream.watch import Threads, watch


def watch_film(video: Path, settings: Settings) -> Film:
    """The film as it stands when its last shot is collected. Raises KeyartError when it cannot be decoded."""
    return anyio.run(_watched, video, settings)


async def _watched(video: Path, settings: Settings) -> Film:
    async with open_services(settings) as services:
        options = DecodeOptions(mode=settings.decode, threads=settings.thread_count)
        decoder = services.open_decoder(video, options)
        try:
            pool = PicturePool(settings.pool.frames_at_1080p, settings.pool.per_person)
            film = Film(decoder.info, pool, BarsEvidence(decoder.info.geometry))
            meter = services.meter(decoder.info.geometry)
            threads = Threads(services.decode_threads, services.measure_threads)
            await watch(film, decoder, services.ops, meter, services.reader, settings, threads, lambda frames: None)
        finally:
            decoder.close()
        return film
