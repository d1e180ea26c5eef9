"""The pixel operations on a CUDA device: `.cu` sources, their layout, and what launches them."""
