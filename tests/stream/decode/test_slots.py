"""Slots: free again when the last view is gone, never more than the limit, and no deadlock while waiting."""

from __future__ import annotations

import gc
from functools import partial
from threading import Thread

import anyio
import numpy as np
import pytest
from anyio import to_thread

from stream.decode.slots import Demand, FramePool, bytes_for, places_of
from stream.records import FRAME_1080P_BYTES

from .host_memory import HostMemory


@pytest.fixture
def memory() -> HostMemory:
    return HostMemory()


def test_a_slot_returns_with_the_last_view_of_it(memory):
    pool = FramePool(memory, 4)
    picture = pool.take(60)
    luma, odd = picture[:40], picture[41::2]
    address = picture.ctypes.data
    del picture, luma
    assert pool.in_use == 1
    del odd
    assert (pool.in_use, pool.slots, memory.alive) == (0, 1, 1)
    assert pool.take(60).ctypes.data == address


def test_rows_begin_at_whole_sixteen_bytes_and_do_not_overlap(memory):
    shapes = [(3, 21), (2, 11), (2, 11)]
    for dtype, pitches in ((np.uint8, (32, 16, 16)), (np.uint16, (48, 32, 32))):
        slot = FramePool(memory, 1).take(bytes_for(shapes, np.dtype(dtype).itemsize))
        planes = memory.planes(slot, places_of(shapes, np.dtype(dtype)))
        assert [plane.shape for plane in planes] == shapes
        assert [plane.strides[0] for plane in planes] == list(pitches)
        for number, plane in enumerate(planes):
            plane[...] = number
        assert [set(plane.ravel().tolist()) for plane in planes] == [{0}, {1}, {2}]
        assert np.shares_memory(planes[2], slot[-1 - pitches[2] :])


def test_slots_are_made_when_needed_and_never_more_than_allowed(memory):
    pool = FramePool(memory, 3)
    held = [pool.take(32) for _ in range(3)]
    assert (pool.slots, pool.peak, pool.waits) == (3, 3, 0)
    taken: list[np.ndarray] = []
    waiting = Thread(target=lambda: taken.append(pool.take(32)))
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive() and pool.waits == 1
    del held[0]
    waiting.join()
    assert len(taken) == 1 and memory.alive == 3


def test_waiting_for_a_slot_hears_that_nobody_wants_it_any_more(memory):
    pool = FramePool(memory, 1)
    held = pool.take(16)

    async def run() -> None:
        with anyio.move_on_after(0.2) as scope:
            await to_thread.run_sync(partial(pool.take, 16))
        assert scope.cancelled_caught

    anyio.run(run)
    assert held.shape == (16,) and pool.in_use == 1


def test_one_beyond_the_limit_is_freed_when_it_returns(memory):
    pool = FramePool(memory, 1)
    first, second = pool.take(16), pool.take(16, beyond=True)
    assert pool.slots == 2
    del first, second
    again = pool.take(16)
    assert (pool.slots, memory.alive, again.size) == (1, 1, 16)


def test_slots_of_another_size_make_room(memory):
    pool = FramePool(memory, 2)
    for nbytes in (16, 16, 64, 64, 32):
        pool.take(nbytes)
    assert pool.slots <= 2 and memory.alive <= 2


def test_closing_returns_everything_even_what_is_still_looked_at(memory):
    pool = FramePool(memory, 3)
    held, free = pool.take(16), pool.take(16)
    del free
    pool.close()
    assert memory.alive == 1
    held[...] = 1
    del held
    gc.collect()
    assert memory.alive == 0


def test_failing_to_allocate_leaves_the_pool_as_it_was(memory):
    class Full(HostMemory):
        def allocate(self, nbytes: int) -> None:
            raise MemoryError("the device is full")

    pool = FramePool(Full(), 2)
    with pytest.raises(MemoryError):
        pool.take(16)
    assert pool.slots == 0


def test_a_pool_without_slots_is_a_mistake(memory):
    with pytest.raises(ValueError, match="holds no picture"):
        FramePool(memory, 0)


def test_many_threads_share_a_few_slots_without_losing_one(memory):
    pool = FramePool(memory, 3)
    wrong: list[int] = []

    def work(number: int) -> None:
        for _ in range(200):
            picture = pool.take(32)
            picture[...] = number
            if not (picture == number).all():
                wrong.append(number)

    threads = [Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert (pool.in_use, memory.alive) == (0, pool.slots) and pool.slots <= 3


def test_the_limit_covers_what_the_graph_holds_without_the_decoder():
    demand = Demand(batch=32, kept_1080p=64)
    unclosed, filling, measured, split, shots = 33, 32, 32, 32, 3 * 33
    assert demand.slots(FRAME_1080P_BYTES) > unclosed + filling + measured + split + shots + 65
    assert demand.slots(FRAME_1080P_BYTES) * FRAME_1080P_BYTES < 1.2 * 2**30
    assert demand.least(FRAME_1080P_BYTES * 8) < demand.least(FRAME_1080P_BYTES) < demand.least(FRAME_1080P_BYTES // 4)
