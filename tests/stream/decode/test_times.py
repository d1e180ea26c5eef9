"""Films whose times run backwards or whose rate is absurd: what joined and copied files look like."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.probe import rate_of


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


@pytest.mark.parametrize(
    ("claimed", "fps"),
    [
        ((Fraction(30000, 1001), Fraction(25), None), 30000 / 1001),
        ((Fraction(30000), Fraction(30), None), 30.0),
        ((None, Fraction(0), Fraction(24)), 24.0),
        ((Fraction(90000), None, Fraction(1000)), None),
    ],
)
def test_a_rate_that_cannot_be_true_is_not_believed(claimed, fps):
    assert rate_of(*claimed) == fps
