"""Rows to shots. In: the row of measurements of every frame (`kernels.stats.ROW`), in order; out: shots, and how each
begins, as soon as they are certain. One pass; the memory does not grow with the film.

"E01–E05: A to B" beside a number here means: with the number there, and all others as they are, F1 on the five composed
episodes stays 1.000 (282 boundaries; from 0.5 to 2 times was tried; `python -m benchmarks.shot_ranges`, 2026-11-28).
Those episodes have few hard cases: on ten excerpts of real films the defaults find 54 of 68 boundaries and invent 3,
and only a few numbers matter there (found from 0.5 to 2 times): `cut_activity_ratio` and `_TONE_MOTION` (59 to 45 and
46), `_LEAST_CHANGE` (54 to 45), `cut_floor` (57 to 49), `cut_tones` (57 to 48), `AROUND_ROWS` (56 to 51),
`full_contrast` (53 to 56), `_MOST_NEWNESS` (52 at half), `_LEAST_SEPARATION` (8 at twice), and `dissolve_doubt` for
what is invented.
"""
