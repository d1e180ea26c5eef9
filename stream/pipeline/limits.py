"""What a film may ask for, by the settings."""

from __future__ import annotations

from ..decode import film_end
from ..errors import LimitError
from ..records import VideoInfo
from ..settings.sections import LimitSettings


def check_info(info: VideoInfo, limits: LimitSettings) -> None:
    """Raise LimitError when the film is larger or longer than is allowed. A container that promises too long a film is
    not believed: its packets are read."""
    if limits.pixels and info.width * info.height > limits.pixels:
        raise LimitError(f"is {info.width}x{info.height}, more than limits.pixels allows ({limits.pixels}), raise it")
    if limits.duration_s and (info.duration_s or 0.0) > limits.duration_s:
        length_s = film_end.length_s(info) or 0.0
        if length_s > limits.duration_s:
            raise LimitError(
                f"lasts {length_s:.0f} s, more than limits.duration_s allows ({limits.duration_s:g}), raise it"
            )


def check_frames(frames: int, limits: LimitSettings) -> None:
    """Raise LimitError when more frames came than are allowed."""
    if limits.frames and frames > limits.frames:
        raise LimitError(f"has more frames than limits.frames allows ({limits.frames}), raise it or use --end")
