"""One film from file to finished result, and `extract`, the function for Python programs.

    file → decode → measure → split → faces → collect ┃ people → judge → select → crop → encode → sink

The stages left of the bar run at the same time, joined by bounded channels (`stream.pipeline.watch`). The stages right
of it run after the last shot, when the whole film is known (`stream.pipeline.conclude`).
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import anyio
from anyio import CancelScope

from kernels.active_areas import BarsEvidence

from .. import log
from ..candidates.pace import LONG, Pace
from ..candidates.picture_pool import PicturePool
from ..dataflow.clocks import Clocks, StageClock, on_thread
from ..decode.decoder import DecodeOptions, Decoder, DecodeRange
from ..decode.watch_anew import WatchAnewError
from ..device.kit import OpenDecoder
from ..episode.looks import LookRows
from ..errors import KeyartError
from ..film import Film
from ..manifest import Manifest
from ..origin import in_stage
from ..ranking.shortage import no_image_message
from ..records import VideoInfo
from ..settings.model import Settings
from ..settings.sections import LimitSettings
from .conclude import Conclusion, Tools, conclude
from .describe import content_fingerprint, manifest_of
from .episode import judge_watched
from .length import length_notices, measured_s, start_s
from .limits import check_frames, check_header, check_info
from .services import Services, open_services
from .watch import Threads, watch

OnFrames = Callable[[str, int, int | None], None]
"""Called with the stage, the frames done and the total number of frames (None: unknown)."""


@dataclass(frozen=True, slots=True)
class Result:
    """A finished film: its manifest and its files (path inside the result → bytes)."""

    manifest: Manifest
    files: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class WatchedFilm:
    """A film whose last shot is collected, with its decoder still open."""

    film: Film
    decoder: Decoder
    fingerprint: str
    started_s: float


async def process(path: Path, settings: Settings, services: Services, on_frames: OnFrames) -> Result:
    """Run one film. Raises KeyartError with the reason when it gives no result."""
    async with watching(path, settings, services, on_frames) as watched:
        on_frames("choosing", watched.film.funnel.frames, watched.film.funnel.frames)
        return await finished(watched, settings, services)


@asynccontextmanager
async def watching(
    path: Path, settings: Settings, services: Services, on_frames: OnFrames
) -> AsyncIterator[WatchedFilm]:
    """Open and watch one film. Within the block its decoder is open; leaving the block closes it. What only watching
    shows and the decoder must know before (`WatchAnewError`) makes it watched anew; what was found until then is lost.

    Raises KeyartError when the film cannot be decoded or has no picture in the chosen range.
    """
    started_s = time.perf_counter()
    seen: list[WatchAnewError] = []
    async with AsyncExitStack() as stack:
        while True:
            try:
                watched = await stack.enter_async_context(
                    _watched(path, settings, services, on_frames, started_s, seen)
                )
                break
            except BaseExceptionGroup as group:
                late = late_error(group, seen)
                log.info("film watched anew", film=path, reason=str(late))
                seen.append(late)
        yield watched


def late_error(
    group: BaseExceptionGroup[BaseException], seen: Sequence[WatchAnewError] = ()
) -> WatchAnewError:
    """The error of this kind that alone is in the group; raises the group where it holds others, or one of a kind that
    was `seen`: decoding the film otherwise did not help."""
    found, others = group.split(WatchAnewError)
    if found is None or others is not None:
        raise group
    late: BaseException = found
    while isinstance(late, BaseExceptionGroup):
        late = late.exceptions[0]
    assert isinstance(late, WatchAnewError)  # nothing else was split off
    if any(type(late) is type(one) for one in seen):
        raise group
    return late


@asynccontextmanager
async def _watched(
    path: Path,
    settings: Settings,
    services: Services,
    on_frames: OnFrames,
    started_s: float,
    seen: Sequence[WatchAnewError],
) -> AsyncIterator[WatchedFilm]:
    """`watching`, once. `seen`: what earlier times have shown. Raises a group with a WatchAnewError where the film must
    be watched anew."""
    opening = StageClock("open")
    opened = partial(open_film, path, settings, services.open_decoder, seen)
    with in_stage("open"):
        decoder, fingerprint = await on_thread(opened, services.decode_threads, opening)
    try:
        film = _film(decoder.info, settings)
        film.notices += [late.notice for late in seen if late.notice is not None]
        threads = Threads(services.decode_threads, services.measure_threads)
        meter = services.meter(decoder.info.geometry)
        on_split = partial(_seen, on_frames, expected_frames(decoder.info), settings.limits, film)
        with services.statistics.counting(film, decoder.name):
            opinion = services.second_opinion() if services.second_opinion else None
            await watch(film, decoder, services.ops, meter, services.reader, settings, threads, on_split, opinion)
            if not film.funnel.frames:
                raise KeyartError("has no picture in the chosen range, check --start, --end and --skip")
            film.notices += length_notices(film)
            yield WatchedFilm(film, decoder, fingerprint, started_s)
    finally:
        with CancelScope(shield=True), in_stage("close"):
            # On a thread: a GPU decoder frees its memory piece by piece and may wait for the device.
            await on_thread(decoder.close, services.decode_threads, StageClock("close"))


async def finished(watched: WatchedFilm, settings: Settings, services: Services) -> Result:
    """Choose and cut the images of a watched film. Returns its manifest and files.

    Raises KeyartError when no picture of it can be used, or that of a chosen candidate cannot be decoded again.
    """
    film = watched.film
    if services.episode is not None:
        with in_stage("episode"):
            clock, threads = film.clocks["episode"], services.finale_threads
            film.episode = await judge_watched(services.episode, settings, watched.decoder, film, threads, clock)
    with in_stage("finale"):
        conclusion = await concluded(watched, settings, services)
        if not conclusion.files.images:
            raise KeyartError(f"gives {no_image_message(film.funnel.at_shot + film.funnel.at_end)}")
        wall_s = time.perf_counter() - watched.started_s
        name = watched.decoder.name
        manifest = manifest_of(film, conclusion, settings, services, name, watched.fingerprint, wall_s)
    return Result(manifest, conclusion.files.content)


async def concluded(watched: WatchedFilm, settings: Settings, services: Services) -> Conclusion:
    """`conclude` of a watched film, on a thread. Raises like it."""
    film, decoder = watched.film, watched.decoder
    tools = Tools(
        deciders=services.deciders,
        ops=services.ops,
        encoder=services.encoder,
        text=services.text if settings.text.enabled else None,
        glance=services.glance,
        frame_at=decoder.frame_at,
        between=decoder.between,
        read=services.read,
        at=decoder.at,
        maturity=services.maturity if settings.maturity.enabled else None,
    )
    return await on_thread(lambda: conclude(film, settings, tools), services.finale_threads, StageClock("finale"))


def extract(path: Path, settings: Settings | None = None, progress: OnFrames | None = None) -> Manifest:
    """Choose the poster frames of one film and return its manifest; writes no file. Blocks.

    `settings`: the defaults where None. Raises KeyartError with the reason when the film gives no result.
    """

    async def run() -> Manifest:
        chosen = settings or Settings()
        async with open_services(chosen) as services:
            return (await process(path, chosen, services, progress or _ignore_progress)).manifest

    return anyio.run(run)


def _ignore_progress(stage: str, frames: int, total: int | None) -> None:
    """Used where the caller of `extract` gives no `progress`."""


def _seen(on_frames: OnFrames, total: int | None, limits: LimitSettings, film: Film, frames: int) -> None:
    check_frames(frames, film.timeline.length_s, limits)
    on_frames("watching", frames, total)


def expected_frames(info: VideoInfo) -> int | None:
    """How many pictures the film has by its container's duration and rate, for the progress bar only; None: unknown."""
    return round(info.duration_s * info.fps) if info.duration_s and info.fps else None


def open_film(
    path: Path, settings: Settings, open_decoder: OpenDecoder, seen: Sequence[WatchAnewError] = ()
) -> tuple[Decoder, str]:
    """Open the film: its decoder, limited to the part to watch, and its fingerprint (`content_fingerprint`). `seen`:
    what watching it has shown.

    Raises LimitError when it is beyond the settings' limits, KeyartError when the film cannot be decoded or read, or
    when the settings leave nothing of it; the decoder is closed then.
    """
    check_header(path, settings.limits)
    kept = settings.pool.frames_at_1080p
    whole = DecodeOptions(mode=settings.decode, threads=settings.thread_count, kept_1080p=kept)
    for late in seen:
        whole = late.options(whole)
    decoder = open_decoder(path, whole)
    with _closed_on_failure(decoder):
        check_info(decoder.info, settings.limits)
        watched = decode_range(decoder.info, settings)
    if watched != whole.range:
        decoder.close()
        decoder = open_decoder(path, replace(whole, range=watched))
    with _closed_on_failure(decoder):
        return decoder, content_fingerprint(path)


@contextmanager
def _closed_on_failure(decoder: Decoder) -> Iterator[None]:
    try:
        yield
    except BaseException:
        decoder.close()
        raise


def decode_range(info: VideoInfo, settings: Settings) -> DecodeRange:
    """The part to watch, in seconds from the first picture.

    The container's duration is believed only where packets bear it out, if anything depends on it. Raises KeyartError
    when the settings leave nothing of the film, or leave out its end and nothing tells where that is.
    """
    begin_s, found_s = start_s(settings), measured_s(info, settings)
    ends_s = [settings.end_s] if settings.end_s is not None else []
    length_s = info.duration_s if found_s is None else found_s
    if settings.skip_last_s:
        if length_s is None:
            raise KeyartError("does not say how long it is, use --end instead of --skip-last")
        ends_s.append(length_s - settings.skip_last_s)
    end_s = min(ends_s, default=None)
    if settings.end_s is not None and settings.end_s <= begin_s:
        raise KeyartError(f"has nothing from {begin_s:g} s to {settings.end_s:g} s, check --end, --start and --skip")
    if (end_s is not None and end_s <= begin_s) or (length_s is not None and 0 < length_s <= begin_s):
        raise KeyartError("is shorter than what is to be left out, check --start, --end and --skip")
    return DecodeRange(begin_s, end_s)


def _film(info: VideoInfo, settings: Settings) -> Film:
    pool = PicturePool(settings.pool.frames_at_1080p, settings.pool.per_person)
    rows = LookRows() if settings.episode.enabled else None
    scan = StageClock("scan", info.scan.pictures, info.scan.busy_s, info.scan.cpu_s)
    clocks = Clocks({"scan": scan})
    film = Film(info, pool, BarsEvidence(info.geometry), pace_of(info, settings), clocks=clocks, look_rows=rows)
    film.measured_s = measured_s(info, settings)
    return film


def pace_of(info: VideoInfo, settings: Settings) -> Pace:
    """By the time that is watched, as far as the container knows it, or packets were asked."""
    watched, found_s = decode_range(info, settings), measured_s(info, settings)
    ends_s = [end_s for end_s in (watched.end_s, info.duration_s if found_s is None else found_s) if end_s]
    return Pace(min(ends_s) - watched.start_s) if ends_s else LONG
