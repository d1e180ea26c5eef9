"""cuML is used where it can be imported, with memory whose release stops nobody else on the device."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stream.device.clustering import clustering_device


class Rapids:
    """Stands for the packages: `broken` modules raise an error when they are imported."""

    def __init__(self, **broken: Exception) -> None:
        self.broken = broken
        self.resource: Any = None
        self.loaded: list[str] = []

    def __call__(self, name: str) -> Any:
        self.loaded.append(name)
        if error := self.broken.get(name.partition(".")[0]):
            raise error
        return SimpleNamespace(
            CudaAsyncMemoryResource=lambda release_threshold: ("pool", release_threshold),
            set_current_device_resource=lambda resource: setattr(self, "resource", resource),
        )


def test_cuml_takes_its_memory_from_the_drivers_pool() -> None:
    rapids = Rapids()
    assert clustering_device(rapids) == "cuda"
    assert rapids.loaded == ["cuml.cluster", "rmm.mr"]
    assert rapids.resource == ("pool", 256 << 20)


@pytest.mark.parametrize("error", [ImportError("no cuml"), OSError("libcuml.so"), RuntimeError("no device")])
def test_without_cuml_faces_are_grouped_on_the_host(error: Exception) -> None:
    rapids = Rapids(cuml=error)
    assert clustering_device(rapids) == "cpu"
    assert rapids.resource is None


@pytest.mark.parametrize("error", [ImportError("no rmm"), RuntimeError("cudaMallocAsync not supported")])
def test_where_the_pool_is_not_to_be_had_cuml_is_used_all_the_same(error: Exception) -> None:
    rapids = Rapids(rmm=error)
    assert clustering_device(rapids) == "cuda"
    assert rapids.resource is None
