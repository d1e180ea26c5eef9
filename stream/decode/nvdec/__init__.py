"""NVIDIA's decoder. In: a path, whose packets PyAV reads; out: pictures in device memory, in slots that are reused."""
