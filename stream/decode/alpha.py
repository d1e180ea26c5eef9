"""Transparent VP8 and VP9 (stickers, overlays): FFmpeg's own decoders leave the alpha out, those of libvpx show it.

Matroska keeps the alpha of each picture beside it, as a film of its own (BlockAdditional); `AlphaMode` of the track
says that it does.
"""

from __future__ import annotations

from collections.abc import Collection

import av
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from ..records import Notice

_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""Codec → the decoder that shows its alpha."""


def is_transparent(stream: VideoStream) -> bool:
    """Whether the track is VP8 or VP9 and said to have alpha. A tag of the file may write the name in capitals."""
    said = {name.lower(): value for name, value in stream.metadata.items()}
    return stream.codec_context.name in _DECODERS and said.get("alpha_mode") == "1"


def decoder_with_alpha(stream: VideoStream, decoders: Collection[str] = av.codecs_available) -> str | None:
    """The name of the decoder that shows the track's alpha; None where it has none, or where that decoder is not among
    `decoders`, those of this FFmpeg."""
    name = _DECODERS[stream.codec_context.name] if is_transparent(stream) else None
    return name if name in decoders else None


def context_of(stream: VideoStream) -> VideoCodecContext:
    """What decodes the stream: its own decoder, or the one that shows its alpha."""
    own, name = stream.codec_context, decoder_with_alpha(stream)
    if name is None:
        return own
    context = av.CodecContext.create(name, "r")
    assert isinstance(context, VideoCodecContext)
    context.extradata = own.extradata
    # What the container says of colours, which a decoder gives to its pictures.
    context.color_range, context.colorspace = own.color_range, own.colorspace
    context.color_primaries, context.color_trc = own.color_primaries, own.color_trc
    return context


def alpha_notices(left_out: bool) -> list[Notice]:
    """Says of a transparent film that this FFmpeg has no decoder which shows that."""
    if not left_out:
        return []
    return [Notice("alpha_left_out", "has transparent parts that this FFmpeg cannot decode, shown without them")]
