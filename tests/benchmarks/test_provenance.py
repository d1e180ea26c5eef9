"""A report names the code that made it: every file that a result depends on counts."""

from __future__ import annotations

from pathlib import Path

import pytest

import kernels.cuda
from benchmarks.provenance import code_fingerprint

SUFFIXES = sorted({path.suffix for path in Path(kernels.cuda.__path__[0]).iterdir() if path.is_file()})


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_kind_of_file_of_the_kernels_counts(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / f"room_of_{suffix[1:]}"
    room.mkdir()
    (room / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    found = []
    for text in ("one", "two"):
        (room / f"file{suffix}").write_text(text)
        code_fingerprint.cache_clear()
        found.append(code_fingerprint((room.name,)))
    assert found[0] != found[1]
