"""What `gpu_check` asks a machine before anything else; the answers of the tools are written down here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.gpu_check.job import Job
from benchmarks.gpu_check.machine import LIBRARIES, devices, libraries, machine

LISTED = """\
1234 libs found in cache `/etc/ld.so.cache'
	libnvcuvid.so.1 (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/libnvcuvid.so.1
	libnvcuvid.so (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/libnvcuvid.so
	libcuda.so.1 (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/libcuda.so.1
	libnvidia-ml.so.1 (libc6,x86-64, OS ABI: Linux 2.3.99) => /usr/lib/libnvidia-ml.so.1
"""


def test_libraries_of_the_loader_are_named() -> None:
    found = libraries(LISTED)
    assert isinstance(found, dict)
    assert len(found) == len(LIBRARIES)
    assert {name.split()[0]: file for name, file in found.items() if file} == {
        "libnvcuvid": "libnvcuvid.so",
        "libcuda": "libcuda.so.1",
        "libnvidia-ml": "libnvidia-ml.so.1",
    }
    assert libraries(None) == "ldconfig cannot be asked"


def test_devices_are_those_of_nvidia_smi() -> None:
    (row,) = devices("NVIDIA H200, 580.65, 143771, 143000, 1980, 1980, 3201, Disabled\n")
    assert (row["name"], row["memory.total"], row["clocks.sm"]) == ("NVIDIA H200", "143771", "1980")  # type: ignore[index]
    assert devices(None) == "nvidia-smi cannot be asked"


def test_the_part_answers_on_every_machine(tmp_path: Path) -> None:
    job = Job(tmp_path, None, tmp_path / "found.json", {})
    machine(job)
    found = json.loads(job.into.read_text())
    assert set(found) == {"python", "libraries", "packages", "nvidia_smi", "host"}
    assert found["packages"]["numpy"]
    assert found["host"]["cores"] >= 1


def test_it_needs_no_package_of_the_cuda_path() -> None:
    code = "import sys, benchmarks.gpu_check.machine; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "benchmarks.gpu_check.machine" in said
    assert not {"cupy", "torch", "onnxruntime", "PyNvVideoCodec", "cuml"} & set(said)
