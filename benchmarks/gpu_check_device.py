"""Parts of `gpu_check`: what machine this is and what it lacks; and all tests that need a GPU."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from .gpu_check import Job, Row

ROOT = Path(__file__).resolve().parent.parent
BASE_PACKAGES = (
    "keyart",
    "av",
    "numpy",
    "onnx",
    "onnxruntime",
    "onnxruntime-gpu",
    "opencv-python-headless",
    "scikit-learn",
)


def device(job: Job) -> None:
    """Versions, device, clocks, the decoder chip, providers, TensorRT; and doctor's lines: what is missing."""
    from stream.doctor import diagnose
    from stream.gpu import PACKAGES, Machine
    from stream.settings import Settings

    from .provenance import provenance, version_of

    machine = Machine()
    gpu, chip = machine.gpu(), machine.video()
    job.note("gpu", gpu if isinstance(gpu, str) else as_row(gpu))
    job.note("nvdec", chip if isinstance(chip, str) else as_row(chip))
    job.note("packages", {name: version_of(name) for name in (*BASE_PACKAGES, *PACKAGES.values())})
    job.note("clocks", clocks())
    job.note("provenance", provenance(Settings(device="cuda")))
    findings = [one.as_dict() for one in diagnose(Settings(device="cuda"))]
    job.note("doctor", findings)
    job.note("missing", [one["name"] for one in findings if one["state"] == "missing"])
    if isinstance(gpu, str):
        raise RuntimeError(gpu)


def as_row(record: Any) -> Row:
    """A frozen record as JSON can hold it."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def clocks() -> Row | str:
    """What NVML says of clocks (MHz), power (W) and the driver; or why it says nothing."""
    try:
        import pynvml
    except ImportError as error:
        return f"NVML cannot be asked ({error})"
    try:
        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByIndex(0)
        kinds = {"sm": pynvml.NVML_CLOCK_SM, "memory": pynvml.NVML_CLOCK_MEM, "video": pynvml.NVML_CLOCK_VIDEO}
        now = {name: pynvml.nvmlDeviceGetClockInfo(handle, kind) for name, kind in kinds.items()}
        most = {name: pynvml.nvmlDeviceGetMaxClockInfo(handle, kind) for name, kind in kinds.items()}
        return {"now_mhz": now, "most_mhz": most, "power_w": pynvml.nvmlDeviceGetPowerUsage(handle) / 1000}
    except pynvml.NVMLError as error:
        return f"NVML does not say ({error})"


def tests(job: Job) -> None:
    """Runs pytest on everything marked `gpu`; counts, and the failures with the first line of each."""
    if not (ROOT / "tests").is_dir():
        raise FileNotFoundError("the tests are not part of the wheel: run this from a clone")
    environment = os.environ | {"KEYART_EXPECT_GPU": "1", "KEYART_TESTDATA": str(job.testdata)}
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "tests.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", f"--junitxml={told}"]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False)
        if not told.is_file():
            raise RuntimeError(f"pytest ended with {done.returncode} and told nothing")
        for key, value in counted(told.read_text()).items():
            job.note(key, value)


def counted(junit: str) -> Row:
    """Of pytest's JUnit file: how many passed, failed and were skipped, and why."""
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
    ran = counts["passed"] + counts["failed"]
    return {**counts, "failures": failures, "passed_all": not counts["failed"] if ran else None}
