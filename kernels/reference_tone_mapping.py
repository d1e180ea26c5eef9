"""The mapping of `tone_mapping.py` by its formulas in double precision. It shares nothing with the fast one."""

from __future__ import annotations

import numpy as np

from .surface import Colour

_TO_BT709 = {
    "bt2020": ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),
    "p3": ((1.2249, -0.2249, 0.0), (-0.0421, 1.0421, 0.0), (-0.0196, -0.0786, 1.0983)),
    "bt709": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}
"""Linear light to BT.709: ITU-R BT.2087 for BT.2020; rounded to four places."""
_LUMINANCE = {"bt2020": (0.2627, 0.6780, 0.0593), "p3": (0.2290, 0.6917, 0.0793), "bt709": (0.2126, 0.7152, 0.0722)}


def mapped(signal: np.ndarray, colour: Colour) -> np.ndarray:
    """(…, 3) float64 R'G'B' of BT.709, 0–255, not rounded, of R'G'B' of the film's colour, (…, 3), 0–1."""
    hdr = colour.transfer in ("pq", "hlg")
    primaries = colour.primaries if colour.primaries in _TO_BT709 else ("bt2020" if hdr else "bt709")
    signal = np.clip(signal, 0.0, 1.0)
    if colour.transfer == "pq":
        peak = min(max(colour.peak_nits or 1000.0, 203.0), 10000.0)
        nits = _eotf(signal)
    elif colour.transfer == "hlg":
        peak = 1000.0
        scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        luminance = (scene * _LUMINANCE[primaries]).sum(axis=-1, keepdims=True)
        nits = 1000.0 * luminance**0.2 * scene
    else:
        peak, nits = 203.0, 203.0 * signal**2.4
    brightest = nits.max(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(brightest > 0, bt2390(brightest, peak, 203.0) / brightest, 1.0)
    light = (nits * factor / 203.0) @ np.array(_TO_BT709[primaries]).T
    return np.asarray(255.0 * np.clip(light, 0.0, 1.0) ** (1 / 2.4))


def bt2390(nits: np.ndarray, source: float, target: float) -> np.ndarray:
    """Light in cd/m² on a display of `target` cd/m² of light mastered on one of `source` (BT.2390-10, 5.4.1; black at 0
    on both; what is brighter than `source` is taken for `source`)."""
    if source <= target:
        return np.asarray(np.minimum(nits, source))
    white = _inverse_eotf(np.array(source))
    e1, max_lum = np.minimum(_inverse_eotf(nits) / white, 1.0), _inverse_eotf(np.array(target)) / white
    ks = 1.5 * max_lum - 0.5
    t = (e1 - ks) / (1 - ks)
    p = (2 * t**3 - 3 * t**2 + 1) * ks + (t**3 - 2 * t**2 + t) * (1 - ks) + (-2 * t**3 + 3 * t**2) * max_lum
    return _eotf(np.where(e1 < ks, e1, p) * white)


def _eotf(signal: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084, cd/m²."""
    root = signal ** (1 / 78.84375)
    power = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return np.asarray(10000.0 * power ** (1 / 0.1593017578125))


def _inverse_eotf(nits: np.ndarray) -> np.ndarray:
    power = (nits / 10000.0) ** 0.1593017578125
    return np.asarray(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)
