"""The plain script: what a careful engineer would write in a day with OpenCV, a detector, embeddings and scikit-learn.

    python -m benchmarks.plain FILE MODELS_FOLDER [--every 1] [--threads 2]

It works frame by frame: decode, compare colour histograms to find cuts, find faces, embed them, keep the best frame of
every shot; at the end cluster the faces and take ten frames of the people seen most. It uses the same weights as
Keyart, so that only the way of working differs. Prints JSON: frames, seconds, times of the chosen frames.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort
from sklearn.cluster import HDBSCAN

from .peer_file import peer_file

WIDTH_PX = 640
"""Width of the picture on which colours and sharpness are measured; faces are detected at half of it."""
TOP = 10
_CUT_BELOW = 0.6
_CHIP_PX = 150
_CHIP_POINTS = np.array([[47.55, 46.6], [100.48, 46.6], [74.01, 76.56], [50.41, 103.02], [97.61, 103.02]], np.float32)
_CHIP_MEAN = np.array([122.782, 117.001, 104.298], np.float32)


@dataclass(slots=True)
class BestFrame:
    """The frame of a shot with the highest value so far. `picture` and `landmarks` are those of its face."""

    time_s: float
    shot: int
    value: float
    picture: np.ndarray | None = None
    landmarks: np.ndarray | None = None
    embedding: np.ndarray | None = None


class Networks:
    """CenterFace and the identity network on ONNX Runtime. threads: 0 leaves the number to ONNX Runtime."""

    def __init__(self, models: Path, threads: int = 0) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self._detector, self._embedding = (
            ort.InferenceSession(str(models / f"{role}.onnx"), options, providers=["CPUExecutionProvider"])
            for role in ("detector", "embedding")
        )

    def face(self, frame: np.ndarray) -> tuple[np.ndarray, float, float] | None:
        """Landmarks (5, 2), height in pixels, and score of the most certain face of a BGR frame; None when there is
        none."""
        height, width = frame.shape[:2]
        size = (WIDTH_PX // 2, max(1, round(height * WIDTH_PX / 2 / width / 32)) * 32)
        small = cv2.cvtColor(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
        names = ["heat", "size", "offset", "landmarks"]
        maps = self._detector.run(names, {"image": small.transpose(2, 0, 1)[None].astype(np.float32)})
        heat, extent, offset, points = (np.asarray(found)[0] for found in maps)
        row, column = np.unravel_index(int(np.argmax(heat[0])), heat[0].shape)
        score = float(heat[0, row, column])
        if score < 0.5:
            return None
        sides = np.exp(extent[:, row, column]) * 4
        centre = (np.array([row, column]) + offset[:, row, column] + 0.5) * 4
        corners = (points[:, row, column].reshape(5, 2) * sides + centre - sides / 2)[:, ::-1]
        scale = np.array([width / size[0], height / size[1]])
        return (corners * scale).astype(np.float32), float(sides[0] * scale[1]), score

    def identity(self, frame: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """(128,) float32 unit vector of a face."""
        matrix, _ = cv2.estimateAffinePartial2D(landmarks, _CHIP_POINTS)
        chip = cv2.cvtColor(cv2.warpAffine(frame, matrix, (_CHIP_PX, _CHIP_PX)), cv2.COLOR_BGR2RGB)
        name = self._embedding.get_inputs()[0].name
        (vector,) = self._embedding.run(None, {name: ((chip - _CHIP_MEAN) / 256).transpose(2, 0, 1)[None]})
        flat = np.asarray(vector, np.float32).reshape(-1)
        return flat / max(float(np.linalg.norm(flat)), 1e-12)


def best_frames(video: Path, networks: Networks, every: int, threads: int = 0) -> tuple[list[BestFrame], int]:
    """The best frame of every shot, and the number of frames of the video. threads: of the decoder."""
    options = [cv2.CAP_PROP_N_THREADS, threads] if threads else []
    with peer_file(video) as film:
        capture = cv2.VideoCapture(str(film), cv2.CAP_FFMPEG, options)
    best: dict[int, BestFrame] = {}
    before: np.ndarray | None = None
    shot = frames = 0
    while True:
        time_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        there, frame = capture.read()
        if not there:
            break
        frames += 1
        if (frames - 1) % every:
            continue
        frame = cv2.resize(frame, (WIDTH_PX, round(frame.shape[0] * WIDTH_PX / frame.shape[1])))
        colours = _histogram(frame)
        if before is not None and cv2.compareHist(before, colours, cv2.HISTCMP_CORREL) < _CUT_BELOW:
            _identify(best.get(shot), networks)
            shot += 1
        before = colours
        seen = _rated(frame, networks, time_s, shot)
        if seen is not None and (shot not in best or seen.value > best[shot].value):
            best[shot] = seen
    capture.release()
    _identify(best.get(shot), networks)
    return list(best.values()), frames


def choose_ten(seen: list[BestFrame], top: int = TOP) -> list[float]:
    """Times in seconds of the best frames; those of the three people seen most come first."""
    faces = [s for s in seen if s.embedding is not None]
    labels = np.full(len(faces), -1)
    if len(faces) >= 4:
        embeddings = np.stack([s.embedding for s in faces if s.embedding is not None])
        labels = HDBSCAN(min_cluster_size=2, copy=True).fit_predict(embeddings)
    main = {label for label, _ in Counter(int(k) for k in labels if k >= 0).most_common(3)}
    of = {id(s): int(label) in main for s, label in zip(faces, labels, strict=True)}
    ranked = sorted(seen, key=lambda s: (of.get(id(s), False), s.embedding is not None, s.value), reverse=True)
    return [round(s.time_s, 6) for s in ranked[:top]]


def _histogram(frame: np.ndarray) -> np.ndarray:
    hsv = cv2.cvtColor(frame, cv2.COLOR_BGR2HSV)
    counts = np.asarray(cv2.calcHist([hsv], [0, 1, 2], None, [8, 8, 8], [0, 180, 0, 256, 0, 256]), np.float32)
    return counts / max(float(counts.sum()), 1.0)


def _identify(best: BestFrame | None, networks: Networks) -> None:
    """Embeds the face of a finished shot's best frame, and drops the picture."""
    if best is not None and best.picture is not None and best.landmarks is not None:
        best.embedding = networks.identity(best.picture, best.landmarks)
        best.picture = None


def _rated(frame: np.ndarray, networks: Networks, time_s: float, shot: int) -> BestFrame | None:
    """The frame with its value; None for a frame that is too dark, too bright or too flat."""
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    if not 25 < grey.mean() < 230 or grey.std() < 12:
        return None
    sharpness = float(np.log1p(cv2.Laplacian(grey, cv2.CV_32F).var()))
    face = networks.face(frame)
    if face is None:
        return BestFrame(time_s, shot, sharpness * 0.1)
    landmarks, height, score = face
    share = min(height / frame.shape[0], 0.5)
    return BestFrame(time_s, shot, sharpness * score * share, frame, landmarks)


def main() -> None:
    """Runs the script on one film and prints the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("models", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="of decoder, OpenCV and networks; 0: their defaults")
    options = parser.parse_args()
    if options.threads:
        cv2.setNumThreads(options.threads)
    networks = Networks(options.models, options.threads)
    started_s, cpu_s = time.perf_counter(), time.process_time()
    seen, frames = best_frames(options.video, networks, options.every, options.threads)
    chosen = choose_ten(seen)
    result: dict[str, Any] = {
        "frames": frames, "wall_s": round(time.perf_counter() - started_s, 3),
        "cpu_s": round(time.process_time() - cpu_s, 3), "times_s": chosen,
    }  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
