"""Runs all face models on pictures: detector, landmarks, eyes, mouth, pose, identity, expression, and the image
descriptor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kernels.ops import Ops
from kernels.surface import Array, Rect, Surface

from . import emotion, eyes, mesh
from .clothes import CELLS, clothes_colour, clothes_rect
from .descriptor import picture_descriptors
from .detector import Detection, Detector
from .embedding import CHIP_PX, chip_matrix, embed
from .face_record import NO_MOUTH, NO_QUALITY, FaceMeasures, Tellable, face_record, tellable
from .faces import Face, Reading
from .quality import PATCH_PX, patch_matrix
from .session import Session
from .tools import HOST_TOOLS, EngineTools

QUALITY_PX = 112
"""Side of the middle of the identity chip, pixels: the face without hair and background, whose photographic quality is
measured."""

READER_ROLES = ("detector", "embedding", "eyes", "mesh", "emotion")
"""Roles of the sessions that a `FaceReader` needs."""


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """Sizes and limits of a `FaceReader`."""

    detector_width: int = 320
    """Longer side of the detector's input, pixels. The descriptor's constants are for 320."""
    threshold: float = 0.5
    """Least score of a face, 0–1."""
    refine_below: float = 64.0
    """Faces whose height in the detector's input, pixels, is under this are detected again in a closer crop; 0: none.

    Measured on the same faces shown smaller and smaller: above 60 px the first detection's landmarks are as good as any
    (3.4 % of the inter-ocular distance); at 37, 28 and 23 px they are off by 5.7, 6.3 and 8.7 %, those of the second by
    3.4 to 3.8 %.
    """
    refine_side: int = 160
    """Side of that crop in the detector's input, pixels; a multiple of 32."""
    refine_margin: float = 2.2
    """Side of that crop in longer sides of the face box."""
    most_faces: int = 4
    """How many faces of a picture are read closely, the largest first."""
    least_height: float = 0.08
    """Least height of a face that is read closely, in heights of the area."""
    embedding_least_px: float = 10.0
    """Inter-ocular distance below which identity is unknown, displayed pixels."""
    batch: int = 1
    """Chips in one run of a model. On the CPU 1: more is not faster, and results cannot depend on neighbours in the
    batch."""
    detector_batch: int = 1
    """Pictures in one run of the detector; 1 on the CPU for the same reason."""


class FaceReader:
    """Reads pictures with the sessions of `READER_ROLES`, on the device of `ops` and `tools`. It may be used by several
    threads.

    With batches of 1 the reading of a picture does not depend on other pictures; with larger ones it does in the last
    bits.
    """

    def __init__(
        self,
        sessions: Mapping[str, Session],
        ops: Ops,
        options: ReaderOptions | None = None,
        tools: EngineTools = HOST_TOOLS,
    ):
        self._options = options or ReaderOptions()
        self._sessions, self._ops, self._tools = sessions, ops, tools
        self._detector = Detector(
            sessions["detector"],
            ops,
            long_side=self._options.detector_width,
            threshold=self._options.threshold,
            tools=tools,
            batch=self._options.detector_batch,
        )

    def read(self, surfaces: list[Surface], area: Rect | None = None) -> list[Reading]:
        """One reading for each surface. area: the part of the displayed picture to read (displayed pixels), default:
        all.

        Faces that were read closely come first, the largest first; of the others only place, score and pose are known.
        Synchronises (on a device).
        """
        with self._tools.scope():
            return self._read(surfaces, [area or whole_picture(surface) for surface in surfaces])

    def read_again(self, surfaces: Sequence[Surface], known: Face) -> Iterator[Face | None]:
        """Reads the eyes and expression of a known face in other pictures, taken a moment before or after. Yields one
        result for each surface; None where the face is no longer there.

        The iterator reads one batch at a time, so pictures after the caller stops are not read. Synchronises (on a
        device).
        """
        before = Detection(known.box, known.score, known.landmarks)
        for start in range(0, len(surfaces), self._options.batch):
            yield from self._read_again(surfaces[start : start + self._options.batch], before)

    def _read_again(self, surfaces: Sequence[Surface], before: Detection) -> list[Face | None]:
        with self._tools.scope():
            now = self._closer([(surface, before) for surface in surfaces])
            there = [(surface, [face]) for surface, face in zip(surfaces, now, strict=True) if face is not before]
            if not there:
                return [None] * len(surfaces)
            looks, feelings = self._on_host(*self._eyes_and_emotion(there, self._tellable(there)))
        measures = (FaceMeasures(e, NO_MOUTH, None, f, None, NO_QUALITY) for e, f in zip(looks, feelings, strict=True))
        return [None if face is before else self._face(face, next(measures)) for face in now]

    def _read(self, surfaces: list[Surface], areas: list[Rect]) -> list[Reading]:
        founds = self._detector.find(surfaces, areas)
        chosen = self._choose(surfaces, [found.faces for found in founds], areas)
        measures = self._measures(surfaces, [near for near, _ in chosen])
        readings, batches = list[Reading](), dict.fromkeys(found.batch for found in founds)
        vectors = {b: picture_descriptors(b.features, b.pictures, self._ops, self._tools) for b in batches}
        for found, (faces, far) in zip(founds, chosen, strict=True):
            seen = [self._face(face, next(measures)) for face in faces] + [self._face(face, None) for face in far]
            readings.append(Reading(tuple(seen), vectors[found.batch][found.index]))
        return readings

    def _choose(
        self, surfaces: list[Surface], faces: list[list[Detection]], areas: list[Rect]
    ) -> list[tuple[list[Detection], list[Detection]]]:
        """For each picture the faces to read closely, detected again where they are small, and the other faces."""
        split = [self._worthy(found, area) for found, area in zip(faces, areas, strict=True)]
        small = [
            (surface, face)
            for surface, (large, _), area in zip(surfaces, split, areas, strict=True)
            for face in large
            if self._is_small(face, area)
        ]
        closer = iter(self._closer(small))
        return [
            ([next(closer) if self._is_small(face, area) else face for face in large], far)
            for (large, far), area in zip(split, areas, strict=True)
        ]

    def _worthy(self, faces: list[Detection], area: Rect) -> tuple[list[Detection], list[Detection]]:
        options = self._options
        ranked = sorted(faces, key=lambda face: -face.box[2] * face.box[3])
        large = [face for face in ranked if face.box[3] >= options.least_height * area[3]][: options.most_faces]
        return large, [face for face in faces if not any(face is one for one in large)]

    def _is_small(self, face: Detection, area: Rect) -> bool:
        """Whether the face is so small that its first landmarks are too rough."""
        return face.box[3] < self._options.refine_below * max(area[2:]) / self._options.detector_width

    def _closer(self, faces: list[tuple[Surface, Detection]]) -> list[Detection]:
        options = self._options
        return self._detector.refine(faces, side=options.refine_side, margin=options.refine_margin)

    def _measures(self, surfaces: list[Surface], faces: list[list[Detection]]) -> Iterator[FaceMeasures]:
        """Measures of each face, in the order of the pictures and of their faces. Chips of all pictures share runs."""
        pairs = [(s, f) for s, f in zip(surfaces, faces, strict=True) if f]
        if not pairs:
            return
        ops, batch = self._ops, self._options.batch
        identity_chips = ops.warp([(s, _chip_matrices(f, CHIP_PX)) for s, f in pairs], CHIP_PX)
        mesh_chips = ops.warp([(s, _mesh_matrices(f)) for s, f in pairs], mesh.CHIP_PX)
        can = self._tellable(pairs)
        looks, feelings = self._eyes_and_emotion(pairs, can)
        mouthed, known = np.array([one.mouth for one in can]), np.array([one.identity for one in can])
        mouths = mesh.mouth_measures(self._sessions["mesh"], mesh_chips, batch, self._tools, mouthed)
        identities = embed(self._sessions["embedding"], identity_chips, batch, self._tools, known)
        parts = [(s, clothes_rect(s, face.box)) for s, faces in pairs for face in faces]
        cells = ops.rgb_all(parts, CELLS)
        qualities = self._tools.qualities(identity_chips, QUALITY_PX)
        patches = ops.warp([(s, _patch_matrices(s, f)) for s, f in pairs], PATCH_PX)
        grains = self._tools.qualities(patches, PATCH_PX)[:, 1:2]
        colours = cells.reshape(len(parts), -1).astype("float32")
        *seen, worn, measured, grain = self._on_host(looks, mouths, identities, feelings, colours, qualities, grains)
        measured[:, 1:2] = grain
        boxes = (face.box for _, faces in pairs for face in faces)
        clothes = [clothes_colour(c, rect, box) for c, (_, rect), box in zip(worn, parts, boxes, strict=True)]
        yield from map(FaceMeasures, *seen, clothes, measured)

    def _on_host(self, *columns: Array) -> list[np.ndarray]:
        """Downloads float32 arrays (N, …) as one: the device is waited for once, after everything is queued.
        Synchronises (on a device)."""
        ends = np.cumsum([column.shape[1] for column in columns])[:-1]
        return np.split(self._ops.to_host(np.concatenate(columns, 1)), ends, axis=1)

    def _tellable(self, pairs: list[tuple[Surface, list[Detection]]]) -> list[Tellable]:
        """What can be told of each of the faces."""
        least = self._options.embedding_least_px
        return [tellable(face.landmarks, least) for _, faces in pairs for face in faces]

    def _eyes_and_emotion(
        self, pairs: list[tuple[Surface, list[Detection]]], can: Sequence[Tellable]
    ) -> tuple[Array, Array]:
        """(N, 36) points of the image-left and the image-right eye and (N, 7) emotion probabilities of all faces; what
        cannot be told of a face may be 0."""
        ops, batch = self._ops, self._options.batch
        eye_chips = ops.warp([(s, _eye_matrices(f)) for s, f in pairs], eyes.CHIP_PX)
        emotion_chips = ops.warp([(s, _emotion_matrices(f)) for s, f in pairs], emotion.CHIP_PX)
        seen, felt = np.array([one.eyes for one in can]).ravel(), np.array([one.emotion for one in can])
        looks = eyes.eye_points(self._sessions["eyes"], eye_chips, batch, self._tools, seen).reshape(-1, 36)
        return looks, emotion.emotions(self._sessions["emotion"], emotion_chips, batch, self._tools, felt)

    def _face(self, face: Detection, measured: FaceMeasures | None) -> Face:
        return face_record(face, measured, self._options.embedding_least_px)


def whole_picture(surface: Surface) -> Rect:
    """The rectangle of the whole displayed picture, displayed pixels."""
    return 0.0, 0.0, float(surface.geometry.display_width), float(surface.geometry.display_height)


def _chip_matrices(faces: list[Detection], size: int) -> np.ndarray:
    return np.stack([chip_matrix(face.landmarks, size) for face in faces])


def _eye_matrices(faces: list[Detection]) -> np.ndarray:
    return np.concatenate([eyes.eye_matrices(face.landmarks) for face in faces])


def _mesh_matrices(faces: list[Detection]) -> np.ndarray:
    return np.stack([mesh.chip_matrix(face.box, face.landmarks) for face in faces])


def _patch_matrices(surface: Surface, faces: list[Detection]) -> np.ndarray:
    return np.stack([patch_matrix(surface, face.box) for face in faces])


def _emotion_matrices(faces: list[Detection]) -> np.ndarray:
    return np.stack([emotion.chip_matrix(face.box) for face in faces])
