"""The benchmark of colours, on some of its kinds."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import colour
from benchmarks.colour import Kind, kinds, measure
from kernels.surface import Colour


def has_zscale() -> bool:
    if shutil.which("ffmpeg") is None:
        return False
    return " zscale " in subprocess.run(["ffmpeg", "-filters"], capture_output=True, text=True, check=True).stdout


ALL = list(kinds())
HDR = [kind for kind in ALL if kind.colour.transfer in ("pq", "hlg")]


def test_every_matrix_range_depth_and_subsampling_is_measured() -> None:
    assert len(ALL) == 54 + 1 + 16
    assert len({str(kind) for kind in ALL}) == len(ALL)


@pytest.mark.parametrize("kind", HDR[::3], ids=str)
def test_high_dynamic_range_is_as_the_formulas_say(kind: Kind, tmp_path: Path) -> None:
    result = measure(kind, tmp_path)
    assert result.passed
    assert result.mean < 0.5
    assert 0.1 < result.clipped < 0.9


@pytest.mark.skipif(not has_zscale(), reason="no ffmpeg with zscale")
@pytest.mark.parametrize("kind", [*ALL[:54:7], ALL[54]], ids=str)
def test_standard_range_is_as_zscale_shows_it(kind: Kind, tmp_path: Path) -> None:
    result = measure(kind, tmp_path)
    assert result.passed
    assert result.mean < 0.5


def test_wrong_colours_are_too_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = Kind(Colour("bt2020", False, "bt2020", "pq"), 10, "420")
    tagged = colour._tag
    monkeypatch.setattr(colour, "_tag", lambda target, told: tagged(target, replace(told, transfer="hlg")))
    assert not measure(kind, tmp_path).passed
