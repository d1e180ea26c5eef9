"""The batcher: one batch from several callers; each gets its own answers and its own errors."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest
from anyio import CapacityLimiter

from stream import log
from stream.dataflow.batching import Batcher
from stream.dataflow.clocks import StageClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def batcher_of(seen: list[list[int]], max_batch: int) -> Batcher[int, int]:
    def double(items: Sequence[int]) -> list[int]:
        seen.append(list(items))
        if 13 in items:
            raise ValueError("unlucky")
        return [2 * item for item in items]

    return Batcher(double, max_batch, 30.0, CapacityLimiter(1))


async def ask_all(batcher: Batcher[int, int], questions: list[list[int]]) -> list[list[int] | Exception]:
    answers: list[list[int] | Exception] = [[] for _ in questions]

    async def ask(i: int) -> None:
        try:
            answers[i] = await batcher.ask(questions[i], StageClock("test"))
        except ValueError as error:
            answers[i] = error

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(batcher.serve)
        async with anyio.create_task_group() as callers:
            for i in range(len(questions)):
                callers.start_soon(ask, i)
        batcher.close()
    return answers


async def test_requests_of_several_callers_share_a_batch_and_each_gets_its_own_rows():
    seen: list[list[int]] = []
    batcher = batcher_of(seen, 4)
    answers = await ask_all(batcher, [[1, 2], [3], [4]])
    assert answers == [[2, 4], [6], [8]]
    assert seen == [[1, 2, 3, 4]]
    assert batcher.sizes == {4: 1}


async def test_one_at_a_time_when_answers_must_not_depend_on_neighbours():
    seen: list[list[int]] = []
    assert await ask_all(batcher_of(seen, 1), [[1, 2], [3]]) == [[2, 4], [6]]
    assert sorted(seen) == [[1], [2], [3]]


async def test_items_of_one_request_run_at_the_same_time_where_batches_are_of_one():
    """With one at a time the barrier would break, and each would be an error."""
    both = threading.Barrier(2, timeout=10)

    def meet(items: Sequence[int]) -> list[int]:
        both.wait()
        return [2 * item for item in items]

    batcher = Batcher(meet, 1, 0.0, CapacityLimiter(2))
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(batcher.serve)
        assert await batcher.ask([1, 2, 3, 4], StageClock("test")) == [2, 4, 6, 8]
        batcher.close()
    assert batcher.sizes == {1: 4}


async def test_one_item_that_fails_is_the_error_of_its_request_and_the_others_run():
    seen: list[list[int]] = []
    answers = await ask_all(batcher_of(seen, 1), [[1, 13, 2], [3]])
    assert isinstance(answers[0], ValueError) and answers[1] == [6]
    assert sorted(seen) == [[1], [2], [3], [13]]


async def test_an_error_reaches_only_its_caller():
    seen: list[list[int]] = []
    answers = await ask_all(batcher_of(seen, 3), [[1], [13], [5]])
    assert answers[0] == [2] and answers[2] == [10]
    assert isinstance(answers[1], ValueError)


async def test_a_batch_that_failed_is_told_although_each_alone_succeeds(tmp_path: Path):
    def no_room_for_two(items: Sequence[int]) -> list[int]:
        if len(items) > 1:
            raise MemoryError("no room")
        return list(items)

    with log.opened(tmp_path / "log", print):
        answers = await ask_all(Batcher(no_room_for_two, 2, 30.0, CapacityLimiter(1)), [[1], [2]])
    assert answers == [[1], [2]]
    line = json.loads((tmp_path / "log").read_text())
    assert (line["event"], line["items"], line["requests"]) == ("batch failed", 2, 2)
    assert line["exception"][0]["exc_value"] == "no room"


async def test_the_clock_is_charged_with_the_callers_share():
    clock = StageClock("mine")
    batcher = batcher_of([], 1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(batcher.serve)
        await batcher.ask([1, 2, 3], clock)
        batcher.close()
    assert clock.items == 3
    assert clock.busy_s > 0


async def test_a_batcher_that_nobody_asked_ends_quietly():
    batcher = batcher_of([], 1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(batcher.serve)
        batcher.close()
    assert not batcher.sizes


@pytest.mark.models
@pytest.mark.usefixtures("models_dir")
async def test_films_in_flight_share_the_engines_and_get_what_they_get_alone(make_film, moving, tmp_path):
    from stream.cli.progress import QuietReporter
    from stream.manifest import read_manifest
    from stream.pipeline.many import extract_files
    from stream.settings.model import Settings

    films = [make_film(f"{seed}.mp4", moving(40, seed=seed)) for seed in range(2)]

    async def manifests(name: str, **batching: float) -> list[dict[str, object]]:
        settings = Settings(device="cpu", threads=2, formats=("landscape",), batching=batching)  # type: ignore[arg-type]
        outcomes = await extract_files(films, tmp_path / name, settings, QuietReporter(io.StringIO()))
        found = [read_manifest(o.folder / "manifest.json") for o in outcomes if o.folder is not None]
        return [manifest.model_dump(exclude={"timings", "tool"}) for manifest in found]

    alone = await manifests("alone")
    together = await manifests("together", max_batch=8, max_wait_s=0.05, in_flight=2)
    assert len(alone) == 2 and all(manifest["images"] for manifest in alone)
    assert together == alone
