"""Dolby Vision, by its configuration record in MP4 or Matroska, or by its metadata (RPU) beside the first picture.

PyAV hands over no record of the stream, so it is looked for in the file. The record is described in Dolby's "Dolby
Vision Streams Within the ISO Base Media File Format" 2.2, the beginning of an RPU in ETSI GS CCM 001.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import av
from av.sidedata.sidedata import Type

from ..errors import KeyartError
from ..records import DolbyVision, Notice
from .matroska import video_tracks
from .side_data import side_data

_USUAL_COMPATIBILITY = {4: 2, 7: 6, 8: 1, 9: 2}
_PROFILE_5 = 5
_RECORD_BYTES = 24
_INSIDE = {b"mdia": 0, b"minf": 0, b"stbl": 0, b"stsd": 8}
"""Boxes that lead to the sample entries, and how many bytes stand before the boxes inside."""
_SAMPLE_ENTRY_BYTES = 78
_RECORDS = (b"dvcC", b"dvvC", b"dvwC")
_RPU_PREFIX = b"\x19"


def dolby_vision(
    path: Path, container_name: str, first: av.VideoFrame, track: int = 0, video: int = 0
) -> DolbyVision | None:
    """What the file says of Dolby Vision in one of its video streams; None where it says nothing.

    container_name: FFmpeg's. first: the first decoded picture of the stream. track: which of all streams it is, video:
    which of the video streams, both from 0: MP4 and Matroska list them in that order.
    """
    if "mp4" in container_name:
        record = _record_in_mp4(path, track)
    elif "matroska" in container_name:
        record = next((one.dolby for one in video_tracks(path)[video : video + 1]), None)
    else:
        record = None
    return _of_record(record) if record else _of_rpu(first)


def refuse_without_base(dolby: DolbyVision | None) -> None:
    """Raises KeyartError for profiles whose pictures are in colours of Dolby's own."""
    if dolby is not None and dolby.base == "unknown":
        raise KeyartError(
            f"is Dolby Vision of profile {dolby.profile}, whose colours only Dolby's decoders show, "
            "give a version with an HDR10, HLG or SDR base"
        )


def dolby_notices(dolby: DolbyVision | None) -> list[Notice]:
    """That only the base layer is shown."""
    if dolby is None:
        return []
    words = {"pq": "HDR10", "hlg": "HLG", "bt709": "SDR"}[dolby.base]
    message = f"Dolby Vision of profile {dolby.profile} is shown as its {words} base, without Dolby's metadata"
    return [Notice("dolby_vision_base", message)]


def _of_record(record: bytes) -> DolbyVision | None:
    if len(record) < 5 or not 1 <= record[0] <= 3:
        return None
    profile, compatibility = record[2] >> 1, record[4] >> 4
    return DolbyVision(profile, compatibility or _USUAL_COMPATIBILITY.get(profile, 0))


def _of_rpu(first: av.VideoFrame) -> DolbyVision | None:
    """By the header of the metadata: vdr_rpu_profile 0 with a base layer of full range is profile 5, 1 is 7 or 8, whose
    base is HDR10 unless it is tagged otherwise."""
    data = side_data(first, Type.DOVI_RPU_BUFFER)
    data = data.removeprefix(_RPU_PREFIX).replace(b"\0\0\3", b"\0\0")
    bits = f"{int.from_bytes(data[:16]):0128b}"
    if len(data) < 16 or int(bits[:6], 2) != 2:
        return None
    if int(bits[17:21], 2) != 0:
        return DolbyVision(8, {18: 4, 16: 1, 1: 2}.get(int(first.color_trc), 1))
    return DolbyVision(_PROFILE_5, 0) if _full_range(bits) else None


def _full_range(bits: str) -> bool:
    """BL_video_full_range_flag of an RPU's header; False where the header does not reach it."""
    if bits[25] != "1":  # vdr_seq_info_present_flag
        return False
    at = 26 + 1 + 2  # chroma_resampling_explicit_filter_flag, coefficient_data_type
    if bits[27:29] == "00":  # coefficient_log2_denom, Exp-Golomb
        zeros = bits[at:].index("1")
        at += 2 * zeros + 1
    return bits[at + 2] == "1"  # after vdr_rpu_normalized_idc


def _record_in_mp4(path: Path, track: int) -> bytes | None:
    """The first record of a track's sample entries."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        movie = next(((first, last) for kind, first, last in _boxes(file, 0, end) if kind == b"moov"), None)
        if movie is None:
            return None
        tracks = [(first, last) for kind, first, last in _boxes(file, *movie) if kind == b"trak"]
        return next((record for place in tracks[track : track + 1] for record in _records(file, *place)), None)


def _records(file: BinaryIO, begin: int, end: int) -> Iterator[bytes]:
    for kind, first, last in _boxes(file, begin, end):
        if kind in _INSIDE:
            inside = _sample_entries if kind == b"stsd" else _records
            yield from inside(file, first + _INSIDE[kind], last)
        elif kind in _RECORDS:
            file.seek(first)
            yield file.read(min(_RECORD_BYTES, last - first))


def _sample_entries(file: BinaryIO, begin: int, end: int) -> Iterator[bytes]:
    for _, first, last in _boxes(file, begin, end):
        yield from _records(file, first + _SAMPLE_ENTRY_BYTES, last)


def _boxes(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of the contents of the boxes between two places of the file, up to the first broken one."""
    while begin + 8 <= end:
        file.seek(begin)
        head = file.read(16)
        size, kind, first = int.from_bytes(head[:4]), head[4:8], begin + 8
        if size == 1:
            size, first = int.from_bytes(head[8:16]), begin + 16
        last = end if size == 0 else begin + size
        if len(head) < 8 or last < first or last > end:
            return
        yield kind, first, last
        begin = last
