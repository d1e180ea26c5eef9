"""Rows to shots. In: what was measured of every frame (`kernels.stats.ROW`), in order; out: shots, with how each
begins, as soon as they are certain. One pass, memory independent of the film's length."""
