"""Requests and the processes that answer them, also when these die, hang or babble."""

from __future__ import annotations

import gc
import math
import os
import subprocess
import sys
from pathlib import Path

import anyio
import psutil
import pytest
from anyio import create_task_group, fail_after
from anyio.lowlevel import checkpoint

from stream.serve.pictures.client import PicturePool
from stream.serve.pictures.lane import MOST_WAITING
from stream.serve.pictures.source import CropOrder, PictureError, PictureUnavailableError
from stream.settings.model import Settings
from stream.settings.serving import ServeSettings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SCRIPTED = (sys.executable, str(Path(__file__).parent / "scripted_process.py"))
LONGEST_S = 15.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pool(processes: int = 1, limit_s: float = LONGEST_S, *script: str) -> PicturePool:
    settings = Settings(serve=ServeSettings(picture_processes=processes))
    return PicturePool(settings, limit_s, (*SCRIPTED, *script))


async def process_of(pictures: PicturePool, name: str = "film.mp4") -> int:
    """The number of the process that answers for a film."""
    with fail_after(LONGEST_S):
        number, film = (await pictures.frame(Path(name), 1.0, 320)).split()
    assert film == name.encode()
    return int(number)


async def refusal(pictures: PicturePool, name: str, *, films_fault: bool = False) -> str:
    with fail_after(LONGEST_S), pytest.raises(PictureError) as caught:
        await pictures.frame(Path(name), 1.0, 320)
    assert isinstance(caught.value, PictureUnavailableError) != films_fault
    assert str(caught.value).startswith(f"{Path(name).name}: ") and "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name, said", [
    ("die.mp4", "ended with exit code 1 there, and so did another, try another frame"),
    ("killed.mp4", "was killed (signal 9, perhaps for want of memory) there, and so did another, try"),
    ("babble.mp4", "try another frame"),
])  # fmt: skip
async def test_a_process_that_dies_costs_one_request(name: str, said: str) -> None:
    async with pool() as pictures:
        first = await process_of(pictures)
        assert said in await refusal(pictures, name)
        assert not psutil.pid_exists(first)
        assert await process_of(pictures) != first


async def test_a_request_whose_process_was_killed_is_tried_once_more(tmp_path: Path) -> None:
    async with pool() as pictures:
        first = await process_of(pictures)
        with fail_after(LONGEST_S):
            number, _ = (await pictures.frame(tmp_path / "once.mp4", 1.0, 320)).split()
        assert not psutil.pid_exists(first)
        assert await process_of(pictures) == int(number)


async def test_a_process_that_hangs_is_ended_and_others_go_on() -> None:
    async with pool(2, 2.0) as pictures:
        first = await process_of(pictures, "hang.mkv.mp4")
        async with create_task_group() as tasks:
            said: list[str] = []

            async def hung() -> None:
                said.append(await refusal(pictures, "hang.mp4"))

            tasks.start_soon(hung)
            while pictures.waiting == 0:
                await checkpoint()
            other = await process_of(pictures, "other.mp4")
            assert other != first and not said
        assert "no picture came within 2 s" in said[0]
        assert not psutil.pid_exists(first)
        assert await process_of(pictures, "hang.mkv.mp4")


async def test_those_that_wait_behind_a_death_are_answered() -> None:
    async with pool() as pictures:
        answered: list[int] = []

        async def asked() -> None:
            answered.append(await process_of(pictures))

        async with create_task_group() as tasks:
            tasks.start_soon(refusal, pictures, "die.mp4")
            for _ in range(3):
                tasks.start_soon(asked)
        assert len(answered) == 3 and len(set(answered)) == 1


async def test_a_process_that_ended_while_idle_is_replaced_in_silence() -> None:
    async with pool() as pictures:
        first = await process_of(pictures)
        psutil.Process(first).kill()
        with fail_after(LONGEST_S):
            while psutil.pid_exists(first):
                await checkpoint()
        assert await process_of(pictures) != first


async def test_a_film_stays_with_its_process_and_another_gets_the_second(tmp_path: Path) -> None:
    held = fifo(tmp_path)
    async with pool(2) as pictures:
        first = await process_of(pictures, "one.mp4")
        async with create_task_group() as tasks:
            tasks.start_soon(pictures.frame, held, 1.0, 320)
            while pictures.waiting == 0:
                await checkpoint()
            second = await process_of(pictures, "two.mp4")
            await release(held)
        assert first != second
        assert [await process_of(pictures, n) for n in ("one.mp4", "two.mp4") * 2] == [first, second] * 2


async def test_a_cancelled_request_does_not_get_the_next_ones_answer(tmp_path: Path) -> None:
    held = fifo(tmp_path)
    async with pool() as pictures:
        first = await process_of(pictures)
        async with create_task_group() as tasks:
            tasks.start_soon(pictures.frame, held, 1.0, 320)
            tasks.start_soon(pictures.frame, Path("die.mp4"), 1.0, 320)
            while pictures.waiting < 2:
                await checkpoint()
            tasks.cancel_scope.cancel()
        async with create_task_group() as tasks:
            tasks.start_soon(release, held)
            assert await process_of(pictures) == first, "the request that was not begun yet was begun"


async def test_more_requests_than_can_wait_are_refused_at_once(tmp_path: Path) -> None:
    held = fifo(tmp_path)
    answered, refused = list[int](), list[str]()
    async with pool() as pictures:

        async def asked() -> None:
            try:
                answered.append(int((await pictures.frame(Path("film.mp4"), 1.0, 320)).split()[0]))
            except PictureUnavailableError as error:
                refused.append(str(error))

        async with create_task_group() as tasks:
            tasks.start_soon(pictures.frame, held, 1.0, 320)
            for _ in range(MOST_WAITING + 2):
                tasks.start_soon(asked)
            while len(refused) < 2:
                await checkpoint()
            await release(held)
        assert pictures.waiting == 0
    assert set(refused) == {"film.mp4: too many pictures are asked for at once, try again soon"}
    assert MOST_WAITING - 1 <= len(answered) <= MOST_WAITING and len(set(answered)) == 1


async def test_leaving_the_pool_refuses_what_waits_and_leaves_no_process(tmp_path: Path) -> None:
    held, said = fifo(tmp_path), list[str]()
    pictures = pool()

    async def asked(name: str) -> None:
        said.append(await refusal(pictures, name))

    async with create_task_group() as tasks, pictures:
        number = await process_of(pictures)
        tasks.start_soon(asked, str(held))
        tasks.start_soon(asked, "film.mp4")
        while pictures.waiting < 2:
            await checkpoint()
    assert len(said) == 2 and all("the service is being stopped" in line for line in said)
    assert not psutil.pid_exists(number)


async def test_an_error_within_the_block_is_raised_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with pool() as pictures:
            await process_of(pictures)
            raise KeyError


async def test_a_process_that_is_never_ready_is_told(tmp_path: Path) -> None:
    async with pool(1, LONGEST_S, "mute") as pictures:
        assert "ended with exit code 1" in await refusal(pictures, "film.mp4")
    async with PicturePool(Settings(), command=(str(tmp_path / "absent"),)) as pictures:
        assert "no process for pictures can be started (No such file or directory)" in await refusal(pictures, "a.mp4")


async def test_what_a_process_refuses_is_said_with_the_name_and_the_process_goes_on() -> None:
    async with pool() as pictures:
        first = await process_of(pictures)
        assert await refusal(pictures, "refuse.mp4", films_fault=True) == "refuse.mp4: is empty, copy it again"
        assert await process_of(pictures) == first


async def test_what_is_beyond_sense_reaches_no_process() -> None:
    film = Path("die.mp4")
    async with pool() as pictures:
        for asked in (
            lambda: pictures.frame(film, math.nan, 320),
            lambda: pictures.frame(film, 1.0, 0),
            lambda: pictures.frame(film, 1.0, 1 << 20),
            lambda: pictures.spread(film, 0.0, math.inf, 3),
            lambda: pictures.crops(film, [CropOrder(1.0, (0, 0, 0, 5), (5, 5), 90)]),
        ):
            with pytest.raises(PictureError, match=r"die.mp4: .* is wrong"):
                await asked()
        assert pictures.waiting == 0


async def test_paths_that_are_no_text_arrive() -> None:
    name = b"\xff\xfe.mp4"
    async with pool() as pictures:
        assert (await pictures.frame(Path(os.fsdecode(name)), 1.0, 320)).endswith(b" " + name)
        with pytest.raises(PictureError, match=r"^\ufffd\ufffd[.]mp4: width is wrong"):
            await pictures.frame(Path(os.fsdecode(name)), 1.0, 0)


@pytest.mark.parametrize("steps", range(1, 9))
def test_a_start_that_is_cut_short_leaves_nothing_open(steps: int) -> None:
    async def cut_short() -> None:
        async with pool() as pictures, create_task_group() as tasks:
            tasks.start_soon(pictures.frame, Path("film.mp4"), 1.0, 320)
            for _ in range(steps):
                await checkpoint()
            tasks.cancel_scope.cancel()

    anyio.run(cut_short)
    gc.collect()  # what was left open warns, which is an error
    assert not [one for one in psutil.Process().children() if "scripted_process" in " ".join(one.cmdline())]


def test_a_process_ends_with_its_input_and_with_a_service_that_is_killed() -> None:
    code = (
        "import sys, subprocess, signal\n"
        "from stream.serve.pictures.link import PROCESS\n"
        "from stream.serve.pictures.messages import Begin\n"
        "p = subprocess.Popen(PROCESS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)\n"
        "p.stdin.write(Begin(threads=1, films=1, idle_s=9, cache_bytes=9).line())\n"
        "p.stdin.flush()\n"
        "print(p.pid, p.stdout.readline().decode(), flush=True)\n"
        "signal.pause()\n"
    )
    service = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert service.stdout is not None
    with service, service.stdout:
        number, said = service.stdout.readline().split(" ", 1)
        process = psutil.Process(int(number))
        assert "ready" in said
        service.kill()
        process.wait(LONGEST_S)


def fifo(folder: Path) -> Path:
    path = folder / "hold.mp4"
    os.mkfifo(path)
    return path


async def release(path: Path) -> None:
    """Let the process go on that holds at this pipe."""
    with fail_after(LONGEST_S):
        await anyio.to_thread.run_sync(lambda: path.open("wb").close(), abandon_on_cancel=True)
