"""What every report of `gpu_check` begins with: versions, device, commit. Seconds, and no model."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path
from typing import Any

from ..report import Row
from .job import ROOT, Job

BASE_PACKAGES = (
    "keyart",
    "av",
    "numpy",
    "onnx",
    "onnxruntime",
    "onnxruntime-gpu",
    "opencv-python-headless",
    "scikit-learn",
    "tensorrt-cu13",
)
MUST_MATCH = ("versions", "gpu", "commit", "code")
"""What two calls must have in common to fill one report. `code` stands in for the commit where git is not there, and
tells changes that were not committed."""


def about(job: Job) -> None:
    """Versions, the device and its decoder chip, and which code this is."""
    from stream.device.machine import PACKAGES, Machine

    from ..provenance import code_fingerprint, version_of

    machine = Machine()
    gpu, chip = machine.gpu(), machine.video()
    packages = {name: version_of(name) for name in (*BASE_PACKAGES, *PACKAGES.values())}
    job.note("versions", {"python": platform.python_version(), **packages})
    # Free memory is another one at every call.
    job.note("gpu", gpu if isinstance(gpu, str) else {k: v for k, v in as_row(gpu).items() if k != "free"})
    job.note("nvdec", chip if isinstance(chip, str) else as_row(chip))
    job.note("code", code_fingerprint())
    for key, value in commit_of(ROOT).items():
        job.note(key, value)


def as_row(record: Any) -> Row:
    """A frozen record as JSON can hold it."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def commit_of(folder: Path) -> Row:
    """The commit of a repository's root, and whether tracked files differ from it; None where git does not say."""
    root, commit = _git(folder, "rev-parse", "--show-toplevel"), _git(folder, "rev-parse", "HEAD")
    if root is None or commit is None or Path(root).resolve() != folder.resolve():
        return {"commit": None, "dirty": None}
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "dirty": None if changed is None else bool(changed)}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def difference(earlier: Row, now: Row) -> str | None:
    """What two calls do not have in common, in part of a line; None when they may fill one report."""
    for key in MUST_MATCH:
        if earlier.get(key) != now.get(key):
            return f"{key} {_short(earlier.get(key), now.get(key))}, now {_short(now.get(key), earlier.get(key))}"
    return None


def _short(value: Any, other: Any) -> Any:
    """Of records only what the other has not."""
    if not isinstance(value, dict) or not isinstance(other, dict):
        return value
    return {name: one for name, one in value.items() if other.get(name) != one}
