"""Helpers of throughput, the plain script's choice, and the settings of ablations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import ablation, peers
from benchmarks.footage import Footage
from benchmarks.labels import LabelledVideo
from benchmarks.peers import PeerUnavailable
from benchmarks.plain import BestFrame, choose_ten
from benchmarks.results import results_of
from benchmarks.row_cache import RowCache
from benchmarks.scaling import growth, repeat
from benchmarks.watching import conclude_each
from stream.pipeline.film_run import extract
from stream.settings.model import Settings


def test_a_film_is_repeated_without_encoding_it_again(scenes_film: Path, tmp_path: Path) -> None:
    repeat(scenes_film, 3, tmp_path / "3.mkv")
    longer = Footage(tmp_path / "3.mkv", threads=1)
    assert longer.frame_count == 720
    assert longer.end_s == pytest.approx(72, abs=0.5)
    times = [frame.pts_s for frame in longer.frames()]
    assert len(times) == 720
    assert np.all(np.diff(times) > 0)


def test_of_two_films_of_one_name_one_is_left_out(tmp_path: Path) -> None:
    """Their results would be in one folder, and the second would be judged by the first."""
    videos = [LabelledVideo(name, tmp_path / name / "film.mp4") for name in ("A", "B")]
    (tmp_path / "A").mkdir()
    (tmp_path / "A" / "film.mp4").write_bytes(b"this is no film")
    manifests, problems = results_of(videos, tmp_path / "out", Settings(threads=1), quiet=True)
    assert not manifests
    assert problems[0] == "B: film.mp4 is also the file of A, rename one; left out"
    assert problems[1].startswith("A: ")
    assert len(problems) == 2


def test_a_result_lies_where_the_labels_say(tmp_path: Path) -> None:
    """Titles of a library have equal file names in different folders. Without a result there one is made."""
    library = tmp_path / "library"
    videos = [LabelledVideo(name, tmp_path / name / "film.mp4", result=library / name) for name in ("A", "B", "C")]
    for video, is_there in zip(videos, (True, True, False), strict=True):
        video.path.parent.mkdir()
        video.path.write_bytes(b"this is no film")
        if is_there and video.result:
            video.result.mkdir(parents=True)
            (video.result / "manifest.json").write_text("{")
    manifests, problems = results_of(videos, tmp_path / "out", Settings(threads=1), quiet=True)
    assert not manifests
    assert [line.split(":")[0] for line in problems] == [
        "C", *(str(library / name / "manifest.json") for name in ("A", "B")),
    ]  # fmt: skip


def test_growth_is_the_exponent_of_the_cost() -> None:
    linear = [{"frames": n, "wall_s": 0.01 * n} for n in (100, 200, 400)]
    square = [{"frames": n, "wall_s": 0.01 * n * n} for n in (100, 200, 400)]
    assert growth(linear) == 1.0
    assert growth(square) == 2.0
    assert growth(linear[:1]) is None


@pytest.mark.parametrize("name", ablation.ABLATIONS)
def test_every_switch_turns_something_off(name: str) -> None:
    settings = Settings(top=7)
    off = ablation.settings_without(name, settings)
    assert off.top == 7
    assert off.settings_fingerprint != settings.settings_fingerprint


@pytest.mark.slow
@pytest.mark.parametrize("name", ["face", "duplicates", "variety"])
def test_a_film_watched_once_gives_what_a_run_of_its_own_gives(
    name: str, scenes_film: Path, models_dir: Path, tmp_path: Path
) -> None:
    assert ablation.decided_at_the_end(name)
    settings, variant = Settings(threads=1), ablation.settings_without(name, Settings(threads=1))
    conclude_each(scenes_film, settings, {tmp_path / "on": settings, tmp_path / "off": variant}, lambda folder: None)
    for folder, chosen in (("on", settings), ("off", variant)):
        video = LabelledVideo("scenes", scenes_film)
        kept = results_of([video], tmp_path / folder, chosen, quiet=True)[0]["scenes"]
        alone = extract(scenes_film, chosen)
        assert kept.images == alone.images
        assert kept.funnel == alone.funnel
        assert kept.tool == alone.tool


def test_filters_that_work_while_a_film_is_watched_are_known() -> None:
    early = {name for name in ablation.ABLATIONS if not ablation.decided_at_the_end(name)}
    assert early == {"exposure and sharpness", "eyes"}


def test_the_plain_script_prefers_the_people_seen_most() -> None:
    rng = np.random.default_rng(0)
    people = [person for person, times in enumerate((5, 4, 3, 2)) for _ in range(times)]
    near = [np.eye(128)[person] + 0.01 * rng.standard_normal(128) for person in people]
    seen = [BestFrame(float(i), i, 1.0 + i, embedding=e.astype(np.float32)) for i, e in enumerate(near)]
    seen.append(BestFrame(99.0, 99, 99.0))
    assert choose_ten(seen, 3) == [11.0, 10.0, 9.0]
    assert choose_ten(seen, 20)[-3:] == [13.0, 12.0, 99.0]
    assert choose_ten([], 10) == []


def test_a_peer_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(PeerUnavailable, match="did not run"):
        peers._run(["python3", str(tmp_path / "gone.py")])
    (tmp_path / "talks.py").write_text("print('hello')")
    with pytest.raises(PeerUnavailable, match="gave no figures"):
        peers._run(["python3", str(tmp_path / "talks.py")])


def test_the_factor_is_the_median_over_films() -> None:
    def cost(script_s: float, own_s: float) -> dict[str, float]:
        return {"frames": 100, "wall_s": script_s, "cpu_s": script_s, "keyart_wall_s": own_s, "keyart_cpu_s": 2 * own_s}

    job = peers.whole_job(peers.Choices(cost={"a": cost(30, 10), "b": cost(50, 10), "c": cost(10, 10)}))
    assert (job["factor"], job["cpu_factor"]) == (3.0, 1.5)
    assert job["videos"]["b"]["script_fps"] == 2.0
    assert job["total_factor"] == 3.0
    assert peers.whole_job(peers.Choices()) == {"videos": {}}


def test_what_was_measured_is_not_measured_again(scenes_film: Path, tmp_path: Path) -> None:
    said: list[str] = []
    measured: list[int] = []

    def measure() -> dict[str, int]:
        measured.append(1)
        return {"fps": 10 * len(measured)}

    kept = RowCache(tmp_path, said.append)
    first = [RowCache(tmp_path, said.append).row("speed", scenes_film, measure, threads=2) for _ in range(2)]
    assert first == [{"fps": 10}, {"fps": 10}]
    assert kept.row("speed", scenes_film, measure, threads=1) == {"fps": 20}
    assert kept.row("shots", scenes_film, measure, threads=2) == {"fps": 30}
    assert said == [f"scenes.mp4: {what}" for what in ("speed", "speed, measured before", "speed", "shots")]


def test_what_fails_is_not_kept(scenes_film: Path, tmp_path: Path) -> None:
    def fail() -> dict[str, int]:
        raise PeerUnavailable("gone")

    kept = RowCache(tmp_path, lambda line: None)
    with pytest.raises(PeerUnavailable):
        kept.row("speed", scenes_film, fail)
    assert kept.row("speed", scenes_film, lambda: {"fps": 1}) == {"fps": 1}
