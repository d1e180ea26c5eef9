"""The reader's network in PyTorch: convolutions that see about a syllable on each side, and one class a column.

No layer sees the whole line, so that what stands far off (or the padding) never changes what is read. What it sees is
enough to tell O from 0 inside a word; digits are drawn at random in training, so that no likelier number is made of
the one that is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

COLUMN_PX = 4
"""Width of a column of the output in pixels of the input."""
_BEGINS_WITH = 0.1
"""Scale of the layers that are added to their input, before training: little, so that they disturb nothing."""


@dataclass(frozen=True, slots=True)
class Layer:
    """`parts`: convolutions, the normalisation of the last one, and ReLU. `added`: their output is added to their
    input."""

    parts: nn.Sequential
    added: bool = False

    def __call__(self, x: Tensor) -> Tensor:
        """x + the output, or the output alone."""
        return x + self.parts(x) if self.added else self.parts(x)


def _layer(
    inputs: int, outputs: int, kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> Layer:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
    return Layer(nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)))


def _added(channels: int, kernel: tuple[int, int]) -> Layer:
    """A convolution that keeps the size."""
    convolution = nn.Conv2d(channels, channels, kernel, padding=(kernel[0] // 2, kernel[1] // 2), bias=False)
    return Layer(nn.Sequential(convolution, _little(channels), nn.ReLU(inplace=True)), added=True)


def _context(channels: int) -> Layer:
    """Seven columns, every third one, of each channel for itself; then all channels of a column."""
    wide = nn.Conv2d(channels, channels, (1, 7), dilation=(1, 3), padding=(0, 9), groups=channels)
    column = nn.Conv2d(channels, channels, 1, bias=False)
    return Layer(nn.Sequential(wide, column, _little(channels), nn.ReLU(inplace=True)), added=True)


def _little(channels: int) -> nn.BatchNorm2d:
    normalisation = nn.BatchNorm2d(channels)
    nn.init.constant_(normalisation.weight, _BEGINS_WITH)
    return normalisation


class LineNetwork:
    """classes: with the blank. `layers`: those that fold the picture's rows into one, then those along the line.
    `head`: one class a column. 1.16 M weights at 496 classes."""

    def __init__(self, classes: int, width: int = 192) -> None:
        square, down = (3, 3), (2, 1)
        self.layers = (
            _layer(3, 16, square, (2, 2), (1, 1)),
            _layer(16, 32, square, (2, 2), (1, 1)),
            _added(32, square),
            _layer(32, 64, square, (1, 1), (1, 1)),
            _layer(64, 96, square, down, (1, 1)),
            _added(96, square),
            _layer(96, 128, square, down, (1, 1)),
            _added(128, square),
            _layer(128, width, square, (1, 1), (0, 1)),
            _added(width, (1, 5)),
            _added(width, (1, 5)),
            _context(width),
        )
        self.dropout = nn.Dropout(0.05)
        self.head = nn.Conv2d(width, classes, 1)
        self.all = nn.ModuleList([*(layer.parts for layer in self.layers), self.dropout, self.head])
        self.all.to(memory_format=torch.channels_last)

    def logits(self, x: Tensor) -> Tensor:
        """(N, 3, 48, W) float32 −1…1 → (N, W / 4, classes); class 0 is the blank."""
        for layer in self.layers:
            x = layer(x)
        return self.head(self.dropout(x)).squeeze(2).transpose(1, 2)
