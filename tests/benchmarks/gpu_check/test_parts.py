"""The parts of the GPU check and of doctor that need a GPU."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.gpu_check.device import clocks
from benchmarks.gpu_check.job import Job
from benchmarks.gpu_check.kernels import PICTURE_KINDS, kernels
from benchmarks.gpu_check.measuring import decode_film
from benchmarks.gpu_check.memory import process_memory
from benchmarks.gpu_check.rates import decode_bare, run_bare_decoder
from engines.providers import CUDA, provider_problem
from kernels.cuda.sources import KERNELS
from stream.device.machine import Gpu, Machine, VideoChip

pytestmark = pytest.mark.gpu


def test_the_machine_says_what_it_is() -> None:
    gpu, chip = Machine().gpu(), Machine().video()
    assert isinstance(gpu, Gpu), gpu
    assert gpu.name
    assert 0 < gpu.free <= gpu.memory
    assert isinstance(chip, VideoChip), chip
    assert "H264" in (*chip.codecs, *chip.refused)


@pytest.mark.slow
def test_onnx_runtime_opens_a_session_on_the_gpu() -> None:
    assert provider_problem(CUDA) is None


@pytest.mark.slow
def test_every_kernel_is_timed(tmp_path: Path) -> None:
    job = Job(tmp_path, None, tmp_path / "found.json", {})
    kernels(job)
    assert set(job.found["kernels"]) == set(PICTURE_KINDS)
    for rows in job.found["kernels"].values():
        assert {name.split(": ")[1] for name in rows} == {kernel for names in KERNELS.values() for kernel in names}
        assert all(row["us"] > 0 for row in rows.values())
    assert job.found["copy_gb_s"] > 1


def test_the_bare_decoder_gives_every_picture(scenes_film: Path) -> None:
    assert decode_bare(scenes_film) == 240
    assert run_bare_decoder([scenes_film] * 3, 3)["frames"] == 720


def test_the_decoders_door_gives_every_picture_and_all_are_measured(scenes_film: Path) -> None:
    assert decode_film(scenes_film) == 240


def test_memory_of_the_device_can_be_read() -> None:
    import cupy

    cupy.cuda.runtime.free(0)
    read, source = process_memory()
    assert source in ("process", "device")
    assert read() > 0


def test_clocks_are_those_of_the_device_in_use() -> None:
    said = clocks()
    assert isinstance(said, dict), said
    assert said["most_mhz"]["sm"] > 0
