"""The second half of a film's way, once its last shot is known: people, filters, the ten, their crops as JPEG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from engines.text import TextDetector, is_overlay
from kernels.bars import ActiveArea
from kernels.ops import Ops
from kernels.surface import Surface

from .cancel import checkpoint
from .candidates import leading_face
from .characters import find_characters
from .crops import Crop, crop_for
from .encode import Encoder, contact_sheet
from .film import Film
from .formats import Format
from .judge import active_rect, entries_of
from .records import Candidate, Character, Notice
from .scoring import Active
from .selection import Entry, Pick, Selection
from .settings import Settings

_PREVIEW_HEIGHT = 432


@dataclass(frozen=True, slots=True)
class Cut:
    """One finished file of an image."""

    form: Format
    path: str
    crop: Crop


@dataclass(slots=True)
class Image:
    """A chosen picture with its files, in rank order from 1."""

    rank: int
    pick: Pick
    cuts: list[Cut]
    refetched: bool


@dataclass(slots=True)
class Conclusion:
    """What was decided. `files`: path inside the result → bytes."""

    area: ActiveArea
    characters: list[Character]
    method: str
    images: list[Image] = field(default_factory=list)
    portraits: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    refetches: int = 0


class Finale:
    """Decides and cuts one film. All methods block; run them on a worker thread."""

    def __init__(
        self,
        film: Film,
        settings: Settings,
        device: str,
        ops: Ops,
        encoder: Encoder,
        text: TextDetector | None,
        frame_at: Callable[[float], Surface],
    ) -> None:
        self._film, self._settings, self._device = film, settings, device
        self._ops, self._encoder, self._text = ops, encoder, text
        self._frame_at = frame_at
        self._fetched: dict[float, Surface] = {}
        self._refetched: set[float] = set()

    def conclude(self) -> Conclusion:
        """The film's result. Raises KeyartError when a winner's picture cannot be decoded again."""
        film, settings, clocks = self._film, self._settings, self._film.clocks
        area = film.bars.active_area()
        if film.bars.changed:
            message = "the black bars change within the film, cut to the area that is always picture"
            film.notices.append(Notice("bars_change", message))
        characters, method = clocks["people"].time(
            lambda: find_characters(film.tracks, film.shots, settings.people, self._device), len(film.tracks)
        )
        active = active_rect(film.info.geometry, area, settings.crop.bars_margin_px)
        entries = clocks["judge"].time(lambda: entries_of(film, characters, active, settings), len(film.candidates))
        selection = Selection(settings.rank, settings.top)
        picks = clocks["select"].time(lambda: selection.choose(entries, lambda e: self._text_reason(e, active)))
        self._count_rejections(entries, selection, picks)
        conclusion = Conclusion(area, characters, method)
        clocks["crop"].time(lambda: self._cut_all(conclusion, picks, entries, active), len(picks))
        conclusion.refetches = len(self._refetched)
        if len(picks) < settings.top:
            message = f"only {len(picks)} of {settings.top} images, the film has no more that can be told apart"
            film.notices.append(Notice("few_images", message))
        return conclusion

    def surface(self, candidate: Candidate) -> Surface:
        """Full-size pixels from the pool, or decoded again when they had to make room."""
        held = self._film.pool.get(candidate.pts_s) or self._fetched.get(candidate.pts_s)
        if held is None:
            checkpoint()
            held = self._frame_at(candidate.pts_s)
            self._refetched.add(candidate.pts_s)
            self._fetched = {candidate.pts_s: held}  # one at a time: fetched pictures must not become a second pool
        return held

    def _text_reason(self, entry: Entry, active: Active) -> str | None:
        if self._text is None:
            return None
        checkpoint()
        rect = (active.x, active.y, active.width, active.height)
        surface, text = self.surface(entry.candidate), self._text
        reading = self._film.clocks["text"].time(lambda: text.read(surface, rect))
        return "text_overlay" if is_overlay(reading, rect) else None

    def _count_rejections(self, entries: Sequence[Entry], selection: Selection, picks: Sequence[Pick]) -> None:
        counts, taken = self._film.funnel.at_end, {id(p.entry) for p in picks}
        at_shot = {candidate.pts_s for candidate, _ in self._film.reserve}
        for entry in entries:
            if id(entry) in taken or entry.candidate.pts_s in at_shot:
                continue
            counts.update(entry.reasons)
            if not entry.reasons and entry.candidate.pts_s in selection.duplicates:
                counts["duplicate"] += 1

    def _cut_all(self, conclusion: Conclusion, picks: Sequence[Pick], entries: Sequence[Entry], active: Active) -> None:
        tiles: list[tuple[np.ndarray, str]] = []
        for rank, pick in enumerate(picks, 1):
            conclusion.images.append(self._cut(conclusion, rank, pick, active))
            tiles.append(self._tile(rank, pick, active))
        for character in conclusion.characters:
            if character.main:
                self._portrait(conclusion, character, entries, active)
        if tiles:
            sheet = contact_sheet(tiles, self._settings.crop.contact_sheet_columns)
            conclusion.files["contact_sheet.jpg"] = self._encoder.jpeg(sheet, self._settings.jpeg_quality)

    def _cut(self, conclusion: Conclusion, rank: int, pick: Pick, active: Active) -> Image:
        candidate = pick.entry.candidate
        cuts = []
        for form in self._settings.chosen_formats():
            crop = crop_for(form, active, candidate.faces, leading_face(candidate.faces))
            path = f"{form.name}/{rank:02d}.jpg"
            conclusion.files[path] = self._jpeg(candidate, crop)
            cuts.append(Cut(form, path, crop))
        return Image(rank, pick, cuts, candidate.pts_s in self._refetched)

    def _jpeg(self, candidate: Candidate, crop: Crop) -> bytes:
        checkpoint()
        picture = self._ops.rgb(self.surface(candidate), crop.source, crop.size, fine=True)
        return self._encoder.jpeg(picture, self._settings.jpeg_quality)

    def _tile(self, rank: int, pick: Pick, active: Active) -> tuple[np.ndarray, str]:
        size = (max(1, round(_PREVIEW_HEIGHT * active.width / active.height)), _PREVIEW_HEIGHT)
        rect = (active.x, active.y, active.width, active.height)
        picture = self._ops.to_host(self._ops.rgb(self.surface(pick.entry.candidate), rect, size))
        minutes, seconds = divmod(pick.entry.candidate.pts_s, 60)
        who = f"  {pick.entry.person}" if pick.entry.person else ""
        return picture, f"{rank}   {int(minutes)}:{seconds:05.2f}   {pick.entry.score:.3f}{who}"

    def _portrait(self, conclusion: Conclusion, character: Character, entries: Sequence[Entry], active: Active) -> None:
        form = self._settings.known_formats()["portrait"]
        own = [e for e in entries if e.person == character.id]
        best = min(own, key=lambda e: (len(e.reasons), -e.score, e.candidate.pts_s), default=None)
        if best is None:
            return
        candidate = best.candidate
        lead = leading_face(candidate.faces)
        path = f"characters/{character.id}.jpg"
        conclusion.files[path] = self._jpeg(candidate, crop_for(form, active, [lead] if lead else [], lead))
        conclusion.portraits[character.id] = path
