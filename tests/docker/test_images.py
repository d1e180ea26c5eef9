"""The container files and the compose files, read by the tools that know them; no Docker engine is needed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from stream.settings.serving import ServeSettings

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
CONTAINER_FILES = ("Dockerfile.cpu", "Dockerfile.cuda")
COMPOSE = DOCKER / "compose.yaml"
FILLED_IN = {"POSTGRES_PASSWORD": "one", "GRAFANA_PASSWORD": "two"}
"""What a person must fill in in a copy of .env.example."""


def tool(name: str) -> Path:
    """A program that came with a package of the test's own environment."""
    found = Path(sys.executable).with_name(name)
    if not found.is_file():
        pytest.fail(f"{name} is not beside {sys.executable}: install the extra `test`")
    return found


def composed(*files: Path, passwords: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What `docker-compose config` makes of the files, with .env.example and the passwords given."""
    arguments = [word for file in files for word in ("--file", str(file))]
    environment = {"PATH": os.environ["PATH"], **passwords}
    return subprocess.run(
        [tool("docker-compose"), "--env-file", DOCKER / ".env.example", *arguments, "config", "--format", "json"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """Service → its settings, as Compose reads them."""
    ran = composed(COMPOSE, passwords=FILLED_IN)
    assert (ran.returncode, ran.stderr) == (0, "")
    found = json.loads(ran.stdout)["services"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", CONTAINER_FILES)
def test_hadolint_finds_nothing(name: str) -> None:
    ran = subprocess.run([tool("hadolint"), DOCKER / name], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.parametrize("name", CONTAINER_FILES)
def test_an_image_holds_what_the_service_needs_and_runs_as_a_number(name: str) -> None:
    text = (DOCKER / name).read_text()
    assert f"requirements/{name.removeprefix('Dockerfile.')}-serve.txt" in text
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["1000:1000"]
    assert "tensorrt-cu13" not in (ROOT / "requirements" / "cuda-serve.txt").read_text()
    assert ("ARG TENSORRT" in text) == (name == "Dockerfile.cuda")


@pytest.mark.parametrize("name", CONTAINER_FILES)
def test_what_is_copied_is_there_and_not_ignored(name: str) -> None:
    copied = re.findall(r"^COPY (?!--)(.*) \S+$", (DOCKER / name).read_text(), re.MULTILINE)
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for source in (word for line in copied for word in line.split()):
        assert (ROOT / source).exists()
        assert any(Path(source).match(one) for one in let_in), f".dockerignore keeps {source} out"


def test_a_password_that_is_not_filled_in_is_refused() -> None:
    ran = composed(COMPOSE, passwords={})
    assert ran.returncode != 0
    assert "fill in docker/.env" in ran.stderr


def test_no_password_stands_in_the_files() -> None:
    compose = yaml.safe_load(COMPOSE.read_text())
    assert compose["secrets"] == {
        "postgres_password": {"environment": "POSTGRES_PASSWORD"},
        "grafana_password": {"environment": "GRAFANA_PASSWORD"},
    }
    example = (DOCKER / ".env.example").read_text()
    assert re.findall(r"^(\w+PASSWORD)=(.*)$", example, re.MULTILINE) == [(name, "") for name in FILLED_IN]
    ignored = subprocess.run(["git", "check-ignore", "-q", "docker/.env"], cwd=ROOT, check=False)
    assert ignored.returncode in (0, 128), "docker/.env would be kept in git"


def test_services_come_back_are_watched_and_bounded(services: dict[str, Any]) -> None:
    once = {"models"}
    assert set(services) == {"keyart", "models", "postgres", "prometheus", "grafana"}
    for name, service in services.items():
        assert service["restart"] == ("no" if name in once else "unless-stopped"), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name not in {"keyart", *once}:  # these have the image's own check
            assert service["healthcheck"]["test"], name
        if name not in once:
            assert int(service["mem_limit"]) >= 2**28, name
            assert service["cpus"] > 0, name


def test_images_of_others_are_pinned_by_a_version(services: dict[str, Any]) -> None:
    others = {service["image"] for service in services.values() if "build" not in service}
    assert len(others) == 3
    for image in others:
        assert re.fullmatch(r"[\w/]+:v?\d+\.\d+(\.\d+)?(-\w+)?", image), image


def test_films_in_work_have_their_time_before_the_service_is_killed(services: dict[str, Any]) -> None:
    seconds = int(services["keyart"]["stop_grace_period"].removesuffix("m0s")) * 60
    assert seconds >= ServeSettings().drain_s + 15, "time to give films back and to close"


def test_only_the_page_and_the_dashboard_are_reached_from_outside(services: dict[str, Any]) -> None:
    published = {(name, port["host_ip"], port["target"]) for name, service in services.items()
                 for port in service.get("ports", ())}  # fmt: skip
    assert published == {("keyart", "127.0.0.1", 8000), ("grafana", "127.0.0.1", 3000)}


def test_the_settings_in_the_environment_exist(services: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from stream.settings.load import load_settings

    for name, value in services["keyart"]["environment"].items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert (settings.serve.address, settings.backfill.metrics_address) == ("0.0.0.0", "0.0.0.0")
    assert settings.serve.hosts == ("localhost", "127.0.0.1")


def test_the_gpu_is_asked_for_in_a_file_of_its_own() -> None:
    ran = composed(COMPOSE, DOCKER / "compose.cuda.yaml", passwords=FILLED_IN)
    assert (ran.returncode, ran.stderr) == (0, "")
    keyart = json.loads(ran.stdout)["services"]["keyart"]
    assert (keyart["image"], keyart["build"]["dockerfile"]) == ("keyart:cuda", "docker/Dockerfile.cuda")
    (device,) = keyart["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu", "video"])


def test_the_command_of_the_service_is_known(services: dict[str, Any]) -> None:
    from typer.main import get_command

    from stream.cli.app import build_app

    commands: dict[str, Any] = vars(get_command(build_app([])))["commands"]
    command, *arguments = services["keyart"]["command"]
    known = {flag for option in commands[command].params for flag in option.opts}
    assert {word for word in arguments if word.startswith("--")} <= known
