"""Fonts and weights of `keyart bench episode`.

    python -m benchmarks.episode_cards fonts [--to DIR]
    python -m benchmarks.episode_cards fit [--cards N] [--testdata DIR] [--write]
    python -m benchmarks.episode_cards draw OUT.png [--purpose test] [--first I] [--cards N]

`fonts` unpacks Debian's fonts into the user's cache folder. `fit` fits the weights of the confidence to calibration
cards, prints them with the threshold, and with --write puts the weights into stream/episode/confidence.toml. `draw`
makes one picture of many cards, to be looked at.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np

from kernels.cpu import CpuOps
from stream.episode.confidence import TABLE

from .. import options
from ..debian_fonts import fetch
from ..report import write_text
from .cards import plan
from .drawing import pictures_of
from .encoding import compressed
from .fit import Fit, fitted
from .fonts import PURPOSES, default_folders, designs, fonts_of
from .footage import read_stretches
from .readings import Setup, read_cards

_TILE, _ACROSS = (480, 270), 5
_HEAD = """# Weights of the logistic regression that turns features of a reading (stream/episode/confidence.py) into the
# probability that its number is right. Written by `python -m benchmarks.episode_cards fit --write`.
#
# The proportions were chosen by eye; what a sum is worth was fitted (Platt 1999): the weights before times {scale},
# and another constant. {cards} calibration cards, {readings} readings, {wrong} of them wrong. By a scale and a constant
# that have not seen them, at the threshold {threshold}, {faults} of the cards are read surely and wrongly (at most
# {bound:.4f}, with 95 % confidence), and {coverage:.3f} of the cards that state a number are read surely and rightly.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this package."""
    given = _parser().parse_args(arguments)
    with options.tidy_bench():
        given.run(given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.episode_cards", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    fonts = commands.add_parser("fonts", help="fetch the fonts")
    fonts.add_argument("--to", type=Path, default=default_folders()[0], help="folder to unpack them in")
    fonts.set_defaults(run=lambda given: fetch(designs()["packages"], given.to, default_folders()))
    fit = commands.add_parser("fit", help="fit the weights of the confidence")
    fit.add_argument("--write", action="store_true", help="write them into stream/episode/confidence.toml")
    fit.add_argument("--processes", type=int, default=2, help="cards read side by side")
    fit.set_defaults(run=_fit)
    draw = commands.add_parser("draw", help="one picture of many cards")
    draw.add_argument("out", type=Path, help="a PNG file")
    draw.add_argument("--purpose", choices=PURPOSES, default="test")
    draw.add_argument("--first", type=int, default=0, help="number of the first card")
    draw.set_defaults(run=_draw)
    for command, cards in ((fit, 3000), (draw, 40)):
        command.add_argument("--cards", type=int, default=cards, help="number of cards")
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--testdata", type=Path, default=Path("../shared/testdata"), help="folder with `real`")
        command.add_argument("--cache", type=Path, help="folder of data that is kept between runs")
    return parser


def _fit(given: argparse.Namespace) -> None:
    setup = Setup(given.testdata, options.cache_folder(given.cache))
    found = fitted(read_cards("calibration", given.seed, given.cards, setup, given.processes, _say))
    text = as_toml(found)
    print(text)
    if given.write:
        write_text(TABLE, text)


def as_toml(found: Fit) -> str:
    """The file that `stream.episode.confidence.load_table` reads."""
    values = {field.name: getattr(found, field.name) for field in fields(found)}
    weights = "\n".join(f"{name} = {weight}" for name, weight in found.table.weights.items())
    return f"{_HEAD.format(**values)}calibrated = true\nintercept = {found.table.intercept}\n\n[weights]\n{weights}\n"


def _draw(given: argparse.Namespace) -> None:
    fonts = fonts_of(given.purpose)
    stretches = read_stretches(given.purpose, given.testdata, options.cache_folder(given.cache) / "card-footage")
    ops = CpuOps()
    tiles = []
    for index in range(given.first, given.first + given.cards):
        card = plan(given.purpose, given.seed, index)
        pictures = compressed(pictures_of(card, fonts, stretches), card.quantiser)
        tiles.append(ops.rgb(pictures[len(pictures) // 2][1], None, _TILE))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % _ACROSS)
    rows = [np.hstack(tiles[start : start + _ACROSS]) for start in range(0, len(tiles), _ACROSS)]
    cv2.imwrite(str(given.out), np.vstack(rows)[..., ::-1])


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
