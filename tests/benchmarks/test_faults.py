"""Faults of chosen images by the truth."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.faults import faults_of
from stream.manifest import CropEntry, Manifest

BARS = {"top": 10, "bottom": 10, "left": 0, "right": 0}


def shot(start_s: float, persons: list[str], **more: object) -> dict[str, object]:
    return {
        "start_s": start_s, "kind": "person", "persons": persons, "degradation": None, "subtitles": False, **more
    }  # fmt: skip


TRUTH = {
    "width": 320, "height": 180, "bars": BARS, "cast": {"main": [{"id": "a"}]},
    "shots": [
        shot(0, ["a"]), shot(4, ["b"], degradation="blur"), shot(8, [], kind="title"), shot(12, ["b", "a"]),
        shot(16, ["a"], subtitles=True), shot(20, []),
    ],
}  # fmt: skip


def crop(x: float, y: float, width: float, height: float) -> CropEntry:
    return CropEntry.model_construct(source_rect=(x, y, width, height))


def test_each_fault_is_counted_once_an_image(make_manifest: Callable[..., Manifest]) -> None:
    manifest = make_manifest([1.0, 5.0, 9.0, 13.0, 17.0, 21.0])
    crops = [[crop(0, 8, 320, 164)], [crop(0, 0, 320, 180), crop(10, 0, 90, 180)]]
    images = [
        image.model_copy(update={"crops": found})
        for image, found in zip(manifest.images, [*crops, *[[]] * 4], strict=True)
    ]
    found = faults_of(manifest.model_copy(update={"images": images}), TRUTH)
    assert found == {"degraded": 1, "with text": 2, "nobody": 2, "not main": 1, "with bars": 1}
