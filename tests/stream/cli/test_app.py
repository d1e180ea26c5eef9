from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stream.cli.app import OWN_COMMANDS, build_app
from stream.errors import KeyartError
from stream.output.result_folder import ResultFolder, result_folder
from stream.pipeline.reporter import Outcome, Reporter
from stream.settings.model import Settings
from stream.version import own_version

from ..samples import sample_manifest

ROOT = Path(__file__).resolve().parents[3]


class FakeLibrary:
    """Writes a small result for every file whose name does not say otherwise, and remembers its settings."""

    def __init__(self) -> None:
        self.settings: Settings | None = None

    async def __call__(self, files: list[Path], out: Path, settings: Settings, report: Reporter) -> list[Outcome]:
        self.settings = settings
        return [self._one(video, out, settings, report) for video in files]

    def _one(self, video: Path, out: Path, settings: Settings, report: Reporter) -> Outcome:
        if "bad" in video.name:
            report.failed(video, "is empty, copy it again")
            return Outcome(video, "failed", reason="is empty, copy it again")
        report.stage(video, "watching", 10, 20)
        manifest = sample_manifest(video)
        with ResultFolder(result_folder(out, video), settings.overwrite) as folder:
            folder.write("manifest.json", manifest.dump_json())
        report.finished(video, manifest, folder.target)
        return Outcome(video, "done", folder.target, manifest)


async def no_models(files: list[Path], out: Path, settings: Settings, report: Reporter) -> list[Outcome]:
    raise ExceptionGroup("run", [KeyartError("model eyes is missing, run `keyart models pull`")])


def call(*arguments: str | Path, library: Any = None, plugins: tuple[EntryPoint, ...] = ()) -> Result:
    return CliRunner().invoke(build_app(plugins), [str(a) for a in arguments], obj=library or FakeLibrary())


def test_one_bad_file_gives_one_line_and_the_others_go_on(tmp_path: Path) -> None:
    result = call("extract", "a.mp4", "bad.mp4", "c.mp4", "--out", tmp_path, "--quiet")
    assert result.exit_code == 1
    assert result.stderr == "keyart: bad.mp4: is empty, copy it again\n"
    assert result.stdout == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "c.mp4"]


def test_plain_lines_go_to_stderr(tmp_path: Path) -> None:
    result = call("extract", "a.mp4", "--out", tmp_path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "a.mp4: watching, 10 of 20 frames" in result.stderr


def test_json_is_one_manifest_a_line(tmp_path: Path) -> None:
    result = call("extract", "a.mp4", "b.mp4", "--out", tmp_path, "--json", "--quiet")
    assert [json.loads(line)["video"]["path"] for line in result.stdout.splitlines()] == ["a.mp4", "b.mp4"]
    assert result.exit_code == 0


def test_options_become_settings(tmp_path: Path) -> None:
    config = tmp_path / "my.toml"
    config.write_text("top = 2\njpeg_quality = 70\n")
    library = FakeLibrary()
    result = call(
        "extract", "a.mp4", "--out", tmp_path, "--config", config, "--top", "3", "--format", "square", "--format",
        "portrait", "--decode", "reference", "--start", "0:01:30", "--end", "200.5", "--skip-first", "5",
        "--skip-last", "1:00", "--threads", "2", "--device", "cpu", "--model-set", "mine", "--models", tmp_path,
        "--overwrite", "--set", "probes.per_shot=4", "--set", "rank.weights.eyes=2",
        library=library,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert library.settings is not None
    assert library.settings.non_default() == {
        "top": 3, "jpeg_quality": 70, "formats": ["square", "portrait"], "decode": "reference", "start_s": 90.0,
        "end_s": 200.5, "skip_first_s": 5.0, "skip_last_s": 60.0, "model_set": "mine", "probes.per_shot": 4,
        "rank.weights.eyes": 2.0,
    }  # fmt: skip
    assert (library.settings.overwrite, library.settings.threads, library.settings.models) == (True, 2, tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a/x.mp4", "b/x.mp4", "--out", "o"), "keyart: two inputs are named x.mp4"),
        (("x.mp4", "./x.mp4", "--out", "o"), "keyart: x.mp4 is given twice, name it once\n"),
        (("x.mp4", "--out", "o", "--top", "0"), "keyart: top (flag)"),
        (("x.mp4", "--out", "o", "--start", "soon"), "H:MM:SS"),
        (("x.mp4", "--out", "o", "--skip-last", "-1"), "skip_last_s (--skip-last): must be a time, as seconds (90.5)"),
        (("x.mp4", "--out", "o", "--start", "3", "--end", "2"), "end_s (--end): must be later than start_s (--start)"),
        (("x.mp4", "--out", "o", "--format", "tv"), "known are landscape"),
        (("x.mp4", "--out", "o", "--set", "top"), "section.key=value"),
        (("x.mp4", "--out", "o", "--config", "gone.toml"), "gone.toml: cannot be read"),
        (("x.mp4",), "--out"),
        (("x.mp4", "--out", "o", "--nonsense"), "nonsense"),
        (("x.mp4", "", "--out", "o"), "the name is empty, give a path"),
        (("x.mp4", "--out", ""), "the name is empty, give a path"),
    ],
)
def test_wrong_usage_is_found_before_work(arguments: tuple[str, ...], message: str) -> None:
    library = FakeLibrary()
    result = call("extract", *arguments, library=library)
    assert result.exit_code == 2
    assert message in result.stderr
    assert library.settings is None


def test_what_is_refused_at_once_costs_no_engine(tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    typed = ("http://127.0.0.1/film.mp4", tmp_path / "gone.mp4", empty, tmp_path)
    watched = [sys.executable, "-X", "importtime", "-m", "stream.cli"]
    asked = [*watched, "extract", *map(str, typed), "--out", tmp_path / "o"]
    done = subprocess.run(asked, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    loaded = {line.split("|")[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "stream.decode.container" in loaded
    assert not loaded & {"stream.pipeline.many", "onnxruntime", "sklearn", "numba"}
    assert [line for line in done.stderr.splitlines() if line.startswith("keyart: ")] == [
        "keyart: http://127.0.0.1/film.mp4: is an address, download it and give the file",
        f"keyart: {tmp_path / 'gone.mp4'}: does not exist, check the path",
        f"keyart: {empty}: is empty (zero bytes), copy it again from its source",
        f"keyart: {tmp_path}: is a folder, name the video files in it",
    ]
    assert not (tmp_path / "o").exists()


def test_without_models_every_file_says_why(tmp_path: Path) -> None:
    video, gone = tmp_path / "film.mp4", tmp_path / "gone.mp4"
    video.write_bytes(b"")
    done = tmp_path / "out/done.mp4"
    done.mkdir(parents=True)
    (done / "manifest.json").write_text("{}")
    result = call("extract", gone, video, "done.mp4", "--out", tmp_path / "out", "--quiet", library=no_models)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines] == [str(gone), str(video)]
    assert "does not exist" in lines[0]
    assert "is empty" in lines[1]


def test_without_models_a_good_file_blames_the_model(tmp_path: Path, make_film: Any) -> None:
    import numpy as np

    video = make_film("film.mp4", [np.zeros((64, 64, 3), np.uint8)] * 3)
    result = call("extract", video, "--out", tmp_path / "out", "--quiet", library=no_models)
    assert result.stderr == f"keyart: {video}: model eyes is missing, run `keyart models pull`\n"


def test_config_show_names_the_source_of_every_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_PROBES__PER_SHOT", "5")
    config = tmp_path / "my.toml"
    config.write_text("top = 2\n")
    result = call("config", "show", "--config", config, "--device", "cpu", "--json")
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert (rows["top"]["value"], rows["top"]["source"]) == (2, f"file {config}")
    assert rows["probes.per_shot"]["source"] == "environment KEYART_PROBES__PER_SHOT"
    assert rows["device"]["source"] == "flag"
    assert rows["jpeg_quality"]["source"] == "default"
    table = call("config", "show", "--config", config).stdout.splitlines()
    assert len(table) == 1 + len(rows)
    changed = call("config", "show", "--config", config, "--changed", "--quiet").stdout.splitlines()
    assert [line.split()[0] for line in changed] == ["setting", "top", "probes.per_shot"]


def test_models_list_fetches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "none-yet"))
    result = call("models", "list", "--json")
    assert result.exit_code == 0, result.stderr
    assert {line["state"] for line in json.loads(result.stdout)} == {"missing"}
    assert not (tmp_path / "none-yet").exists()
    assert "centerface" in call("models", "list").stdout


def test_models_says_what_is_wrong(tmp_path: Path) -> None:
    for command in ("list", "pull"):
        result = call("models", command, "--models", tmp_path / "gone")
        assert result.exit_code == 1
        assert result.stderr == f"keyart: {tmp_path / 'gone'}: no such folder of models, check --models\n"


def test_doctor_fails_when_extract_could_not_run(tmp_path: Path) -> None:
    result = call("doctor", "--models", tmp_path / "gone", "--quiet")
    assert result.exit_code == 1
    assert result.stdout.startswith("MISSING models")
    found = json.loads(call("doctor", "--json", "--models", tmp_path / "gone").stdout)
    assert {"name", "state", "found", "advice"} == set(found[0])


def test_version_and_help() -> None:
    assert call("--version").stdout == f"keyart {own_version()}\n"
    shown = call("--help").stdout
    assert all(name in shown for name in OWN_COMMANDS)


def test_a_checkout_that_nobody_installed_has_words_for_a_version() -> None:
    assert own_version("keyart-no-such-distribution") == "(run from source)"


def plugin(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, "keyart.commands")


def test_plugins_add_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keyart_plugin_sample.py").write_text(
        "import typer\napp = typer.Typer()\n"
        "@app.command()\ndef one(): print('one')\n@app.command()\ndef two(): print('two')\n"
        "def greet(name: str): print('hello', name)\nnumber = 3\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    plugins = (
        plugin("many", "keyart_plugin_sample:app"),
        plugin("greet", "keyart_plugin_sample:greet"),
        plugin("number", "keyart_plugin_sample:number"),
        plugin("gone", "keyart_plugin_that_is_not_there:app"),
        plugin("extract", "keyart_plugin_sample:greet"),
    )
    assert call("many", "two", plugins=plugins).stdout == "two\n"
    assert call("greet", "you", plugins=plugins).stdout == "hello you\n"
    for name in ("gone", "number"):
        result = call(name, "some", "--thing", plugins=plugins)
        assert result.exit_code == 1
        assert result.stderr.startswith(f"keyart: {name}: cannot be loaded from keyart_plugin_")
        assert result.stderr.count("\n") == 1
    assert call("--help", plugins=plugins).exit_code == 0


def test_a_plugin_never_replaces_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    build_app([plugin("extract", "os:getcwd")])
    assert "plugin extract (os:getcwd) has the name of a command, left out" in capsys.readouterr().err


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom stream.cli import build_app\nbuild_app(())\n"
        "heavy = {'numpy', 'cv2', 'av', 'onnxruntime', 'sklearn', 'pydantic', 'anyio'} & set(sys.modules)\n"
        "print(sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


INTERRUPTED_IN_AN_IMPORT = """
    import os, signal, sys
    from pathlib import Path
    from stream.cli import build_app

    class Finder:
        "Turns what a signal raises into an error of its own, as C code does that imports NumPy."
        def find_spec(self, name, path=None, target=None):
            if name == "stream.pipeline.many":
                try:
                    os.kill(os.getpid(), signal.SIGINT)
                except BaseException:
                    raise ImportError("import numpy failed") from None

    sys.meta_path.insert(0, Finder())
    build_app(())(["extract", sys.argv[1], "--out", sys.argv[2], "--log", sys.argv[3]])
"""


def test_an_interrupt_within_the_imports_is_an_interrupt(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    (tmp_path / "a.mp4").write_bytes(bytes(9))  # what is refused at once needs none of the imports
    arguments = [str(tmp_path / "a.mp4"), str(tmp_path / "out"), str(log)]
    command = [sys.executable, "-c", textwrap.dedent(INTERRUPTED_IN_AN_IMPORT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (130, "keyart: interrupted, nothing was left half-written\n")
    assert [json.loads(line)["event"] for line in log.read_text().splitlines()][-1] == "run interrupted"


SIGNALLED_AT_ONCE = """
    import os, signal, sys
    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name == "typer":
                os.kill(os.getpid(), signal.SIGTERM)
    sys.meta_path.insert(0, Finder())
    from stream.cli import main
    main()
"""


def test_a_signal_before_the_command_line_is_read_ends_it_in_one_line() -> None:
    command = [sys.executable, "-c", textwrap.dedent(SIGNALLED_AT_ONCE), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (143, "keyart: interrupted, nothing was left half-written\n")
