"""The proof on a GPU machine: `python -m benchmarks.gpu_check`. In: test data and clips; out: one report of figures."""
