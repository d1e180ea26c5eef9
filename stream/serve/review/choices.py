"""What an editor's choices come to: for each format which frame, cut how, and whether the file is there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...framing.crops import Crop
from ...manifest import ActiveAreaEntry, CropEntry, ImageEntry, Manifest
from ...settings.formats import Format
from ...settings.model import Settings
from ..pictures.cropping import fitted
from ..problems import Problem
from .record import Choice, Draft, Rect

_SAME_TIME_S = 2e-6
_SAME_PX = 0.011
"""Manifests hold times to the microsecond and pixels to the hundredth."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A choice as it will be published. rank, shot: None where the frame is none that was offered, or in no shot; own:
    the file in the result that is this picture, None where it is to be cut; moved: see `record.ApprovedImage`."""

    format: str
    rank: int | None
    time_s: float
    shot: int | None
    source: Rect
    size: tuple[int, int]
    own: str | None
    moved: bool

    def choice(self) -> Choice:
        """As a choice again, the crop where it came to lie."""
        return Choice(rank=self.rank, time_s=self.time_s, source_rect=self.source)


def offered_formats(manifest: Manifest, settings: Settings) -> dict[str, Format]:
    """The formats to choose pictures for: those of the result that are known, then those of the settings."""
    known = settings.known_formats()
    cut = [crop.format for image in manifest.images for crop in image.crops]
    return {name: known[name] for name in (*cut, *settings.formats) if name in known}


def settled(choices: Mapping[str, Choice], manifest: Manifest, settings: Settings) -> list[Settled]:
    """The choices, checked. Raises Problem 422 for a format, rank or time that is not there."""
    return [_settled(name, choice, manifest, settings) for name, choice in choices.items()]


def checked(draft: Draft, manifest: Manifest, settings: Settings) -> Draft:
    """A draft with its crops where they came to lie. Raises Problem 422 as `settled`, and for a rejected rank that is
    not there. A rank that is chosen for a format is not rejected."""
    ranks = {image.rank for image in manifest.images}
    if unknown := sorted(set(draft.rejected) - ranks):
        raise _wrong(f"rank {unknown[0]} is rejected, and there is none, offered are {_span(ranks)}")
    found = settled(draft.choices, manifest, settings)
    rejected = sorted(set(draft.rejected) - {one.rank for one in found})
    return Draft(choices={one.format: one.choice() for one in found}, rejected=rejected)


def _settled(name: str, choice: Choice, manifest: Manifest, settings: Settings) -> Settled:
    start_s, end_s = _film_span(manifest)
    if not start_s <= choice.time_s < end_s:
        raise _wrong(f"{name}: {choice.time_s:g} s is not within the film, {start_s:g} to {end_s:g} s")
    ranks = {image.rank for image in manifest.images}
    if choice.rank is not None and choice.rank not in ranks:
        raise _wrong(f"{name}: there is no rank {choice.rank}, offered are {_span(ranks)}")
    image = next((one for one in manifest.images if abs(one.time_s - choice.time_s) < _SAME_TIME_S), None)
    time_s, rank = (choice.time_s, None) if image is None else (image.time_s, image.rank)
    crop, shot = _offered_crop(name, image), _shot_at(manifest, time_s)
    if crop is not None and _same(crop.source_rect, choice.source_rect):
        return Settled(name, rank, time_s, shot, crop.source_rect, (crop.width, crop.height), crop.path, moved=False)
    area = _area(manifest, shot)
    placed = _fitted(name, _rect(name, choice), area, manifest, settings)
    starts = [] if crop is not None else _starts(name, area, manifest, settings)
    moved = not any(_same(start, placed.source) for start in starts)
    return Settled(name, rank, time_s, shot, placed.source, placed.size, None, moved)


def _area(manifest: Manifest, shot: int | None) -> ActiveAreaEntry:
    """The active area of the shot: the film's where it has no other, or where the frame is in no shot."""
    own = next((one.active_area for one in manifest.shots if one.index == shot), None)
    return manifest.active_area if own is None else own


def _fitted(name: str, rect: Rect, area: ActiveAreaEntry, manifest: Manifest, settings: Settings) -> Crop:
    return fitted(_known(name, settings), area, _display(manifest), rect, settings.crop.bars_margin_px)


def _starts(name: str, area: ActiveAreaEntry, manifest: Manifest, settings: Settings) -> list[Rect]:
    """Where the crop of a frame without one of its own may lie before anybody moves it: where an offered picture's
    does, as far as the bars of its shot allow, or in the middle, as large as it can be."""
    wide, high = _display(manifest)
    inside = area.left, area.top, wide - area.left - area.right, high - area.top - area.bottom
    there = [crop.source_rect for image in manifest.images for crop in image.crops if crop.format == name]
    return [_fitted(name, rect, area, manifest, settings).source for rect in (*there, inside)]


def _same(one: Rect, other: Rect) -> bool:
    return all(abs(a - b) < _SAME_PX for a, b in zip(one, other, strict=True))


def _offered_crop(name: str, image: ImageEntry | None) -> CropEntry | None:
    return next((crop for crop in image.crops if crop.format == name), None) if image is not None else None


def _known(name: str, settings: Settings) -> Format:
    known = settings.known_formats()
    if name not in known:
        raise _wrong(f"{name}: is no format that is known, known are {', '.join(sorted(known))}")
    return known[name]


def _rect(name: str, choice: Choice) -> Rect:
    if min(choice.source_rect[2:]) <= 0:
        raise _wrong(f"{name}: a crop has a width and a height above 0, not {choice.source_rect[2:]}")
    return choice.source_rect


def _display(manifest: Manifest) -> tuple[int, int]:
    return manifest.video.display_width, manifest.video.display_height


def _film_span(manifest: Manifest) -> tuple[float, float]:
    """First time of the film, and the end of its last shot, seconds."""
    if manifest.shots:
        return min(shot.start_s for shot in manifest.shots), max(shot.end_s for shot in manifest.shots)
    return 0.0, manifest.video.duration_s or 0.0


def _shot_at(manifest: Manifest, time_s: float) -> int | None:
    return next((shot.index for shot in manifest.shots if shot.start_s <= time_s < shot.end_s), None)


def _span(ranks: set[int]) -> str:
    return f"{min(ranks)} to {max(ranks)}" if ranks else "none"


def _wrong(detail: str) -> Problem:
    return Problem(422, "The choice cannot be made", detail)
