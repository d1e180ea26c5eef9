"""Counts the shapes in which each model is asked when films are worked on as on a GPU: in batches, several films at a
time, each shape with a session of its own. Runs on the CPU; the times are of no use.

    python -m benchmarks.session_shapes FILE… [--max-batch 32] [--in-flight 4]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import anyio

from engines.convolutions import Convolutions
from engines.open_session import open_session
from engines.session import NamedArrays, Session
from engines.tools import HostTools
from stream.cli.progress import QuietReporter
from stream.device.kit import Kit
from stream.device.kit_cpu import host_kit
from stream.device.kit_cuda import READERS, OpenSession
from stream.pipeline.many import extract_files
from stream.settings.model import Settings
from stream.settings.sections import BatchSettings, CudaSettings

Shape = tuple[int, ...]


@dataclass(slots=True)
class RoleShapes:
    """What one role was asked. `sessions`: for each session of one shape, shape → runs. `runs`: rows of the runs that
    were asked for, before they were filled up, → how many."""

    sessions: list[Counter[Shape]] = field(default_factory=list)
    runs: Counter[int] = field(default_factory=Counter)

    def line(self, role: str) -> str:
        """One row of the table."""
        most = max((len(shapes) for shapes in self.sessions), default=0)
        asked = sum(rows * times for rows, times in self.runs.items())
        computed = sum(shape[0] * times for shapes in self.sessions for shape, times in shapes.items())
        used = f"{asked / computed:.2f}" if computed else "–"
        return f"| {role} | {sum(self.runs.values())} | {len(self.runs)} | {len(self.sessions)} | {most} | {used} |"


class _FewShapes(HostTools):
    """The host's tools, with text on canvases as on a GPU."""

    few_shapes = True


class _Watched:
    """`Session` that notes the shape of every run."""

    def __init__(self, inner: Session, shapes: Counter[Shape]) -> None:
        self._inner, self._shapes = inner, shapes
        self.name, self.provider, self.metadata = inner.name, inner.provider, inner.metadata

    def run(self, inputs: NamedArrays) -> NamedArrays:
        (rows,) = inputs.values()
        self._shapes[rows.shape] += 1
        return self._inner.run(inputs)

    def close(self) -> None:
        self._inner.close()


class _Asked(_Watched):
    """The same with the number of rows alone."""

    def __init__(self, inner: Session, rows: Counter[int]) -> None:
        super().__init__(inner, Counter())
        self._rows = rows

    def run(self, inputs: NamedArrays) -> NamedArrays:
        (rows,) = inputs.values()
        self._rows[len(rows)] += 1
        return self._inner.run(inputs)


def shapes_of(films: Sequence[Path], settings: Settings) -> dict[str, RoleShapes]:
    """What each role was asked while these films were worked on. Raises RuntimeError when one of them fails."""
    roles: dict[str, RoleShapes] = {}

    def open_one(path: Path, role: str, convolutions: Convolutions) -> Session:
        sessions = roles.setdefault(role, RoleShapes()).sessions
        sessions.append(Counter())
        return _Watched(open_session(path, "cpu", name=role, threads=1), sessions[-1])

    def make_kit(settings: Settings) -> Kit:
        kit = host_kit(settings)
        opened = OpenSession(settings, open_one, lambda shape: None)

        def open_counted(path: Path, role: str) -> Session:
            session = opened(path, role)
            return _Asked(session, roles[role].runs)

        concurrency = replace(kit.concurrency, max_batch=settings.batching.max_batch, readers=READERS)
        return replace(kit, open_session=open_counted, concurrency=concurrency, tools=_FewShapes())

    with tempfile.TemporaryDirectory(prefix="keyart-shapes-") as folder:
        work = partial(extract_files, make_kit=make_kit)
        outcomes = anyio.run(work, list(films), Path(folder), settings, QuietReporter(sys.stderr))
    failed = [f"{outcome.video}: {outcome.reason}" for outcome in outcomes if outcome.folder is None]
    if failed:
        raise RuntimeError("; ".join(failed))
    return roles


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a table with one row for each role."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.session_shapes", description=__doc__)
    parser.add_argument("films", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--max-batch", type=int, default=32, metavar="N", help="Largest batch (32).")
    parser.add_argument("--in-flight", type=int, default=4, metavar="N", help="Films at a time (4).")
    given = parser.parse_args(arguments)
    settings = Settings(
        device="cpu",
        batching=BatchSettings(max_batch=given.max_batch, in_flight=given.in_flight, max_wait_s=0.03),
        cuda=CudaSettings(warm_up=False),
    )
    print("| role | runs | batch sizes asked for | sessions | shapes of one session | rows that count |")
    print("|---|---:|---:|---:|---:|---:|")
    for role, shapes in sorted(shapes_of(given.films, settings).items()):
        print(shapes.line(role))


if __name__ == "__main__":
    main()
