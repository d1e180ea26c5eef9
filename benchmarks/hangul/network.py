"""The reader's network in PyTorch: convolutions that see about two syllables around a place, and one class a column.

No layer sees the whole line, so that what stands far off (or the padding) never changes what is read, and no language
model makes a likelier number of the one that is there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

COLUMN_PX = 4
"""Width of a column of the output in pixels of the input."""


def _layer(
    inputs: int, outputs: int, kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def _along(channels: int) -> nn.Sequential:
    """A convolution of five columns along the line."""
    return _layer(channels, channels, (1, 5), (1, 1), (0, 2))


class LineNetwork:
    """classes: with the blank. `folding`: layers one after the other, until one row is left. `along`: layers on that
    row, each added to its input. `head`: one class a column. 0.88 M weights at 496 classes."""

    def __init__(self, classes: int, width: int = 192) -> None:
        square, down = (3, 3), (2, 1)
        self.folding = nn.ModuleList([
            _layer(3, 16, square, (2, 2), (1, 1)),
            _layer(16, 32, square, (2, 2), (1, 1)),
            _layer(32, 64, square, (1, 1), (1, 1)),
            _layer(64, 96, square, down, (1, 1)),
            _layer(96, 128, square, down, (1, 1)),
            _layer(128, width, square, (1, 1), (0, 1)),
        ])  # fmt: skip
        self.along = nn.ModuleList([_along(width), _along(width)])
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Conv2d(width, classes, 1)
        self.all = nn.ModuleDict(
            {"folding": self.folding, "along": self.along, "drop": self.dropout, "head": self.head}
        )
        self.all.to(memory_format=torch.channels_last)

    def logits(self, x: Tensor) -> Tensor:
        """(N, 3, 48, W) float32 −1…1 → (N, W / 4, classes); class 0 is the blank."""
        for layer in self.folding:
            x = layer(x)
        for layer in self.along:
            x = x + layer(x)
        return self.head(self.dropout(x)).squeeze(2).transpose(1, 2)
