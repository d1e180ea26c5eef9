"""What does a run over a library cost beside the work on its films? `python -m benchmarks.backfill_cost FILE…` prints
one line of JSON; exit 0 only if the supervisor with its ledger takes at most 3 % of the run's CPU seconds.

In alternating rounds the films are worked through by `keyart extract` and by `keyart backfill`, each in new processes
into a new folder. CPU seconds are those of the supervisor's process and of its workers, by the kernel's count.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_PERCENT = 3.0
_CHILD = "import sys; from benchmarks.backfill_cost import child; child(sys.argv[1], sys.argv[2:])"


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one run: by the clock, and of CPU time in its first process and in those that it started."""

    wall_s: float
    own_s: float
    children_s: float

    @property
    def share_percent(self) -> float:
        """The first process's part of the CPU seconds."""
        return 100.0 * self.own_s / (self.own_s + self.children_s)


def child(to: str, arguments: list[str]) -> None:
    """Run `keyart` in this process, and write its CPU seconds to a file."""
    from stream.cli import main as keyart

    sys.argv = ["keyart", *arguments]
    try:
        keyart()
    finally:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        Path(to).write_text(json.dumps([one.ru_utime + one.ru_stime for one in used]))


def cost_of(*arguments: object) -> Cost:
    """One run of `keyart`. Raises CalledProcessError when it fails."""
    with tempfile.TemporaryDirectory() as folder:
        used = Path(folder) / "used.json"
        command = [sys.executable, "-c", _CHILD, str(used), *map(str, arguments)]
        began_s = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return Cost(time.perf_counter() - began_s, *json.loads(used.read_text()))


def round_of(films: Sequence[Path]) -> tuple[Cost, Cost]:
    """`keyart extract` and `keyart backfill` of the same films."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "films.txt"
        listed.write_text("".join(f"{film.resolve()}\n" for film in films))
        common = ("--quiet", "--device", "cpu", "--out")
        extract = cost_of("extract", *films, *common, Path(folder) / "extract")
        backfill = cost_of("backfill", listed, *common, Path(folder) / "backfill")
        made = len(list((Path(folder) / "backfill").glob("*/*/manifest.json")))
        assert made == len(films), f"{made} of {len(films)} films were done"
    return extract, backfill


def summary(rounds: Sequence[tuple[Cost, Cost]], films: int) -> dict[str, Any]:
    """The figures: medians of the rounds, and each round's."""
    shares = [backfill.share_percent for _, backfill in rounds]
    walls = [backfill.wall_s / extract.wall_s for extract, backfill in rounds]
    share = statistics.median(shares)
    return {
        "films": films, "rounds": len(rounds), "supervisor_percent": round(share, 2),
        "supervisor_percents": [round(one, 2) for one in shares],
        "supervisor_s": round(statistics.median(backfill.own_s for _, backfill in rounds), 2),
        "workers_s": round(statistics.median(backfill.children_s for _, backfill in rounds), 1),
        "wall_s": round(statistics.median(backfill.wall_s for _, backfill in rounds), 1),
        "wall_of_extract_s": round(statistics.median(extract.wall_s for extract, _ in rounds), 1),
        "wall_ratio": round(statistics.median(walls), 3), "wall_ratios": [round(one, 3) for one in walls],
        "holds": share <= MOST_PERCENT,
    }  # fmt: skip


def main() -> int:
    """Print the line; 0 if the figure holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    found = summary([round_of(given.films) for _ in range(given.rounds)], len(given.films))
    print(json.dumps(found))
    return 0 if found["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
