"""Where the end of a film is left out, its packets tell how long it is, and the manifest says that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernels.stats import ROW
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.pipeline.describe import duration_s
from stream.pipeline.film_run import decode_range, pace_of
from stream.pipeline.length import length_notices, measured_s
from stream.records import VideoInfo
from stream.settings.model import Settings

from .. import portraits
from ..decode.decoders import write_film

LEFT_OUT = Settings(skip_last_s=2.0)


def film_of(info: VideoInfo, settings: Settings):
    """What is known of a film of which the wanted part was watched, 25 pictures a second."""
    film = portraits.film()
    film.info, film.measured_s = info, measured_s(info, settings)
    end_s = decode_range(info, settings).end_s
    rows = np.zeros(round(25 * (6.0 if end_s is None else end_s)), ROW)
    rows["pts_s"] = info.first_pts_s + np.arange(len(rows)) / 25
    film.timeline.add(rows, np.zeros(len(rows), bool))
    return film


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.flv", "film.ts"])
@pytest.mark.parametrize("claimed_s", [None, 1.0, 5.2, 6.9, 9000.0])
def test_the_manifest_says_what_packets_say_where_the_end_is_left_out(tmp_path: Path, moving, name, claimed_s) -> None:
    info = replace(AvDecoder(write_film(tmp_path / name, moving, 150)).info, duration_s=claimed_s)
    film = film_of(info, LEFT_OUT)
    assert decode_range(info, LEFT_OUT).end_s == pytest.approx(4.0, abs=0.05)
    assert duration_s(film, LEFT_OUT) == pytest.approx(6.0, abs=0.05)
    assert pace_of(info, LEFT_OUT).watched_s == pytest.approx(4.0, abs=0.05)
    said = [notice.code for notice in length_notices(film)]
    # Matroska says of the track itself how long it is: what goes on is another one.
    assert said == (["cut_off"] if claimed_s == 9000.0 and name != "film.mkv" else [])


def test_what_begins_behind_the_end_that_is_claimed_is_measured(tmp_path: Path, moving) -> None:
    info = replace(AvDecoder(write_film(tmp_path / "film.mp4", moving, 150)).info, duration_s=1.0)
    late = Settings(start_s=3.0)
    assert pace_of(info, late).watched_s == pytest.approx(3.0)
    assert duration_s(film_of(info, late), late) == pytest.approx(6.0)


def test_where_nothing_depends_on_it_no_packets_are_read() -> None:
    info = portraits.film().info
    assert measured_s(replace(info, path=Path("no such film.mp4")), Settings(end_s=5.0)) is None


def test_an_early_end_is_said_once(tmp_path: Path, moving) -> None:
    info = replace(AvDecoder(write_film(tmp_path / "film.mp4", moving, 150)).info, duration_s=100.0)
    film = film_of(info, LEFT_OUT)
    (notice,) = length_notices(film)
    assert notice.message == "ends at 6.00 s although its container says 100.00 s, used what is there"
    film.notices.append(notice)
    assert length_notices(film) == []
