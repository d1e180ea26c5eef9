"""New parameter sets within a film. NVDEC's pictures say nothing of their colours and the aspect of their pixels, so
FFmpeg decodes the key picture that comes with them and is asked."""

from __future__ import annotations

from fractions import Fraction

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from ...records import VideoInfo
from ..colour_parts import treatment
from ..colours import colour_like, form_not_converted
from ..ffmpeg.pixel_aspect import container_tells
from ..watch_anew import LateShapeError

_MOST_KNOWN = 4096
"""Headers that are remembered, some fifty bytes each."""


class LateHeaders:
    """For one pass over a film of H.264, HEVC or AV1; other codecs have no parameter sets and are not asked.

    usual: the parameter sets of the container, empty where it has none; else the first ones are taken for usual.
    aspect: of a pixel as the stream says before anything is decoded; None where it does not.
    """

    def __init__(self, info: VideoInfo, usual: bytes, aspect: Fraction | None) -> None:
        self._info, self._aspect = info, aspect or Fraction(1)
        self._known = {usual} if usual else set[bytes]()

    def saw(self, headers: bytes, packet: bytes, time_s: float) -> None:
        """Take note of a packet's parameter sets. packet: a key picture with them, in Annex B.

        Raises LateShapeError where the film has other colours or another aspect from here on. A packet that FFmpeg
        cannot decode says nothing.
        """
        if not headers or headers in self._known:
            return
        first = not self._known
        if len(self._known) < _MOST_KNOWN:
            self._known.add(headers)
        if first:
            return
        found = self._decoded(packet)
        if found is None:
            return
        frame, aspect = found
        others = treatment(colour_like(frame, self._info)) != treatment(self._info.colour)
        if others or form_not_converted(frame) is not None:
            raise LateShapeError(f"its pictures change their colours at {time_s:.2f} s, and FFmpeg tells them apart")
        if aspect != self._aspect and not container_tells(self._info.path):
            raise LateShapeError(f"its pictures change their aspect at {time_s:.2f} s, and are fitted on the host")

    def _decoded(self, packet: bytes) -> tuple[av.VideoFrame, Fraction] | None:
        context = av.CodecContext.create(self._info.codec, "r")
        assert isinstance(context, VideoCodecContext)
        context.thread_count = 1
        try:
            frames = [*context.decode(av.Packet(packet)), *context.decode(None)]
        except FFmpegError:
            return None
        return (frames[0], context.sample_aspect_ratio or Fraction(1)) if frames else None
