"""What films did, as it is told from time to time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import anyio
import pytest

from kernels.active_areas import BarsEvidence
from kernels.surface import Geometry
from stream.candidates.picture_pool import PicturePool
from stream.dataflow.channels import ChannelMeter
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.nvdec.decoder import NvDecoder
from stream.decode.upload import UploadDecoder
from stream.film import Film
from stream.manifest import read_manifest
from stream.pipeline.statistics import CHANNELS, DECODERS, REJECTIONS, STAGES, Statistics, since
from stream.ranking.lifting import LAST_RESORT, NEVER_LIFTED

from .scripted import ScriptedDecoder, scene, watch_scripted
from .watched_films import info_of


def film_of(geometry: Geometry | None = None) -> Film:
    shown = geometry or Geometry(64, 48)
    return Film(info_of(shown), PicturePool(8, 4), BarsEvidence(shown))


def test_films_count_while_they_are_in_work_and_afterwards() -> None:
    statistics, decoder = Statistics(), ScriptedDecoder([scene(number // 20) for number in range(80)])
    film = film_of(decoder.info.geometry)
    with statistics.counting(film, decoder.name):
        anyio.run(watch_scripted, film, decoder)
        during = statistics.totals()
    after = statistics.totals()
    assert after == during
    assert after["frames", "scripted", film.info.codec] == 80
    assert after["stage_items", "decode"] == after["stage_items", "split"] == 80
    assert after["stage_seconds", "decode"] > 0
    assert after["channel_items", "decoded"] == 3
    assert after["get_seconds", "measured"] > 0
    assert {key[1] for key in after if key[0] == "channel_items"} == set(CHANNELS)
    assert {key[1] for key in after if key[0] == "stage_items"} <= set(STAGES)


def test_totals_never_fall_and_reports_add_up_to_them() -> None:
    statistics, sizes = Statistics({"eyes": (batches := Counter[int]())}), [1, 1, 4]
    told, before = Counter[tuple[str, ...]](), statistics.totals()
    for size in sizes:
        film = film_of()
        with statistics.counting(film, "ffmpeg"):
            for _ in range(3):
                film.funnel.frames += 10
                film.funnel.at_shot["dark"] += 1
                batches[size] += 1
                now = statistics.totals()
                told.update(since(now, before))  # type: ignore[arg-type]
                before = now
    assert dict(told) == statistics.totals() == before
    assert told["frames", "ffmpeg", film.info.codec] == 90
    assert told["rejections", "dark"] == 9
    assert (told["batches", "eyes", "1"], told["batches", "eyes", "4"]) == (6, 3)
    assert since(before, before) == {}


def test_channels_of_films_in_work_alone() -> None:
    statistics, first, second = Statistics(), film_of(), film_of()
    first.channels = [ChannelMeter("shots", 2, count_held=lambda: 1), ChannelMeter("decoded", 1)]
    second.channels = [ChannelMeter("shots", 2, count_held=lambda: 2)]
    with statistics.counting(first, "ffmpeg"):
        with statistics.counting(second, "ffmpeg"):
            assert statistics.channels() == dict.fromkeys(CHANNELS, (0, 0)) | {"shots": (3, 4), "decoded": (0, 1)}
        assert statistics.channels()["shots"] == (1, 2)
    assert statistics.channels() == dict.fromkeys(CHANNELS, (0, 0))


def test_a_film_that_fails_counts_as_far_as_it_came() -> None:
    statistics, film = Statistics(), film_of()
    with pytest.raises(ValueError, match="broken"), statistics.counting(film, "ffmpeg"):
        film.funnel.frames = 7
        raise ValueError("broken")
    assert statistics.totals()["frames", "ffmpeg", film.info.codec] == 7


def test_decoders_and_rejections_that_are_known() -> None:
    assert {AvDecoder.name, NvDecoder.name, UploadDecoder.name} == set(DECODERS)
    assert {*LAST_RESORT, *NEVER_LIFTED, "not_main", "duplicate"} < set(REJECTIONS)
    assert "more_per_person" not in REJECTIONS


@pytest.mark.models
@pytest.mark.slow
def test_a_real_film_has_nothing_that_is_not_known(demo_result: Path) -> None:
    manifest = read_manifest(demo_result / "manifest.json")
    assert {*manifest.timings.stages, "episode"} == set(STAGES), "numbers are read where that is asked for"
    assert set(manifest.timings.channels) == set(CHANNELS)
    assert {*manifest.funnel.rejected.at_shot, *manifest.funnel.rejected.at_end} <= set(REJECTIONS)
