"""How pictures of high dynamic range or a wide gamut become BT.709 pictures of standard range: the numbers of it.

    R'G'B' ─▶ light ─▶ less light ─▶ gamut of ─▶ R'G'B'
              EOTF     BT.2390       BT.709      BT.1886

Light is relative to `WHITE_NITS`, so 1 is white in standard range. `kernels.cpu_tone_mapping` does it with these
tables, `kernels.reference_tone_mapping` by the formulas alone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .surface import Colour

WHITE_NITS = 203.0
"""Light of white in standard range, cd/m²: the reference white of HDR (ITU-R BT.2408)."""
USUAL_PEAK_NITS = 1000.0
"""Brightest light of a film that does not say it, cd/m²: the nominal peak of HLG (BT.2100) and of most PQ masters."""
GAMMA = 2.4
"""Exponent of a display of standard range (BT.1886)."""
SDR = Colour("bt709", False, "bt709", "bt709")
"""Colour of mapped pictures."""
STEPS = 4096
HDR_TRANSFERS = ("pq", "hlg")
_XY = {
    "bt709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "p3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""Chromaticities of red, green and blue (BT.709, BT.2020, SMPTE EG 432-1)."""
_D65 = (0.3127, 0.3290)
# SMPTE ST 2084.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
# BT.2100, HLG.
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073


def is_mapped(colour: Colour) -> bool:
    """Whether pictures of this colour are mapped: high dynamic range, or a gamut wider than BT.709's."""
    return colour.transfer in HDR_TRANSFERS or colour.primaries in ("bt2020", "p3")


def peak_of(colour: Colour) -> float:
    """Brightest light of the film, cd/m², from `WHITE_NITS` to 10,000: what it says, else `USUAL_PEAK_NITS`. HLG has no
    absolute light; it is shown as on a display of the usual peak."""
    if colour.transfer not in HDR_TRANSFERS:
        return WHITE_NITS
    claimed = colour.peak_nits if colour.transfer == "pq" else 0.0
    return min(10000.0, max(WHITE_NITS, claimed or USUAL_PEAK_NITS))


def pq_light(signal: np.ndarray) -> np.ndarray:
    """Light in cd/m² of PQ signals (0–1): the EOTF of SMPTE ST 2084."""
    root = np.power(np.clip(signal, 0.0, 1.0), 1.0 / _M2)
    return np.asarray(10000.0 * np.power(np.maximum(root - _C1, 0.0) / (_C2 - _C3 * root), 1.0 / _M1))


def pq_signal(nits: np.ndarray) -> np.ndarray:
    """PQ signal (0–1) of light in cd/m², the inverse of `pq_light`."""
    part = np.power(np.maximum(nits, 0.0) / 10000.0, _M1)
    return np.asarray(np.power((_C1 + _C2 * part) / (1.0 + _C3 * part), _M2))


def hlg_scene(signal: np.ndarray) -> np.ndarray:
    """Light of the scene (0–1) of HLG signals (0–1): the inverse OETF of BT.2100."""
    held = np.clip(signal, 0.0, 1.0)
    return np.asarray(np.where(held <= 0.5, held * held / 3.0, (np.exp((held - _C) / _A) + _B) / 12.0))


def rolled_off(nits: np.ndarray, peak_nits: float) -> np.ndarray:
    """Light in cd/m² after the EETF of BT.2390-10 (5.4.1) from a display of `peak_nits` to one of `WHITE_NITS`, both
    with black at 0: unchanged up to a knee, then a Hermite spline in PQ signal that ends at `WHITE_NITS`."""
    source = float(pq_signal(np.array(peak_nits)))
    signal, most = pq_signal(nits) / source, float(pq_signal(np.array(WHITE_NITS))) / source
    knee = 1.5 * most - 0.5
    if most >= 1.0:
        return np.asarray(np.minimum(nits, peak_nits))
    t = np.clip((signal - knee) / (1.0 - knee), 0.0, 1.0)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1.0 - knee) + (3 * t**2 - 2 * t**3) * most
    )
    return pq_light(np.where(signal < knee, signal, spline) * source)


def gamut_matrix(primaries: str) -> np.ndarray:
    """(3, 3) float64: linear light of these primaries as that of BT.709's. White is D65 in both."""
    return np.asarray(np.linalg.inv(_to_xyz("bt709")) @ _to_xyz(primaries))


def _to_xyz(primaries: str) -> np.ndarray:
    columns = np.array([(x / y, 1.0, (1.0 - x - y) / y) for x, y in _XY[primaries]]).T
    white = np.array((_D65[0] / _D65[1], 1.0, (1.0 - sum(_D65)) / _D65[1]))
    return np.asarray(columns * np.linalg.solve(columns, white))


def primaries_of(colour: Colour) -> str:
    """Primaries that are taken for the film's: what it says, BT.2020 for HDR that says nothing, else BT.709."""
    if colour.primaries in _XY:
        return colour.primaries
    return "bt2020" if colour.transfer in HDR_TRANSFERS else "bt709"


class Tables(NamedTuple):
    """The mapping of one colour in numbers.

    light: (STEPS + 1,) float32, light of a signal of 0 to 1; of HLG that of the scene.
    system_gamma, system_gain: light of the scene is scaled by its luminance to this power and by this factor to that
    of the display (the OOTF of BT.2100); 0 and 1 where `light` is that of the display.
    luminance: (3,) float32, share of R, G and B in the luminance.
    most: brightest light, the end of `gain`.
    gain: (STEPS + 1,) float32, factor for a pixel whose brightest channel has the light (i / STEPS)⁴ · `most`.
    gamut: (3, 3) float32, see `gamut_matrix`.
    signal: (STEPS + 1,) float32, 0–255 signal of BT.709 of the light (i / STEPS)⁴.
    """

    light: np.ndarray
    system_gamma: float
    system_gain: float
    luminance: np.ndarray
    most: float
    gain: np.ndarray
    gamut: np.ndarray
    signal: np.ndarray


@lru_cache(maxsize=16)
def tables_of(colour: Colour) -> Tables:
    """The tables for a colour that `is_mapped`."""
    peak, steps = peak_of(colour), np.arange(STEPS + 1) / STEPS
    most, primaries = peak / WHITE_NITS, primaries_of(colour)
    shown = np.maximum(steps**4 * peak, 1e-9)
    is_hlg = colour.transfer == "hlg"
    return Tables(
        light=_light(colour.transfer, steps).astype(np.float32),
        system_gamma=system_gamma(peak) - 1.0 if is_hlg else 0.0,
        system_gain=most if is_hlg else 1.0,
        luminance=luminance_of(primaries).astype(np.float32),
        most=most,
        gain=(rolled_off(shown, peak) / shown).astype(np.float32),
        gamut=gamut_matrix(primaries).astype(np.float32),
        signal=(255.0 * steps ** (4.0 / GAMMA)).astype(np.float32),
    )


def _light(transfer: str, signal: np.ndarray) -> np.ndarray:
    if transfer == "pq":
        return pq_light(signal) / WHITE_NITS
    return hlg_scene(signal) if transfer == "hlg" else signal**GAMMA


def system_gamma(peak_nits: float) -> float:
    """Exponent of HLG's OOTF for a display of this peak (BT.2100, table 5)."""
    return float(1.2 + 0.42 * np.log10(peak_nits / 1000.0))


def luminance_of(primaries: str) -> np.ndarray:
    """(3,) float64: share of R, G and B in the luminance."""
    return np.asarray(_to_xyz(primaries)[1])
