"""TensorRT engines built by a fake of the builder: a real child process that writes, fails or never ends."""

from __future__ import annotations

import json
import os
import signal
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import onnxruntime as ort
import pytest

from engines import trt
from engines.errors import ModelError
from engines.trt import BUILT_FILE, TensorRt, all_built, engine_key, inspect_tensorrt, model_folder
from engines.trt_build import build_engines

FOUND = TensorRt("10.13.0", None)
WRITES = """
    import pathlib, sys
    sys.path.insert(0, {root!r})
    from engines.trt import model_folder
    role, model, scratch = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    folder = model_folder(scratch, role, model)
    folder.mkdir()
    seen = scratch / "all.timing"
    known = seen.read_text() if seen.exists() else ""
    (folder / "graph_sm90.engine").write_text(f"engine of {{role}}, knew [{{known}}]")
    seen.write_text(known + role)
"""
FAILS = """
    import pathlib, sys
    pathlib.Path(sys.argv[3], "half.engine").write_text("half")
    print("noise\\nno kernel for node Conv_7", file=sys.stderr)
    sys.exit(3)
"""
NEVER_ENDS = """
    import os, pathlib, signal, sys
    pathlib.Path(sys.argv[3], "half.engine").write_text("half")
    pathlib.Path(sys.argv[2]).with_name("eyes.pid").write_text(str(os.getpid()))
    os.kill(os.getppid(), signal.SIGUSR1)
    signal.pause()
"""
ROOT = Path(__file__).resolve().parents[2]
Builder = Callable[[str], tuple[str, ...]]


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    """`builder(source)`: the command that runs it."""

    def make(source: str) -> tuple[str, ...]:
        path = tmp_path / "builder.py"
        path.write_text(textwrap.dedent(source.format(root=str(ROOT)) if "{root" in source else source))
        return sys.executable, str(path)

    return make


@pytest.fixture
def models(tmp_path: Path) -> dict[str, Path]:
    found = {}
    for role in ("detector", "eyes"):
        found[role] = tmp_path / f"{role}.onnx"
        found[role].write_text(f"model of {role}")
    return found


def test_engines_are_built_once_and_share_their_timings(
    tmp_path: Path, models: dict[str, Path], builder: Builder
) -> None:
    engines, said = tmp_path / "engines", list[str]()
    build_engines(engines, models, FOUND, said.append, builder=builder(WRITES))
    assert all_built(engines, models)
    folders = [model_folder(engines, role, model) for role, model in models.items()]
    assert [(folder / "graph_sm90.engine").read_text() for folder in folders] == [
        "engine of detector, knew []",
        "engine of eyes, knew [detector]",
    ]
    assert json.loads((folders[0] / BUILT_FILE).read_text())["version"] == "10.13.0"
    assert said[0] == "detector (1 of 2): building, this takes minutes"
    assert said[3].startswith("eyes (2 of 2): built in ")
    assert sorted(path.name for path in engines.iterdir()) == [".lock", "all.timing", *sorted(f.name for f in folders)]
    again = build_engines(engines, models, FOUND, said.append, builder=builder(FAILS))
    assert [one.seconds for one in again] == [None, None]


def test_what_fails_says_why_and_what_was_built_stays(
    tmp_path: Path, models: dict[str, Path], builder: Builder
) -> None:
    engines = tmp_path / "engines"
    build_engines(engines, {"eyes": models["eyes"]}, FOUND, print, builder=builder(WRITES))
    with pytest.raises(ModelError, match=r"^detector: TensorRT engine not built: no kernel for node Conv_7$"):
        build_engines(engines, models, FOUND, print, builder=builder(FAILS))
    assert not all_built(engines, models)
    assert all_built(engines, {"eyes": models["eyes"]})
    assert not list(engines.rglob("half.engine"))
    with pytest.raises(ModelError, match="left no engine"):
        build_engines(engines, models, FOUND, print, builder=(sys.executable, "-c", "pass"))
    with pytest.raises(ModelError, match="signal 9"):
        killed = "import os; os.kill(os.getpid(), 9)"
        build_engines(engines, models, FOUND, print, builder=(sys.executable, "-c", killed))


def test_an_interrupt_ends_the_child_at_once(tmp_path: Path, models: dict[str, Path], builder: Builder) -> None:
    class Interrupted(BaseException):
        pass

    def interrupted(number: int, frame: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupted)
    try:
        with pytest.raises(Interrupted):
            build_engines(tmp_path / "engines", models, FOUND, print, builder=builder(NEVER_ENDS))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert [path.name for path in (tmp_path / "engines").iterdir()] == [".lock"]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "eyes.pid").read_text()), 0)


def test_engines_belong_to_the_versions_and_gpus_that_made_them() -> None:
    assert engine_key(FOUND) == f"tensorrt-10.13.0-ort-{ort.__version__}"
    others = [TensorRt(None, None), TensorRt("10.14.0", None), TensorRt("10.13.0", None, "90")]
    assert len({engine_key(one) for one in (FOUND, *others)}) == 4
    assert not all_built(Path("nowhere"), {})


def test_what_hinders_tensorrt_is_one_line() -> None:
    found = inspect_tensorrt(lambda provider: "its libraries are older than the driver")
    assert found.problem is not None
    assert "\n" not in found.summary()
    assert found.usable is False
    missing = trt.library_problem("libnvinfer.so.0")
    assert missing is not None
    assert "libnvinfer.so.0" in missing
    assert TensorRt("10.13.0", None).summary() == "TensorRT 10.13.0; its provider loads"
