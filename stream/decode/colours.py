"""How the pictures of a film are coloured, by its tags and its metadata (ITU-T H.273, SMPTE ST 2086, CTA-861.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from struct import unpack_from

import av
from av.sidedata.sidedata import Type
from av.video.codeccontext import VideoCodecContext

from kernels.surface import Colour, Matrix
from kernels.tone_mapping import HDR_TRANSFERS, USUAL_PEAK_NITS

from ..errors import KeyartError
from ..records import DolbyVision, Notice, VideoInfo
from .side_data import side_data

# H.273 code points that FFmpeg reports as numbers.
_MATRICES: dict[int, Matrix] = {1: "bt709", 4: "bt601", 5: "bt601", 6: "bt601", 7: "bt709", 9: "bt2020"}
"""Those of FCC (4) and SMPTE 240M (7) differ from the named ones by at most .02 in a coefficient of luma."""
_DERIVED = 12
"""The matrix follows from the primaries, and equals that of their standard."""
_NOT_CONVERTED = {
    8: "YCgCo",
    10: "BT.2020 with constant luminance",
    11: "Y'D'zD'x (SMPTE ST 2085)",
    13: "derived from the primaries with constant luminance",
    14: "ICtCp",
    15: "IPT-C2",
    16: "YCgCo-Re",
    17: "YCgCo-Ro",
}
_TRANSFERS = {1: "bt709", 4: "gamma22", 6: "bt601", 8: "linear", 13: "srgb", 14: "bt2020", 16: "pq", 18: "hlg"}
_PRIMARIES = {1: "bt709", 5: "bt470bg", 6: "bt601", 9: "bt2020", 12: "p3"}
_FULL_RANGE = 2
_MASTERING_BYTES, _HAS_LUMINANCE_AT, _MAX_LUMINANCE_AT = 88, 84, 72
"""FFmpeg's AVMasteringDisplayMetadata: ten rationals, then two flags."""


@dataclass(frozen=True, slots=True)
class Tags:
    """What a container says of colours, as numbers of H.273, before a decoder overwrites it."""

    primaries: int
    transfer: int
    matrix: int

    @staticmethod
    def of(context: VideoCodecContext) -> Tags:
        """Those of a stream that is not decoded yet."""
        return Tags(int(context.color_primaries), int(context.color_trc), int(context.colorspace))


def film_colour(first: av.VideoFrame, dolby: DolbyVision | None, tags: Tags) -> Colour:
    """The film's colour by its first picture, with the brightest light that its metadata claim. High dynamic range that
    only the container tells is believed; what a base layer of Dolby Vision leaves unsaid follows from its
    compatibility."""
    colour, told = colour_of(first), _TRANSFERS.get(tags.transfer, "unknown")
    if colour.transfer == "unknown" and told in HDR_TRANSFERS:
        primaries = _PRIMARIES.get(tags.primaries, "unknown")
        colour = replace(colour, transfer=told, primaries=primaries, matrix=_MATRICES.get(tags.matrix, colour.matrix))
    if dolby is not None and colour.transfer == "unknown" and dolby.base in HDR_TRANSFERS:
        colour = replace(colour, transfer=dolby.base, primaries="bt2020", matrix="bt2020")
    return replace(colour, peak_nits=_claimed_peak(first)) if colour.transfer == "pq" else colour


def form_not_converted(frame: av.VideoFrame) -> str | None:
    """The name of the form of a picture's colours, where it is one that nothing here converts."""
    name = _NOT_CONVERTED.get(int(frame.colorspace))
    return None if name is None or frame.format.is_rgb else name


def refuse_not_converted(first: av.VideoFrame) -> None:
    """Raises KeyartError for pictures whose colours have a form that nothing here converts."""
    name = form_not_converted(first)
    if name is not None:
        raise KeyartError(f"has colours in the form {name}, which is not converted, give it in BT.709 or BT.2020")


def is_told_beside(first: av.VideoFrame, film: Colour) -> bool:
    """Whether the high dynamic range of a film (`film_colour`) is not told by its first picture itself."""
    return film.transfer in HDR_TRANSFERS and colour_of(first).transfer == "unknown"


def colour_like(frame: av.VideoFrame, info: VideoInfo) -> Colour:
    """The colour of one picture of a film. The brightest light of PQ is that which the picture itself claims, else the
    film's; where high dynamic range is told beside the pictures, it is that of those which say nothing."""
    colour = _without_lasting_hlg(colour_of(frame), info.colour)
    if colour.transfer == "unknown" and info.hdr_told_beside:
        return info.colour
    return _with_peak(colour, _claimed_peak(frame) or info.colour.peak_nits) if colour.transfer == "pq" else colour


def colour_of(frame: av.VideoFrame) -> Colour:
    """Colour as tagged in the frame. Without a tag, the matrix follows from the size (BT.709 for HD), the range from
    the pixel format."""
    hd = frame.width >= 1280 or frame.height > 576
    tags = (int(frame.colorspace), int(frame.color_range), int(frame.color_primaries), int(frame.color_trc))
    return _colour(hd, frame.format.name, *tags)


def is_tagged(frame: av.VideoFrame) -> bool:
    """Whether the frame names a matrix that is known, or is RGB; else `colour_of` guesses it."""
    return int(frame.colorspace) in {*_MATRICES, _DERIVED} or frame.format.is_rgb


def colour_notices(colour: Colour) -> list[Notice]:
    """What was assumed of a film in high dynamic range."""
    if colour.transfer != "pq" or colour.peak_nits:
        return []
    message = f"PQ pictures without the brightest light of their master, {USUAL_PEAK_NITS:,.0f} cd/m² are taken for it"
    return [Notice("hdr_peak_assumed", message)]


@lru_cache(maxsize=64)
def _without_lasting_hlg(colour: Colour, film: Colour) -> Colour:
    """FFmpeg keeps the HLG that HEVC tells beside its pictures (SEI 147) for all that the same decoder gives later. HLG
    has wide primaries, so pictures with others are none, unless their film begins so. Cached, because it is called for
    every frame."""
    if colour.transfer != "hlg" or colour.primaries in ("bt2020", "p3"):
        return colour
    begins_so = (film.transfer, film.primaries) == (colour.transfer, colour.primaries)
    return colour if begins_so else replace(colour, transfer="unknown")


@lru_cache(maxsize=64)
def _with_peak(colour: Colour, peak_nits: float) -> Colour:
    """Cached, because it is called for every frame."""
    return replace(colour, peak_nits=peak_nits)


@lru_cache(maxsize=64)
def _colour(hd: bool, layout: str, matrix: int, span: int, primaries: int, transfer: int) -> Colour:
    """Cached, because it is called for every frame."""
    if matrix == _DERIVED:
        matrix = primaries
    return Colour(
        matrix=_MATRICES.get(matrix, "bt709" if hd else "bt601"),
        full_range=span == _FULL_RANGE or layout.startswith("yuvj"),
        primaries=_PRIMARIES.get(primaries, "unknown"),
        transfer=_TRANSFERS.get(transfer, "unknown"),
    )


def _claimed_peak(frame: av.VideoFrame) -> float:
    """Brightest light in cd/m²: that of the content, else that of the display it was mastered on; 0 without either."""
    content = side_data(frame, Type.CONTENT_LIGHT_LEVEL)
    if len(content) >= 4 and (light := unpack_from("=I", content)[0]):
        return float(light)
    mastering = side_data(frame, Type.MASTERING_DISPLAY_METADATA)
    if len(mastering) < _MASTERING_BYTES or not unpack_from("=i", mastering, _HAS_LUMINANCE_AT)[0]:
        return 0.0
    numerator, denominator = unpack_from("=ii", mastering, _MAX_LUMINANCE_AT)
    return max(0.0, numerator / denominator) if denominator else 0.0
