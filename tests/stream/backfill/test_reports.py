"""What a worker tells of its films as a whole."""

from __future__ import annotations

import anyio
import pytest

from stream.backfill.messages import Report
from stream.backfill.reports import EVERY_S, Reports
from stream.device.memory import DeviceMemory
from stream.pipeline.statistics import Statistics

from ..pipeline.watched_films import watched_film


class Enough(Exception):
    """Ends a loop that has no end."""


def test_only_what_is_new_is_told() -> None:
    statistics, told = Statistics(), list[Report]()
    reports = Reports(statistics, lambda: DeviceMemory(3, 8), told.append)
    film = watched_film([0])
    with statistics.counting(film, "ffmpeg"):
        for frames in (100, 150, 150):
            film.funnel.frames = frames
            reports.send()
    reports.send()
    frames = [dict(report.counts).get(("frames", "ffmpeg", film.info.codec)) for report in told]
    assert frames == [100, 50, None, None]
    assert (told[0].levels.device_used, told[0].levels.device_size) == (3, 8)
    assert told[0].levels.resident


def test_told_every_few_seconds_while_films_are_in_work() -> None:
    told, waits, busy = list[Report](), list[float](), [True, False, True]

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) > len(busy):
            raise Enough

    reports = Reports(Statistics(), lambda: None, told.append)
    with pytest.raises(Enough):
        anyio.run(reports.keep_sending, lambda: busy[len(waits) - 1], wait)
    assert (len(told), waits) == (2, [EVERY_S] * 4)
    assert told[0].levels.device_used is None
