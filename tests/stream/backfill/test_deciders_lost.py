"""A worker whose process that decides has died ends with it, and that counts as its own death."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stream.backfill.links import DECIDERS_LOST, WorkerEndedError
from stream.backfill.messages import FROM_WORKER, Begin, FilmDone, FilmFailed, FilmGivenUp, Ready, RunFilm, path_out
from stream.settings.model import Settings

ROOT = Path(__file__).resolve().parents[3]
_WORKER = """
import os, signal, sys
from dataclasses import replace
import anyio
from stream.backfill.pipes import lines, sender
from stream.backfill.worker import serve
from stream.deciding.processes import DecidingProcesses
from stream.device.kit_cpu import host_kit

class Killed(DecidingProcesses):
    def on(self, film, settings):
        os.kill(self.pids[0], signal.SIGKILL)
        return super().on(film, settings)

def kit(settings):
    return replace(host_kit(settings), deciders=Killed(2, "cpu"))

async def main():
    incoming = lines(0)
    async def receive():
        return await anext(incoming, None)
    return await serve(receive, sender(1), kit)

sys.exit(anyio.run(main))
"""


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.usefixtures("models_dir")
def test_the_worker_ends_and_charges_no_film_itself(make_film, moving, tmp_path: Path) -> None:
    settings = Settings(device="cpu", formats=("landscape",))
    film = RunFilm(job=1, number=1, video=path_out(make_film("a.mp4", moving(30))), folder=path_out(tmp_path / "out/a"))
    begin = Begin(settings=settings.model_dump(mode="json"), fingerprint="any")
    command = [sys.executable, "-c", _WORKER]
    with subprocess.Popen(command, cwd=ROOT, stdin=-1, stdout=-1, stderr=-1) as worker:
        assert worker.stdin is not None and worker.stdout is not None and worker.stderr is not None
        worker.stdin.write(begin.line() + film.line())
        worker.stdin.flush()
        said = [FROM_WORKER.validate_json(line) for line in worker.stdout]
        last_words = worker.stderr.read().decode()
    assert worker.returncode == DECIDERS_LOST, last_words
    assert isinstance(said[0], Ready) and not any(isinstance(one, FilmDone | FilmFailed | FilmGivenUp) for one in said)
    assert last_words.splitlines()[-1].startswith("keyart: the process that decides at its end was killed (signal 9")


def test_the_reason_is_told_in_words() -> None:
    ended = WorkerEndedError(DECIDERS_LOST, "")
    assert ended.how() == "lost its process that decides at the ends of films"
