"""`keyart bench episode`: how far the reading of an episode number in the picture can be trusted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from . import options

CardsOption = Annotated[int, typer.Option("--cards", metavar="N", help="Test cards.", min=0)]
CalibrateOption = Annotated[
    int, typer.Option("--calibrate", metavar="M", help="Calibration cards to fit to; 0: weights that ship.", min=0)
]
SeedOption = Annotated[int, typer.Option("--seed", metavar="SEED", help="Another seed makes other cards.", min=0)]
TestdataOption = Annotated[
    Path, typer.Option("--testdata", metavar="DIR", help="Folder with `real`, whose films stand behind the cards.")
]
FontsOption = Annotated[
    list[Path] | None, typer.Option("--fonts", metavar="DIR", help="Folder of fonts. Repeatable.", show_default=False)
]
ProcessesOption = Annotated[int, typer.Option("--processes", metavar="P", help="Cards read side by side.", min=1)]
DecisionsOption = Annotated[
    Path | None, typer.Option("--labels", metavar="FILE", help="Operators' decisions, a line of JSON each.")
]


def episode(
    cards: CardsOption = 3000,
    calibrate: CalibrateOption = 0,
    seed: SeedOption = 0,
    data: options.DataOption = None,
    labels: DecisionsOption = None,
    testdata: TestdataOption = Path("../shared/testdata"),
    fonts: FontsOption = None,
    processes: ProcessesOption = 2,
    out: options.OutOption = options.DEFAULT_OUT,
    cache: options.CacheOption = None,
    models: options.ModelsOption = None,
    model_set: options.ModelSetOption = None,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """How often a right episode number is confirmed, and whether a wrong one ever is, on cards made for this.

    What was read is kept in --cache, so that an interrupted run goes on. --data adds films with truth.json.
    """
    with options.tidy_bench():
        from .episode_cards.bench import Asked, episode_section, opened_read
        from .episode_cards.readings import Setup

        settings = options.settings(config, assignments, models=models, model_set=model_set)
        folder = options.cache_folder(cache)
        setup = Setup(testdata, folder, tuple(fonts) if fonts else None, settings.model_set, settings.models)
        asked = Asked(cards, calibrate, seed, processes, data or (), labels)
        section, problems = episode_section(asked, setup, settings, opened_read, _say)
        options.save_and_print(out, settings, {"episode": section}, as_json)
    options.exit_with_problems(problems)


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command()(episode)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
