"""What the templates show, out of the documents of the review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..access import Who
from ..texts import Texts
from .source import SHOWN, Document

_EVIDENCE = 3
"""Pictures with an episode number that a title shows."""


def list_view(
    found: Document, counts: Mapping[str, int], trouble: Mapping[str, str], texts: Texts, review: str, q: str
) -> dict[str, Any]:
    """The list of titles. found: one page of them; counts: of each kind of `SHOWN`."""
    filters = [{"name": name, "count": counts[name], "current": name == review} for name in SHOWN]
    videos = [_line(video) for video in found["videos"]]
    shared = {"filters": filters, "review": review, "q": q, "trouble": trouble, "videos": videos}
    return shared | {"page": found["page"], "pages": max(1, found["pages"]), "total": found["total"]}


def title_view(found: Document, trouble: Mapping[str, str], texts: Texts, who: Who) -> dict[str, Any]:
    """One title; `film` is None when its manifest cannot be read."""
    manifest = found["manifest"]
    view = {name: found[name] for name in ("id", "key", "problem", "next", "previous", "review", "formats")}
    view |= {"trouble": trouble, "film": None, "decision": _decision(found["review"], texts)}
    view["video"] = found.get("video") if who.role == "editor" else None
    view["former"] = _former(found, texts)
    if manifest is None:
        return view
    formats = [form | {"label": texts.format_name(form["name"])} for form in found["formats"]]
    film = {
        "images": [_image(image, texts, _warned_times(manifest)) for image in manifest["images"]],
        "characters": [_character(one, manifest["images"]) for one in manifest["characters"]],
        "episode": _episode(manifest.get("episode")),
        "timeline": _timeline(manifest),
        "warnings": [{"what": texts.warning(one["code"]), "message": one["message"]} for one in manifest["warnings"]],
    }
    return view | {"formats": formats, "film": film, "data": _data(found, formats, who)}


def clock(seconds: float) -> str:
    """Seconds as `1:02:03` or `2:03`."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def moment(at_s: float | None) -> str:
    """A time of day as ISO 8601, which the page's JavaScript shows in the reader's own way."""
    return "" if at_s is None else datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")


def _line(video: Document) -> dict[str, Any]:
    film_s = video["film_s"]
    shown = {
        "length": "" if film_s is None else clock(film_s),
        "decided": moment(video["decided_s"]),
    }
    return dict(video) | shown


def _episode(entry: Document | None) -> dict[str, Any] | None:
    """The verdict on the episode number, and the pictures it rests on: the surest with a number, by time."""
    if entry is None:
        return None
    surest = sorted(entry["evidence"], key=lambda seen: -seen["confidence"])
    shown = {seen["text"]: seen for seen in reversed(surest) if seen["kind"] in ("this", "bare")}
    chosen = sorted(list(reversed(shown.values()))[:_EVIDENCE], key=lambda seen: seen["time_s"])
    pictures = [{"time_s": seen["time_s"], "clock": clock(seen["time_s"]), "text": seen["text"]} for seen in chosen]
    return {name: entry[name] for name in ("verdict", "read", "expected", "why")} | {
        "confidence": f"{int(entry['confidence'] * 100) / 100:.2f}", "pictures": pictures  # never rounded up to 1
    }  # fmt: skip


def _warned_times(manifest: Document) -> set[float]:
    """Times (s) of the pictures that may be explicit."""
    return {one["time_s"] for one in manifest["warnings"] if one["code"] == "maturity" and "time_s" in one}


def _image(image: Document, texts: Texts, warned: set[float]) -> dict[str, Any]:
    explicit = image.get("explicit") if image["time_s"] in warned else None
    return {
        "rank": image["rank"],
        "clock": clock(image["time_s"]),
        "shot": image["shot"],
        "score": f"{image['score']:.2f}",
        "explicit": None if explicit is None else f"{explicit:.2f}",
        "why": [texts.why(phrase) for phrase in image["why"]],
        "characters": image["characters"],
        "crops": {crop["format"]: crop for crop in image["crops"]},
    }


def _character(character: Document, images: Sequence[Document]) -> dict[str, Any]:
    ranks = [image["rank"] for image in images if character["id"] in image["characters"]]
    return dict(character) | {"clock": clock(character["screen_time_s"]), "ranks": ranks}


def _timeline(manifest: Document) -> dict[str, Any]:
    """Shots and picks on a line of 1000 units."""
    shots = manifest["shots"]
    start = shots[0]["start_s"] if shots else 0.0
    length = max((shots[-1]["end_s"] - start) if shots else 0.0, 1e-6)

    def place(time_s: float) -> float:
        return round((time_s - start) / length * 1000, 2)

    rows = [
        {
            "index": shot["index"],
            "x": place(shot["start_s"]),
            "width": round(place(shot["end_s"]) - place(shot["start_s"]), 2),
            "clock": f"{clock(shot['start_s'])}–{clock(shot['end_s'])}",
        }
        for shot in shots
    ]
    picks = [{"rank": image["rank"], "x": place(image["time_s"])} for image in manifest["images"]]
    return {"shots": rows, "picks": picks, "start": clock(start), "end": clock(start + length)}


def _decision(review: Document, texts: Texts) -> dict[str, str] | None:
    record = review["record"]
    if review["state"] == "waiting" or record is None:
        return None
    text = "title.approved_by" if review["state"] == "approved" else "title.rejected_by"
    return {"text": texts(text, name=record["who"]), "when": record["decided"]}


def _former(found: Document, texts: Texts) -> dict[str, str] | None:
    """The decision about what the file held before, for a film that changed since."""
    record, manifest = found["review"]["record"], found["manifest"]
    if found["review"]["state"] != "waiting" or record is None or manifest is None:
        return None
    if record["content_fingerprint"] == manifest["video"]["content_fingerprint"]:
        return None
    text = "title.changed_since_approved" if record["state"] == "approved" else "title.changed_since_rejected"
    return {"text": texts(text, name=record["who"]), "when": record["decided"]}


def _data(found: Document, formats: list[dict[str, Any]], who: Who) -> dict[str, Any]:
    """What the page's JavaScript works with."""
    manifest = found["manifest"]
    display = [manifest["video"]["display_width"], manifest["video"]["display_height"]]
    images = [
        {
            "rank": image["rank"],
            "time": image["time_s"],
            "shot": image["shot"],
            "crops": {crop["format"]: {"path": crop["path"], "rect": crop["source_rect"]} for crop in image["crops"]},
        }
        for image in manifest["images"]
    ]
    shots = [
        [shot["index"], shot["start_s"], shot["end_s"], _inside(display, shot.get("active_area"))]
        for shot in manifest["shots"]
    ]
    return {
        "id": found["id"], "key": found["key"], "next": found["next"], "me": who.name, "role": who.role,
        "review": found["review"], "formats": formats, "images": images, "shots": shots, "display": display,
        "active": _inside(display, manifest["active_area"]),
    }  # fmt: skip


def _inside(display: Sequence[int], bars: Document | None) -> list[int] | None:
    """x, y, width, height of the picture between these bars; None for a shot that has those of the film."""
    if bars is None:
        return None
    left, top = bars["left"], bars["top"]
    return [left, top, display[0] - left - bars["right"], display[1] - top - bars["bottom"]]
