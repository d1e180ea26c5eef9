"""How many rows around a boundary are looked at: a span of time where rows come seldom.

Where only every fourth frame is decoded, eight rows are more than a second: the next cut lies among them, or another
motion. So there are fewer, but never less than a few.
"""

from __future__ import annotations

from dataclasses import dataclass

AROUND_ROWS = 8
"""Rows on either side of a cut whose changes say how much the picture moves. E01–E05: 4 to 16."""
USUAL_ROWS = 24
"""Rows on either side of a cut that say how alike the pictures of a shot usually are. With 6 and 12 in their stead the
fit tells cuts less surely on films left out. As many where rows come seldom: with as many as a second has, more is
invented in fifteen films of which every second to fourth frame is left than is found besides."""
OUTSIDE_ROWS = 12
"""Rows before and after a dissolve that are looked at. E01–E05: 6 to 24."""
_STABLE_ROWS = 4
"""Each end of a dissolve is compared with the row this far outside: outside a dissolve the picture keeps still.
E01–E05: 4 to 8; F1 .998 at 3."""
_PEAK_ROWS = 2
"""Rows on either side that no cut changes more than. Chosen by eye."""
_FULL_RATE = 24.0
"""Rows a second from which on the numbers above hold as they are: they were found on films of 24 to 30 frames."""
_LEAST_AROUND, _LEAST_OUTSIDE, _LEAST_STABLE = 3, 4, 3
"""The fewest rows, chosen by eye. With 4 for the first, 5 more of 2,792 boundaries are missed in fifteen films of which
a fifth to a half of the frames is left, in eight patterns."""
_CONSECUTIVE_RATE = 20.0
"""Rows a second from which on rows are taken for consecutive frames. Chosen by eye between the 24 frames of films and
the 10 to 17 reference pictures a second of most films."""
_ASKED_RATE = 10.0
"""Rows a second from which on a second opinion is worth asking for. TransNet V2 was trained on consecutive frames. By
the reference frames of fifteen films (12 to 15 a second) it tells the one cut that is invented without it; with every
second frame left of ten real excerpts it leaves out one of five invented, with every third two of 14 and a true cut of
61, with every fourth one of five and two true cuts of 60."""


@dataclass(frozen=True, slots=True)
class RowSpans:
    """Numbers of rows on either side of a cut or a dissolve.

    `tones`: whose changes of tones are compared with a cut's; `peak`: that no cut changes more than; `outside`: of a
    dissolve, that are looked at; `stable`: how far outside a dissolve the picture is compared with each end.
    `consecutive`: whether rows are taken for consecutive frames. `asked`: whether a second opinion is asked for.
    """

    tones: int
    peak: int
    outside: int
    stable: int
    consecutive: bool
    asked: bool


def spans_at(rows_per_s: float) -> RowSpans:
    """The spans where so many rows come in a second: those of the constants above from 24 on."""
    share = min(1.0, rows_per_s / _FULL_RATE)
    return RowSpans(
        max(_LEAST_AROUND, round(AROUND_ROWS * share)),
        max(1, round(_PEAK_ROWS * share)),
        max(_LEAST_OUTSIDE, round(OUTSIDE_ROWS * share)),
        max(_LEAST_STABLE, round(_STABLE_ROWS * share)),
        rows_per_s >= _CONSECUTIVE_RATE,
        rows_per_s >= _ASKED_RATE,
    )
