"""What a scan finds, by `stat` alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stream.backfill.titles import key_of, path_of, video_below
from stream.backfill.walker import open_library
from stream.errors import UsageError


def touch(path: Path, size_bytes: int = 3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size_bytes)
    return path


def keys(name: str | Path, out: Path = Path("/nowhere"), **more: float) -> tuple[list[str], list[str]]:
    """Keys that are found, and what is said."""
    said: list[str] = []
    library = open_library(str(name), out, said.append, **more)  # type: ignore[arg-type]
    return [title.key for title in library.scan()], said


def test_a_folder_and_all_below_it_by_suffix(tmp_path: Path) -> None:
    for name in ("b.MKV", "a/c.mp4", "a/notes.txt", ".hidden.mp4", ".trash/d.mp4"):
        touch(tmp_path / name)
    assert keys(tmp_path) == (["b.MKV", "a/c.mp4"], [])


def test_results_inside_the_library_are_no_titles(tmp_path: Path) -> None:
    touch(tmp_path / "film.mp4")
    touch(tmp_path / "out" / "film.mp4" / "film.mp4")
    assert keys(tmp_path, out=tmp_path / "out") == (["film.mp4"], [])


def test_links_are_followed_but_not_round_in_circles(tmp_path: Path) -> None:
    touch(tmp_path / "library" / "a" / "film.mp4")
    touch(tmp_path / "elsewhere" / "other.mp4")
    (tmp_path / "library" / "a" / "back").symlink_to(tmp_path / "library")
    (tmp_path / "library" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "library" / "broken.mp4").symlink_to(tmp_path / "nothing")
    found, said = keys(tmp_path / "library")
    assert found == ["a/film.mp4", "more/other.mp4"]
    assert len(said) == 2
    assert "link back to a folder" in " ".join(said)
    assert "broken.mp4: cannot be looked at" in " ".join(said)


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9 \\x41.mp4")
    touch(tmp_path / name)
    (key,), _ = keys(tmp_path)
    assert key == key_of(name) == "caf\\xe9 \\\\x41.mp4"
    assert path_of(key) == name
    assert video_below(tmp_path, key, None).is_file()


def test_a_list_of_paths(tmp_path: Path) -> None:
    touch(tmp_path / "in" / "a.mp4")
    outside = touch(tmp_path / "else where.bin")
    rows = ["# films", "", "a.mp4", "missing.mp4", str(outside), "a.mp4", str(tmp_path / "in")]
    (tmp_path / "in" / "list.txt").write_text("\ufeff" + "\r\n".join(rows))
    library = open_library(str(tmp_path / "in" / "list.txt"), tmp_path / "out", (said := list[str]()).append)
    first, second = library.scan()
    assert (first.key, first.path) == ("a.mp4", None)
    assert second.key.endswith("/else where.bin")
    assert len(second.key.split("/")[0]) == 8
    assert video_below(library.root, second.key, second.path) == outside
    assert not library.whole
    assert [line.split(": ")[0].rsplit(":", 1)[1] for line in said] == ["4", "7"]


def test_a_csv_with_broken_rows(tmp_path: Path) -> None:
    for name in ("a.mp4", "b, c.mp4", "d.mp4"):
        touch(tmp_path / name)
    (tmp_path / "films.csv").write_bytes(
        b'title,path,priority\nA,a.mp4,3\nB,"b, c.mp4",\nC,d.mp4,soon\nD\nE,caf\xe9.mp4,1\nF,d.mp4,-2\n'
    )
    said: list[str] = []
    found = list(open_library(str(tmp_path / "films.csv"), tmp_path / "out", said.append, priority=10).scan())
    assert [(title.key, title.priority) for title in found] == [("a.mp4", 13), ("b, c.mp4", 10), ("d.mp4", 8)]
    assert [line.split(":")[1] for line in said] == ["4", "5", "6"]


def test_a_csv_without_a_header(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp4")
    (tmp_path / "films.csv").write_text("a.mp4,7\n")
    (title,) = open_library(str(tmp_path / "films.csv"), tmp_path / "out", print).scan()
    assert (title.key, title.priority) == ("a.mp4", 7)


def test_a_glob(tmp_path: Path) -> None:
    for name in ("x/a.mp4", "x/y/b.bin", "x/y/c.mp4"):
        touch(tmp_path / name)
    assert keys(tmp_path / "x" / "**" / "*.mp4") == (["a.mp4", "y/c.mp4"], [])
    assert keys(tmp_path / "x" / "y" / "*")[0] == ["b.bin", "c.mp4"]


def test_only_what_is_newer(tmp_path: Path) -> None:
    os.utime(touch(tmp_path / "old.mp4"), (100, 100))
    os.utime(touch(tmp_path / "new.mp4"), (200, 200))
    assert keys(tmp_path, newer_than_s=150)[0] == ["new.mp4"]
    assert not open_library(str(tmp_path), tmp_path / "out", print, newer_than_s=150).whole


def test_a_library_that_cannot_be_meant(tmp_path: Path) -> None:
    touch(tmp_path / "film.mp4")
    for name, said in ((tmp_path / "film.mp4", "keyart extract"), (tmp_path / "none", "does not exist")):
        with pytest.raises(UsageError, match=said):
            open_library(str(name), tmp_path / "out", print)


def test_what_cannot_be_read_keeps_titles_from_being_gone(tmp_path: Path) -> None:
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    library = open_library(str(tmp_path), tmp_path / "out", (said := list[str]()).append)
    assert list(library.scan()) == []
    assert library.unread == said
    assert library.whole


def test_a_library_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o000)
    if os.access(shut, os.R_OK):
        pytest.skip("needs a user who may not read everything")
    with pytest.raises(UsageError, match="cannot be read"):
        open_library(str(shut), tmp_path / "out", print)


@pytest.mark.parametrize("name", ["list.csv", "list.txt"])
def test_rows_that_are_none_cost_no_other(tmp_path: Path, name: str) -> None:
    touch(tmp_path / "a.mkv")
    rows = [b"a\0.mkv", b"a.mkv", b'"' + b"x" * 200_000 + b'"', b"b.mkv,99999999999999999999"]
    (tmp_path / name).write_bytes(b"\n".join(rows) + b"\n")
    said: list[str] = []
    found = open_library(str(tmp_path / name), tmp_path / "out", said.append)
    assert [title.key for title in found.scan()] == ["a.mkv"]
    assert len(said) == 3


def test_a_library_has_a_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="LIBRARY is empty"):
        open_library("", tmp_path / "out", print)
