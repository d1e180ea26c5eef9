"""How likely a picture is sexually explicit, by open_nsfw (Mahadeokar and Pesavento 2016).

The network knows that one subject alone: no violence, no drugs, nothing drawn, and nothing of the story. What its
authors publish says how a picture is shown to it: 256×256 without regard to its shape, of which the middle 224×224.
"""

from __future__ import annotations

from math import ceil

from kernels.ops import Ops
from kernels.surface import Rect, Surface

from .session import Session
from .tools import HOST_TOOLS, EngineTools

SIDE_PX = 224
"""Side of the network's input, pixels."""
SCALED_PX = 256
"""Side of the scaled picture of which the input is the middle, pixels."""
_SEEN = SIDE_PX / SCALED_PX


class MaturityClassifier:
    """open_nsfw on one session. Several threads may ask it."""

    def __init__(self, session: Session, ops: Ops, tools: EngineTools = HOST_TOOLS) -> None:
        self._session, self._ops, self._tools = session, ops, tools

    def explicit(self, surface: Surface, area: Rect | None = None) -> float:
        """Probability (0–1) that `area` of the picture (displayed pixels, default: all) is sexually explicit.
        Synchronises (on a device). Raises SessionError."""
        geometry = surface.geometry
        whole = (0.0, 0.0, float(geometry.display_width), float(geometry.display_height))
        with self._tools.scope():
            picture = self._ops.rgb(surface, middle(area or whole), (SIDE_PX, SIDE_PX))
            answer = self._session.run({"image": self._tools.engine_input(picture[None])})
            return float(self._ops.to_host(answer["probabilities"])[0, 1])


    def explicit_unsqueezed(self, surface: Surface, area: Rect | None = None) -> float:
        """The highest answer for the squares that cover `area` along its longer side: what `explicit` sees squeezed is
        seen in its own shape. Asks once for each square, and is `explicit` for a square area. Raises SessionError."""
        geometry = surface.geometry
        whole = (0.0, 0.0, float(geometry.display_width), float(geometry.display_height))
        return max(self.explicit(surface, square) for square in squares(area or whole))


def squares(area: Rect) -> list[Rect]:
    """The fewest squares of the shorter side of `area` that cover it, evenly apart, and one in the middle where they
    would be two: it would be nowhere whole."""
    x, y, width, height = area
    side, length = min(width, height), max(width, height)
    count = ceil(length / side)
    count += count == 2
    starts = [(length - side) * place / max(1, count - 1) for place in range(count)]
    return [(x + start, y, side, side) if width >= height else (x, y + start, side, side) for start in starts]


def middle(area: Rect) -> Rect:
    """The part of `area` that the network sees: scaling it to 224×224 gives the middle of the picture scaled to
    256×256."""
    x, y, width, height = area
    edge = (1 - _SEEN) / 2
    return x + edge * width, y + edge * height, _SEEN * width, _SEEN * height
