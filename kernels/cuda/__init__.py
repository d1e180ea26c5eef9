"""The pixel operations on a CUDA device: the `.cu` sources, the structures they share with the host, and the code that
launches them."""
