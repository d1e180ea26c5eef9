"""What the end of a film costs, by its number of candidates: `python -m benchmarks.tail [--counts 100 1000 10000]`.

Films are made records (`benchmarks.made_films`): no picture is decoded, no network runs, and the checks on pixels
answer by lot. Printed is a table in CPU seconds, and one line of JSON; exit 0 only if no step grows faster than about
N log N.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from threadpoolctl import threadpool_limits

from kernels.bars import ActiveArea
from stream.framing.active import active_rects
from stream.people.characters import find_characters
from stream.ranking.choice import CheckResult, Choice
from stream.ranking.judge import EmotionBaselines, assess_candidates
from stream.ranking.pixel_checks import choose_checked
from stream.ranking.portraits import portraits_of
from stream.ranking.selection import Assessment
from stream.settings.model import Settings

from .limited import own_peak_mib
from .made_films import made_film

T = TypeVar("T")

_REFUSED = {"copies": 0.5, "copies, all refused": 1.0, "varied": 0.5}
"""Kind of film → share of the pictures that the checks refuse."""
_SLACK, _LEAST_S = 1.5, 0.25
"""How many times as much as N log N a step may grow, and the seconds below which that is not judged: at small counts
fixed costs and the clock's steps are most of it."""
_PRIME = 7919


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of each step of one made film's end; how many pictures were chosen and checked."""

    kind: str
    candidates: int
    people_s: float
    judge_s: float
    select_s: float
    images: int
    checks: int

    @property
    def total_s(self) -> float:
        """Of all steps."""
        return self.people_s + self.judge_s + self.select_s


def cost_of(kind: str, candidates: int) -> Cost:
    """Work through the end of one made film on this thread."""
    film, settings = made_film(candidates, copies=kind != "varied"), Settings()
    asked: list[float] = []

    def check(one: Assessment) -> CheckResult:
        asked.append(one.candidate.pts_s)
        lot = (one.candidate.shot + 1) * _PRIME % 1000
        return CheckResult("text_overlay" if lot < 1000 * _REFUSED[kind] else None, 1.0)

    (characters, _), people_s = _timed(
        lambda: find_characters(film.tracks, film.shots, settings.people, "cpu", film.descriptors())
    )
    active = active_rects(film.info.geometry, ActiveArea(), {}, settings.crop.bars_margin_px)
    assessments, judge_s = _timed(
        lambda: assess_candidates(film, characters, EmotionBaselines(film, characters, settings), active, settings)
    )
    with ThreadPoolExecutor(1) as pool:
        selection, select_s = _timed(lambda: choose_checked(Choice(assessments, settings), settings, check, pool))
    _, portraits_s = _timed(lambda: portraits_of(characters, selection.assessments, selection.late))
    return Cost(kind, candidates, people_s, judge_s, select_s + portraits_s, len(selection.picks), len(asked))


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """What the work returns, and its CPU seconds, those of other threads too."""
    begun_s = time.process_time()
    return work(), time.process_time() - begun_s


def too_fast(less: Cost, more: Cost) -> list[str]:
    """The steps that grew faster than about N log N from one count to a larger one."""
    n, m = less.candidates, more.candidates
    allowed = _SLACK * m * math.log(m) / (n * math.log(n))
    steps = ("people_s", "judge_s", "select_s")
    return [
        step.removesuffix("_s")
        for step in steps
        if getattr(more, step) > allowed * max(_LEAST_S, getattr(less, step))
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the costs; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tail", description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 1000, 10_000])
    counts = sorted(parser.parse_args(arguments).counts)
    costs: list[Cost] = []
    grown: dict[str, list[str]] = {}
    print(f"{'film':22}{'candidates':>11}{'people':>9}{'judge':>9}{'select':>9}{'all':>9}  checks  images")
    with threadpool_limits(1):
        cost_of("varied", 50)  # what is imported late is not what is measured
        for kind in _REFUSED:
            of_kind: list[Cost] = []
            for count in counts:
                cost = cost_of(kind, count)
                figures = f"{cost.people_s:9.2f}{cost.judge_s:9.2f}{cost.select_s:9.2f}{cost.total_s:9.2f}"
                print(f"{kind:22}{count:11}{figures}{cost.checks:8}{cost.images:8}", flush=True)
                if of_kind and (steps := too_fast(of_kind[-1], cost)):
                    grown[f"{kind}, {count}"] = steps
                of_kind.append(cost)
            costs += of_kind
    peak_mib = own_peak_mib()
    rows = [
        {"film": c.kind, "candidates": c.candidates, "cpu_s": round(c.total_s, 3), "checks": c.checks} for c in costs
    ]
    print(json.dumps({"holds": not grown, "too_fast": grown, "peak_mib": round(peak_mib), "costs": rows}))
    return 0 if not grown else 1


if __name__ == "__main__":
    sys.exit(main())
