"""Decoding on NVIDIA's hardware decoder (NVDEC). In: a path, whose packets PyAV reads; out: pictures in device memory,
in slots that are reused."""
