"""The proof on a GPU machine, one command: `python -m benchmarks.gpu_check`. In: test data and clips; out: one report."""
