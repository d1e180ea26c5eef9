"""Part of `gpu_check`: runs all tests that need a GPU, folder by folder, so that folders that are done are recorded."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from ..report import Row
from .job import ROOT, Job


def tests(job: Job) -> None:
    """Runs pytest on everything marked `gpu`. Records counts, and the failures with the first line of each."""
    if not (ROOT / "tests").is_dir():
        raise FileNotFoundError("the tests are not part of the wheel: run this from a clone")
    done: dict[str, Row] = {}
    for name, paths in group_by_folder(ROOT / "tests").items():
        done[name] = count_results(_junit_report(paths, job.testdata))
        job.note("folders", done)
    for key, value in sum_folders(done).items():
        job.note(key, value)


def group_by_folder(folder: Path) -> dict[str, list[Path]]:
    """Test files by their folder; those of `folder` itself are last."""
    inner = sorted(path for path in folder.iterdir() if any(path.glob("test_*.py")))
    return {**{path.name: [path] for path in inner}, folder.name: sorted(folder.glob("test_*.py"))}


def _junit_report(paths: list[Path], testdata: Path) -> str:
    """Pytest's JUnit file. Raises RuntimeError when there is none."""
    environment = os.environ | {"KEYART_EXPECT_GPU": "1", "KEYART_TESTDATA": str(testdata)}
    with tempfile.TemporaryDirectory(prefix="keyart-gpu-") as folder:
        report = Path(folder) / "tests.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", f"--junitxml={report}"]
        command += map(str, paths)
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False)
        if not report.is_file():
            raise RuntimeError(f"pytest ended with {done.returncode} and wrote no report")
        return report.read_text("utf-8")


def count_results(junit: str) -> Row:
    """Numbers of passed, failed and skipped tests in pytest's JUnit file, and the failures."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    failures = []
    for case in ElementTree.fromstring(junit).iter("testcase"):
        bad = next((child for child in case if child.tag in ("failure", "error")), None)
        state = "failed" if bad is not None else "skipped" if case.find("skipped") is not None else "passed"
        counts[state] += 1
        if bad is not None:
            reason = (bad.get("message") or "").strip().splitlines()
            failures.append(
                {"test": f"{case.get('classname')}::{case.get('name')}", "reason": reason[0] if reason else ""}
            )
    return {**counts, "failures": failures}


def sum_folders(folders: dict[str, Row]) -> Row:
    """Sums over all folders, and whether all tests passed; None when none ran."""
    sums: Row = {key: sum(row[key] for row in folders.values()) for key in ("passed", "failed", "skipped")}
    failures = [failure for row in folders.values() for failure in row["failures"]]
    ran = sums["passed"] + sums["failed"]
    return {**sums, "failures": failures, "passed_all": not sums["failed"] if ran else None}
