"""Measures and proves the CUDA path on a GPU machine: `python -m benchmarks.gpu_check`. Takes test data and clips,
writes one report of figures."""
