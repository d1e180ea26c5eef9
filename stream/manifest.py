"""The model of `manifest.json`: what was found in one video and why. `manifest.schema.json` is generated from it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    model_serializer,
)

SCHEMA: Literal["keyart/manifest/1"] = "keyart/manifest/1"


def _rounded(digits: int) -> AfterValidator:
    # Adding zero turns -0.0 into 0.0: equal values must be equal text.
    return AfterValidator(lambda value: round(value, digits) + 0.0)


def _sorted(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value[key] for key in sorted(value)}


def printable(value: Any) -> Any:
    """A path as text, in which bytes that are not UTF-8 are replacement characters; other values unchanged."""
    if isinstance(value, (str, Path)):
        return os.fsencode(value).decode("utf-8", errors="replace")
    return value


TimeS = Annotated[float, _rounded(6)]
"""Seconds, to the microsecond."""
Score = Annotated[float, _rounded(4)]
"""A score, ratio or probability, to 1e-4."""
Pixels = Annotated[float, _rounded(2)]
Degrees = Annotated[float, _rounded(1)]
Count = Annotated[int, Field(ge=0)]
Counts = Annotated[dict[str, Count], AfterValidator(_sorted)]
Box = tuple[Pixels, Pixels, Pixels, Pixels]
"""x, y, width, height in displayed-picture pixels, before bars are cut."""


class ManifestPart(BaseModel):
    """Base of every part: immutable; ignores unknown fields, which a later version may add; refuses NaN."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, populate_by_name=True)


class ModelEntry(ManifestPart):
    """The weights of one role."""

    name: str
    sha256: str


class ToolEntry(ManifestPart):
    """The program, device, models and settings that made this result."""

    version: str
    device: str
    decoder: str
    decode: Literal["all", "reference"]
    providers: list[str]
    models: Annotated[dict[str, ModelEntry], AfterValidator(_sorted)]
    settings_fingerprint: str
    settings: Annotated[dict[str, Any], AfterValidator(_sorted)]


class ColorEntry(ManifestPart):
    """What the container says of colours (ITU-T H.273 names); `unknown` where it says nothing.

    matrix_guessed: it names no matrix, so BT.709 is taken for HD and BT.601 for smaller pictures. mapped: its pictures
    are of high dynamic range or a wide gamut; the images are in BT.709 and standard range all the same. peak_nits: the
    brightest light, cd/m², that is brought to white by the curve of ITU-R BT.2390; null where the film is not in high
    dynamic range. dolby_vision_profile: null without Dolby Vision.
    """

    primaries: str
    transfer: str
    matrix: str
    range: Literal["limited", "full"]
    matrix_guessed: bool = False
    mapped: bool = False
    peak_nits: float | None = None
    dolby_vision_profile: int | None = None


class ColorPart(ManifestPart):
    """Pictures in a row of one colour, from `time_s` on. The rest as in `ColorEntry`."""

    time_s: TimeS
    primaries: str
    transfer: str
    matrix: str
    range: Literal["limited", "full"]
    mapped: bool = False
    peak_nits: float | None = None


class ScanEntry(ManifestPart):
    """Whether pictures are whole (`progressive`), woven of two fields taken one after the other (`interlaced`,
    throughout or in parts), or four whole ones became five (`telecine`); which field is first, top or bottom, where
    that is known; whether pictures were measured or, where nothing moves, flags believed; and what was done: `bwdif`
    draws each picture from one of its fields, under telecine only those not seen to be whole. `late`: a part was found
    interlaced only while the film was watched, and only pictures that are seen to be woven were drawn anew."""

    kind: Literal["progressive", "interlaced", "telecine"]
    parity: Literal["tff", "bff"] | None
    by: Literal["measured", "flags"]
    deinterlaced: Literal["bwdif"] | None
    late: bool = False


class VideoEntry(ManifestPart):
    """What the container says of the film. `rotation`: clockwise; `mirrored`: left to right, before the rotation.
    `stereo`: how both eyes of a stereo film lie in its pictures. `stream`: the number of the film's video stream.
    `duration_s`: from the first picture to the end of the last: what the container claims, `container_duration_s`,
    unless pictures were seen after that, or the film was watched to its end and that lies more than a second before, or
    packets were asked because its end was left out. `color`: that of most of what was watched, where it changes; then
    `color_parts` lists the parts in order, a hundred at most, else it is absent. `scan` is absent in results of
    versions that did not look."""

    path: Annotated[str, BeforeValidator(printable)]
    content_fingerprint: str
    container: str
    codec: str
    width: Count
    height: Count
    display_width: Count
    display_height: Count
    sample_aspect_ratio: tuple[int, int]
    rotation: Literal[0, 90, 180, 270]
    mirrored: bool = False
    stereo: Literal["side_by_side", "top_bottom"] | None = None
    stream: Count = 0
    fps: Annotated[float, _rounded(6)] | None
    first_pts_s: TimeS
    duration_s: TimeS | None
    container_duration_s: TimeS | None = None
    frames: Count | None
    bit_depth: Count
    color: ColorEntry
    color_parts: list[ColorPart] | None = None
    scan: ScanEntry | None = None

    @model_serializer(mode="wrap")
    def _absent_when_unknown(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        return _without_none(_without_none(handler(self), "scan"), "color_parts")


class ActiveAreaEntry(ManifestPart):
    """Pixels to cut off each side of the displayed picture."""

    top: Count
    bottom: Count
    left: Count
    right: Count


class ShotEntry(ManifestPart):
    """One shot. Ends are exclusive; frames are null when unknowable. `confidence`: how sure its beginning is, 0–1; 1
    for the film's first shot and where black or white is seen. `active_area` only where its bars are not the
    film's."""

    index: Count
    start_s: TimeS
    end_s: TimeS
    start_frame: Count | None
    end_frame: Count | None
    transition: Literal["cut", "dissolve", "fade", "wipe"]
    confidence: Score = 1.0
    candidates: Count
    active_area: ActiveAreaEntry | None = None

    @model_serializer(mode="wrap")
    def _absent_when_unknown(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        return _without_none(handler(self), "active_area")


class CharacterEntry(ManifestPart):
    """One person of the film. `appearances` are shot indices, `image` a path inside the result."""

    id: str
    main: bool
    faces: Count
    appearances: list[Count]
    screen_time_s: TimeS
    image: str | None


class PeopleEntry(ManifestPart):
    """How faces were grouped to people: by density, by linkage where there are few, or as the text says; and by which
    evidence beside the faces, where some was used."""

    grouping: str


class PoseEntry(ManifestPart):
    """Degrees; yaw positive to the image's right, pitch positive up, roll positive clockwise."""

    yaw: Degrees
    pitch: Degrees
    roll: Degrees


class FaceEntry(ManifestPart):
    """One face of an image; null for what could not be measured."""

    box: Box
    score: Score
    eye_openness: Score | None
    pose: PoseEntry
    emotion: dict[str, Score] | None
    character: str | None


class CropEntry(ManifestPart):
    """One file. `scale`: output pixels per source pixel."""

    format: str
    path: str
    width: Count
    height: Count
    source_rect: Box
    scale: Score


class ImageEntry(ManifestPart):
    """One chosen frame. `time_s`, its presentation time in the file, identifies it. `explicit`: how likely the frame is
    sexually explicit, absent where that was not asked."""

    rank: Annotated[int, Field(ge=1)]
    time_s: TimeS
    frame: Count | None
    shot: Count
    score: Score
    components: Annotated[dict[str, Score], AfterValidator(_sorted)]
    why: list[str]
    fallback: list[str]
    refetched: bool
    characters: list[str]
    faces: list[FaceEntry]
    crops: list[CropEntry]
    explicit: Score | None = None

    @model_serializer(mode="wrap")
    def _absent_when_not_asked(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        return _without_none(handler(self), "explicit")


class RejectedEntry(ManifestPart):
    """Counts of rejections by reason: when a shot closed, and at the end of the video."""

    at_shot: Counts
    at_end: Counts


class FunnelEntry(ManifestPart):
    """How many pictures were left at each step."""

    frames: Count
    probes: Count
    candidates: Count
    rejected: RejectedEntry


class StageEntry(ManifestPart):
    """The work of one stage; `busy_s` is the sum over its threads. Further measurements may follow."""

    model_config = ConfigDict(extra="allow")

    items: Count
    busy_s: Annotated[float, _rounded(3)]


class TimingsEntry(ManifestPart):
    """The only part that may differ between two runs on the same input. Further measurements may follow."""

    model_config = ConfigDict(extra="allow")

    wall_s: Annotated[float, _rounded(3)]
    stages: dict[str, StageEntry]


class WarningEntry(ManifestPart):
    """Something a reader of the result should know. `code` is stable, `message` is for people."""

    code: str
    message: str
    time_s: TimeS | None = None

    @model_serializer(mode="wrap")
    def _absent_when_unknown(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        return _without_none(handler(self), "time_s")


class EpisodeEvidence(ManifestPart):
    """One reading of words with an episode number in one picture. `confidence`: of the reader in its characters, which
    alone proves little. `kind`: what the number is said of: this film, the next or the previous episode, how many there
    are; `bare` without words that say so."""

    time_s: TimeS
    box: Box
    text: str
    confidence: Score
    number: str
    kind: Literal["this", "next", "previous", "total", "bare"]


class EpisodeEntry(ManifestPart):
    """Whether the film is the episode it should be. Numbers are written as `7`, `12.5`, `1-2`, `S02E05`, `finale`.

    `confidence`: that `read`, the number in the picture, is right, 0–1; 0 where none was read. `expected`: the number
    by the metadata, null where they say none. `evidence`: what was read, by time. `why`: one sentence for people.
    """

    verdict: Literal["confirmed", "mismatch", "unverified"]
    confidence: Score
    read: str | None
    expected: str | None
    evidence: list[EpisodeEvidence]
    why: str


class Manifest(ManifestPart):
    """The whole result of one video, as `manifest.json` holds it."""

    schema_: Literal["keyart/manifest/1"] = Field(default=SCHEMA, alias="schema")
    tool: ToolEntry
    video: VideoEntry
    active_area: ActiveAreaEntry
    shots: list[ShotEntry]
    characters: list[CharacterEntry]
    people: PeopleEntry
    images: list[ImageEntry]
    funnel: FunnelEntry
    timings: TimingsEntry
    warnings: list[WarningEntry]
    episode: EpisodeEntry | None = None

    @model_serializer(mode="wrap")
    def _absent_when_unknown(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        return _without_none(handler(self), "episode")

    def dump_json(self, indent: int | None = 2) -> str:
        """The text of the file, with a newline at the end. Keys are in the order of the models, names in tables sorted.

        `indent=None` gives one line.
        """
        tree = self.model_dump(mode="json", by_alias=True)
        separators = (",", ":") if indent is None else None
        return json.dumps(tree, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators) + "\n"


def read_manifest(path: Path) -> Manifest:
    """The manifest in a file. Raises OSError when it cannot be read, ValueError when it is no manifest."""
    return Manifest.model_validate_json(path.read_bytes())


def schema_json() -> str:
    """The JSON Schema (draft 2020-12) of the manifest, as shipped in `manifest.schema.json`."""
    schema = Manifest.model_json_schema(by_alias=True, mode="validation")
    schema["required"] = ["schema", *schema["required"]]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{SCHEMA.replace('/', ':')}"}
    return json.dumps({**head, **schema}, indent=2, ensure_ascii=False) + "\n"


def _without_none(tree: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in tree.items() if key != name or value is not None}
