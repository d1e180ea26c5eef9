"""Packages of fonts are fetched once, whole or not at all, by stand-ins for apt and dpkg."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.debian_fonts import fetch, font_files
from stream.errors import KeyartError

APT = '#!/bin/sh\necho "$3" >>"$ASKED"\necho x >"$3.deb"\n'
DPKG = """#!/bin/sh
mkdir -p "$3/usr"
echo font >"$3/usr/$3.ttf"
case "$3" in broken) echo "cannot unpack" >&2; exit 1 ;; esac
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the packages that apt was asked for."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, script in (("apt-get", APT), ("dpkg", DPKG)):
        (tools / name).write_text(script)
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    return tmp_path / "asked"


def test_each_package_is_fetched_once_and_not_where_it_lies_elsewhere(tmp_path: Path, asked: Path) -> None:
    fonts, other = tmp_path / "fonts", tmp_path / "other"
    fetch(["one"], other)
    fetch(["one", "two"], fonts, [other])
    fetch(["two"], fonts)
    assert asked.read_text().split() == ["one", "two"]
    assert list(font_files([fonts, other])) == ["one.ttf", "two.ttf"]
    assert [path.name for path in fonts.iterdir()] == ["two"]


def test_a_package_that_cannot_be_unpacked_leaves_nothing(tmp_path: Path, asked: Path) -> None:
    with pytest.raises(KeyartError, match=r"dpkg -x broken\.deb broken: cannot unpack"):
        fetch(["broken"], tmp_path / "fonts")
    assert list((tmp_path / "fonts").iterdir()) == []


def test_without_debians_tools_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KeyartError, match="apt-get is not there: fonts are fetched on Debian alone"):
        fetch(["one"], tmp_path / "fonts")
