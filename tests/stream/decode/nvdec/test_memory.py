"""Blocks for slots: cut from larger slabs, without overlap, freed with their slab."""

from __future__ import annotations

import weakref
from itertools import pairwise

from stream.decode.nvdec.memory import Slabs


class Piece:
    """Memory from the driver at an address."""

    def __init__(self, ptr: int, nbytes: int) -> None:
        self.ptr, self.nbytes = ptr, nbytes


class Driver:
    """A driver that allocates at addresses far apart."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.alive: weakref.WeakSet[Piece] = weakref.WeakSet()

    def __call__(self, nbytes: int) -> Piece:
        self.asked.append(nbytes)
        piece = Piece(len(self.asked) << 40, nbytes)
        self.alive.add(piece)
        return piece


def test_blocks_do_not_overlap_and_the_driver_is_asked_once_for_eight() -> None:
    driver = Driver()
    slabs = Slabs(driver)
    blocks = [slabs.next(1000) for _ in range(20)]
    ends = sorted((block.address, block.address + block.nbytes) for block in blocks)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(ends))
    assert all(block.address % 512 == 0 and block.nbytes == 1000 for block in blocks)
    assert driver.asked == [8 * 1024] * 3


def test_a_piece_is_freed_with_the_last_of_its_blocks_and_sizes_may_change() -> None:
    driver = Driver()
    slabs = Slabs(driver)
    first, large = slabs.next(512), slabs.next(100_000)
    assert large.address + large.nbytes <= large.slab.ptr + large.slab.nbytes
    assert len(driver.alive) == 2
    del first
    assert len(driver.alive) == 1
    del large, slabs
    assert not driver.alive
