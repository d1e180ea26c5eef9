"""Where one shot ends and the next begins, by TransNet V2 (Souček and Lokoč 2020, arXiv 2008.04838).

The network is shown every frame as a picture of 48×27 pixels, without regard to the film's shape
(`kernels.ops.Meter.thumbnails`). It sees windows of a hundred frames and is asked about the middle fifty of each;
before the first frame and after the last these two are repeated, as its authors do.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

import numpy as np

from kernels.ops import Ops
from kernels.surface import Array

from .session import Session
from .tools import HOST_TOOLS, EngineTools

WIDTH_PX, HEIGHT_PX = 48, 27
"""Size of the pictures that the network is shown."""
WINDOW = 100
"""Frames that the network sees at once."""
ASKED = 50
"""Frames of a window, in its middle, whose answers count."""
MARGIN = (WINDOW - ASKED) // 2
"""Frames of a window before those, and after them."""
BOUNDARY, TRANSITION = 0, 1
"""Columns of the answers. `BOUNDARY`: probability that this is the last frame before a cut, or the middle of a gradual
transition. `TRANSITION`: probability that this frame is part of a transition of any length."""
THRESHOLD = 0.5
"""Its authors' limit for `BOUNDARY`."""


class BoundaryClassifier:
    """TransNet V2 on one session. Several threads may ask it.

    windows_per_run: windows that share a run of the network. On the CPU two take 6 % less time than one twice, but
    twice the memory; the answers are the same.
    """

    def __init__(self, session: Session, ops: Ops, tools: EngineTools = HOST_TOOLS, windows_per_run: int = 1) -> None:
        self._session, self._ops, self._tools, self._windows_per_run = session, ops, tools, windows_per_run

    def probabilities(self, frames: Array) -> np.ndarray:
        """(T,) float32 on the host: `BOUNDARY` of `answers`."""
        return self.answers(frames)[:, BOUNDARY]

    def answers(self, frames: Array) -> np.ndarray:
        """(T, 2) float32 on the host, 0–1: `BOUNDARY` and `TRANSITION` of each frame.

        frames: (T, 27, 48, 3) uint8 RGB, all frames of a film or of a part of it, in order, on the session's device.
        What is less than 25 frames from the ends of a part is judged from repeated frames, and can differ from what
        it is in the whole. Synchronises (on a device). Raises SessionError, and ValueError for another shape.
        """
        stream = BoundaryStream(self)
        return np.concatenate([stream.push(frames), stream.finish()])

    def windows(self, windows: Sequence[Array]) -> np.ndarray:
        """(50 · N, 2) float32 on the host: the answers for the middle 50 frames of each of N windows, in order.

        windows: each (100, 27, 48, 3) uint8 RGB on the session's device. Synchronises (on a device). Raises
        SessionError.
        """
        size = self._windows_per_run
        runs = [self._run(windows[start : start + size]) for start in range(0, len(windows), size)]
        return np.concatenate([self._ops.to_host(answer) for answer in runs]) if runs else _NOTHING

    def scope(self) -> AbstractContextManager[object]:
        """Within the block array arithmetic in this thread runs in the order of the session."""
        return self._tools.scope()

    def _run(self, windows: Sequence[Array]) -> Array:
        """(50 · N, 2) on the session's device."""
        with self._tools.scope():
            planes = self._tools.engine_input(np.concatenate(list(windows)))
            answer = self._session.run({"frames": planes.reshape(-1, WINDOW, 3, HEIGHT_PX, WIDTH_PX)})
            both = np.stack([answer["boundary"], answer["transition"]], axis=-1)
            return both[:, MARGIN : MARGIN + ASKED].reshape(-1, 2)


class BoundaryStream:
    """Asks a classifier about frames that come a few at a time. Between the pushes it keeps fewer than a hundred.

    The answers do not depend on how the frames are divided among the pushes.
    """

    def __init__(self, classifier: BoundaryClassifier) -> None:
        self._classifier = classifier
        self._held: list[Array] = []
        self._padded = self._owed = 0  # frames at hand with the repeated ones; frames without an answer

    def push(self, frames: Array) -> np.ndarray:
        """(M, 2) float32 on the host: the answers that are known now, those of the next M frames that had none.

        frames: (T, 27, 48, 3) uint8 RGB, those that follow the last push. An answer is known when the network has seen
        at least 25 frames after it. Synchronises (on a device) when M > 0. Raises as `BoundaryClassifier.answers`.
        """
        if frames.shape[1:] != (HEIGHT_PX, WIDTH_PX, 3) or frames.dtype != np.uint8:
            raise ValueError(f"frames are {frames.dtype} {frames.shape}, not uint8 (T, {HEIGHT_PX}, {WIDTH_PX}, 3)")
        if len(frames):
            before = [] if self._held else [frames[:1]] * MARGIN
            self._hold([*before, frames])
            self._owed += len(frames)
        return self._classifier.windows(self._full_windows())

    def finish(self) -> np.ndarray:
        """(M, 2) float32 on the host: the answers of all frames that have none yet. Ends the stream."""
        owed = self._owed
        if not owed:
            return _NOTHING
        missing = -(-owed // ASKED) * ASKED + 2 * MARGIN - self._padded
        self._hold([self._held[-1][-1:]] * missing)
        answers = self._classifier.windows(self._full_windows())
        self._held, self._padded, self._owed = [], 0, 0
        return answers[:owed]

    def _hold(self, parts: list[Array]) -> None:
        self._held += parts
        self._padded += sum(len(part) for part in parts)

    def _full_windows(self) -> list[Array]:
        """Takes the windows that are complete; what the next one needs stays."""
        count = max(0, (self._padded - WINDOW) // ASKED + 1)
        if count == 0:
            return []
        with self._classifier.scope():
            frames = np.concatenate(self._held)
            # A copy, because a view would keep all frames that were pushed.
            self._held = [frames[count * ASKED :].copy()]
        self._padded -= count * ASKED
        self._owed -= count * ASKED
        return [frames[number * ASKED : number * ASKED + WINDOW] for number in range(count)]


def shot_starts(probabilities: np.ndarray, threshold: float = THRESHOLD) -> list[int]:
    """Numbers of the frames with which a shot begins after another one: those after each run of frames whose
    probability of a boundary, (T,) 0–1, is above `threshold`. A run that ends with the film begins no shot."""
    above = np.asarray(probabilities) > threshold
    return [int(number) + 1 for number in np.flatnonzero(above[:-1] & ~above[1:])]


_NOTHING = np.zeros((0, 2), np.float32)
