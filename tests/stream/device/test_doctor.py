from __future__ import annotations

from pathlib import Path

import pytest

from stream.device.doctor import ESSENTIAL_CODECS, diagnose
from stream.device.finding import Finding
from stream.settings.model import Settings


def by_name(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in diagnose(settings)}


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "kept"))
    return tmp_path / "kept"


def test_a_machine_that_can_run_the_tests_can_run_extract(empty_cache: Path) -> None:
    found = by_name(Settings())
    assert [finding for finding in found.values() if finding.state == "missing"] == []
    assert found["device"].found.endswith("(asked for: auto)")
    assert all(codec in found["codecs"].found for codec in ESSENTIAL_CODECS)
    assert "CPU" in found["providers"].found


def test_models_that_the_first_run_pulls_are_a_note(empty_cache: Path) -> None:
    eyes = by_name(Settings())["eyes"]
    assert eyes.state == "note"
    assert "keyart models pull" in eyes.advice
    assert not empty_cache.exists()


def test_a_folder_of_models_that_is_not_there_is_missing(tmp_path: Path) -> None:
    models = by_name(Settings(models=tmp_path / "gone"))["models"]
    assert (models.state, models.found) == ("missing", f"{tmp_path / 'gone'}: no such folder of models, check --models")


def test_a_set_that_is_not_known_is_missing(empty_cache: Path) -> None:
    assert by_name(Settings(model_set="nonsense"))["models"].state == "missing"
