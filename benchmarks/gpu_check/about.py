"""The beginning of every report of `gpu_check`: versions, device, commit. Takes seconds and needs no model."""

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
"""What two calls must have in common to fill one report. `code` is compared because git may be missing, and because it
shows changes that were not committed."""


def about(job: Job) -> None:
    """Records versions, the device and its decoder chip, and the code's commit."""
    from stream.device.machine import PACKAGES, Machine

    from ..provenance import code_fingerprint, version_of

    machine = Machine()
    gpu, chip = machine.gpu(), machine.video()
    packages = {name: version_of(name) for name in (*BASE_PACKAGES, *PACKAGES.values())}
    job.note("versions", {"python": platform.python_version(), **packages})
    # Without free memory, which differs at every call.
    job.note("gpu", gpu if isinstance(gpu, str) else {k: v for k, v in as_row(gpu).items() if k != "free"})
    job.note("nvdec", chip if isinstance(chip, str) else as_row(chip))
    job.note("code", code_fingerprint())
    for key, value in commit_of(ROOT).items():
        job.note(key, value)


def as_row(record: Any) -> Row:
    """A frozen record as a JSON object."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def commit_of(folder: Path) -> Row:
    """The commit of a repository, and whether tracked files differ from it; None for both when `folder` is not the root
    of a git repository or git is missing."""
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
    """The first difference that keeps two calls from filling one report, as part of a line; None when there is none."""
    for key in MUST_MATCH:
        if earlier.get(key) != now.get(key):
            return f"{key} {_short(earlier.get(key), now.get(key))}, now {_short(now.get(key), earlier.get(key))}"
    return None


def _short(value: Any, other: Any) -> Any:
    """`value`; of two objects only the entries that differ."""
    if not isinstance(value, dict) or not isinstance(other, dict):
        return value
    return {name: one for name, one in value.items() if other.get(name) != one}
