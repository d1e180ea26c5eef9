"""Which of several video streams is the film.

FFmpeg's own choice (`av_find_best_stream`) goes by flags, by bits a second and by how many pictures it happened to see
when it opened the file, and not by size: of two programs it may take the smaller one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from av.stream import Disposition
from av.video.stream import VideoStream

_BESIDE = (
    Disposition.timed_thumbnails
    | Disposition.still_image
    | Disposition.dependent
    | Disposition.hearing_impaired
    | Disposition.visual_impaired
)
"""Flags of streams that go with a film: pictures for its time line, layers of it, versions with signs."""
_LONG_ENOUGH = 0.5
"""Of the longest stream. What is shorter is a title or a cover picture without its flag."""


def main_stream(
    streams: Sequence[VideoStream],
    best: int | None,
    lengths_s: Mapping[int, float],
    pixels_of: Callable[[VideoStream], float],
) -> VideoStream:
    """The film among the video streams of a file, of which there is one at least.

    Those that can be decoded come first, then those of which the size is known, then those that have more than one
    picture and are no part beside a film by their flags, then those flagged as default, then those that have a rate and
    are not much shorter than another, then those with the most pixels, then `best`, then the first.

    best: index of the stream that FFmpeg would take. lengths_s: by index, as far as known; 0 of one picture alone.
    pixels_of: how many pixels a picture is displayed with, only asked of streams with a decoder.
    """
    longest_s = max(lengths_s.values(), default=0.0)

    def rank(stream: VideoStream) -> tuple[float, ...]:
        context = stream.codec_context
        pixels = pixels_of(stream) if context is not None else 0.0
        return (
            context is not None,
            pixels > 0,
            not stream.disposition & _BESIDE and lengths_s.get(stream.index) != 0,
            bool(stream.disposition & Disposition.default),
            bool(stream.average_rate) and lengths_s.get(stream.index, longest_s) >= _LONG_ENOUGH * longest_s,
            pixels,
            stream.index == best,
        )

    return max(streams, key=rank)
