"""Makes the files of the chosen pictures: crops for every format, portraits of characters, the contact sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from kernels.ops import Ops
from kernels.surface import Surface

from ..dataflow.cancellation import checkpoint
from ..dataflow.workers import results
from ..framing.crops import Crop, crop_for
from ..framing.planner import CropPlanner
from ..people.looks import leading_face
from ..ranking.selection import Assessment, Pick
from ..records import Candidate
from ..settings.formats import Format
from ..settings.model import Settings
from ..settings.section import time_text
from .contact_sheet import Tile, contact_sheet, crop_sizes, frame_size
from .jpeg import Encoder


@dataclass(frozen=True, slots=True)
class CropFile:
    """One file of an image. `path`: inside the result."""

    form: Format
    path: str
    crop: Crop


@dataclass(frozen=True, slots=True)
class Image:
    """A chosen picture with its files. `rank`: from 1, the best."""

    rank: int
    pick: Pick
    crops: list[CropFile]


@dataclass(slots=True)
class Files:
    """The files of a result but for the manifest. `content`: path inside the result → bytes; `portraits`: character id
    → path."""

    images: list[Image] = field(default_factory=list)
    portraits: dict[str, str] = field(default_factory=dict)
    content: dict[str, bytes] = field(default_factory=dict)


_File = tuple[Format, Crop, bytes]


class Cutter:
    """Cuts and encodes one film's pictures on the threads of `pool`. `planner`: says where."""

    def __init__(
        self,
        settings: Settings,
        planner: CropPlanner,
        ops: Ops,
        encoder: Encoder,
        surface: Callable[[Candidate], Surface],
        pool: ThreadPoolExecutor,
    ) -> None:
        self._settings, self._planner = settings, planner
        self._ops, self._encoder, self._surface, self._pool = ops, encoder, surface, pool
        self._begun: dict[float, Future[list[_File]]] = {}

    def begin(self, assessment: Assessment) -> None:
        """Start to cut a picture that will probably be chosen, while others are still checked. Does nothing when the
        picture was begun before. Errors are raised by `cut`, if the picture is chosen.
        """
        time_s = assessment.candidate.pts_s
        if time_s not in self._begun:
            self._begun[time_s] = self._pool.submit(self._cut, assessment)

    def cut(self, picks: Sequence[Pick], portraits: Mapping[str, Candidate]) -> Files:
        """All files of a result but the manifest. Blocks. Raises KeyartError for a picture that cannot be cut.

        portraits: character id → the picture to cut the portrait from.
        """
        files = Files()
        for pick in picks:
            self.begin(pick.assessment)
        portrayed = [self._pool.submit(self._portrait, files, *portrait) for portrait in portraits.items()]
        tiles = results([self._pool.submit(self._tile, rank, pick) for rank, pick in enumerate(picks, 1)])
        cut = results([self._begun[pick.assessment.candidate.pts_s] for pick in picks])
        files.images.extend(_image(files, rank, *image) for rank, image in enumerate(zip(picks, cut, strict=True), 1))
        results(portrayed)
        if tiles:
            sheet = contact_sheet(tiles, self._settings.crop.contact_sheet_columns)
            files.content["contact_sheet.jpg"] = self._encoder.jpeg(sheet, self._settings.jpeg_quality)
        return files

    def _cut(self, assessment: Assessment) -> list[_File]:
        plan = self._planner.planned(assessment.candidate, assessment.characters)
        return [(form, crop, self._jpeg(assessment.candidate, crop)) for form, crop in plan]

    def _jpeg(self, candidate: Candidate, crop: Crop) -> bytes:
        checkpoint()
        surface = self._surface(candidate)  # kept until `picture` is made, or its slot would be reused
        picture = self._ops.rgb(surface, crop.source, crop.size, fine=True)
        return self._encoder.jpeg(picture, self._settings.jpeg_quality)

    def _tile(self, rank: int, pick: Pick) -> Tile:
        assessment, candidate = pick.assessment, pick.assessment.candidate
        active = assessment.active
        rect = (active.x, active.y, active.width, active.height)
        surface = self._surface(candidate)
        crops = [crop.source for _, crop in self._planner.planned(candidate, assessment.characters)]
        shown = [(rect, frame_size(rect)), *zip(crops, crop_sizes(crops), strict=True)]
        frame, *cut = [self._ops.to_host(self._ops.rgb(surface, source, size)) for source, size in shown]
        who = f"  {assessment.person}" if assessment.person else ""
        caption = f"{rank}   {time_text(candidate.pts_s)}   {assessment.score:.3f}{who}"
        return Tile(frame, rect, crops, cut, caption)

    def _portrait(self, files: Files, character: str, candidate: Candidate) -> None:
        form = self._settings.known_formats()["portrait"]
        lead = leading_face(candidate.faces)
        path = f"characters/{character}.jpg"
        active = self._planner.active(candidate)
        files.content[path] = self._jpeg(candidate, crop_for(form, active, [lead] if lead else [], lead))
        files.portraits[character] = path


def _image(files: Files, rank: int, pick: Pick, cut: Sequence[_File]) -> Image:
    crops = []
    for form, crop, data in cut:
        crops.append(CropFile(form, f"{form.name}/{rank:02d}.jpg", crop))
        files.content[crops[-1].path] = data
    return Image(rank, pick, crops)
