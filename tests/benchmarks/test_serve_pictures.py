"""The benchmark of the review page's pictures in short: it measures what it says."""

from __future__ import annotations

from pathlib import Path

from benchmarks.serve_pictures import make_film, measure
from stream.decode.keys import key_before


def test_steps_strips_and_crops_are_measured(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mp4", 21, (192, 108))
    assert key_before(tmp_path / "film.mp4", 9.9) == 0.0 and key_before(tmp_path / "film.mp4", 20.5) == 20.0
    found = measure(tmp_path / "film.mp4", 1)
    assert (found["film"], found["places"]) == ("192x108", 2)
    for kind in ("process", "step", "step_at_hand", "frame", "crops", "strip"):
        assert 0 < float(str(found[f"{kind}_s"])) <= float(str(found[f"{kind}_longest_s"]))
    assert found["holds"] is (float(str(found["step_longest_s"])) <= 2 and float(str(found["strip_longest_s"])) <= 2)
