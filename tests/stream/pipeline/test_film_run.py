"""The whole way of a film, on a film with a real face: what comes out, that it comes out again, and what goes wrong."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from benchmarks.demo import truth as demo_truth
from stream.cli.progress import QuietReporter
from stream.manifest import Manifest, read_manifest
from stream.pipeline.film_run import extract
from stream.pipeline.many import extract_files_blocking
from stream.pipeline.reporter import Outcome
from stream.settings.model import Settings

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.usefixtures("models_dir")]


@pytest.fixture(scope="module")
def finished(demo_result: Path) -> tuple[Manifest, Path]:
    """The demo film's manifest and the folder that it lies in."""
    return read_manifest(demo_result / "manifest.json"), demo_result


def run_all(files: list[Path], out: Path, **settings: object) -> tuple[list[Outcome], str]:
    errors = io.StringIO()
    chosen = Settings(device="cpu", **settings)  # type: ignore[arg-type]
    outcomes = extract_files_blocking(files, out, chosen, QuietReporter(errors))
    return outcomes, errors.getvalue()


def manifest_in(outcome: Outcome) -> Manifest:
    assert outcome.folder is not None, outcome.reason
    return read_manifest(outcome.folder / "manifest.json")


def without_timings(manifest: Manifest) -> dict[str, object]:
    return manifest.model_dump(exclude={"timings"})


def shot_at(time_s: float) -> dict[str, object]:
    return next(s for s in demo_truth()["shots"] if s["start_s"] <= time_s < s["end_s"])


def test_the_result_is_whole(finished):
    manifest, folder = finished
    assert manifest.video.frames == manifest.funnel.frames == demo_truth()["frame_count"]
    assert 4 <= len(manifest.images) <= 10
    for image in manifest.images:
        for crop in image.crops:
            with Image.open(folder / crop.path) as picture:
                assert picture.size == (crop.width, crop.height)
                assert not picture.info.get("exif")
        assert {crop.format for crop in image.crops} == {"landscape", "portrait"}
        assert image.why
    assert (folder / "contact_sheet.jpg").stat().st_size > 10_000
    main = [c for c in manifest.characters if c.main]
    assert all(c.image and (folder / c.image).is_file() for c in main)


def test_bars_are_cut_and_none_are_in_the_pictures(finished):
    manifest, folder = finished
    bars, found = demo_truth()["bars"], manifest.active_area
    for side in ("top", "bottom", "left", "right"):
        assert abs(getattr(found, side) - bars[side]) <= 2
    with Image.open(folder / manifest.images[0].crops[0].path) as picture:
        grey = picture.convert("L")
        assert grey.crop((0, 0, grey.width, 3)).getextrema()[1] > 24


def test_the_best_pictures_show_the_person_and_are_neither_title_nor_degraded(finished):
    manifest, _ = finished
    for image in manifest.images[:3]:
        assert not image.fallback
        shot = shot_at(image.time_s)
        assert shot["kind"] == "person" and shot["degradation"] is None
        assert image.faces[0].eye_openness is None or image.faces[0].eye_openness > 0.2
    for image in manifest.images:
        assert shot_at(image.time_s)["kind"] != "title"


def test_the_one_person_of_the_film_is_found(finished):
    manifest, _ = finished
    main = [c for c in manifest.characters if c.main]
    assert len(main) == 1
    truth_s = sum(s["end_s"] - s["start_s"] for s in demo_truth()["shots"] if s["kind"] == "person")
    assert 0.5 * truth_s <= main[0].screen_time_s <= 1.1 * truth_s


def test_the_same_film_gives_the_same_result_alone_and_among_others(finished, demo_video, tmp_path):
    copy = tmp_path / "other.mp4"
    copy.write_bytes(demo_video.read_bytes())
    outcomes, _ = run_all([copy, demo_video], tmp_path / "out")
    again = manifest_in(outcomes[1])
    assert without_timings(again) == without_timings(finished[0])
    for crop in (c for image in again.images for c in image.crops):
        assert (tmp_path / "out" / "demo.mp4" / crop.path).read_bytes() == (finished[1] / crop.path).read_bytes()


def test_evicted_winners_are_fetched_again_and_look_the_same(finished, demo_video, tmp_path):
    outcomes, _ = run_all([demo_video], tmp_path, pool={"frames_at_1080p": 4})
    manifest = manifest_in(outcomes[0])
    assert any(image.refetched for image in manifest.images)
    assert [i.time_s for i in manifest.images] == [i.time_s for i in finished[0].images]
    for crop in (c for image in manifest.images for c in image.crops):
        assert (tmp_path / "demo.mp4" / crop.path).read_bytes() == (finished[1] / crop.path).read_bytes()


def test_a_film_that_fails_does_not_touch_the_others(demo_video, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no film" * 100)
    outcomes, errors = run_all([bad, demo_video, tmp_path / "none.mp4"], tmp_path / "out", end_s=6.0)
    assert [o.status for o in outcomes] == ["failed", "done", "failed"]
    assert errors.count("\n") == 2
    assert "bad.mp4: is a text and not a video" in errors and "none.mp4: does not exist" in errors
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["demo.mp4"]


def test_a_part_of_the_film_in_reference_mode(demo_video):
    manifest = extract(demo_video, Settings(device="cpu", decode="reference", start_s=4.0, end_s=10.0))
    assert manifest.tool.decode == "reference"
    assert all(4.0 <= image.time_s < 10.0 for image in manifest.images)
    assert 0 < manifest.funnel.frames < 6 * 24
    assert manifest.shots[0].start_frame is not None and manifest.shots[0].start_frame >= 4 * 24


def test_a_range_outside_the_film_is_refused_in_one_line(demo_video, tmp_path):
    outcomes, errors = run_all([demo_video], tmp_path, start_s=900.0)
    assert outcomes[0].status == "failed"
    assert "shorter than what is to be left out" in errors


def test_a_film_without_an_image_fails_with_its_reason_and_writes_nothing(make_film, moving, tmp_path):
    """Black, and title cards alone; beside them a film of which something can be used."""
    black = make_film("black.mp4", [np.zeros((180, 320, 3), np.uint8)] * 50)
    cards = make_film("cards.mp4", [*[_card("KEYART PRESENTS")] * 40, *[_card("THE END")] * 40])
    good = make_film("good.mp4", moving(30, size=(320, 180)))
    out = tmp_path / "out"
    outcomes, errors = run_all([black, cards, good], out)
    assert [outcome.status for outcome in outcomes] == ["failed", "failed", "done"], errors
    assert "black.mp4: gives no image; pictures turned down: " in errors and "as too dark" in errors
    assert "cards.mp4: gives no image" in errors and "as title cards" in errors
    assert [path.name for path in out.iterdir()] == ["good.mp4"]
    assert run_all([black], out)[0][0].status == "failed", "it is not skipped the second time"


def _card(words: str) -> np.ndarray:
    """(180, 320, 3) uint8: white letters in the middle of a black picture."""
    picture = np.zeros((180, 320, 3), np.uint8)
    cv2.putText(picture, words, (160 - 10 * len(words), 100), cv2.FONT_HERSHEY_DUPLEX, 1.0, (255, 255, 255), 2)
    return picture


def test_an_interrupt_ends_within_a_second_and_leaves_nothing(demo_video, tmp_path):
    command = [sys.executable, "-m", "stream.cli", "extract", str(demo_video), "--out", str(tmp_path / "out")]
    root = Path(__file__).resolve().parents[3]
    environment = os.environ | {"PYTHONPATH": str(root), "KEYART_DEVICE": "cpu"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=root, env=environment)
    assert process.stderr is not None
    for line in process.stderr:
        if "watching" in line:
            break
    started_s = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=20)
    assert process.returncode == 130, rest
    assert "Traceback" not in rest
    assert time.monotonic() - started_s < 3.0  # a second on a free machine
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


ODD_REFUSED = {
    "zero_bytes.mp4": "is empty",
    "text_file.mp4": "not a video",
    "truncated_no_moov.mp4": "not a video",
    "audio_only.mp4": "no video stream",
    "all_black.mp4": "gives no image; pictures turned down: 28 as too dark",
    "fades.mp4": "gives no image",
}
ODD_WARNED = {
    "cut_in_mdat.mp4": "cut_off",
    "bytes_flipped.mp4": "damaged",
    "hdr_pq_4k.mp4": "hdr_peak_assumed",
    "resolution_change.ts": "size_changed",
    "one_frame.mp4": "few_images",
}


@pytest.mark.testdata
def test_odd_files_give_a_result_or_one_clear_line(testdata, tmp_path):
    files = sorted(p for p in (testdata / "odd").iterdir() if p.suffix != ".md")
    outcomes, errors = run_all(files, tmp_path)
    by_name = {o.video.name: o for o in outcomes}
    assert {name for name, o in by_name.items() if o.status == "failed"} == set(ODD_REFUSED)
    for name, words in ODD_REFUSED.items():
        assert any(name in line and words in line for line in errors.splitlines())
    for name, code in ODD_WARNED.items():
        assert code in {w.code for w in manifest_in(by_name[name]).warnings}, name
    smeared = manifest_in(by_name["bytes_flipped.mp4"])
    assert all(image.time_s < 4.3 or image.time_s > 5.9 for image in smeared.images)
    assert not any(tmp_path.glob("all_black.mp4*")) and not any(tmp_path.glob("fades.mp4*"))


@pytest.mark.testdata
def test_the_smoke_episode(testdata, tmp_path):
    import json

    folder = testdata / "episodes" / "E01"
    outcomes, _ = run_all([folder / "E01.mp4"], tmp_path)
    manifest = manifest_in(outcomes[0])
    assert len(manifest.images) == 10
    shots = json.loads((folder / "truth.json").read_text())["shots"]
    for image in manifest.images:
        shot = next(s for s in shots if s["start_s"] <= image.time_s < s["end_s"])
        assert image.faces, image.time_s
        assert shot["kind"] == "person" and shot["degradation"] is None, image.time_s
