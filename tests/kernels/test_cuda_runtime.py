"""Properties of the runtime that need a device: order within a stream, use by several threads, reuse of memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytestmark = [pytest.mark.gpu, pytest.mark.slow]


def test_kernels_copies_and_uploads_come_in_the_order_they_were_asked_for() -> None:
    """Arguments are freed while the device is still busy; memory that is allocated next must not overwrite them."""
    from kernels.cuda.ops import CudaOps
    from kernels.cuda.runtime import CupyRuntime

    runtime = CupyRuntime()
    ops = CudaOps(runtime)
    pictures = [np.full((4, 512, 512, 3), value, np.uint8) for value in range(40)]
    shown = [ops.engine_input(runtime.upload(picture), (512, 512), (1.0,) * 3, (0.0,) * 3) for picture in pictures]
    for value, planes in enumerate(shown):
        assert (runtime.download(planes) == value).all()


def test_runtimes_do_not_wait_for_the_default_stream() -> None:
    from kernels.cuda.runtime import CupyRuntime

    runtime = CupyRuntime()
    import cupy

    assert runtime.stream not in (0, cupy.cuda.Stream.null.ptr)
    assert CupyRuntime(runtime.stream).stream == runtime.stream
    with runtime.queue():
        assert cupy.cuda.get_current_stream().ptr == runtime.stream


def test_memory_comes_from_the_pool_whatever_allocator_cupy_was_given() -> None:
    """Importing cuML sets another allocator."""
    from kernels.cuda.runtime import CupyRuntime

    runtime = CupyRuntime()
    import cupy

    pool, before = cupy.get_default_memory_pool(), cupy.cuda.get_allocator()
    cupy.cuda.set_allocator(cupy.cuda.memory._malloc)
    try:
        used = pool.used_bytes()
        array = runtime.zeros((1 << 20,), np.uint8)
        assert pool.used_bytes() >= used + array.nbytes
    finally:
        cupy.cuda.set_allocator(before)


def test_one_runtime_serves_threads_that_never_heard_of_a_device() -> None:
    from kernels.cuda.runtime import CupyRuntime

    runtime = CupyRuntime()

    def there_and_back(value: int) -> bool:
        array = np.full((256, 1024), value, np.int32)
        copy = runtime.zeros(array.shape, np.int32)
        runtime.copy(copy, runtime.upload(array))
        return bool((runtime.download(copy) == value).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(there_and_back, range(200)))
