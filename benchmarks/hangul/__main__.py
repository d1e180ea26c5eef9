"""Commands: `fonts` fetches the fonts, `train` makes the model, `prior` fits what lines say usually; without a command
the reader is measured."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from engines import store
from engines.prior import FILE
from engines.zoo import Zoo
from stream.errors import KeyartError

from ..debian_fonts import fetch
from .backgrounds import footage
from .fonts import KOREAN_PACKAGES, LATIN_PACKAGES, Purpose, default_folder, fonts_of
from .lines import Source
from .prior import write_prior
from .report import Sizes, report

TRAINING_SEED = 20261201
TEST_SEED = 7
STEPS = 13_000
"""About .5 s of one core each."""
EASY = 16_000
"""Lines of one to four characters at the beginning of the training."""
LATIN = 0.15
"""Share of the numbers that are written without a syllable. PP-OCR reads those."""
DEFORMED = 0.45
"""Share of the lines that are drawn as no font has them."""
MILD = 0.6
"""Share of the lines that are as title cards are."""
SEASONS = 0.04
"""Share of the numbers that are a season and an episode with many noughts."""
MISTAKEN = 0.2
"""Share of the other numbers whose signs are easily taken for others."""
MODEL = Path(__file__).resolve().parents[2] / "engines" / "hangul.onnx"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 1 with a line that says what is missing."""
    chosen = _parser().parse_args(arguments)
    try:
        chosen.run(chosen)
    except KeyartError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    root = Path(__file__).resolve().parents[2]
    testdata = Path(os.environ.get("KEYART_TESTDATA", root.parent / "shared" / "testdata"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hangul", description=__doc__)
    parser.add_argument("--fonts", type=Path, default=default_folder(), help="folder of fonts (default: %(default)s)")
    parser.add_argument("--testdata", type=Path, default=testdata, help="folder with real/ (default: KEYART_TESTDATA)")
    parser.add_argument("--lines", type=int, default=3000, help="lines of each kind for Keyart's reader")
    parser.add_argument("--others-lines", type=int, default=300, help="the same for PP-OCR and Tesseract")
    parser.add_argument("--model", type=Path, default=MODEL, help="the reader (default: engines/hangul.onnx)")
    parser.add_argument("--wrong", type=int, default=0, help="list so many of the lines that it read wrong")
    parser.set_defaults(run=_measure)
    commands = parser.add_subparsers()
    fonts = commands.add_parser("fonts", help="download Debian's fonts")
    fonts.set_defaults(run=lambda chosen: fetch((*KOREAN_PACKAGES, *LATIN_PACKAGES), chosen.fonts))
    prior = commands.add_parser("prior", help="fit what lines say usually to texts of the training, and write the file")
    prior.set_defaults(run=lambda chosen: write_prior(FILE))
    train = commands.add_parser("train", help="train, and write the ONNX file")
    train.add_argument("--steps", type=int, default=STEPS, help="of 32 lines, those of earlier runs included")
    train.add_argument("--checkpoint", type=Path, default=root / "build" / "hangul" / "checkpoint.pt")
    train.add_argument("--rate", type=float, default=3e-3, help="peak of the learning rate")
    train.add_argument("--threads", type=int, default=1)
    train.add_argument("--makers", type=int, default=1, help="processes that draw lines beside the training")
    train.add_argument("--begin-with", type=Path, help="an ONNX file of earlier; where there is no checkpoint")
    train.add_argument("--bfloat16", action="store_true", help="half of the time where the processor can, less exact")
    train.set_defaults(run=_train)
    return parser


def source(chosen: argparse.Namespace, purpose: Purpose, seed: int) -> Source:
    """The lines of one purpose, from the folders that the command names. The machine's own fonts are left out: the same
    packages give the same lines everywhere."""
    fonts = fonts_of(purpose, chosen.fonts)
    return Source(fonts, footage(purpose, chosen.testdata), seed)


def _train(chosen: argparse.Namespace) -> None:
    easy = 0 if chosen.begin_with else EASY
    drawn = source(chosen, "training", TRAINING_SEED)
    lines = replace(
        drawn, easy=easy, latin=LATIN, deformed=DEFORMED, seasons=SEASONS, mild=MILD, mistaken=MISTAKEN
    )
    from .export import model_of  # PyTorch is in the extra `train` alone
    from .training import GUIDED_STEPS, Plan, train

    plan = Plan(
        chosen.steps,
        chosen.checkpoint,
        threads=chosen.threads,
        peak_rate=chosen.rate,
        guided_steps=0 if chosen.begin_with else GUIDED_STEPS,
        makers=chosen.makers,
        begin_with=chosen.begin_with,
        bfloat16=chosen.bfloat16,
    )
    network = train(lines, plan)
    chosen.model.write_bytes(model_of(network).SerializeToString())


def _measure(chosen: argparse.Namespace) -> None:
    ppocr = store.model_path(Zoo.default().folder, "text_recognition")
    sizes = Sizes(chosen.lines, chosen.others_lines)
    held_out = source(chosen, "test", TEST_SEED)
    for line in report(held_out, chosen.model, ppocr if ppocr.is_file() else None, sizes, chosen.wrong):
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
