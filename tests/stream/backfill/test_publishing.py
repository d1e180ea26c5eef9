"""Results take their place under a lease, and never over those of a higher number."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stream.backfill.errors import LeaseLostError
from stream.backfill.publishing import (
    Permission,
    Published,
    Wanted,
    adoptable,
    holds_result,
    publish,
    published,
)
from stream.output.result_folder import LEASE, MANIFEST, ResultFolder
from stream.pipeline.film_run import Result
from stream.settings.model import Settings

from ..samples import sample_manifest

LEASE_S = 60.0


def permission(left_s: float = LEASE_S) -> Permission:
    return Permission(left_s, LEASE_S, time.monotonic())


def published_under(folder: Path, number: int, fingerprint: str = "f", left_s: float = LEASE_S) -> None:
    with ResultFolder(folder, overwrite=True) as target:
        result = Result(sample_manifest(), {"landscape/01.jpg": b"jpeg"})
        publish(target, result, Published(number, fingerprint), permission(left_s))


def test_a_result_names_its_number(tmp_path: Path) -> None:
    published_under(tmp_path / "film.mp4", 7)
    assert published(tmp_path / "film.mp4") == Published(7, "f")
    assert sorted(path.name for path in (tmp_path / "film.mp4").iterdir()) == [
        "landscape", LEASE, "manifest.json",
    ]  # fmt: skip


def test_a_third_of_the_lease_must_be_left(tmp_path: Path) -> None:
    published_under(tmp_path / "film.mp4", 1, left_s=LEASE_S / 3 + 1)
    with pytest.raises(LeaseLostError, match="too near its end"):
        published_under(tmp_path / "film.mp4", 2, left_s=LEASE_S / 3 - 0.01)
    found = published(tmp_path / "film.mp4")
    assert found is not None
    assert found.number == 1
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_higher_number_stays(tmp_path: Path) -> None:
    published_under(tmp_path / "film.mp4", 3)
    with pytest.raises(LeaseLostError, match="of number 3 is there"):
        published_under(tmp_path / "film.mp4", 2)
    published_under(tmp_path / "film.mp4", 4)
    published_under(tmp_path / "film.mp4", 1, fingerprint="other settings")
    assert published(tmp_path / "film.mp4") == Published(1, "other settings")


def test_a_result_of_extract_has_no_number(tmp_path: Path) -> None:
    folder = tmp_path / "film.mp4"
    assert published(folder) is None
    assert not holds_result(folder, "f")
    with ResultFolder(folder) as target:
        target.write("manifest.json", sample_manifest().dump_json())
    assert published(folder) is None
    assert not holds_result(folder, "f"), "pictures are missing"
    for name in ("landscape/01.jpg", "characters/p1.jpg"):
        (folder / name).parent.mkdir()
        (folder / name).touch()
    assert holds_result(folder, "f")
    published_under(folder, 1)
    assert holds_result(folder, "f")
    assert not holds_result(folder, "other")


@pytest.mark.parametrize("name", [MANIFEST, "landscape/01.jpg"])
@pytest.mark.parametrize("left", [b"", b"{}", None])
def test_a_damaged_result_is_none_and_gives_way(tmp_path: Path, name: str, left: bytes | None) -> None:
    folder = tmp_path / "film.mp4"
    published_under(folder, 1)
    assert holds_result(folder, "f")
    if left is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(left)
    assert not holds_result(folder, "f")
    published_under(folder, 2)
    assert holds_result(folder, "f")


def test_a_result_without_an_image_is_none(tmp_path: Path) -> None:
    """As earlier versions wrote for films of which nothing could be used."""
    empty = sample_manifest()
    empty.images.clear()
    empty.characters.clear()
    for name, manifest, there in (("empty", empty, False), ("whole", sample_manifest(), True)):
        folder = tmp_path / name
        files = {"contact_sheet.jpg": b"jpeg"} | ({"landscape/01.jpg": b"jpeg"} if there else {})
        with ResultFolder(folder) as target:
            publish(target, Result(manifest, files), Published(1, "f"), permission())
        assert holds_result(folder, "f") is there
        (folder / LEASE).unlink()
        if there:
            (folder / "characters").mkdir()
            (folder / "characters/p1.jpg").touch()
        assert holds_result(folder, "f") is there


@pytest.mark.parametrize("text", ["", "{}", '{"number": "x", "fingerprint": "f"}', "[1]"])
def test_a_damaged_number_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / LEASE).write_text(text)
    assert published(tmp_path) is None


def test_what_is_there_already_is_taken_over(tmp_path: Path) -> None:
    settings, manifest = Settings(), sample_manifest()
    tree = json.loads(manifest.dump_json())
    tree["tool"]["settings_fingerprint"] = settings.settings_fingerprint
    (tmp_path / "manifest.json").write_text(json.dumps(tree))
    for name in ("landscape/01.jpg", "characters/p1.jpg"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    wanted = Wanted(settings, {"eyes": "ab", "detector": "cd"}, "f")
    assert adoptable(tmp_path, "ef", wanted) is not None
    assert adoptable(tmp_path, "ef", replace(wanted, version="0.1.0")) is not None
    assert adoptable(tmp_path, "other content", wanted) is None
    others: list[dict[str, Any]] = [{"settings": Settings(top=3)}, {"models": {"eyes": "ab"}}, {"version": "9.9.9"}]
    assert [adoptable(tmp_path, "ef", replace(wanted, **other)) for other in others] == [None] * 3
    assert adoptable(tmp_path, "ef", wanted, not_before=7) is None
    for number, fingerprint, taken in ((6, "f", False), (7, "other", False), (7, "f", True)):
        (tmp_path / LEASE).write_text(json.dumps({"number": number, "fingerprint": fingerprint}))
        assert (adoptable(tmp_path, "ef", wanted, not_before=7) is not None) is taken
    (tmp_path / "landscape/01.jpg").unlink()
    assert adoptable(tmp_path, "ef", wanted) is None
    (tmp_path / "manifest.json").write_text("{}")
    assert adoptable(tmp_path, "ef", wanted) is None
