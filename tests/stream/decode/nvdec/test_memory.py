"""Blocks for slots: cut from larger slabs, without overlap; slabs of finished films serve others, within bounds."""

from __future__ import annotations

import weakref
from itertools import pairwise

import pytest

from stream.decode.nvdec.slabs import Slabs, SlabStore


class Piece:
    """Memory from the driver at an address."""

    def __init__(self, ptr: int, nbytes: int) -> None:
        self.ptr, self.nbytes = ptr, nbytes


class Driver:
    """A driver that allocates at addresses far apart, up to `room` bytes."""

    def __init__(self, room: int = 1 << 60) -> None:
        self.room = room
        self.broken: Exception | None = None
        self.asked: list[int] = []
        self.alive: weakref.WeakSet[Piece] = weakref.WeakSet()

    def __call__(self, nbytes: int) -> Piece:
        if self.broken is not None:
            raise self.broken
        if sum(piece.nbytes for piece in self.alive) + nbytes > self.room:
            raise RuntimeError("CUDA error: out of memory")
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


def test_the_slabs_of_a_finished_film_serve_the_next_with_pictures_of_its_size() -> None:
    driver = Driver()
    store = SlabStore(driver)
    for _ in range(3):
        film = Slabs(store.slab)
        blocks = [film.next(1024) for _ in range(20)]
        assert film.made_bytes == 3 * 8192
        assert store.kept_bytes == 0
        del film, blocks
        assert store.kept_bytes == 3 * 8192
    assert driver.asked == [8192] * 3


def test_no_slab_is_handed_out_twice_at_a_time() -> None:
    store = SlabStore(Driver())
    first = [store.slab(1024) for _ in range(3)]
    kept, first = first[0], []
    second = [store.slab(1024) for _ in range(4)]
    assert len({kept.ptr, *(slab.ptr for slab in second)}) == 5


def test_kept_slabs_make_room_for_other_sizes_so_that_no_more_is_held_than_was_used_at_a_time() -> None:
    driver = Driver()
    store = SlabStore(driver)
    large = [store.slab(4096) for _ in range(2)]
    del large[0]
    assert store.kept_bytes == 4096
    small = [store.slab(1024) for _ in range(4)]
    assert (store.kept_bytes, sum(piece.nbytes for piece in driver.alive)) == (0, 2 * 4096)
    del small, large
    assert store.kept_bytes == 2 * 4096
    store.slab(2 * 4096)
    assert sum(piece.nbytes for piece in driver.alive) == 2 * 4096


def test_where_the_device_has_no_room_what_is_kept_is_freed_and_else_the_error_is_told() -> None:
    driver = Driver()
    store = SlabStore(driver)
    used, kept = store.slab(1000), [store.slab(1000) for _ in range(3)]
    del kept
    driver.room = 3500  # another program takes the rest
    assert store.slab(2000).nbytes == 2000
    with pytest.raises(RuntimeError, match="out of memory"):
        store.slab(4000)
    assert used.nbytes == 1000
    assert store.slab(1500).nbytes == 1500


def test_an_error_that_is_no_want_of_room_frees_nothing() -> None:
    driver = Driver()
    store = SlabStore(driver)
    two = [store.slab(512) for _ in range(2)]
    del two
    driver.broken = RuntimeError("CUDA error: an illegal memory access was encountered")
    with pytest.raises(RuntimeError, match="illegal"):
        store.slab(256)
    assert store.kept_bytes == 512  # one made room
