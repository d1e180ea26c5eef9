"""The first half of the work on a film: decode and measure frames, split them into shots, find faces in the best.

Each stage is a function that reads one channel and writes the next. A channel ends when its sender is closed.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial

from anyio import CancelScope, CapacityLimiter, create_task_group, to_thread

from engines.faces import Reading
from kernels.ops import Meter, Ops
from kernels.surface import Surface

from ..candidates.choice import choose_candidates, shows_enough
from ..candidates.composition import measure_composition
from ..candidates.inside import inside_pictures
from ..candidates.neighbours import SmallPictureSampler
from ..candidates.probes import ShotPictures, reading_rounds, value_of
from ..dataflow.batching import Batcher
from ..dataflow.channels import Receiver, Sender, open_channel
from ..dataflow.clocks import StageClock, on_thread
from ..decode.decoder import Decoder
from ..episode.looks import LookRows
from ..film import Film, ProvisionalPeople, unread_candidate
from ..framing.active import active_rect
from ..origin import in_stage
from ..people.looks import leading_face
from ..people.tracks import TrackBuilder
from ..ranking.scores import provisional_score
from ..records import Candidate, FrameBatch, Picture
from ..settings.model import Settings
from ..shots.second_opinion import SecondOpinion
from ..shots.splitter import ShotSplitter
from .closing import ClosingShots, Measured
from .field_watch import FieldWatch
from .limits import check_size

_FRAMES_AHEAD = 1
"""Batches that wait between decoder, kernels and splitter: the stages overlap, and little memory is held."""
_SHOTS_AHEAD = 2
"""Closed shots between the splitter and the stages that read them. Chosen by eye: each holds full-size pictures."""
_RESERVE = 32
"""Rejected pictures that are kept for a film that gives nothing else. Chosen by eye: three times the usual ten."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The probes of one part of a closed shot that were read, with their readings. A shot without probes has one empty
    part. `first`: whether this is the first part of its shot."""

    shot: ShotPictures
    pictures: list[Picture]
    readings: list[Reading]
    first: bool


@dataclass(frozen=True, slots=True)
class Threads:
    """Limits of worker threads, one for each kind of work, so that no kind can take all the threads."""

    decode: CapacityLimiter
    measure: CapacityLimiter


async def watch(
    film: Film,
    decoder: Decoder,
    ops: Ops,
    meter: Meter,
    reader: Batcher[Surface, Reading],
    settings: Settings,
    threads: Threads,
    on_frames: Callable[[int], None],
    opinion: SecondOpinion | None = None,
) -> None:
    """Run all stages until the last shot is collected. Everything found is added to `film`, also the channels' times.

    `on_frames`: called with the number of frames split so far. `opinion`: on the film's shots. Raises the errors of the
    stages in a group; WatchAnewError among them where the film must be watched anew.
    """
    decoded, to_measure, m1 = open_channel("decoded", FrameBatch, _FRAMES_AHEAD)
    measured, to_split, m2 = open_channel("measured", Measured, _FRAMES_AHEAD)
    closed, to_read, m3 = open_channel("shots", ShotPictures, _SHOTS_AHEAD)
    looked, to_collect, m4 = open_channel("readings", Looked, _SHOTS_AHEAD)
    film.channels = [m1, m2, m3, m4]
    async with create_task_group() as tasks:
        tasks.start_soon(_stage, "decode", partial(_decode, film, decoder, ops, decoded, threads.decode))
        measure = partial(_measure, film, meter, settings, to_measure, measured, threads.measure, opinion is not None)
        tasks.start_soon(_stage, "measure", measure)
        split = partial(_split, film, settings, to_split, closed, on_frames, opinion, threads.measure)
        tasks.start_soon(_stage, "split", split)
        tasks.start_soon(_stage, "faces", partial(_read, film, reader, to_read, looked))
        tasks.start_soon(_stage, "collect", partial(_collect, film, ops, settings, to_collect, threads.measure))


async def _stage(name: str, work: Callable[[], Awaitable[None]]) -> None:
    with in_stage(name):
        await work()


async def _decode(
    film: Film, decoder: Decoder, ops: Ops, out: Sender[FrameBatch], limiter: CapacityLimiter
) -> None:
    clock, looks = film.clocks["decode"], FieldWatch(film.info.scan, ops)
    batches = decoder.batches()
    decode = partial(_next_batch, batches, looks, clock, film.clocks["scan"])
    try:
        with out:
            while (batch := await to_thread.run_sync(decode, limiter=limiter)) is not None:
                film.colours.add(batch)
                await out.send(batch)
                batch = None  # a waiting stage must not keep the pictures of the one before alive
    finally:
        with CancelScope(shield=True):
            # On a thread: where the film is left early, threads that decode are waited for.
            await on_thread(batches.close, limiter, clock, 0)
    film.notices += [*filter(film.colours.allows, decoder.notices), *film.colours.notices(film.info)]


def _next_batch(
    batches: Iterator[FrameBatch], looks: FieldWatch, clock: StageClock, scan: StageClock
) -> FrameBatch | None:
    """The next batch, which has been looked at, on one way to a thread: that costs as much as decoding two pictures."""
    batch = clock.time(lambda: next(batches, None), 0)
    if batch is not None:
        clock.items += len(batch.surfaces)
        scan.items += scan.time(lambda: looks.add(batch), 0)
    return batch


async def _measure(
    film: Film,
    meter: Meter,
    settings: Settings,
    source: Receiver[FrameBatch],
    out: Sender[Measured],
    limiter: CapacityLimiter,
    thumbnails: bool,
) -> None:
    clock, sampler = film.clocks["measure"], SmallPictureSampler(settings.faces.moment_s)
    with source, out:
        async for batch in source:
            height, width = max((surface.y.shape for surface in batch.surfaces), key=math.prod)
            check_size(width, height, settings.limits)  # the size may change within the film
            measure = partial(_measure_batch, meter, sampler, batch, thumbnails)
            await out.send(await on_thread(measure, limiter, clock, len(batch.surfaces)))
            del batch, measure  # or their pictures would be kept while the next ones are waited for; so below


def _measure_batch(meter: Meter, sampler: SmallPictureSampler, batch: FrameBatch, thumbnails: bool) -> Measured:
    rows = meter.measure(batch.surfaces, batch.pts_s, batch.frames)
    small = {place: meter.small(place) for place in sampler.picks(batch.pts_s)}
    return Measured(batch, rows, meter.borders(), small, meter.thumbnails() if thumbnails else None)


async def _split(
    film: Film,
    settings: Settings,
    source: Receiver[Measured],
    out: Sender[ShotPictures],
    on_frames: Callable[[int], None],
    opinion: SecondOpinion | None,
    limiter: CapacityLimiter,
) -> None:
    splitter, closing = ShotSplitter(settings.shots, film.info.fps, opinion), ClosingShots(film, settings)
    clock = film.clocks["split"]
    last_s = film.info.first_pts_s
    with source, out:
        async for measured in source:
            film.funnel.frames += len(measured.rows)
            film.timeline.add(measured.rows, measured.batch.damaged, measured.batch.keys)
            last_s = float(measured.rows["pts_s"][-1])
            film.pictures_in_stream = _pictures_until(measured)
            # On a thread: a second opinion may take a second.
            advance = partial(_advance, film.look_rows, splitter, closing, opinion, measured)
            closed = await on_thread(advance, limiter, clock, len(measured.rows))
            del measured, advance
            while closed:
                await out.send(closed.pop(0))
            on_frames(film.funnel.frames)
        finish = partial(splitter.finish, last_s + 1.0 / (film.info.fps or 25.0))
        for shot in await on_thread(finish, limiter, clock, 0):
            await out.send(closing.close(shot))


def _pictures_until(measured: Measured) -> int | None:
    last = int(measured.rows["frame"][-1])
    return None if last < 0 else last + 1


def _advance(
    look_rows: LookRows | None,
    splitter: ShotSplitter,
    closing: ClosingShots,
    opinion: SecondOpinion | None,
    measured: Measured,
) -> list[ShotPictures]:
    closing.add(measured)
    if look_rows is not None:
        look_rows.add(measured.rows, measured.batch.damaged)
    if opinion is not None and measured.thumbnails is not None:
        opinion.add(measured.thumbnails)
    return [closing.close(shot) for shot in splitter.add(measured.rows)]


async def _read(
    film: Film, reader: Batcher[Surface, Reading], source: Receiver[ShotPictures], out: Sender[Looked]
) -> None:
    clock = film.clocks["faces"]
    with source, out:
        async for shot in source:
            for number, part in enumerate(shot.parts or [[]]):
                wanted = film.pace.candidates(shot.part_s)
                pictures, readings = await _look(part, wanted, reader, clock) if part else ([], [])
                film.funnel.probes += len(pictures)
                await out.send(Looked(shot, pictures, readings, first=number == 0))
            del shot, part, pictures, readings


async def _look(
    part: list[Picture], candidates: int, reader: Batcher[Surface, Reading], clock: StageClock
) -> tuple[list[Picture], list[Reading]]:
    """Read the probes of a part, a third of them at a time, until enough of them show what is needed (`shows_enough`).
    The soft ones are read as well where none of the others shows a face.

    `candidates`: how many the part should offer. Returns the probes that were read, in order of time, and their
    readings.
    """
    seen: list[tuple[Picture, Reading]] = []
    for probes in reading_rounds(part):
        readings = [reading for _, reading in seen]
        faceless = not any(reading.faces for reading in readings)
        if seen and shows_enough(readings, candidates) and not (faceless and probes[0].soft):
            continue
        seen += zip(probes, await reader.ask([picture.surface for picture in probes], clock), strict=True)
    seen.sort(key=lambda pair: pair[0].row_index)
    return [picture for picture, _ in seen], [reading for _, reading in seen]


async def _collect(
    film: Film, ops: Ops, settings: Settings, source: Receiver[Looked], limiter: CapacityLimiter
) -> None:
    builder, people = TrackBuilder(), ProvisionalPeople(settings.people.same_person_cosine)
    clock = film.clocks["collect"]
    with source:
        async for looked in source:
            collect = partial(_collect_part, film, ops, settings, builder, people, looked)
            await on_thread(collect, limiter, clock, len(looked.pictures))
            del looked, collect


def _collect_part(
    film: Film,
    ops: Ops,
    settings: Settings,
    builder: TrackBuilder,
    people: ProvisionalPeople,
    looked: Looked,
) -> None:
    if looked.first:
        _note_rejected(film, looked.shot)
    if not looked.pictures:
        return
    shot = looked.shot.shot.index
    active = active_rect(film.info.geometry, looked.shot.area, settings.crop.bars_margin_px)
    pictures = inside_pictures(ops, looked.pictures, active)
    seen = [(p.pts_s, r.faces) for p, r in zip(pictures, looked.readings, strict=True)]
    film.read_s.setdefault(shot, []).extend(picture.pts_s for picture in pictures if not picture.soft)
    tracks, numbers = builder.link(shot, seen)
    film.tracks.extend(tracks)
    chosen = choose_candidates(
        shot,
        pictures,
        looked.readings,
        numbers,
        settings.faces,
        settings.probes,
        film.pace,
        looked.shot.part_s,
    )
    film.funnel.at_shot.update(chosen.rejected)
    film.funnel.candidates += len(chosen.candidates)
    for candidate, picture in chosen.candidates:
        lead = leading_face(candidate.faces)
        # Before the composition: fetching it waits for these copies as well.
        beside = [(time_s, ops.copy(small)) for time_s, small in picture.beside]
        candidate.composition = measure_composition(ops, picture.surface, lead, picture.inside)
        person = people.person(lead.embedding if lead is not None else None)
        film.candidates.append(candidate)
        value = provisional_score(candidate, film.info.geometry, settings.rank.weights)
        film.pool.put(candidate.pts_s, picture.surface, value, person, beside)
    if chosen.reserve is not None:
        _put_by(film, chosen.reserve[0], chosen.reserve[2])


def _note_rejected(film: Film, pictures: ShotPictures) -> None:
    """Count the pictures of a shot that were rejected before the engines, and put the best of them into the reserve."""
    film.funnel.at_shot.update(pictures.rejected)
    if pictures.reserve is not None:
        picture, reason = pictures.reserve
        _put_by(film, unread_candidate(pictures.shot.index, picture), reason)


def _put_by(film: Film, candidate: Candidate, reason: str) -> None:
    """Add a picture to the reserve and keep the best `_RESERVE`: those the engines read, then the sharpest others."""
    everyone = [*film.reserve, (candidate, reason)]
    everyone.sort(key=lambda put_by: (-put_by[0].shot_score, -round(value_of(put_by[0].row), 4), put_by[0].pts_s))
    film.reserve = everyone[:_RESERVE]
