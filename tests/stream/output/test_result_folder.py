from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stream.errors import KeyartError, UsageError
from stream.output.result_folder import (
    ResultFolder,
    abandon_all,
    explain_os_error,
    has_result,
    refuse_equal_names,
    result_folder,
)


def finish(target: Path, content: str, overwrite: bool = False) -> None:
    with ResultFolder(target, overwrite) as folder:
        folder.write("manifest.json", content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_result_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "film.mp4"
    with ResultFolder(target) as folder:
        folder.write("landscape/01.jpg", b"picture")
        assert folder.write("manifest.json", "{}") == target / "manifest.json"
        assert not target.exists()
    assert has_result(target)
    assert (target / "landscape/01.jpg").read_bytes() == b"picture"
    assert names(target.parent) == ["film.mp4"]


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_nothing_stays_of_a_failure_or_a_cancellation(tmp_path: Path, error: BaseException) -> None:
    def fail() -> None:
        with ResultFolder(tmp_path / "film.mp4") as folder:
            folder.write("a/b", b"x")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert names(tmp_path) == []


def test_an_older_result_stays_unless_it_may_be_replaced(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    finish(target, "old")
    with pytest.raises(KeyartError, match="--overwrite"):
        finish(target, "new")
    assert (target / "manifest.json").read_text() == "old"
    finish(target, "new", overwrite=True)
    assert (target / "manifest.json").read_text() == "new"
    assert names(tmp_path) == ["film.mp4"]


def test_a_failure_while_replacing_leaves_the_older_result(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    finish(target, "old")

    def fail() -> None:
        with ResultFolder(target, overwrite=True) as folder:
            folder.write("manifest.json", "new")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert (target / "manifest.json").read_text() == "old"
    assert names(tmp_path) == ["film.mp4"]


def test_a_failed_exchange_brings_the_older_result_back(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    finish(target, "old")

    def lose_the_new_one() -> None:
        with ResultFolder(target, overwrite=True) as folder:
            folder.write("manifest.json", "new")
            abandon_all()

    with pytest.raises(KeyartError):
        lose_the_new_one()
    assert (target / "manifest.json").read_text() == "old"
    assert names(tmp_path) == ["film.mp4"]


def test_what_is_no_result_is_never_replaced(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    target.mkdir()
    (target / "diary.txt").write_text("mine")
    with pytest.raises(KeyartError, match="something else than a result"):
        finish(target, "new", overwrite=True)
    assert names(target) == ["diary.txt"]
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(KeyartError, match="in the way and no folder"):
        finish(file, "new", overwrite=True)
    with pytest.raises(KeyartError, match="in the way and no folder"):
        finish(file / "film.mp4", "new")


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").mkdir()
    finish(tmp_path / "film.mp4", "new")
    assert has_result(tmp_path / "film.mp4")


def test_a_result_that_another_finished_meanwhile_stays(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"

    def come_second() -> None:
        with ResultFolder(target) as folder:
            folder.write("manifest.json", "second")
            target.mkdir()
            (target / "manifest.json").write_text("first")

    with pytest.raises(KeyartError, match="appeared while it was being made"):
        come_second()
    assert (target / "manifest.json").read_text() == "first"
    assert names(tmp_path) == ["film.mp4"]


def dead_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_what_dead_processes_left_is_cleaned_up(tmp_path: Path) -> None:
    for pid in (dead_process(), os.getpid()):  # containers hand out the same numbers again
        left = tmp_path / f".film.mp4.partial-{pid}"
        left.mkdir(exist_ok=True)
        (left / "half").write_text("x")
    other = tmp_path / ".other.mp4.partial-1"
    other.mkdir()
    finish(tmp_path / "film.mp4", "new")
    assert names(tmp_path) == [".other.mp4.partial-1", "film.mp4"]


def test_a_result_that_a_dead_process_had_moved_aside_comes_back(tmp_path: Path) -> None:
    aside = tmp_path / f".film.mp4.old-{dead_process()}"
    aside.mkdir()
    (aside / "manifest.json").write_text("old")
    with pytest.raises(KeyartError, match="already there"):
        finish(tmp_path / "film.mp4", "new")
    assert (tmp_path / "film.mp4/manifest.json").read_text() == "old"
    assert names(tmp_path) == ["film.mp4"]


def test_what_living_processes_write_is_left_alone(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom stream.output.result_folder import ResultFolder\n"
        "with ResultFolder(Path(sys.argv[1])) as f:\n"
        "    f.write('manifest.json', 'theirs'); print('ready', flush=True); sys.stdin.readline(); raise SystemExit\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "film.mp4")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        finish(tmp_path / "film.mp4", "mine")
        assert names(tmp_path) == [f".film.mp4.partial-{other.pid}", "film.mp4"]
        other.stdin.write("\n")
    assert names(tmp_path) == ["film.mp4"]


@pytest.mark.parametrize("name", ["../up", "/etc/x", "", "a/../../b"])
def test_files_stay_inside(tmp_path: Path, name: str) -> None:
    with ResultFolder(tmp_path / "film.mp4") as folder, pytest.raises(ValueError, match="no place inside"):
        folder.write(name, b"")


def test_a_long_name_finds_room_for_its_temporary_folder(tmp_path: Path) -> None:
    target = tmp_path / ("é" * 125 + ".mp4")
    finish(target, "new")
    assert has_result(target)


def test_a_full_disk_has_a_reason() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with pytest.raises(OSError) as caught, open("/dev/full", "wb", buffering=0) as full:
        full.write(b"x")
    assert caught.value.errno == errno.ENOSPC
    assert explain_os_error(caught.value, Path("out")) == "no space left for out, free some or choose another --out"


def test_a_folder_that_cannot_be_written_has_a_reason() -> None:
    if not Path("/proc/self").exists():
        pytest.skip("needs a file system that refuses")
    with pytest.raises(KeyartError, match="choose another --out"):
        finish(Path("/proc/keyart/film.mp4"), "new")


def test_names_of_results() -> None:
    assert result_folder(Path("out"), Path("a/b/film.mkv")) == Path("out/film.mkv")
    assert result_folder(Path("out"), Path("a/..")).name == Path.cwd().name
    refuse_equal_names([Path("a/film.mkv"), Path("a/film.mp4")])
    with pytest.raises(UsageError, match=r"two inputs are named film\.mkv"):
        refuse_equal_names([Path("a/film.mkv"), Path("film.mkv")])
