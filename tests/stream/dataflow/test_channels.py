"""Channels: bounded, metered, and ended when the sender leaves its block."""

from __future__ import annotations

import anyio
import pytest

from stream.dataflow.channels import open_channel

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_full_channel_holds_its_sender_until_somebody_reads():
    send, receive, meter = open_channel("numbers", int, 2)
    sent: list[int] = []

    async def produce() -> None:
        with send:
            for number in range(5):
                await send.send(number)
                sent.append(number)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(produce)
        assert meter.depth == 0
        await anyio.wait_all_tasks_blocked()
        assert sent == [0, 1]
        assert meter.depth == 2
        with receive:
            assert [number async for number in receive] == [0, 1, 2, 3, 4]
    assert (meter.items, meter.depth) == (5, 0)
    assert meter.blocked_put_s > 0


async def test_a_reader_that_left_breaks_the_sender():
    send, receive, _ = open_channel("numbers", int, 1)
    with receive:
        pass
    with send, pytest.raises(anyio.BrokenResourceError):
        await send.send(1)


def test_a_channel_must_be_bounded():
    with pytest.raises(ValueError, match="does not bound"):
        open_channel("endless", int, -1)
