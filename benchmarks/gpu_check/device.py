"""Part of `gpu_check`: what is missing on this machine, and its clocks."""

from __future__ import annotations

from typing import Any

from ..report import Row
from .about import as_row
from .job import Job


def device(job: Job) -> None:
    """Records free memory, clocks, settings, providers, TensorRT and the findings of `doctor`. Raises RuntimeError
    without a GPU."""
    from stream.device.doctor import diagnose
    from stream.device.machine import Machine
    from stream.settings.model import Settings

    from ..provenance import provenance

    gpu = Machine().gpu()
    job.note("gpu", gpu if isinstance(gpu, str) else as_row(gpu))
    job.note("clocks", clocks())
    job.note("provenance", provenance(Settings(device="cuda")))
    findings = [one.as_dict() for one in diagnose(Settings(device="cuda"))]
    job.note("doctor", findings)
    job.note("missing", [one["name"] for one in findings if one["state"] == "missing"])
    if isinstance(gpu, str):
        raise RuntimeError(gpu)


def clocks() -> Row | str:
    """Clocks (MHz), power (W) and the driver as NVML reports them; a line with the reason when it cannot."""
    try:
        import pynvml
    except ImportError as error:
        return f"NVML cannot be used ({error})"
    try:
        handle = nvml_device()
        kinds = {"sm": pynvml.NVML_CLOCK_SM, "memory": pynvml.NVML_CLOCK_MEM, "video": pynvml.NVML_CLOCK_VIDEO}
        now = {name: pynvml.nvmlDeviceGetClockInfo(handle, kind) for name, kind in kinds.items()}
        most = {name: pynvml.nvmlDeviceGetMaxClockInfo(handle, kind) for name, kind in kinds.items()}
        return {"now_mhz": now, "most_mhz": most, "power_w": pynvml.nvmlDeviceGetPowerUsage(handle) / 1000}
    except (ImportError, RuntimeError, pynvml.NVMLError) as error:
        return f"NVML does not say ({error})"


def nvml_device() -> Any:
    """NVML's handle of CUDA's first device, which with CUDA_VISIBLE_DEVICES may not be NVML's first. Raises NVMLError,
    and CuPy's errors."""
    import pynvml
    from cupy.cuda import runtime

    pynvml.nvmlInit()
    return pynvml.nvmlDeviceGetHandleByPciBusId(runtime.deviceGetPCIBusId(0))
