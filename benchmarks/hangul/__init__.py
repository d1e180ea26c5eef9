"""A reader of Korean lines of our own: what it is trained on, how it is trained, and how well it reads.

`python -m benchmarks.hangul train` makes `engines/hangul.onnx` (needs the extra `train`); `python -m benchmarks.hangul`
measures it on fonts and footage that it was not trained on.
"""
