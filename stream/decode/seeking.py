"""Shared by the decoders: tolerances of seeking, and the notices about a pass over a file."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..records import Notice, VideoInfo, counted
from .concealed import HIDES_DAMAGE
from .cut_files import is_cut
from .damage import Damage
from .encrypted import encrypted_parts
from .opening import Opening
from .shapes import Shape, is_barred
from .times import FrameClock, T, found_time

SAME_TIME_S = 1.5e-3
"""Times that differ by less belong to the same picture: containers round them to milliseconds."""
SEEK_BACK_OFF_S = 15.0
"""In MPEG program streams a seek may end after the given time. The second try seeks this much earlier."""
_END_TOLERANCE_S = 1.0
"""A film that ends earlier than its container says, by more than this and the duration of a picture, was cut off.
Containers round durations."""


class Reading(Protocol):
    """What a pass knows of the file's bytes. `reached`: the place of its last packet; `stream_id`: the number of the
    stream."""

    damage: Damage
    reached: int
    stream_id: int


@dataclass(slots=True)
class PassSummary:
    """What one pass over the file found. `pictures`: count; `last_s`: time of the last picture, `last_step_s` after the
    one before it; `adjusted`: times were moved; `mended`: single times that were corrected, stored time → time;
    `resized_s`, `reshaped_s`: time of the first picture of another size, or of the same size with pixels of another
    shape, than the film's; `overruled`: time of the first picture that names another aspect than the container, that
    aspect, and the container's, which holds for it; `named`: the first aspect that pictures name; `several`: others are
    named, too; `barred`: some got bars; `ended`: the end of the file was reached; `opening`: the pictures at the film's
    beginning that have no time."""

    pictures: int = 0
    last_s: float = 0.0
    last_step_s: float = 0.0
    adjusted: bool = False
    mended: dict[float, float] = field(default_factory=dict)
    resized_s: float | None = None
    reshaped_s: float | None = None
    overruled: tuple[float, tuple[int, int], tuple[int, int]] | None = None
    named: tuple[int, int] | None = None
    several: bool = False
    barred: bool = False
    ended: bool = False
    opening: Opening | None = None

    def saw(self, pts_s: float) -> None:
        """Count a picture of the watched part."""
        self.last_step_s = pts_s - self.last_s if self.pictures else 0.0
        self.pictures += 1
        self.last_s = pts_s

    def shaped(self, pts_s: float, shape: Shape, main: Shape) -> None:
        """Note the shape of a picture of the watched part. main: that of the film."""
        if shape == main:
            return
        if shape[:2] != main[:2]:
            self.resized_s = pts_s if self.resized_s is None else self.resized_s
        else:
            self.reshaped_s = pts_s if self.reshaped_s is None else self.reshaped_s
        self.barred |= is_barred(shape, main)

    def names(self, pts_s: float, own: tuple[int, int], shape: Shape) -> None:
        """Note the aspect that a picture of the watched part names itself. shape: as which it is shown."""
        self.named = self.named or own
        self.several |= own != self.named
        if own != shape.aspect and self.overruled is None:
            self.overruled = pts_s, own, shape.aspect

    def timed(
        self,
        pictures: Iterable[T],
        stored_s: Callable[[T], float | None],
        fps: float | None,
        hold: Callable[[T], T] | None = None,
        *,
        whole: bool = True,
    ) -> Iterator[tuple[T, float]]:
        """The pictures of a search with the times that they had in this pass. Those without one, which it did not
        watch, are left out. `hold`: see `FrameClock.timed`. `whole`: the search begins with the film."""
        if self.adjusted or (whole and self.opening is not None):
            yield from FrameClock(fps, self.opening).timed(pictures, stored_s, hold)
            return
        before_s: float | None = None
        for picture in pictures:
            time_s = stored_s(picture)
            if time_s is not None:
                before_s = found_time(self.mended, time_s, before_s) if self.mended else time_s
                yield picture, before_s

    def encrypted_parts(self, info: VideoInfo, reading: Reading) -> list[Notice]:
        """Notices about a part of a transport stream that is encrypted. The file is only looked at where pictures end
        long before it does, or damage was found. Raises KeyartError where most of it is."""
        if info.container != "mpegts" or not (self.ended or reading.damage.errors):
            return []
        return encrypted_parts(info.path, reading.stream_id, reading.reached, damaged=reading.damage.errors > 0)

    def notices(self, info: VideoInfo, damage: Damage, track_end_s: float | None = None) -> list[Notice]:
        """Notices about damage, corrected times, changed size and a missing end. track_end_s: when the container says
        that the film's own track ends."""
        found = _notices_of_damage(info, damage)
        if self.adjusted:
            told = "presentation times ran backwards or were missing, mended"
            message = f"{told}; blinks beside pictures were not looked for"
            found.append(Notice("times_mended", message))
        elif self.mended:
            count = len(self.mended)
            told = "one presentation time was" if count == 1 else f"{count:,} presentation times were"
            message = f"{told} out of order and got the time between the neighbours'"
            found.append(Notice("times_mended", message, min(self.mended.values())))
        if self.opening is not None:
            found.append(Notice("times_mended", self.opening.message(), info.first_pts_s))
        found += self._notices_of_shapes()
        end_s = info.first_pts_s + (info.duration_s or 0.0)
        if "matroska" in info.container:
            # Some writers count the duration from zero, whatever the first picture's time is.
            end_s = min(end_s, max(info.duration_s or 0.0, info.first_pts_s))
        if track_end_s is not None:
            end_s = min(end_s, max(track_end_s, info.first_pts_s))
        if self.ended and end_s - self.last_s > _END_TOLERANCE_S + self.last_step_s:
            message = f"ends at {self.last_s:.2f} s although its container says {end_s:.2f} s, used what is there"
            found.append(Notice("cut_off", message, self.last_s))
        elif self.ended and is_cut(info.path, info.container):
            message = f"ends at {self.last_s:.2f} s although its container goes on, used what is there"
            found.append(Notice("cut_off", message, self.last_s))
        return found

    def _notices_of_shapes(self) -> list[Notice]:
        found = []
        if self.resized_s is not None:
            bars = "; where the shape is another, between black bars" if self.barred else ""
            message = f"pictures from {self.resized_s:.2f} s on have another size than the film's own, scaled to it"
            found.append(Notice("size_changed", message + bars, self.resized_s))
        if self.reshaped_s is not None:
            message = f"pictures from {self.reshaped_s:.2f} s on have another shape than the film's own"
            found.append(Notice("aspect_changed", f"{message}, shown between black bars", self.reshaped_s))
        if self.overruled is not None and self.several:
            begin_s, own, held = self.overruled
            names = f"some pictures, from {begin_s:.2f} s on, name pixels of {own[0]}:{own[1]}"
            message = f"{names} and the container {held[0]}:{held[1]} for all, which holds; they may look squeezed"
            found.append(Notice("aspect_overruled", message, begin_s))
        return found


def _notices_of_damage(info: VideoInfo, damage: Damage) -> list[Notice]:
    if damage.errors:
        them = "it" if damage.errors == 1 else "them"
        message = f"{counted(damage.errors, 'damaged place')} did not decode, went on after {them}"
        if info.codec in HIDES_DAMAGE:
            message += "; other pictures may be damaged and decode, look at them before they are shown"
        return [Notice("damaged", message, damage.first_s)]
    if damage.failed:
        fails = "fails" if damage.failed == 1 else "fail"
        message = f"{counted(damage.failed, 'place')} {fails} the file's own checks, left out with those beside"
        return [Notice("damaged", message, damage.first_s)]
    if damage.smeared:
        them = "it" if damage.smeared == 1 else "them"
        message = f"{counted(damage.smeared, 'picture')} decoded with damage, left out with those beside {them}"
        return [Notice("damaged", message)]
    return []


def is_among(times_s: Sequence[float], time_s: float) -> bool:
    """Whether one of the increasing times is that of a picture at `time_s`."""
    place = bisect_left(times_s, time_s - SAME_TIME_S)
    return place < len(times_s) and times_s[place] <= time_s + SAME_TIME_S
