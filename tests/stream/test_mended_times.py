"""Films whose times run backwards: the right picture is found again, and nothing decodes the film for every look."""

from __future__ import annotations

import numpy as np

from stream.av_decode import AvDecoder
from stream.decode import DecodeOptions


def test_pictures_of_joined_streams_are_found_again_and_no_look_reads_the_whole_film(make_film, moving):
    part = make_film("part.ts", moving(30))
    joined = part.with_name("joined.ts")
    joined.write_bytes(part.read_bytes() * 2)
    decoder = AvDecoder(joined, DecodeOptions(threads=1))
    batches = list(decoder.batches())
    pts_s = np.concatenate([batch.pts_s for batch in batches])
    surfaces = [surface for batch in batches for surface in batch.surfaces]
    assert np.all(np.diff(pts_s) > 0)
    (notice,) = [notice for notice in decoder.notices if notice.code == "times_mended"]
    assert "not looked for" in notice.message
    assert np.array_equal(decoder.frame_at(float(pts_s[40])).y, surfaces[40].y)
    assert decoder.between(float(pts_s[38]), float(pts_s[42])) == []
