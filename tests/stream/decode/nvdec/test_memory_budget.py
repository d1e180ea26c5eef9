"""Films share the device's memory: they wait for room, in the order in which they asked, and without a deadlock."""

from __future__ import annotations

import gc
from functools import partial
from threading import Thread

import anyio
import pytest
from anyio import to_thread

from stream.decode.decoder import DecodeOptions
from stream.decode.nvdec.memory_budget import DeviceRoom, Share
from stream.decode.nvdec.open import open_on_chip
from stream.decode.nvdec.session import Chip

from ..decoders import watched
from ..host_memory import HostMemory
from .fake_nvdec import FakeNvdec


class Device:
    """A device whose free memory is what the shares leave."""

    def __init__(self, nbytes: int) -> None:
        self.nbytes, self.shares = nbytes, list[Share]()

    def free(self) -> int:
        return self.nbytes - sum(share.used for share in self.shares)


@pytest.fixture
def device() -> Device:
    return Device(100)


def started(room: DeviceRoom, share: Share, nbytes: int) -> Thread:
    thread = Thread(target=room.take, args=(share, nbytes))
    thread.start()
    return thread


def test_what_was_promised_counts_whether_it_is_used_yet_or_not(device: Device) -> None:
    room, first, second, third = DeviceRoom(device.free, 10), Share(), Share(), Share()
    device.shares = [first, second, third]
    room.take(first, 50)
    first.used = 30
    room.take(second, 40)
    assert room.waits == 0
    waiting = started(room, third, 20)
    waiting.join(0.15)
    assert waiting.is_alive() and room.waits == 1
    first.used = 0
    room.give_back(first)
    waiting.join()
    assert third.needed == 20


def test_a_process_that_shares_the_device_takes_its_part_of_it(device: Device) -> None:
    """Half of 100, of which 10 are spared; what others leave free does not count."""
    room, first, second, third = DeviceRoom(device.free, 10, most_bytes=50), Share(), Share(), Share()
    room.take(first, 25)
    waiting = started(room, second, 20)
    waiting.join(0.15)
    assert waiting.is_alive() and room.waits == 1
    room.give_back(first)
    waiting.join()
    room.take(third, 20)
    assert room.waits == 1 and (second.needed, third.needed) == (20, 20)


def test_a_film_alone_goes_ahead_whatever_it_needs(device: Device) -> None:
    room, only = DeviceRoom(device.free), Share()
    room.take(only, 1000)
    room.take(only, 2000)  # the same film, looked at again
    assert (only.needed, room.waits) == (2000, 0)


def test_a_large_film_is_not_passed_by_small_ones(device: Device) -> None:
    room, first, large, small = DeviceRoom(device.free, 0), Share(), Share(), Share()
    room.take(first, 50)
    threads = [started(room, large, 80)]
    while not room.waits:
        threads[0].join(0.01)
    threads.append(started(room, small, 10))
    threads[1].join(0.15)
    assert threads[1].is_alive()
    room.give_back(first)
    for thread in threads:
        thread.join()
    assert (large.needed, small.needed) == (80, 10)


def test_who_asks_for_more_does_not_keep_others_waiting_for_what_he_had(device: Device) -> None:
    room, first, second = DeviceRoom(device.free, 0), Share(), Share()
    room.take(first, 60)
    waiting = started(room, second, 60)
    while not room.waits:
        waiting.join(0.01)
    again = started(room, first, 70)
    waiting.join()
    again.join(0.15)
    assert again.is_alive()
    room.give_back(second)
    again.join()
    assert (first.needed, second.needed) == (70, 60)


def test_waiting_for_room_hears_that_nobody_wants_it_any_more(device: Device) -> None:
    room, first, second, third = DeviceRoom(device.free, 0), Share(), Share(), Share()
    room.take(first, 90)

    async def run() -> None:
        with anyio.move_on_after(0.2) as scope:
            await to_thread.run_sync(partial(room.take, second, 90))
        assert scope.cancelled_caught

    anyio.run(run)
    room.take(third, 10)  # the one that left holds up nobody


def test_a_film_that_was_forgotten_gives_its_room_back(device: Device) -> None:
    room, second = DeviceRoom(device.free, 0), Share()
    room.take(Share(), 90)
    gc.collect()
    room.take(second, 90)
    assert room.waits == 0


@pytest.mark.parametrize("refused", [set[str](), {"H264"}])
def test_films_that_do_not_fit_together_go_one_after_the_other(make_film, moving, refused: set[str]) -> None:
    path = make_film("film.mp4", moving(20))
    room = DeviceRoom(lambda: 1 << 20, 0)  # as many pictures of 96x64 as one film may hold
    chip, done = Chip(FakeNvdec(refused=refused)), list[int]()
    first = open_on_chip(path, DecodeOptions(threads=1), chip, lambda: HostMemory(room))

    def second() -> None:
        decoder = open_on_chip(path, DecodeOptions(threads=1), chip, lambda: HostMemory(room))
        done.append(len(watched(decoder)[0]))
        decoder.close()

    thread = Thread(target=second)
    thread.start()
    while not room.waits:
        thread.join(0.01)
    assert len(watched(first)[0]) == 20 and not done
    first.close()
    thread.join()
    assert done == [20]
