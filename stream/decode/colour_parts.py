"""Films whose pictures change their colour: high dynamic range that begins or ends, another matrix, another range.

Each picture is shown by its own colour. What changes is seen while a film is watched, and said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import av

from kernels.surface import Colour
from kernels.tone_mapping import HDR_TRANSFERS, is_mapped, peak_of, primaries_of

from ..records import ColourPart, FrameBatch, Notice, VideoInfo
from .colours import colour_notices, form_not_converted, is_tagged

MOST_PARTS = 100
"""So many parts are kept and listed; changes beyond are counted."""


def treatment(colour: Colour) -> Colour:
    """What the images depend on. Pictures that are not mapped are converted by matrix and range alone, whatever the
    names of their primaries and their transfer are."""
    if not is_mapped(colour):
        return Colour(colour.matrix, colour.full_range)
    hdr = colour.transfer in HDR_TRANSFERS
    peak, transfer = (peak_of(colour), colour.transfer) if hdr else (0.0, "unknown")
    return replace(colour, primaries=primaries_of(colour), transfer=transfer, peak_nits=peak)


def colours_seen(seen: Iterable[Colour]) -> tuple[Colour, ...]:
    """One colour of each treatment."""
    return tuple({treatment(colour): colour for colour in seen}.values())


class PartWatch:
    """Notes the parts of a film while a decoder goes through it, and the first part whose form is not converted."""

    def __init__(self) -> None:
        self._found: list[ColourPart] = []
        self._last: Colour | None = None
        self._not_converted: tuple[float, str, Colour] | None = None

    def saw(self, frame: av.VideoFrame, colour: Colour, pts_s: float) -> None:
        """Take note of the next picture: its colour in the film, and its time in seconds."""
        if colour is self._last:  # as good as always; equal ones are mostly the same object
            return
        if self._last is None or treatment(colour) != treatment(self._last):
            self._found.append(ColourPart(pts_s, colour, not is_tagged(frame)))
        self._last = colour
        form = form_not_converted(frame)
        if form is not None and self._not_converted is None:
            self._not_converted = pts_s, form, colour

    def taken(self) -> tuple[ColourPart, ...]:
        """The parts that began since this was last asked."""
        found, self._found = tuple(self._found), []
        return found

    def notices(self) -> list[Notice]:
        """That a part has a form of colours which is not converted. A film that begins so is refused."""
        if self._not_converted is None:
            return []
        time_s, form, colour = self._not_converted
        has = f"pictures from {time_s:.2f} s on have colours in the form {form}, which is not converted"
        return [Notice("colour_not_converted", f"{has}, shown as BT.{colour.matrix[2:]}, which is wrong", time_s)]


class FilmColours:
    """The colours of the watched part of a film. `parts`: in order, the first `MOST_PARTS`. `changes`: how many there
    were."""

    def __init__(self) -> None:
        self.parts: list[ColourPart] = []
        self.changes = 0
        self._last: ColourPart | None = None
        self._end_s = 0.0
        self._lasted: dict[Colour, tuple[ColourPart, float]] = {}
        """Treatment → its first part, and how many seconds all of its parts take."""

    def add(self, batch: FrameBatch) -> None:
        """Take note of the next batch."""
        for part in batch.colours:
            self._close(part.time_s)
            self.changes += self._last is not None
            self._last = part
            if len(self.parts) < MOST_PARTS:
                self.parts.append(part)
        self._end_s = float(batch.pts_s[-1])

    def main(self, info: VideoInfo) -> ColourPart:
        """The first part with the colour that most of the watched time has; the film's own as long as nothing that is
        treated otherwise was seen."""
        own = ColourPart(info.first_pts_s, info.colour, info.matrix_guessed)
        self._close(self._end_s)
        if not self._lasted:
            return own
        longest, _ = max(self._lasted.values(), key=lambda lasted: lasted[1])
        return own if treatment(longest.colour) == treatment(info.colour) else longest

    def allows(self, notice: Notice) -> bool:
        """Whether a notice of the film as a whole is one of the watched part: not so what is assumed of high dynamic
        range, where none was watched."""
        if notice.code != "hdr_peak_assumed" or not self.parts or self.changes >= MOST_PARTS:
            return True
        return any(part.colour.transfer in HDR_TRANSFERS for part in self.parts)

    def notices(self, info: VideoInfo) -> list[Notice]:
        """That colours change, and what was assumed of PQ that the film does not begin with."""
        notices = []
        if self.changes:
            before, after = self.parts[:2]
            change = f"from {_words(before.colour)} to {_words(after.colour)}; every picture is shown by its own"
            once = f"the colours change at {after.time_s:.2f} s {change}"
            often = f"the colours change {self.changes:,} times, at {after.time_s:.2f} s first, {change}"
            notices.append(Notice("colour_changed", once if self.changes == 1 else often, after.time_s))
        if not colour_notices(info.colour):
            for part in self.parts:
                if assumed := colour_notices(part.colour):
                    return [*notices, *(replace(notice, time_s=part.time_s) for notice in assumed)]
        return notices

    def _close(self, time_s: float) -> None:
        """Count the time until `time_s` for the part that is open; one that begins then is open from there."""
        if self._last is None:
            return
        key = treatment(self._last.colour)
        first, lasted_s = self._lasted.get(key, (self._last, 0.0))
        self._lasted[key] = first, lasted_s + time_s - self._last.time_s
        self._last = replace(self._last, time_s=time_s)


def _words(colour: Colour) -> str:
    kind = colour.transfer.upper() if colour.transfer in HDR_TRANSFERS else "SDR"
    names = [primaries_of(colour)] if is_mapped(colour) else []
    names += [colour.matrix] if colour.matrix not in names else []
    names.append(f"{'full' if colour.full_range else 'limited'} range")
    names += [f"{peak_of(colour):,.0f} cd/m²"] if colour.transfer in HDR_TRANSFERS else []
    return f"{kind} ({', '.join(names)})"
