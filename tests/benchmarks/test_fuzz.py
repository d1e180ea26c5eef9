"""Films with damaged bytes: a hundred of them end well, and what ends badly is seen."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from benchmarks.fuzz import Worker, fuzz, half_written, main, open_worker
from benchmarks.fuzz_sources import make_sources, mutated

SEED = 3


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_hundred_damaged_films_end_as_done_or_with_a_reason(tmp_path: Path) -> None:
    with open_worker(30.0, 2000.0) as worker:
        found = fuzz(100, SEED, tmp_path, worker, None, None)
    assert not found.bad
    assert found.counts.total() == 100
    assert min(found.counts["done"], found.counts["refused"]) > 10


class BadWorker(Worker):
    """A process that does this with each line."""

    def __init__(self, what: str, most_s: float = 20.0, most_mib: float = 2000.0) -> None:
        super().__init__(most_s, most_mib, None)
        self._command = [sys.executable, "-c", f"import os, sys\nfor line in sys.stdin:\n    {what}"]
        self._first_s = 0.0


@pytest.mark.parametrize(
    ("what", "ended", "reason"),
    [
        ("os.abort()", "crash", "SIGABRT"),
        ("sys.exit(3)", "crash", "exit code 3"),
        ("import time; time.sleep(60)", "hang", " s, "),
        ("held = bytearray(300 << 20); import time; time.sleep(60)", "too large", "MiB"),
        ("print('{\"ended\": \"inside\", \"reason\": \"a bug\"}', flush=True)", "inside", "a bug"),
    ],
)
def test_a_worker_that_ends_badly_is_noticed_and_begun_anew(
    tmp_path: Path, what: str, ended: str, reason: str
) -> None:
    worker = BadWorker(what, most_s=1.0 if ended == "hang" else 20.0, most_mib=200.0)
    try:
        found = fuzz(2, SEED, tmp_path, worker, tmp_path / "kept", None)
    finally:
        worker.close()
    assert found.counts == {ended: 2}
    assert all(reason in said["reason"] for _, _, said in found.bad)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == sorted(name for name, _, _ in found.bad)


def test_every_kind_of_film_is_damaged_anew_each_time_and_the_same_for_a_seed(tmp_path: Path) -> None:
    sources = [path.read_bytes() for path in make_sources(tmp_path)]
    assert len(sources) == 14
    done: set[str] = set()
    for number in range(400):
        content, other = sources[number % 14], sources[(number + 1) % 14]
        data, how = mutated(content, other, random.Random(number))
        assert (data, how) == mutated(content, other, random.Random(number))
        done |= set(how.split(" + "))
    assert len(done) == 9
    assert mutated(b"", b"", random.Random(1))[0] is not None, "what is cut off whole is damaged on"


@pytest.mark.parametrize(
    ("there", "ended", "bad"),
    [
        ({"a.mp4/manifest.json"}, "done", False), (set(), "refused", False), (set(), "done", True),
        ({"a.mp4/landscape/01.jpg"}, "done", True), ({"a.mp4/manifest.json"}, "refused", True),
        ({"a.mp4/manifest.json", ".a.mp4.partial/x.jpg"}, "done", True),
    ],
)  # fmt: skip
def test_what_is_half_written_is_seen_and_taken_away(tmp_path: Path, there: set[str], ended: str, bad: bool) -> None:
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert bool(half_written(tmp_path, "a.mp4", ended)) is bad
    assert not any(tmp_path.iterdir())


def test_no_film_is_no_proof(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "0"]) == 1
    assert '"holds": false' in capsys.readouterr().out
