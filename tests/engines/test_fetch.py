"""Fetching through pip from a local index and by URL from a local server, and every way in which it can fail."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engines.catalog import Archive
from engines.fetch import FetchError, download_from_index, download_from_url, pip_command, read_member


def silent(done: int, total: int) -> None:
    """Reports nothing."""


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's proxy must not be used for servers on this machine."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place in which pip looks for files."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def sdist(folder: Path, setup: str) -> Archive:
    """keyart-weights 1.0 with a weight file and this `setup.py`."""
    path = folder / "keyart_weights-1.0.tar.gz"
    info = "Metadata-Version: 2.1\nName: keyart-weights\nVersion: 1.0\n"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in {"PKG-INFO": info, "setup.py": setup, "weights.bin": "weights"}.items():
            entry = tarfile.TarInfo(f"keyart_weights-1.0/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return Archive(requirement="keyart-weights==1.0", file=path.name, size=path.stat().st_size, sha256=digest(path))


def wheel(folder: Path, tag: str) -> Archive:
    """keyart-weights 1.0 with a weight file, for machines of this tag."""
    path = folder / f"keyart_weights-1.0-{tag}.whl"
    files = {
        "weights.bin": "weights",
        "keyart_weights-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: keyart-weights\nVersion: 1.0\n",
        "keyart_weights-1.0.dist-info/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        "keyart_weights-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return Archive(requirement="keyart-weights==1.0", file=path.name, size=path.stat().st_size, sha256=digest(path))


def test_an_sdist_comes_without_its_code_being_run(index: Path, scratch: Path, tmp_path: Path) -> None:
    marker = tmp_path / "was-run"
    archive = sdist(index, f"open({str(marker)!r}, 'w').close()\nfrom setuptools import setup\nsetup()\n")
    path = download_from_index(archive, scratch, silent)
    assert read_member(path, "keyart_weights-1.0/weights.bin") == b"weights"
    assert not marker.exists()


@pytest.mark.parametrize("tag", ["py3-none-any", "cp311-cp311-manylinux_2_28_x86_64"])
def test_a_wheel_comes_whatever_python_runs(index: Path, scratch: Path, tag: str) -> None:
    path = download_from_index(wheel(index, tag), scratch, silent)
    assert read_member(path, "weights.bin") == b"weights"


def test_another_hash_on_the_index_is_refused(index: Path, scratch: Path, tmp_path: Path) -> None:
    marker = tmp_path / "was-run"
    archive = sdist(index, f"open({str(marker)!r}, 'w').close()\n").model_copy(update={"sha256": "0" * 64})
    with pytest.raises(FetchError, match="the file on the index has another hash than the pinned one"):
        download_from_index(archive, scratch, silent)
    assert not marker.exists()


def test_an_index_that_cannot_be_reached_is_one_line(
    scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(FetchError, match=r"^pip: the package index cannot be reached$"):
        download_from_index(wheel(tmp_path, "py3-none-any"), scratch, silent)


def test_an_index_without_the_file_is_told_in_pips_words(index: Path, scratch: Path, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"^pip: No matching distribution found for keyart-weights==1\.0.*$"):
        download_from_index(wheel(tmp_path, "py3-none-any"), scratch, silent)


def test_a_report_that_raises_ends_pip(index: Path, scratch: Path) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(done: int, total: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        download_from_index(sdist(index, ""), scratch, interrupt)


def test_the_wheel_for_another_machine_is_asked_for_by_name() -> None:
    archive = Archive(requirement="a==1", file="a-1-cp311-cp311-manylinux_2_28_x86_64.whl", size=1, sha256="0" * 64)
    command = " ".join(pip_command(archive, Path("r.txt"), Path("out")))
    assert "--no-deps --require-hashes" in command
    assert "--only-binary :all: --python-version 3.11 --platform manylinux_2_28_x86_64" in command
    assert "--implementation cp --abi cp311" in command


def test_members_that_are_not_there(tmp_path: Path) -> None:
    archive = wheel(tmp_path, "py3-none-any")
    with pytest.raises(FetchError, match=r"cannot read other\.bin"):
        read_member(tmp_path / archive.file, "other.bin")
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(b"\x1f\x8b no archive")
    with pytest.raises(FetchError, match=r"broken\.tar\.gz: cannot read a"):
        read_member(broken, "a")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server that serves tmp_path."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_url_is_read_in_pieces_and_checked(server: str, tmp_path: Path) -> None:
    source = tmp_path / "weights.bin"
    source.write_bytes(bytes(3_000_000))
    seen: list[tuple[int, int]] = []
    path = download_from_url(
        f"{server}/weights.bin", tmp_path / "got", digest(source), None, lambda d, t: seen.append((d, t))
    )
    assert path.read_bytes() == source.read_bytes()
    assert seen[-1] == (3_000_000, 3_000_000)
    assert len(seen) >= 3


def test_a_url_that_gives_something_else(server: str, tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"an apology")
    with pytest.raises(FetchError, match=r"sha256 is .*…, expected 00000000…"):
        download_from_url(f"{server}/weights.bin", tmp_path / "got", "0" * 64, None, silent)
    with pytest.raises(FetchError, match=f"{server}/missing.bin: HTTP Error 404"):
        download_from_url(f"{server}/missing.bin", tmp_path / "got", "0" * 64, None, silent)


def test_a_url_that_nobody_serves(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="refused"):
        download_from_url("http://127.0.0.1:9/weights.bin", tmp_path / "got", "0" * 64, None, silent)
