"""Temporary folders that are made while others clean up."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from stream.output import leftovers
from stream.output.leftovers import clean_up_leftovers, make_locked, temporary_folders


def test_a_folder_that_is_being_made_is_no_leftover_for_who_cleans_up(tmp_path: Path) -> None:
    target, ended = tmp_path / "film.mp4", Event()

    def clean_up() -> None:
        while not ended.is_set():
            clean_up_leftovers(target, None, time.time())

    def make() -> bool:
        folder = temporary_folders(target)[0]
        descriptor = make_locked(folder)
        try:
            time.sleep(0.001)
            return folder.is_dir()
        finally:
            os.close(descriptor)

    with ThreadPoolExecutor(2) as pool:
        cleaning = [pool.submit(clean_up) for _ in range(2)]
        try:
            assert all(make() for _ in range(200))
        finally:
            ended.set()
        assert [one.result() for one in cleaning] == [None, None]


def test_a_lock_that_is_never_given_back_is_an_error_that_names_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = temporary_folders(tmp_path / "film.mp4")[0]
    descriptor = make_locked(folder)
    monkeypatch.setattr(leftovers, "_ATTEMPTS", 3)
    with pytest.raises(OSError, match="holds its lock") as found:
        make_locked(folder)
    os.close(descriptor)
    assert found.value.filename == str(folder)
