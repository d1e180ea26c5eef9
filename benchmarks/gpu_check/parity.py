"""Part of `gpu_check`: compares the results of the CPU and the CUDA path on the same films."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..report import Row
from .figures import EPISODES
from .job import Job

if TYPE_CHECKING:
    from stream.manifest import Manifest

SAME_TIME_S = 1e-3
NEAR_S = 0.3
SAME_PERSON_SHARE = 0.8
"""Share of appearances that two main characters must have in common to count as one person."""


def parity(job: Job) -> None:
    """Runs every episode that is there, first on the GPU (all at once), then on the CPU, one by one, and records the
    comparison."""
    films = {name: film for name in EPISODES if (film := _film(job, name)) is not None}
    if not films:
        raise FileNotFoundError(f"no episode in {job.testdata / 'episodes'}")
    on_gpu = dict(zip(films, run_films(list(films.values()), "cuda", len(films)), strict=True))
    compared: Row = {}
    for name, film in films.items():
        compared[name] = compare_manifests(run_films([film], "cpu", 1)[0], on_gpu[name])
        job.note("films", compared)


def _film(job: Job, name: str) -> Path | None:
    try:
        return job.episode(name)
    except FileNotFoundError:
        return None


def run_films(films: Sequence[Path], device: str, videos: int) -> list[Manifest]:
    """Manifests in the order of the films. videos: films in flight."""
    import anyio

    from stream.pipeline.film_run import process
    from stream.pipeline.services import open_services
    from stream.settings.model import Settings

    settings = Settings(device=device)  # type: ignore[arg-type]
    found: dict[int, Manifest] = {}

    async def all_of_them() -> None:
        slots = anyio.CapacityLimiter(videos)
        async with open_services(settings) as services, anyio.create_task_group() as tasks:

            async def one(index: int) -> None:
                async with slots:
                    result = await process(films[index], settings, services, lambda stage, done, total: None)
                found[index] = result.manifest

            for index in range(len(films)):
                tasks.start_soon(one, index)

    anyio.run(all_of_them)
    return [found[index] for index in range(len(films))]


def compare_manifests(cpu: Manifest, cuda: Manifest) -> Row:
    """What agrees between the two manifests, what does not, and by how much."""
    shots = [[(round(s.start_s, 3), round(s.end_s, 3), s.transition) for s in m.shots] for m in (cpu, cuda)]
    bars = [m.active_area for m in (cpu, cuda)]
    sides = ("top", "bottom", "left", "right")
    exact, near = (
        count_shared(image_times(cpu), image_times(cuda), SAME_TIME_S),
        count_shared(image_times(cpu), image_times(cuda), NEAR_S),
    )
    return {
        "frames": [m.funnel.frames for m in (cpu, cuda)],
        "same_shots": shots[0] == shots[1],
        "shots": [len(shots[0]), len(shots[1])],
        "different_shots": len(set(shots[0]) ^ set(shots[1])),
        "bars_apart_px": max(abs(getattr(bars[0], side) - getattr(bars[1], side)) for side in sides),
        "same_mains": same_people(main_appearances(cpu), main_appearances(cuda)),
        "mains": [len(main_appearances(cpu)), len(main_appearances(cuda))],
        "images": [len(cpu.images), len(cuda.images)],
        "shared": exact,
        "near": near,
        "shared_of_ten": round(10 * exact / max(1, len(cpu.images)), 1),
        "decoder": cuda.tool.decoder,
        "providers": cuda.tool.providers,
        "warnings": sorted({warning.code for warning in cuda.warnings} ^ {warning.code for warning in cpu.warnings}),
    }


def image_times(manifest: Manifest) -> list[float]:
    """Times of the images, seconds."""
    return [image.time_s for image in manifest.images]


def main_appearances(manifest: Manifest) -> list[frozenset[int]]:
    """The shots in which each main character appears."""
    return [frozenset(person.appearances) for person in manifest.characters if person.main]


def count_shared(first: Sequence[float], second: Sequence[float], within_s: float) -> int:
    """How many times of the first list can be paired with a time of the second that is at most `within_s` away; nearest
    pairs first."""
    pairs = sorted((abs(a - b), i, j) for i, a in enumerate(first) for j, b in enumerate(second))
    taken: tuple[set[int], set[int]] = (set(), set())
    for apart_s, i, j in pairs:
        if apart_s <= within_s and i not in taken[0] and j not in taken[1]:
            taken[0].add(i)
            taken[1].add(j)
    return len(taken[0])


def same_people(first: Sequence[frozenset[int]], second: Sequence[frozenset[int]]) -> bool:
    """Whether each of the first can be paired with one of the second that appears in nearly the same shots, with none
    left over."""
    if len(first) != len(second):
        return False
    left: list[Any] = list(second)
    for person in first:
        best = max(left, key=lambda other: _common(person, other))
        if _common(person, best) < SAME_PERSON_SHARE:
            return False
        left.remove(best)
    return True


def _common(first: frozenset[int], second: frozenset[int]) -> float:
    """Jaccard index."""
    return len(first & second) / max(1, len(first | second))
