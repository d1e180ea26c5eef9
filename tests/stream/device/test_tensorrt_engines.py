"""`keyart models build` with peers of the GPU, of TensorRT and of the builder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from engines import trt
from engines.trt import TensorRt
from stream.cli.app import build_app
from stream.device.models import ROLES
from stream.device.tensorrt_engines import BuildParts, build_engines, buildable, engine_folder
from stream.errors import KeyartError
from stream.settings.model import Settings

ROOT = Path(__file__).resolve().parents[3]
FOUND = TensorRt("10.13.0", None)
BUILDER = """
import pathlib, sys
sys.path.insert(0, {root!r})
from engines.trt import model_folder
folder = model_folder(pathlib.Path(sys.argv[3]), sys.argv[1], pathlib.Path(sys.argv[2]))
folder.mkdir()
(folder / "graph.engine").write_bytes(bytes(1000))
"""
WAITS = """
import os, pathlib, signal, sys
pathlib.Path(sys.argv[3], "half.engine").write_text("half")
with open(f"/proc/{{os.getppid()}}/fd/2", "w") as heard_by_the_test:
    print("begun", os.getpid(), file=heard_by_the_test)
signal.pause()
"""
COMMAND = """
import sys
from engines.trt import TensorRt
from stream.cli import build_app
from stream.device.tensorrt_engines import BuildParts
parts = BuildParts(
    lambda: None, lambda: TensorRt("10.13.0", None), (sys.executable, {builder!r}), lambda: "loops", lambda: "kernels"
)
build_app([])(["models", "build", "--models", {models!r}, "--set", {engines!r}], obj=parts)
"""


@pytest.fixture
def own_models(tmp_path: Path) -> Path:
    """A folder with a user's own file for every role; they are no models, and nothing here loads them."""
    folder = tmp_path / "models"
    folder.mkdir()
    for role in ROLES:
        (folder / f"{role}.onnx").write_text(role)
    return folder


@pytest.fixture
def settings(tmp_path: Path, own_models: Path) -> Settings:
    return Settings(models=own_models, engines=tmp_path / "engines")


def parts(tmp_path: Path, source: str = BUILDER, problem: str | None = None, found: TensorRt = FOUND) -> BuildParts:
    path = tmp_path / "builder.py"
    path.write_text(source.format(root=str(ROOT)))
    builder = (sys.executable, str(path))
    return BuildParts(lambda: problem, lambda: found, builder, lambda: "loops compiled", lambda: "kernels compiled")


def build(settings: Settings, doors: BuildParts, *more: str) -> Result:
    arguments = ["models", "build", "--models", str(settings.models), "--set", f"engines={settings.engines}", *more]
    return CliRunner().invoke(build_app([]), arguments, obj=doors)


@pytest.mark.slow
def test_sessions_use_engines_only_when_all_are_built_by_the_tensorrt_of_today(
    tmp_path: Path, settings: Settings
) -> None:
    assert engine_folder(settings, lambda: FOUND) is None
    result = build(settings, parts(tmp_path), "--json")
    assert result.exit_code == 0, result.stderr
    assert [row["role"] for row in json.loads(result.stdout)] == [r for r in ROLES if r in buildable(settings)]
    assert result.stderr.startswith("TensorRT 10.13.0; its provider loads\n")
    assert "detector (1 of 10): building" in result.stderr
    folder = engine_folder(settings, lambda: FOUND)
    assert folder is not None
    assert folder.parent == settings.engines
    assert engine_folder(settings, lambda: TensorRt("10.14.0", None)) is None
    assert engine_folder(settings, lambda: TensorRt("10.13.0", "the provider does not load")) is None
    (settings.models or Path()).joinpath("eyes.onnx").write_text("other weights")
    assert engine_folder(settings, lambda: FOUND) is None


@pytest.mark.slow
def test_quiet_and_again(tmp_path: Path, settings: Settings) -> None:
    assert build(settings, parts(tmp_path), "--quiet").stderr == ""
    assert "already built" in build(settings, parts(tmp_path)).stderr
    assert "already built" not in build(settings, parts(tmp_path), "--again").stderr


@pytest.mark.parametrize(
    ("doors", "there", "reason"),
    [
        ({"problem": "no CUDA device found"}, "TensorRT 10.13.0; its provider loads", "no CUDA device found"),
        (
            {"found": TensorRt("10.13.0", "libcudnn.so.9: cannot open")},
            "TensorRT 10.13.0; not used: libcudnn.so.9: cannot open",
            "libcudnn.so.9: cannot open",
        ),
        (
            {"found": TensorRt(None, "libnvinfer.so.10: cannot open")},
            "TensorRT is not installed as a Python package; not used: libnvinfer.so.10: cannot open",
            "libnvinfer.so.10: cannot open",
        ),
    ],
)
def test_what_there_is_of_tensorrt_comes_first_and_then_why_nothing_can_be_built(
    tmp_path: Path, settings: Settings, doors: dict[str, object], there: str, reason: str
) -> None:
    failed = f"keyart: TensorRT engines cannot be built here: {reason}\n"
    result = build(settings, parts(tmp_path, **doors))  # type: ignore[arg-type]
    assert (result.exit_code, result.stdout) == (1, "")
    compiled = "loops compiled\n" if "problem" in doors else "loops compiled\nkernels compiled\n"
    assert result.stderr == f"{there}\n{compiled}{failed}"
    assert build(settings, parts(tmp_path, **doors), "--quiet").stderr == failed  # type: ignore[arg-type]
    assert not (tmp_path / "engines").exists()


def test_a_model_that_cannot_be_built_is_named(tmp_path: Path, settings: Settings) -> None:
    result = build(settings, parts(tmp_path, "raise SystemExit('out of memory')"), "--quiet")
    assert result.exit_code == 1
    assert result.stderr == "keyart: detector: TensorRT engine not built: out of memory\n"


def test_this_machine_says_what_it_lacks(settings: Settings) -> None:
    if not os.path.exists("/dev/nvidiactl"):
        with pytest.raises(KeyartError, match="TensorRT engines cannot be built here: "):
            build_engines(settings, print)


@pytest.mark.timeout(60)
def test_ctrl_c_stops_within_a_second_and_leaves_nothing(tmp_path: Path, settings: Settings) -> None:
    script = tmp_path / "builder.py"
    script.write_text(WAITS.format())
    values = {"builder": str(script), "models": str(settings.models), "engines": f"engines={settings.engines}"}
    command = [sys.executable, "-c", textwrap.dedent(COMMAND.format(**values))]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        begun = next((line for line in lines if line.startswith("begun")), None)
        assert begun is not None, "the command ended before the builder began"
        started_s = time.perf_counter()
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=10)
        took_s = time.perf_counter() - started_s
    assert (process.returncode, took_s < 1.5) == (130, True)
    assert stderr.endswith("keyart: interrupted, nothing was left half-written\n")
    assert "Traceback" not in stderr
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.split()[1]), 0)
    assert not list((tmp_path / "engines").rglob("*.engine"))
    assert trt.all_built(tmp_path / "engines", {}) is False
