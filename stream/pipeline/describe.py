"""Builds the manifest of a finished film."""

from __future__ import annotations

import errno
import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines.faces import EMOTIONS, Face
from kernels.bars import ActiveArea
from kernels.surface import Colour
from kernels.tone_mapping import HDR_TRANSFERS, is_mapped, peak_of

from ..dataflow.channels import ChannelMeter
from ..decode.film_end import AGREES_S
from ..episode.report import entry_of
from ..errors import KeyartError
from ..film import Film
from ..manifest import (
    ActiveAreaEntry,
    CharacterEntry,
    ColorEntry,
    ColorPart,
    CropEntry,
    FaceEntry,
    FunnelEntry,
    ImageEntry,
    Manifest,
    ModelEntry,
    PeopleEntry,
    PoseEntry,
    RejectedEntry,
    ScanEntry,
    ShotEntry,
    StageEntry,
    TimingsEntry,
    ToolEntry,
    VideoEntry,
    WarningEntry,
)
from ..output.render import Image
from ..ranking.reasons import why
from ..records import Character, ColourPart, Notice, VideoInfo, counted
from ..settings.model import Settings
from ..version import own_version
from .conclude import Conclusion
from .services import Services

_FINGERPRINT_PART_BYTES = 1 << 20
_ROUNDING_S = 1e-3
"""To which containers round their times."""


def content_fingerprint(path: Path) -> str:
    """SHA-256 (hexadecimal) over the file's size and its first and last MiB: enough to tell films apart without reading
    them whole. Raises KeyartError when the file cannot be read."""
    try:
        size = path.stat().st_size
        digest = hashlib.sha256(str(size).encode())
        with path.open("rb") as file:
            digest.update(file.read(_FINGERPRINT_PART_BYTES))
            file.seek(max(0, size - _FINGERPRINT_PART_BYTES))
            digest.update(file.read(_FINGERPRINT_PART_BYTES))
    except OSError as error:
        advice = "check its permissions" if error.errno == errno.EACCES else "was it moved while it was opened?"
        raise KeyartError(f"cannot be read ({error.strerror or error}), {advice}") from error
    return digest.hexdigest()


def manifest_of(
    film: Film,
    conclusion: Conclusion,
    settings: Settings,
    services: Services,
    decoder: str,
    fingerprint: str,
    wall_s: float,
) -> Manifest:
    """The manifest of one film: what was found, what was chosen and why.

    `decoder`: name of the decoder that was used. `fingerprint`: see `content_fingerprint`. `wall_s`: seconds from
    opening the film to the last encoded file.
    """
    per_shot = Counter(c.shot for c in film.candidates)
    faces_of_track = {track.index: len(track.faces) for track in film.tracks}
    notices = [*services.notices, *film.notices, *_crop_notices(conclusion)]
    return Manifest(
        tool=_tool(settings, services, decoder),
        video=_video(film, settings, fingerprint),
        active_area=_area(conclusion.area),
        shots=[
            ShotEntry(
                index=s.index,
                start_s=s.start_s,
                end_s=s.end_s,
                start_frame=s.start_frame,
                end_frame=s.end_frame,
                transition=s.transition,
                confidence=s.confidence,
                candidates=per_shot[s.index],
                active_area=_area(conclusion.by_shot[s.index]) if s.index in conclusion.by_shot else None,
            )
            for s in film.shots
        ],
        characters=[_character(c, faces_of_track, conclusion) for c in conclusion.characters],
        people=PeopleEntry(grouping=conclusion.grouping),
        images=[_image(image, conclusion) for image in conclusion.files.images],
        funnel=FunnelEntry(
            frames=film.funnel.frames,
            probes=film.funnel.probes,
            candidates=film.funnel.candidates,
            rejected=RejectedEntry(at_shot=dict(film.funnel.at_shot), at_end=dict(film.funnel.at_end)),
        ),
        timings=_timings(film, wall_s),
        warnings=[WarningEntry(code=n.code, message=n.message, time_s=n.time_s) for n in notices],
        episode=entry_of(film.episode) if film.episode else None,
    )


def _area(area: ActiveArea) -> ActiveAreaEntry:
    return ActiveAreaEntry(top=area.top, bottom=area.bottom, left=area.left, right=area.right)


def _tool(settings: Settings, services: Services, decoder: str) -> ToolEntry:
    return ToolEntry(
        version=own_version(),
        device=services.device,
        decoder=decoder,
        decode=settings.decode,
        providers=list(services.providers),
        models={role: ModelEntry(name=m.name, sha256=m.sha256) for role, m in services.models.items()},
        settings_fingerprint=settings.settings_fingerprint,
        settings=settings.non_default(),
    )


def duration_s(film: Film, settings: Settings) -> float | None:
    """From the film's first picture to the end of its last, seconds: what its packets say, where they were asked, else
    the container, unless the film was watched to its end and that lies elsewhere, or watched beyond what it says."""
    claimed_s = film.info.duration_s if film.measured_s is None else film.measured_s
    last_two_s = film.timeline.last_two_s
    if last_two_s is None:
        return claimed_s
    last_s, step_s = last_two_s[1] - film.info.first_pts_s, last_two_s[1] - last_two_s[0]
    in_part = settings.end_s is not None or settings.skip_last_s > 0
    if claimed_s is None:
        return None if in_part else last_s + step_s
    most_s = float("inf") if in_part else last_s + step_s + AGREES_S
    return claimed_s if last_s < claimed_s + _ROUNDING_S and claimed_s <= most_s else last_s + step_s


def _video(film: Film, settings: Settings, fingerprint: str) -> VideoEntry:
    info = film.info
    return VideoEntry(
        path=str(info.path),
        content_fingerprint=fingerprint,
        container=info.container,
        codec=info.codec,
        width=info.width,
        height=info.height,
        display_width=info.geometry.display_width,
        display_height=info.geometry.display_height,
        sample_aspect_ratio=info.sample_aspect_ratio,
        rotation=info.geometry.rotation,
        mirrored=info.arrangement.mirrored,
        stereo=info.arrangement.stereo,
        stream=info.stream,
        fps=info.fps,
        first_pts_s=info.first_pts_s,
        duration_s=duration_s(film, settings),
        container_duration_s=info.duration_s,
        frames=film.pictures_in_stream,
        bit_depth=info.bit_depth,
        color=_color(info, film.colours.main(info)),
        color_parts=[_color_part(info, part) for part in film.colours.parts] if film.colours.changes else None,
        scan=ScanEntry(
            kind=info.scan.kind,
            parity=info.scan.parity,
            by=info.scan.by,
            deinterlaced=None if info.scan.kind == "progressive" else "bwdif",
            late=info.scan.late,
        ),
    )


def _color(info: VideoInfo, main: ColourPart) -> ColorEntry:
    dolby = info.dolby_vision
    return ColorEntry(
        **_color_words(info, main.colour),
        matrix_guessed=main.matrix_guessed,
        dolby_vision_profile=None if dolby is None else dolby.profile,
    )


def _color_part(info: VideoInfo, part: ColourPart) -> ColorPart:
    return ColorPart(time_s=part.time_s, **_color_words(info, part.colour))


def _color_words(info: VideoInfo, colour: Colour) -> dict[str, Any]:
    """What `ColorEntry` and `ColorPart` have in common."""
    return {
        "primaries": colour.primaries,
        "transfer": colour.transfer,
        "matrix": "rgb" if info.is_rgb else colour.matrix,
        "range": "full" if colour.full_range or info.is_rgb else "limited",
        "mapped": is_mapped(colour),
        "peak_nits": peak_of(colour) if colour.transfer in HDR_TRANSFERS else None,
    }


def _character(
    character: Character, faces_of_track: Mapping[int, int], conclusion: Conclusion
) -> CharacterEntry:
    return CharacterEntry(
        id=character.id,
        main=character.main,
        faces=sum(faces_of_track.get(track, 0) for track in character.tracks),
        appearances=list(character.shots),
        screen_time_s=character.screen_time_s,
        image=conclusion.files.portraits.get(character.id),
    )


def _image(image: Image, conclusion: Conclusion) -> ImageEntry:
    assessment, candidate = image.pick.assessment, image.pick.assessment.candidate
    names = {c.id: place for place, c in enumerate(conclusion.characters, 1)}
    people = assessment.characters or (None,) * len(candidate.faces)
    return ImageEntry(
        rank=image.rank,
        time_s=candidate.pts_s,
        frame=candidate.frame,
        shot=candidate.shot,
        score=assessment.score,
        components=assessment.components,
        why=why(image.pick, names),
        fallback=image.pick.fallback,
        refetched=candidate.pts_s in conclusion.refetched,
        characters=sorted({person for person in people if person is not None}),
        faces=[_face(face, person) for face, person in zip(candidate.faces, people, strict=True)],
        crops=[
            CropEntry(
                format=cut.form.name,
                path=cut.path,
                width=cut.crop.size[0],
                height=cut.crop.size[1],
                source_rect=cut.crop.source,
                scale=cut.crop.scale,
            )
            for cut in image.crops
        ],
        explicit=assessment.explicit,
    )


def _face(face: Face, person: str | None) -> FaceEntry:
    yaw, pitch, roll = (float(angle) for angle in face.pose_deg)
    return FaceEntry(
        box=face.box,
        score=face.score,
        eye_openness=face.eye_openness_ratio,
        pose=PoseEntry(yaw=yaw, pitch=pitch, roll=roll),
        emotion=None if face.emotion is None else dict(zip(EMOTIONS, map(float, face.emotion), strict=True)),
        character=person,
    )


def _crop_notices(conclusion: Conclusion) -> list[Notice]:
    """One notice for each format that has files smaller than the format's size."""
    notices = []
    short: dict[str, int] = {}
    for image in conclusion.files.images:
        for cut in image.crops:
            short[cut.form.name] = short.get(cut.form.name, 0) + (cut.crop.size != cut.form.size)
    for name, count in short.items():
        if count:
            whole = f"{count} of {counted(len(conclusion.files.images), f'{name} file')}"
            smaller = "is smaller than its format" if count == 1 else "are smaller than their format"
            message = f"{whole} {smaller}, the source has no more pixels"
            notices.append(Notice("small_source", message))
    return notices


def _timings(film: Film, wall_s: float) -> TimingsEntry:
    stages = {
        clock.name: StageEntry.model_validate(
            {"items": clock.items, "busy_s": clock.busy_s, "cpu_s": round(clock.cpu_s, 3)}
        )
        for clock in film.clocks.by_name.values()
    }
    channels = {m.name: _channel_times(m) for m in film.channels}
    return TimingsEntry.model_validate({"wall_s": wall_s, "stages": stages, "channels": channels})


def _channel_times(meter: ChannelMeter) -> dict[str, float]:
    return {"blocked_put_s": round(meter.blocked_put_s, 3), "blocked_get_s": round(meter.blocked_get_s, 3)}
