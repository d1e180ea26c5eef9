"""Files in watched folders: taken once they stand still, each once; unfinished ones never."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from anyio import Event, create_task_group, fail_after, sleep

from stream.serve.watching import Settling, films_below, is_film, needs_polling, watch

MOUNTS = """\
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
40 22 0:44 / /srv rw - nfs4 host:/films rw
41 40 0:45 / /srv/fast\\040disk rw - xfs /dev/sdb rw
42 22 0:46 / /cloud rw - fuse.s3fs s3fs rw
"""


def test_a_file_is_taken_when_size_and_time_stood_still(tmp_path: Path) -> None:
    film, settling = tmp_path / "a.mkv", Settling(10.0)
    film.write_bytes(b"1")
    settling.note([film])
    assert settling.settled(0.0) == []
    assert settling.settled(9.9) == []
    film.write_bytes(b"12")
    assert settling.settled(10.0) == [], "it grew"
    assert settling.settled(19.9) == []
    assert settling.settled(20.0) == settling.settled(21.0) == [film], "until it is taken"
    settling.taken(film)
    assert settling.settled(99.0) == []


def test_a_touched_file_begins_anew_and_an_empty_one_waits(tmp_path: Path) -> None:
    film, empty, settling = tmp_path / "a.mkv", tmp_path / "b.mkv", Settling(1.0)
    film.write_bytes(b"1")
    empty.touch()
    settling.note([film, empty])
    settling.settled(0.0)
    os.utime(film, ns=(5, 5))
    assert settling.settled(2.0) == []
    assert settling.settled(3.0) == [film]


def test_a_file_is_named_again_only_when_it_changed(tmp_path: Path) -> None:
    film, settling = tmp_path / "a.mkv", Settling(1.0)
    film.write_bytes(b"1")
    settling.note([film])
    settling.settled(0.0)
    assert settling.settled(2.0) == [film]
    settling.taken(film)
    settling.note([film])  # it is listed again
    assert settling.settled(9.0) == settling.settled(19.0) == []
    film.write_bytes(b"12")
    settling.note([film])
    settling.settled(20.0)
    assert settling.settled(30.0) == [film]


def test_a_file_that_goes_again_is_forgotten(tmp_path: Path) -> None:
    film, settling = tmp_path / "a.mkv", Settling(1.0)
    film.write_bytes(b"1")
    settling.note([film])
    settling.settled(0.0)
    film.unlink()
    assert settling.settled(9.0) == [] and not settling.looks


@pytest.mark.parametrize(
    ("name", "taken"),
    [("a.mkv", True), ("a.MP4", True), ("a.mkv.part", False), ("a.mp4.crdownload", False), (".a.mkv", False),
     ("a.tmp", False), ("a.srt", False), ("~a.mkv", False)],
)  # fmt: skip
def test_which_names_are_films(name: str, taken: bool) -> None:
    assert is_film(Path("/in", name)) is taken


def test_what_is_there_already(tmp_path: Path) -> None:
    for name in ("a.mkv", "sub/b.mkv", ".hidden/c.mkv", "d.part"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert films_below(tmp_path) == [tmp_path / "a.mkv", tmp_path / "sub/b.mkv"]


@pytest.mark.parametrize(
    ("folder", "polled"),
    [("/films/in", False), ("/srv/in", True), ("/srv/fast disk/in", False), ("/cloud", True), ("/srv2", False)],
)
def test_network_mounts_are_polled(folder: str, polled: bool) -> None:
    assert needs_polling(Path(folder), MOUNTS) is polled


@pytest.mark.slow
@pytest.mark.parametrize("polling", [False, True])
def test_a_folder_is_watched_while_it_goes_and_comes(tmp_path: Path, polling: bool) -> None:
    folder, taken, refused = tmp_path / "in", list[str](), ["b.mkv"]
    folder.mkdir()
    (folder / "a.mkv").write_bytes(b"1")

    async def take(path: Path) -> bool:
        if path.name in refused:
            refused.remove(path.name)
            return False
        taken.append(path.name)
        return True

    async def until(ready: Callable[[], bool]) -> None:
        while not ready():
            await sleep(0.01)

    async def run() -> None:
        stop = Event()
        with fail_after(60):
            async with create_task_group() as tasks:
                tasks.start_soon(watch, folder, 0.05, take, stop, time.monotonic, polling)
                await until(lambda: taken == ["a.mkv"])
                (folder / "b.mkv").write_bytes(b"1")
                (folder / "c.mkv.part").write_bytes(b"1")
                await until(lambda: taken == ["a.mkv", "b.mkv"])
                (folder / "c.mkv.part").rename(folder / "c.mkv")
                await until(lambda: taken == ["a.mkv", "b.mkv", "c.mkv"])
                folder.rename(tmp_path / "away")
                (tmp_path / "next").mkdir()
                (tmp_path / "next/d.mkv").write_bytes(b"1")
                (tmp_path / "next").rename(folder)
                await until(lambda: "d.mkv" in taken)
                stop.set()

    anyio.run(run)
    assert taken == ["a.mkv", "b.mkv", "c.mkv", "d.mkv"]


@pytest.mark.slow
def test_a_name_that_is_no_text_ends_no_watch(tmp_path: Path) -> None:
    taken = list[bytes]()

    async def take(path: Path) -> bool:
        taken.append(os.fsencode(path.name))
        return True

    async def run() -> None:
        stop = Event()
        with fail_after(60):
            async with create_task_group() as tasks:
                tasks.start_soon(watch, tmp_path, 0.05, take, stop, time.monotonic, False)
                (tmp_path / "first.mkv").write_bytes(b"1")
                while b"first.mkv" not in taken:
                    await sleep(0.01)
                for name in (b"x\xe9.txt", b"late\xe9.mkv", b"last.mkv"):
                    (tmp_path / os.fsdecode(name)).write_bytes(b"1")
                while not {b"late\xe9.mkv", b"last.mkv"} <= set(taken):
                    await sleep(0.01)
                stop.set()

    anyio.run(run)
    assert sorted(taken) == [b"first.mkv", b"last.mkv", b"late\xe9.mkv"]
