"""`keyart bench throughput|peers|ablation|compare|gate|baseline`: speed, other programs, and changes between
reports."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .report import Section

if TYPE_CHECKING:
    from stream.settings.model import Settings

    from .labels import Labelled
    from .peers import Choices

FilesArgument = Annotated[list[Path], typer.Argument(metavar="FILE…", help="Videos.")]
DataArgument = Annotated[
    list[Path], typer.Option("--data", metavar="DIR", help="Videos, each with picks.json and truth.json. Repeatable.")
]


def throughput(
    files: FilesArgument,
    rounds: Annotated[int, typer.Option(min=1, metavar="N", help="Rounds of raw decoding and the whole pipeline.")] = 3,
    lengths: Annotated[str, typer.Option(metavar="N,…", help="Repeat the first film N times; empty: skip.")] = "1,2,4",
    in_flight: Annotated[str, typer.Option(metavar="N,…", help="Run N films at once; empty: skip.")] = "1,2",
    out: options.OutOption = options.DEFAULT_OUT,
    threads: options.ThreadsOption = 0,
    config: options.ConfigOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Compare the whole pipeline with raw decoding; measure cost against length and against films in flight."""
    with options.tidy_bench():
        settings = options.settings(config, None, threads=threads)
        section, problems = _throughput(files, rounds, _counts(lengths), _counts(in_flight), settings.thread_count)
        options.save_and_print(out, settings, {"throughput": section}, as_json)
    options.exit_with_problems(problems)


def peers(
    data: DataArgument,
    results: options.ResultsOption = None,
    out: options.OutOption = options.DEFAULT_OUT,
    cache: options.CacheOption = None,
    peer_python: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Python of an environment that has Katna.")
    ] = None,
    every: Annotated[int, typer.Option(min=1, metavar="N", help="The plain script looks at every Nth frame.")] = 1,
    rounds: Annotated[int, typer.Option(min=1, metavar="N", help="Rounds of the script and Keyart in turn.")] = 1,
    threads: options.ThreadsOption = 0,
    models: options.ModelsOption = None,
    config: options.ConfigOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Run other programs on the same films: PySceneDetect, TransNet V2, Katna, FFmpeg's filter, a plain script.

    An interrupted run can be continued: rows are kept film by film in --cache.
    """
    with options.tidy_bench():
        from .labels import read_folders
        from .row_cache import RowCache
        from .shot_comparison import shot_peers
        from .stills import write_stills

        settings = options.settings(config, None, threads=threads, models=models)
        labelled = read_folders(data)
        given = _Peers(settings, options.cache_folder(cache), peer_python, every, rounds)
        shots, unreadable = shot_peers(labelled.videos, settings, RowCache(given.cache / "peers", _say))
        section, recall, problems = _peers(labelled, results or out / "results", given)
        write_stills(out, labelled.videos, recall, settings.thread_count)
        options.save_and_print(out, settings, {"recall": recall, "shot_peers": shots, "peers": section}, as_json)
        problems += unreadable
    options.exit_with_problems(problems)


def ablation(
    data: DataArgument,
    without: Annotated[list[str] | None, typer.Option(metavar="FILTER", help="Repeatable. Default: each.")] = None,
    results: options.ResultsOption = None,
    out: options.OutOption = options.DEFAULT_OUT,
    cache: options.CacheOption = None,
    threads: options.ThreadsOption = 0,
    models: options.ModelsOption = None,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Switch each filter off in turn and judge the choice without it."""
    with options.tidy_bench():
        from .ablation import ABLATIONS, ablate
        from .evaluate import open_evaluation
        from .labels import LabelError, read_folders

        unknown = set(without or ()) - set(ABLATIONS)
        if unknown:
            raise LabelError(f"no filter {min(unknown)!r}; there are: {', '.join(ABLATIONS)}")
        settings = options.settings(config, assignments, threads=threads, models=models)
        labelled = read_folders(data)
        evaluation = open_evaluation(settings, options.cache_folder(cache))
        folder = results or out / "ablation"
        section = ablate(labelled.with_enough_picks, without or list(ABLATIONS), settings, folder, evaluation, _say)
        options.save_and_print(out, settings, {"ablation": section}, as_json)
    options.exit_with_problems([*labelled.problems, *evaluation.problems])


def compare(
    before: Annotated[Path, typer.Argument(metavar="A", help="Folder of a report, or its report.json.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="The other one.")],
) -> None:
    """Show what changed from report A to report B. Refuses reports with different matchers."""
    with options.tidy_bench():
        from .compare import changes, changes_table
        from .report import read_report

        print(changes_table(changes(read_report(before), read_report(after))))


def gate(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="Folder of the report to judge.")],
    baseline: Annotated[Path, typer.Option(metavar="R", help="Report to compare with: folder or file.")],
) -> None:
    """Exit 1 when a figure of REPORT fell behind the baseline by more than its noise."""
    with options.tidy_bench():
        from .compare import changes, changes_table
        from .gate import missing
        from .report import read_report

        old, new = read_report(baseline), read_report(report)
        found, gone = changes(old, new), missing(old, new)
        print(changes_table(found))
    problems = gone if found or gone else ["the reports have no figure in common"]
    problems += [f"{c.name} got worse, from {c.before:.4g} to {c.after:.4g}" for c in found if c.fell]
    options.exit_with_problems([f"gate: {problem}" for problem in problems])


def baseline(
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="Folder of a report.")],
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="Where its figures go.")],
) -> None:
    """Write only the figures of REPORT to FILE.json, as a baseline for the gate."""
    with options.tidy_bench():
        from .gate import figures_only
        from .report import read_report, write_text

        write_text(file, json.dumps(figures_only(read_report(report)), indent=1, ensure_ascii=False) + "\n")


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    for command in (throughput, peers, ablation, compare, gate, baseline):
        app.command()(command)


def _throughput(
    files: list[Path], rounds: int, lengths: list[int], at_once: list[int], threads: int
) -> tuple[Section, list[str]]:
    from subprocess import CalledProcessError

    from stream.decode.container import open_container
    from stream.decode.probe import picture_stream
    from stream.errors import KeyartError

    from .scaling import against_in_flight, against_length, growth
    from .throughput import measure_throughput

    films: list[Section] = []
    usable: list[Path] = []
    problems: list[str] = []
    for path in files:
        try:
            with open_container(path) as container:
                picture_stream(container)
            _say(f"{path.name}: raw decoding and the whole pipeline, {rounds} rounds")
            films.append(measure_throughput(path, threads, rounds))
            usable.append(path)
        except KeyartError as error:
            problems.append(f"{path.name}: {error}")
        except CalledProcessError as error:
            problems.append(f"{path.name}: its run ended with exit {error.returncode}, run `keyart extract` on it")
    section: Section = {"threads": threads, "films": films, "device_peak_mib": None}
    if usable and lengths:
        _say(f"{usable[0].name}: repeated {', '.join(map(str, lengths))} times")
        rows = against_length(usable[0], lengths, threads)
        section |= {"length": rows, "length_exponent": growth(rows)}
    if usable and at_once:
        _say(f"{', '.join(map(str, at_once))} films at once")
        section["in_flight"] = against_in_flight(usable, at_once, threads)
    return section, problems


@dataclass(frozen=True, slots=True)
class _Peers:
    """How peers are run. `python`: an interpreter that has Katna. The plain script looks at every `every`th frame, in
    each of `rounds` rounds."""

    settings: Settings
    cache: Path
    python: Path | None
    every: int
    rounds: int


def _peers(labelled: Labelled, results: Path, given: _Peers) -> tuple[Section, Section, list[str]]:
    """The sections `peers` and `recall` (with the choices of the peers in it), and problems."""
    from engines.zoo import Zoo

    from . import peers as runs
    from .evaluate import open_evaluation
    from .labels import LEAST_PICKS
    from .results import results_of
    from .row_cache import RowCache

    videos = labelled.with_enough_picks
    manifests, missing = results_of(videos, results, given.settings)
    evaluation = open_evaluation(given.settings, given.cache)
    kept, threads = RowCache(given.cache / "peers", _say), given.settings.thread_count
    unavailable: dict[str, str] = {}
    zoo = Zoo.default(local=given.settings.models)
    zoo.ensure()
    models, python = zoo.path("detector").parent, str(given.python) if given.python else None
    ways: dict[str, Callable[[], Choices]] = {
        "plain_script": lambda: runs.plain(videos, models, given.every, threads, given.rounds, kept),
        "katna": lambda: runs.katna(videos, evaluation, kept, python),
    }
    others: dict[str, Choices] = {}
    for name, run in ways.items():
        try:
            others[name] = run()
        except runs.PeerUnavailable as error:
            unavailable[name] = str(error)
    section: Section = {"unavailable": unavailable, "every": given.every, "threads": threads}
    section["cost"] = {name: choices.cost for name, choices in others.items()}
    if "plain_script" in others:
        section["whole_job"] = runs.whole_job(others["plain_script"])
    recall = evaluation.run(videos, manifests, {name: choices.times_s for name, choices in others.items()})
    few = [
        f"{video.name}: {len(video.picks)} expert images, at least {LEAST_PICKS} are needed; excluded"
        for video in labelled.judged
        if video not in videos
    ]
    return section, recall, [*labelled.problems, *missing, *few, *evaluation.problems]


def _counts(text: str) -> list[int]:
    try:
        counts = [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        counts = [0]
    if any(count < 1 for count in counts):
        raise typer.BadParameter(f"{text!r} is no list of numbers from 1 up, as in 1,2,4")
    return counts


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
