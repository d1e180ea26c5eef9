"""The folder of converted models: each `<role>.onnx` has a record beside it that says what it was made from.

Files are written under a temporary name, synced and renamed, the record before the model. So an interruption never
leaves a model of ours without its record, and a model that does not match its record is never used.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

LOCK_POLL_S = 0.1
_INCOMING = ".incoming-"


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What a converted model was made from. Hashes are SHA-256 in hexadecimal."""

    name: str
    source_sha256: str
    conversion: str
    converter_version: int
    sha256: str


def model_path(folder: Path, role: str) -> Path:
    """Path of a role's model in a folder."""
    return folder / f"{role}.onnx"


def record_path(folder: Path, role: str) -> Path:
    """Path of a role's record in a folder."""
    return folder / f"{role}.onnx.json"


def read_record(folder: Path, role: str) -> ModelRecord | None:
    """The record of a role; None when there is none. Raises ValueError when the file is not a record, and OSError."""
    try:
        return ModelRecord(**json.loads(record_path(folder, role).read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except TypeError as error:
        raise ValueError(str(error)) from error


def write_model(folder: Path, role: str, model: bytes, record: ModelRecord) -> None:
    """Writes a model and its record, replacing what was there. Raises OSError (full disk, no permission)."""
    folder.mkdir(parents=True, exist_ok=True)
    # Removed first, because a crash between the two renames would leave the old model beside the new record.
    model_path(folder, role).unlink(missing_ok=True)
    text = json.dumps(asdict(record), indent=1) + "\n"
    write_file(record_path(folder, role), text.encode())
    write_file(model_path(folder, role), model)


def write_file(path: Path, data: bytes) -> None:
    """Writes a file completely or not at all. Its folder must exist. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_INCOMING)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A temporary folder inside `folder`, which the caller must have locked. Leftovers of killed processes are removed
    first."""
    for left in folder.glob(f"{_INCOMING}*"):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
    with tempfile.TemporaryDirectory(dir=folder, prefix=_INCOMING) as name:
        yield Path(name)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the lock of a folder against other processes that write to it, and waits for it if necessary. The folder is
    created when it is missing. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        # Polled instead of blocked in the kernel, so that an interrupt is noticed at once in any thread.
        while not _try_lock(file.fileno()):
            time.sleep(LOCK_POLL_S)
        yield


def _try_lock(handle: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
