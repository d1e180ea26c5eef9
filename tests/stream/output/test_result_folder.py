from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stream import log
from stream.errors import KeyartError, UsageError
from stream.output.leftovers import (
    STALE_AFTER_S,
    FoldersWithLeftovers,
    clean_up_leftovers,
    own_host,
    remove,
    temporary_folders,
)
from stream.output.result_folder import (
    FolderKind,
    ResultFolder,
    abandon_all,
    explain_os_error,
    has_result,
    refuse_equal_names,
    refuse_out,
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


def test_another_kind_of_folder_is_told_by_its_own_mark(tmp_path: Path) -> None:
    kind, target = FolderKind("a letter", ("letter.txt",), "--letters", "ask for it"), tmp_path / "film.mp4"
    finish(target, "a result")
    with pytest.raises(KeyartError, match="something else than a letter, move it away or choose another --letters"):
        ResultFolder(target, overwrite=True, kind=kind).__enter__()
    assert (target / "manifest.json").read_text() == "a result"
    for text in ("old", "new"):
        with ResultFolder(tmp_path / "mine", overwrite=True, kind=kind) as folder:
            folder.write("letter.txt", text)
    assert (tmp_path / "mine/letter.txt").read_text() == "new"
    with pytest.raises(KeyartError, match="already there, ask for it"):
        ResultFolder(tmp_path / "mine", kind=kind).__enter__()


def test_what_takes_its_place_sooner_stays_when_the_block_fails(tmp_path: Path) -> None:
    folder = ResultFolder(tmp_path / "film.mp4")
    with pytest.raises(RuntimeError), folder:
        folder.write("manifest.json", "{}")
        folder.commit()
        raise RuntimeError
    folder.abandon()
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


def killed(target: Path, after: str) -> None:
    """A process that replaces a result and is killed (`kill -9`) after this step of ResultFolder's."""
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom stream.output.result_folder import ResultFolder\n"
        "class Killed(ResultFolder):\n"
        f"    def {after}(self):\n        super().{after}()\n        os.kill(os.getpid(), signal.SIGKILL)\n"
        "with Killed(Path(sys.argv[1]), overwrite=True) as f:\n    f.write('manifest.json', 'theirs')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    assert done.returncode == -signal.SIGKILL


def test_what_dead_processes_left_is_cleaned_up(tmp_path: Path) -> None:
    for pid in (1, os.getpid()):  # containers hand out the same numbers again
        left = tmp_path / f".film.mp4.partial-{own_host()}-{pid}-0123abcd"
        left.mkdir()
        (left / "half").write_text("x")
    other = tmp_path / f".other.mp4.partial-{own_host()}-1-0123abcd"
    other.mkdir()
    finish(tmp_path / "film.mp4", "new")
    assert names(tmp_path) == [other.name, "film.mp4"]


def test_a_result_that_a_killed_process_had_moved_aside_comes_back(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    finish(target, "old")
    killed(target, "_move_old_aside")
    assert not target.exists()
    assert [name.split("-")[0] for name in names(tmp_path)] == [".film.mp4.old", ".film.mp4.partial"]
    with pytest.raises(KeyartError, match="already there"):
        finish(target, "new")
    assert (target / "manifest.json").read_text() == "old"
    assert names(tmp_path) == ["film.mp4"]


ELSEWHERE = "elsewhere-0123abcd-4711-89abcdef"


@pytest.fixture
def of_another_host(tmp_path: Path) -> tuple[Path, Path]:
    """Folders of a process on another host that shares the disk; its lock is not seen here."""
    partial, old = (tmp_path / f".film.mp4.{what}-{ELSEWHERE}" for what in ("partial", "old"))
    for folder in (partial, old):
        folder.mkdir()
        (folder / "manifest.json").write_text(folder.name)
    return partial, old


def test_what_another_host_writes_is_left_alone(tmp_path: Path, of_another_host: tuple[Path, Path]) -> None:
    partial, old = of_another_host
    target = tmp_path / "film.mp4"
    finish(target, "mine")
    finish(target, "mine again", overwrite=True)
    assert names(tmp_path) == [old.name, partial.name, "film.mp4"]
    assert (target / "manifest.json").read_text() == "mine again"


def test_a_folder_whose_owner_is_not_named_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".film.mp4.partial-4711").mkdir()
    finish(tmp_path / "film.mp4", "new")
    assert names(tmp_path) == [".film.mp4.partial-4711", "film.mp4"]


def test_what_another_host_left_long_ago_is_cleaned_up(tmp_path: Path, of_another_host: tuple[Path, Path]) -> None:
    partial, old = of_another_host
    target, own = tmp_path / "film.mp4", temporary_folders(tmp_path / "film.mp4")[0]
    written_s = max(folder.stat().st_ctime for folder in of_another_host)
    clean_up_leftovers(target, own, written_s + STALE_AFTER_S - 1)
    assert names(tmp_path) == [old.name, partial.name]
    clean_up_leftovers(target, own, written_s + STALE_AFTER_S + 1)
    assert names(tmp_path) == ["film.mp4"]
    assert (target / "manifest.json").read_text() == old.name


def test_what_the_killed_left_beside_many_results_is_cleaned_up(tmp_path: Path) -> None:
    unfinished, moved = tmp_path / "unfinished.mp4", tmp_path / ("long" * 60 + ".mp4")
    finish(moved, "moved aside")
    for target in (unfinished, moved):
        killed(target, "_move_old_aside" if target == moved else "_check_target")
    assert len(names(tmp_path)) == 3
    folders = FoldersWithLeftovers()
    for target in (unfinished, moved, tmp_path / "other.mp4", tmp_path / "no folder" / "film.mp4"):
        folders.clean_up(target)
    assert names(tmp_path) == [moved.name]
    assert (moved / "manifest.json").read_text() == "moved aside"


def test_every_process_and_every_attempt_has_its_own_folder(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    with ResultFolder(target, overwrite=True) as first, ResultFolder(target, overwrite=True) as second:
        first.write("manifest.json", "first")
        second.write("manifest.json", "second")
        partials = names(tmp_path)
        assert len(partials) == 2
        assert all(name.startswith(f".film.mp4.partial-{own_host()}-{os.getpid()}-") for name in partials)
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
        theirs, mine = names(tmp_path)
        assert (theirs.rsplit("-", 1)[0], mine) == (f".film.mp4.partial-{own_host()}-{other.pid}", "film.mp4")
        other.stdin.write("\n")
    assert names(tmp_path) == ["film.mp4"]


@pytest.mark.parametrize("name", ["../up", "/etc/x", "", "a/../../b"])
def test_files_stay_inside(tmp_path: Path, name: str) -> None:
    with ResultFolder(tmp_path / "film.mp4") as folder, pytest.raises(ValueError, match="no place inside"):
        folder.write(name, b"")


def test_what_cannot_be_removed_is_told_in_the_log(tmp_path: Path) -> None:
    stays = Path("/proc/self/fdinfo")
    if not stays.exists():
        pytest.skip("needs a file system that refuses")
    with log.opened(tmp_path / "log", print):
        remove(stays)
    line = json.loads((tmp_path / "log").read_text())
    assert (line["event"], line["folder"]) == ("folder not removed", str(stays))
    assert line["exception"][0]["exc_type"] == "PermissionError"


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
    with pytest.raises(UsageError, match=r"^a/film\.mkv is given twice, name it once$"):
        refuse_equal_names([film := Path("a/film.mkv"), Path("b.mkv"), film])
    with pytest.raises(UsageError, match=r"^b/\.\./film\.mkv is given twice"):
        refuse_equal_names([Path("film.mkv"), Path("b/../film.mkv")])


def test_what_cannot_hold_results_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for out, there in ((file, file), (file / "a/b", file), (tmp_path / "link", tmp_path / "link")):
        with pytest.raises(UsageError) as refused:
            refuse_out(out)
        assert str(refused.value) == f"--out {out}: {there} is no folder, choose another"
    refuse_out(tmp_path)
    refuse_out(tmp_path / "not/yet/there")


def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o555)
    if os.access(shut, os.W_OK):
        pytest.skip("needs a user who may not write everywhere")
    with pytest.raises(UsageError, match="cannot be written to, change its permissions or choose another"):
        refuse_out(shut / "results")
