"""The weights that tell cuts from motion (`stream.shots.cut_model`), fitted to films whose shots are known.

    python -m benchmarks.shot_fits --data DIR… [--models DIR] [--cache DIR]

prints the weights to ship. A fit is a function from films to a `CutModel`; `leave_one_out` tells what the shot splitter
finds in each film with weights that have not seen it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from stream.settings.sections import ShotSettings
from stream.shots.cut_evidence import EVIDENCE
from stream.shots.cut_model import MODEL, CutModel, logit
from stream.shots.splitter import ShotSplitter

from . import options
from .cut_candidates import FilmCuts, ShotFilm, film_cuts
from .labels import LabelError, read_folders
from .report import Row, Section
from .shot_films import read_films
from .shot_matches import FoundBoundary, figures, match, pooled, scores_of

_ALONE_C, _JOINT_C = 3.0, 0.1
"""How weakly the weights are pulled to zero (C of scikit-learn). On films left out, with the second opinion, 3 tells
all candidates rightly, .3 and 1 one wrongly. The second was chosen with two pieces of evidence less: .03, .1 and .3
told the same, and 1 invented one."""
_ASKED_WITHIN = 4.0
"""Log odds of our own evidence, of either sign, within which the second opinion has a say in its fit: farther out it is
never asked, and there are many rows about which both agree."""
_DECIMALS = 3
LEAST_FILMS = 3
"""Films below which leaving one out says nothing."""
Fit = Callable[[Sequence[FilmCuts]], CutModel]


def fitted(films: Sequence[FilmCuts]) -> CutModel:
    """The model of these films: two logistic regressions, all candidates counting alike, and the doubt that ships.

    The first is of standardised evidence; the second of the first one's log odds and those of the second opinion, over
    the candidates of which the first is not quite sure. Where these are all cuts or none is, the second opinion gets no
    weight. Raises LabelError when the films have no cut, or nothing else.
    """
    candidates = [(film, one) for film in films for one in film.candidates]
    is_cut = np.array([one.is_cut for _, one in candidates], bool)
    if len(set(is_cut.tolist())) < 2:
        raise LabelError("a fit needs cuts, and rows that change much and are none")
    evidence = np.array([one.evidence for _, one in candidates])
    with threadpool_limits(1):  # the same numbers on any machine
        alone = _regression(evidence, is_cut, _ALONE_C)
        own = evidence @ alone[:-1] + alone[-1]
        asked = np.flatnonzero(np.abs(own) < _ASKED_WITHIN)
        other = np.array([logit(candidates[i][0].opinion(candidates[i][1].row)) for i in asked])
        joint = _joint(own[asked], other, is_cut[asked])
    return CutModel(tuple(alone.tolist()), joint, MODEL.doubt)


def rounded(model: CutModel) -> CutModel:
    """The model as it is written in the code."""
    own, other, constant = (round(w, _DECIMALS) for w in model.joint)
    return replace(model, alone=tuple(round(w, _DECIMALS) for w in model.alone), joint=(own, other, constant))


def leave_one_out(
    films: Sequence[ShotFilm], settings: ShotSettings, fit: Fit = fitted, shipped: CutModel = MODEL
) -> Section:
    """What the whole splitter finds in each film with the shipped model and with one fitted to all other films, each
    with a second opinion and without; pooled over each set; and the range of every weight over the refits."""
    known = [film_cuts(film, settings) for film in films]
    if len(films) < LEAST_FILMS:
        return {"why": f"needs {LEAST_FILMS} films or more with known shots, has {len(films)}"}
    try:
        whole = fit(known)
        refits = [fit([other for other in known if other is not left]) for left in known]
    except LabelError as error:
        return {"why": str(error)}
    rows = {
        film.name: _judged(film, settings, {"shipped": shipped, "left out": refit})
        for film, refit in zip(films, refits, strict=True)
    }
    sets = {name: [film.name for film in films if film.set_name == name] for name in {f.set_name: 0 for f in films}}
    return {
        "sets": {
            name: {
                "films": {film: rows[film] for film in inside},
                "pooled": {how: pooled([rows[film][how] for film in inside]) for how in rows[inside[0]]},
            }
            for name, inside in sets.items()
        },
        "candidates": {film.name: _counts([film]) for film in known} | {"all films": _counts(known)},
        "weights": _ranges(shipped, whole, refits),
    }


def _regression(inputs: np.ndarray, is_cut: np.ndarray, pull: float) -> np.ndarray:
    """(F + 1,): weights of the inputs (N, F) as they come, and the constant; pulled to zero as standardised ones."""
    scaler = StandardScaler().fit(inputs)
    model = LogisticRegression(C=pull, max_iter=5000).fit(scaler.transform(inputs), is_cut)
    weights = model.coef_[0] / scaler.scale_
    return np.append(weights, model.intercept_[0] - weights @ scaler.mean_)


def _joint(own: np.ndarray, other: np.ndarray, is_cut: np.ndarray) -> tuple[float, float, float]:
    if len(set(is_cut.tolist())) < 2:
        return 1.0, 0.0, 0.0
    model = LogisticRegression(C=_JOINT_C).fit(np.column_stack([own, other]), is_cut)  # both are log odds already
    return float(model.coef_[0][0]), float(model.coef_[0][1]), float(model.intercept_[0])


def _judged(film: ShotFilm, settings: ShotSettings, models: Mapping[str, CutModel]) -> dict[str, Row]:
    """Figures and faults by model, with a second opinion and without."""
    found = {}
    for name, model in models.items():
        for how, asks in ((name, True), (f"{name}, alone", False)):
            row = match(film.true, boundaries_in(film, settings, model, asks))
            found[how] = {**row, **figures(scores_of(row))}
    return found


def boundaries_in(film: ShotFilm, settings: ShotSettings, model: CutModel, asks: bool = True) -> list[FoundBoundary]:
    """What the whole splitter finds with a model. asks: whether it has a second opinion."""
    splitter = ShotSplitter(settings, film.fps, film.opinion() if asks else None, model)
    shots = [*splitter.add(film.rows), *splitter.finish(float(film.rows["pts_s"][-1]))]
    return [FoundBoundary(shot.transition, shot.start_s) for shot in shots[1:]]


def _counts(films: Sequence[FilmCuts]) -> dict[str, int]:
    every = [one for film in films for one in film.candidates]
    return {"rows": len(every), "cuts": sum(one.is_cut for one in every)}


def _ranges(shipped: CutModel, whole: CutModel, refits: Sequence[CutModel]) -> Section:
    held, fits = _by_name(shipped), [_by_name(refit) for refit in refits]
    return {
        name: {
            "shipped": value, "all_films": _by_name(whole)[name],
            "least": min(fit[name] for fit in fits), "greatest": max(fit[name] for fit in fits),
        }
        for name, value in held.items()
    }  # fmt: skip


def _by_name(model: CutModel) -> dict[str, float]:
    names = [*EVIDENCE, "constant", "joint: own", "joint: second opinion", "joint: constant"]
    return {name: round(weight, 6) for name, weight in zip(names, (*model.alone, *model.joint), strict=True)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", required=True, type=Path, help="folder of videos with truth.json")
    parser.add_argument("--models", type=Path, help="folder of models")
    parser.add_argument("--cache", type=Path, help="folder of data about films that is kept between runs")
    given = parser.parse_args(arguments)
    with options.tidy_bench(), ExitStack() as stack:
        settings = options.settings(None, None, models=given.models)
        read = read_films(read_folders(given.data).videos, settings, options.cache_folder(given.cache), stack)
        known = [film_cuts(film, settings.shots) for film in read.films]
        print(rounded(fitted(known)))
        print({film.name: _counts([film]) for film in known} | {"all films": _counts(known)})
    for line in read.problems:
        print(f"keyart: {line}", file=sys.stderr)


if __name__ == "__main__":
    main()
