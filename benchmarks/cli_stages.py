"""`keyart bench shots|bars|characters|faces|text`: accuracy of each stage on films with a known truth."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .report import Section

if TYPE_CHECKING:
    from stream.manifest import Manifest
    from stream.settings.model import Settings
    from stream.shots.second_opinion import SecondOpinion

    from .labels import LabelledVideo
    from .layouts import Truth


TruthOption = Annotated[
    list[Path], typer.Option("--data", metavar="DIR", help="Folder of videos, each beside its truth.json. Repeatable.")
]
_NEEDS = {"shots_section": ("shots",), "bars_section": ("bars",)}
"""What a stage needs of truth.json where that is less than everything."""
FinishedOption = Annotated[
    Path | None,
    typer.Option("--results", metavar="DIR", help="Judge finished results instead of running the stage alone."),
]


def shots(
    data: Annotated[
        list[Path] | None, typer.Option("--data", metavar="DIR", help="Videos, each with truth.json. Repeatable.")
    ] = None,
    layout: Annotated[
        Path | None, typer.Option("--layout", metavar="DIR", help="A public set: BBC, AutoShot or ClipShots.")
    ] = None,
    split: Annotated[str, typer.Option(metavar="NAME", help="Which of ClipShots' lists.")] = "test",
    results: FinishedOption = None,
    with_peers: Annotated[
        bool, typer.Option("--peers", help="Run PySceneDetect and TransNet V2 beside Keyart, and compare all.")
    ] = False,
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Refit the weights of cuts without each film, and split it anew.")
    ] = False,
    out: options.OutOption = options.DEFAULT_OUT,
    cache: options.CacheOption = None,
    decode: Annotated[str | None, typer.Option(metavar="all|reference", help="Frames to decode.")] = None,
    threads: options.ThreadsOption = 0,
    models: options.ModelsOption = None,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Shot boundaries as `extract` finds them: cuts within one frame, dissolves and fades anywhere inside their extent.

    --peers writes the section `shot_peers` instead, --leave-one-out the section `shot_fits`. An interrupted run can be
    continued: what each detector finds in a film, and what TransNet V2 says of it, is kept in --cache.
    """
    with options.tidy_bench():
        settings = options.settings(config, assignments, threads=threads, decode=decode, models=models)
        name = "shot_peers" if with_peers else "shot_fits" if leave_one_out else "shots"
        if with_peers or leave_one_out:
            folders = _only_data(data, layout, results, {"--peers": with_peers, "--leave-one-out": leave_one_out})
            of_films = _beside_peers if with_peers else _refits
            section, problems = of_films(folders, settings, options.cache_folder(cache))
        else:
            section, problems = _shots_alone(data, layout, split, results, settings)
        options.save_and_print(out, settings, {name: section}, as_json)
    options.exit_with_problems(problems)


def bars(
    data: TruthOption,
    results: FinishedOption = None,
    out: options.OutOption = options.DEFAULT_OUT,
    decode: Annotated[str | None, typer.Option(metavar="all|reference", help="Frames to decode.")] = None,
    threads: options.ThreadsOption = 0,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Black bars: pixels of error per side, and bars that are not there."""
    with options.tidy_bench():
        settings = options.settings(config, assignments, threads=threads, decode=decode)
        section, problems = _stage(data, results, settings, _bars, "bars_section")
        options.save_and_print(out, settings, {"bars": section}, as_json)
    options.exit_with_problems(problems)


def characters(
    data: TruthOption,
    results: FinishedOption = None,
    out: options.OutOption = options.DEFAULT_OUT,
    threads: options.ThreadsOption = 0,
    models: options.ModelsOption = None,
    model_set: options.ModelSetOption = None,
    config: options.ConfigOption = None,
    assignments: options.SetOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Characters: BCubed, purity, mutual information, clusters per person, and whether the main ones are right."""
    with options.tidy_bench():
        settings = options.settings(config, assignments, threads=threads, models=models, model_set=model_set)
        section, problems = _stage(data, results, settings, _characters, "characters_section")
        options.save_and_print(out, settings, {"characters": section}, as_json)
    options.exit_with_problems(problems)


def _frames_command(what: str, help_text: str) -> Callable[..., None]:
    """The command `what`, which runs models on labelled frames."""

    def command(
        data: TruthOption,
        out: options.OutOption = options.DEFAULT_OUT,
        threads: options.ThreadsOption = 0,
        models: options.ModelsOption = None,
        model_set: options.ModelSetOption = None,
        config: options.ConfigOption = None,
        assignments: options.SetOption = None,
        as_json: options.JsonOption = False,
    ) -> None:
        with options.tidy_bench():
            settings = options.settings(config, assignments, threads=threads, models=models, model_set=model_set)
            section, problems = _frames_section(data, settings, what)
            options.save_and_print(out, settings, {what: section}, as_json)
        options.exit_with_problems(problems)

    command.__name__, command.__doc__ = what, help_text
    return command


faces = _frames_command("faces", "Faces and eyes on three frames of every labelled shot and on the expert's frames.")
text = _frames_command(
    "text", "Burned-in text on three frames of every labelled shot: cards, credits, subtitles and captions."
)


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    for command in (shots, bars, characters, faces, text):
        app.command()(command)


def _shots_alone(
    data: list[Path] | None, layout: Path | None, split: str, results: Path | None, settings: Settings
) -> tuple[Section, list[str]]:
    """Shots as `keyart extract` finds them, with its second opinion, or those of finished results."""
    from .accuracy import shots_of
    from .shot_detectors import second_opinions

    with ExitStack() as stack:
        opinion = (lambda: None) if results is not None else second_opinions(settings, stack)

        def of_video(settings: Settings, video: LabelledVideo, truth: Truth, manifest: Manifest | None) -> Section:
            return shots_of(video.path, truth, settings, manifest, opinion() if manifest is None else None)

        if layout is not None:
            return _layout(layout, split, settings, opinion)
        return _stage(data, results, settings, of_video, "shots_section")


def _bars(settings: Settings, video: LabelledVideo, truth: Truth, manifest: Manifest | None) -> Section:
    from .accuracy import bars_of

    return bars_of(video.path, truth, settings, manifest)


def _characters(settings: Settings, video: LabelledVideo, truth: Truth, manifest: Manifest | None) -> Section:
    from .accuracy import characters_of

    return characters_of(video.path, truth, settings, manifest)


def _stage(
    data: list[Path] | None, results: Path | None, settings: Settings, of_video: Callable[..., Section], joins: str
) -> tuple[Section, list[str]]:
    """Runs one stage on every video of a folder. Returns the section, and a line for each video that was left out."""
    from . import accuracy
    from .labels import LabelError, read_folders
    from .results import results_of

    if not data:
        raise LabelError("give either --data DIR or --layout DIR")
    labelled = read_folders(data)
    truths = accuracy.with_truth(labelled.videos, _NEEDS.get(joins, accuracy.WHOLE_TRUTH))
    videos, problems = truths.known, truths.problems
    manifests: dict[str, Manifest] = {}
    if results is not None:
        manifests, missing = results_of([video for video, _ in videos], results, settings)
        problems += missing
        videos = [(video, truth) for video, truth in videos if video.name in manifests]
    done = _each(videos, lambda v, t: of_video(settings, v, t, manifests.get(v.name)), problems)
    section: Section = getattr(accuracy, joins)(done)
    return {**section, "partial_truth": truths.partial}, [*labelled.problems, *problems]


def _layout(
    folder: Path, split: str, settings: Settings, opinion: Callable[[], SecondOpinion | None]
) -> tuple[Section, list[str]]:
    from .accuracy import layout_shots, shots_section
    from .layouts import read_layout

    items, problems = read_layout(folder, split)
    done, failed = layout_shots(items, settings, opinion)
    return {"layout": folder.name, **shots_section(done)}, [*problems, *failed]


def _only_data(
    data: list[Path] | None, layout: Path | None, results: Path | None, wanted: dict[str, bool]
) -> list[Path]:
    from .labels import LabelError

    names = [name for name, is_wanted in wanted.items() if is_wanted]
    if len(names) > 1:
        raise LabelError(f"give either {' or '.join(names)}")
    if not data or layout or results:
        raise LabelError(f"{names[0]} needs --data DIR, and neither --layout nor --results")
    return data


def _beside_peers(data: list[Path], settings: Settings, cache: Path) -> tuple[Section, list[str]]:
    from .labels import read_folders
    from .row_cache import RowCache
    from .shot_comparison import shot_peers

    labelled = read_folders(data)
    kept = RowCache(cache / "peers", lambda line: print(line, file=sys.stderr, flush=True))
    section, problems = shot_peers(labelled.videos, settings, kept)
    return section, [*labelled.problems, *problems]


def _refits(data: list[Path], settings: Settings, cache: Path) -> tuple[Section, list[str]]:
    from .labels import read_folders
    from .shot_films import read_films
    from .shot_fits import leave_one_out

    labelled = read_folders(data)
    with ExitStack() as stack:
        read = read_films(labelled.videos, settings, cache, stack)
        section = {**leave_one_out(read.films, settings.shots), "partial_truth": read.partial}
    return section, [*labelled.problems, *read.problems]


def _frames_section(data: list[Path], settings: Settings, what: str) -> tuple[Section, list[str]]:
    """The section `faces` or `text`. The models are opened once for all videos."""
    from . import accuracy, labelled_frames
    from .labels import read_folders

    labelled = read_folders(data)
    truths = accuracy.with_truth(labelled.videos)
    videos, problems = truths.known, truths.problems
    with ExitStack() as stack:
        engines = labelled_frames.open_engines(settings, stack)
        of_video = partial(
            labelled_frames.faces_of if what == "faces" else labelled_frames.text_of, engines=engines, settings=settings
        )
        done = _each(videos, of_video, problems)
    section = labelled_frames.faces_section(done, settings) if what == "faces" else labelled_frames.text_section(done)
    return {**section, "partial_truth": truths.partial}, [*labelled.problems, *problems]


def _each(
    videos: list[tuple[LabelledVideo, Truth]], of_video: Callable[..., Section], problems: list[str]
) -> dict[str, Section]:
    """What `of_video` returns, by the video's name. A video that cannot be read, or whose truth is wrong, adds a line
    to `problems`."""
    from stream.errors import KeyartError

    done: dict[str, Section] = {}
    for video, truth in videos:
        try:
            done[video.name] = of_video(video, truth)
        except KeyartError as error:
            problems.append(f"{video.name}: {error}")
        except (KeyError, TypeError) as error:
            problems.append(f"{video.name}: truth.json is not as expected ({type(error).__name__}: {error}); left out")
    return done
