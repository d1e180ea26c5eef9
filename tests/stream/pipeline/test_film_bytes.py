"""What of a film crosses from a device to the host beside the crops: sizes from the code, counts of a short film."""

from __future__ import annotations

from kernels.balance import Balance
from kernels.bars import DARKNESS_STRIDE
from kernels.cuda.layout import MEASURED
from kernels.cuda.meter import _AXIS

MOST_BYTES_A_FRAME = 512
SHORT_OF_IT = 0.9
"""Other films have more faces and more text."""

# Of episode E05, four minutes at 1080p, as `gpu_check` counts them; twice as many checks for text as it needs.
FRAMES, PROBES, CANDIDATES, CHECKS = 6487, 147, 100, 24
DETECTIONS, FACES, GLANCES = 256, 118, 131
MAP, WITH_TEXT, TEXT_ROWS = (384, 224), 6, 24
"""Pixels of a text map; how many of them have a line of text right across, and its height."""

DETECTION_FLOATS = 1 + 4 + 1 + 10
"""Which picture, box, score, landmarks."""
GLANCE_FLOATS = 2 + 7
"""Eyes, expression; a closer look beside them mouth, identity and quality."""
LOOK_FLOATS = GLANCE_FLOATS + 3 + 128 + 6

BYTES = {
    "rows": FRAMES * MEASURED.itemsize,
    "borders": -(-FRAMES // DARKNESS_STRIDE) * 2 * _AXIS.itemsize,
    "detections": 4 * DETECTION_FLOATS * DETECTIONS,
    "descriptors": 2 * (1 + 1056) * PROBES,
    "faces": 4 * (LOOK_FLOATS * FACES + GLANCE_FLOATS * GLANCES),
    "composition": 8 * len(Balance._fields) * CANDIDATES,
    "text maps": CHECKS * sum(MAP) + WITH_TEXT * TEXT_ROWS * MAP[0],
}


def test_a_short_film_stays_well_within_the_budget() -> None:
    a_frame = {kind: count / FRAMES for kind, count in BYTES.items()}
    assert sum(a_frame.values()) <= SHORT_OF_IT * MOST_BYTES_A_FRAME, a_frame


def test_nothing_but_rows_weighs_much() -> None:
    assert {kind for kind, count in BYTES.items() if count > 12 * FRAMES} == {"rows", "descriptors"}
