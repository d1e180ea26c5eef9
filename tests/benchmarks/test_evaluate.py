"""A whole evaluation on a film made here: times, images, baselines, and every kind of bad label."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.borders import NO_BORDER, Border, border_of
from benchmarks.evaluate import Evaluation
from benchmarks.footage import Footage
from benchmarks.labels import Label, LabelledVideo
from benchmarks.matcher import Matcher, at_matcher_width
from benchmarks.naive import SAME_NUMBER
from benchmarks.page.recall import recall_tables
from benchmarks.survey import Surveyor, descriptors
from stream.manifest import Manifest

from .conftest import scene

pytestmark = pytest.mark.models
MakeManifest = Callable[..., Manifest]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared, so that the film is surveyed only once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def evaluation(matcher: Matcher, cache: Path) -> Evaluation:
    return Evaluation(Surveyor(matcher, cache, threads=1), matcher)


def labelled(path: Path, *times_s: float, never: tuple[float, ...] = ()) -> LabelledVideo:
    def labels(times: tuple[float, ...]) -> tuple[Label, ...]:
        return tuple(Label(f"picks[{i}]", time_s=t) for i, t in enumerate(times))

    return LabelledVideo("film", path, labels(times_s), labels(never))


def test_descriptors_tell_scenes_apart(matcher: Matcher) -> None:
    vectors = [matcher.descriptor(scene(number)) for number in range(6)]
    shifted = [matcher.descriptor(np.ascontiguousarray(np.roll(scene(number), 4, axis=1))) for number in range(6)]
    likeness = np.array([[float(a @ b) for b in shifted if b is not None] for a in vectors if a is not None])
    assert likeness.shape == (6, 6)
    assert np.diag(likeness).min() > 0.8
    assert (likeness - np.diag(np.diag(likeness))).max() < 0.5


def test_a_flat_picture_has_no_descriptor(matcher: Matcher) -> None:
    assert matcher.descriptor(np.full((180, 320, 3), 90, np.uint8)) is None
    with pytest.raises(ValueError, match="320 pixels wide"):
        matcher.descriptor(np.zeros((90, 160, 3), np.uint8))


def test_the_nearest_frame_is_found_by_seeking(scenes_film: Path) -> None:
    footage = Footage(scenes_film, threads=1)
    assert (footage.frame_count, footage.first_pts_s, footage.end_s) == (240, 0.0, pytest.approx(24.0))
    found = {asked: frame.pts_s for asked, frame in footage.frames_near([0.0, 7.14, 7.16, 23.9, 30.0])}
    assert found == pytest.approx({0.0: 0.0, 7.14: 7.1, 7.16: 7.2, 23.9: 23.9, 30.0: 23.9})


def test_evaluates_a_result_and_the_baselines(
    evaluation: Evaluation, scenes_film: Path, make_manifest: MakeManifest
) -> None:
    video = labelled(scenes_film, 1.0, 5.0, 9.0, 13.0, 17.0, never=(21.0,))
    report = evaluation.run([video], {"film": make_manifest([2.0, 5.5, 21.1, 22.0])})
    figures = report["videos"]["film"]
    assert [image["matches"] for image in figures["keyart"]["images"]] == [[0], [1], [], []]
    assert figures["keyart"]["precision_at_10"] == pytest.approx(0.2)
    assert (figures["keyart"]["hit_at_1"], figures["keyart"]["never"]) == (1.0, 1.0)
    assert figures["keyart"]["coverage"] == pytest.approx(0.4)
    assert figures["ceiling"] == {"precision_at_10": 0.5, "proven": True, "matching_frames": pytest.approx(80, abs=6)}
    baselines = {"uniform", "ffmpeg_thumbnail", "sharpest_per_shot"}
    assert set(report["summary"]) == {"keyart", "random", *baselines, *(name + SAME_NUMBER for name in baselines)}
    assert all(len(figures[name + SAME_NUMBER]["images"]) == 4 for name in baselines)
    assert len(figures["sharpest_per_shot"]["images"]) == 6
    assert len(figures["ffmpeg_thumbnail"]["images"]) == 10
    assert 0.5 < figures["random"]["precision_at_10"] < 0.9
    json.dumps(report, allow_nan=False)
    assert not evaluation.problems


def test_shots_that_the_labels_know_bound_what_counts(
    evaluation: Evaluation, scenes_film: Path, make_manifest: MakeManifest, tmp_path: Path
) -> None:
    """Starts of shots and transitions in free words are all that the truth has. The cut at 6 s is inside a scene."""
    shots = [{"start_s": 0, "transition_in": "start"}, {"start_s": 6.0, "transition_in": "the wing fills the frame"}]
    (tmp_path / "truth.json").write_text(json.dumps({"shots": shots, "mains": "nobody"}))
    plain = labelled(scenes_film, 1.0, 5.5, 9.0, 13.0, 17.0, never=(5.95, 21.0))
    marked = replace(plain, name="marked", truth=tmp_path / "truth.json", set_name="other")
    manifest = make_manifest([6.0, 21.2, 21.05])
    report = evaluation.run([plain, marked], {"film": manifest, "marked": manifest})
    free, bound = (report["videos"][name] for name in ("film", "marked"))
    assert (free["film"]["labelled_shots"], bound["film"]["labelled_shots"]) == (None, 2)
    assert [image["never"] for image in free["keyart"]["images"]] == [True, False, True]  # a film of 24 s: 0.1 s
    assert [image["never"] for image in bound["keyart"]["images"]] == [False, False, True]
    assert (free["keyart"]["precision_1s"], bound["keyart"]["precision_1s"]) == (pytest.approx(1 / 3, abs=1e-6), 0)
    assert (free["keyart"]["coverage_3s"], bound["keyart"]["coverage_3s"]) == (0.4, 0.2)
    assert {name: of_set["videos"] for name, of_set in report["sets"].items()} == {"": ["film"], "other": ["marked"]}
    assert report["sets"]["other"]["summary"]["keyart"]["coverage_3s"]["mean"] == 0.2
    text = recall_tables(report)
    assert "all videos (2)" in text
    assert "other (1)" in text
    assert re.search(r"\| keyart +\| +3 \| +0 \| +0.2 \| +1 \|", text)
    assert re.search(r"\| uniform, same number +\| +3 \|", text)


def test_the_cache_gives_the_same_answer(
    matcher: Matcher, evaluation: Evaluation, scenes_film: Path, make_manifest: MakeManifest
) -> None:
    video, results = labelled(scenes_film, 1.0, 5.0, 9.0, 13.0, 17.0), {"film": make_manifest([2.0, 5.55])}
    first = evaluation.run([video], results)
    fresh = Evaluation(Surveyor(matcher, None, threads=1), matcher)
    assert fresh.run([video], results) == first == evaluation.run([video], results)


def test_an_image_is_found_in_the_film(
    evaluation: Evaluation, scenes_film: Path, make_manifest: MakeManifest, tmp_path: Path
) -> None:
    poster = np.ascontiguousarray(np.roll(scene(2, (640, 360)), 2 * 8, axis=1))
    cv2.imwrite(str(tmp_path / "poster.jpg"), cv2.cvtColor(poster, cv2.COLOR_RGB2BGR))
    cv2.imwrite(str(tmp_path / "other.png"), cv2.cvtColor(scene(6), cv2.COLOR_RGB2BGR))
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    images = tuple(Label(f"picks[{n}]", image=tmp_path / n) for n in ("poster.jpg", "other.png", "broken.jpg"))
    video = labelled(scenes_film, 1.0, 5.0, 13.0, 17.0)
    video = replace(video, picks=(*video.picks, *images))
    report = evaluation.run([video], {"film": make_manifest([1.0])})
    assert report["videos"]["film"]["labels"]["picks_s"][-1] == pytest.approx(11.2, abs=0.5)
    assert [line.split(":")[0] for line in evaluation.problems] == ["picks[other.png]", "picks[broken.jpg]"]


def test_bars_of_a_film_are_left_out(matcher: Matcher, scenes_film: Path) -> None:
    footage = Footage(scenes_film, threads=1)
    assert footage.find_border() == NO_BORDER
    barred = [cv2.copyMakeBorder(scene(n), 20, 20, 0, 0, cv2.BORDER_CONSTANT) for n in range(6)]
    barred[3][:20] = 90  # one frame has something in the bar
    border = border_of([*map(np.asarray, barred), np.zeros((220, 320, 3), np.uint8)])
    assert border == pytest.approx((21 / 220, 21 / 220, 0, 0))
    assert border_of([np.zeros((220, 320, 3), np.uint8)]) == NO_BORDER
    footage.border = Border(0.1, 0.1, 0.2, 0.2)
    _, frame = next(footage.frames_near([1.0]))
    assert footage.small(frame.picture).shape == (240, 320, 3)


def test_what_cannot_be_evaluated_is_named_and_left_out(
    evaluation: Evaluation, scenes_film: Path, make_manifest: MakeManifest, tmp_path: Path
) -> None:
    good = labelled(scenes_film, 1.0, 5.0, 9.0, 13.0, 17.0)
    few = replace(labelled(scenes_film, 1.0), name="few")
    outside = replace(labelled(scenes_film, 1.0, 5.0, 9.0, 13.0, 99.0), name="outside")
    absent = replace(good, name="absent")
    broken = replace(good, name="broken", path=tmp_path / "broken.mp4")
    broken.path.write_bytes(b"this is no film")
    none = replace(good, name="none", picks=())
    results = dict.fromkeys(["film", "few", "outside", "none", "broken"], make_manifest([1.0]))
    report = evaluation.run([good, few, outside, none, absent, broken], results)
    assert list(report["videos"]) == ["film"]
    assert set(report["few_picks"]["videos"]) == {"few", "outside"}
    assert set(report["excluded"]) == {"none", "absent", "broken"}
    assert any("99.0 s lies outside the video" in line for line in evaluation.problems)
    assert len(evaluation.problems) == 4


def test_what_does_not_decode_is_counted(
    evaluation: Evaluation, scenes_film: Path, make_manifest: MakeManifest, tmp_path: Path
) -> None:
    """A gap in the middle of the pictures: the film is judged by the rest, and the report says so."""
    damaged = tmp_path / "damaged.mp4"
    content = bytearray(scenes_film.read_bytes())
    hole = content.index(b"mdat") + 2000
    content[hole : hole + 3000] = bytes(3000)
    damaged.write_bytes(content)
    lost = evaluation.surveyor.survey(damaged).undecodable
    assert lost > 0
    assert evaluation.surveyor.survey(damaged).undecodable == lost  # from the cache
    video = labelled(damaged, 9.0, 12.0, 15.0, 17.0, 20.0)
    report = evaluation.run([video], {"film": make_manifest([9.0])})
    assert report["warnings"] == [f"film: {lost} packets cannot be decoded, their frames are in no figure"]
    assert not evaluation.problems


def test_a_copy_of_the_film_shares_its_cache(evaluation: Evaluation, scenes_film: Path, tmp_path: Path) -> None:
    survey = evaluation.surveyor.survey(scenes_film)
    copy = tmp_path / scenes_film.name
    shutil.copy(scenes_film, copy)
    assert evaluation.surveyor.survey(copy).grid_s.tolist() == survey.grid_s.tolist()


@pytest.mark.testdata
@pytest.mark.slow
@pytest.mark.parametrize("episode", ["E01", "E03"])
def test_the_threshold_separates_real_frames(matcher: Matcher, testdata: Path, episode: str) -> None:
    """Frames half a second apart inside a shot, compared with frames of other clips: at .5 few of either are wrong.

    E03 has bars, which would make all its pictures alike if they were not left out.
    """
    until_s = 60.0
    folder = testdata / "episodes" / episode
    truth = json.loads((folder / "truth.json").read_text())
    shots = [s for s in truth["shots"] if s["kind"] in ("person", "broll") and s["degradation"] is None]
    shots = [s for s in shots if s["end_s"] < until_s]
    asked = [(s["start_s"] + s["end_s"]) / 2 + d for s in shots for d in (-0.25, 0.25)]
    footage = Footage(folder / truth["file"], threads=1)
    footage.find_border()
    vectors = {a: matcher.descriptor(at_matcher_width(footage.small(f.picture))) for a, f in footage.frames_near(asked)}
    rows = np.stack([np.zeros(1056, np.float32) if vectors[a] is None else vectors[a] for a in asked])
    likeness = rows @ rows.T
    same = likeness[np.arange(0, len(asked), 2), np.arange(1, len(asked), 2)]
    clips = np.repeat([s["source_clip"] for s in shots], 2)
    different = likeness[clips[:, None] != clips[None, :]]
    assert (same >= 0.5).mean() >= 0.95
    assert (different >= 0.5).mean() <= 0.02


def test_descriptors_of_nothing(evaluation: Evaluation, scenes_film: Path) -> None:
    assert descriptors(evaluation.surveyor.survey(scenes_film), []).shape == (0, 1056)


def test_titles_with_few_picks_have_figures_of_their_own(
    evaluation: Evaluation, scenes_film: Path, make_manifest: MakeManifest
) -> None:
    """The figures of the others are what they were without them."""
    good = labelled(scenes_film, 1.0, 5.0, 9.0, 13.0, 17.0)
    second, seventh, nowhere = (
        replace(labelled(scenes_film, *times), name=name)
        for name, times in (("second", (9.0,)), ("seventh", (21.0, 22.0)), ("nowhere", (13.0,)))
    )
    results = {
        "film": make_manifest([1.0, 5.0]),
        "second": make_manifest([1.0, 9.2]),
        "seventh": make_manifest([1.0, 1.2, 1.4, 1.6, 5.0, 9.0, 21.5]),
        "nowhere": make_manifest([17.0]),
    }
    alone = evaluation.run([good], results)
    report = evaluation.run([second, good, seventh, nowhere], results)
    same = ("summary", "videos", "ceiling", "excluded", "warnings")
    assert {key: report[key] for key in same} == {key: alone[key] for key in same}
    assert alone["few_picks"] == {"acceptance": {}, "videos": {}}
    few = report["few_picks"]
    assert list(few["videos"]) == ["second", "seventh", "nowhere"]
    accepted = {name: figure["mean"] for name, figure in few["acceptance"]["keyart"].items()}
    assert accepted == {"acceptance@1": 0, "acceptance@3": 0.333333, "acceptance@10": 0.666667}
    assert few["acceptance"]["keyart"]["acceptance@10"]["high"] == 1
    assert {"random", "uniform"} <= set(few["acceptance"])
    text = recall_tables(report)
    assert "3 videos with fewer than 5 picks, in no figure above" in text
    assert re.search(r"\| seventh +\| +2 \| +0 \| +0 \| +1 \|", text)
    assert "fewer than" not in recall_tables(alone)
