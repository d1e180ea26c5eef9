"""Records made by hand."""

from __future__ import annotations

import numpy as np

from engines.faces import UNMEASURED, Face


def face(height: float = 40.0, openness: float | None = 0.3) -> Face:
    """A face with this box height and eye openness."""
    return Face(
        box=(10.0, 10.0, height * 0.8, height),
        score=0.9,
        landmarks=np.zeros((5, 2), np.float32),
        inter_ocular_px=height / 2,
        eye_openness_ratio=openness,
        eye_openness_ratios=(openness, openness),
        pose_deg=(0.0, 0.0, 0.0),
        embedding=None,
        emotion=None,
        quality=UNMEASURED,
    )
