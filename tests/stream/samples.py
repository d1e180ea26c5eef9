"""Ready-made records for tests of what surrounds the pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stream.manifest import Manifest


def sample_tree(path: str = "film.mp4", **changes: Any) -> dict[str, Any]:
    """A manifest with one of everything, as plain data."""
    tree: dict[str, Any] = {
        "schema": "keyart/manifest/1",
        "tool": {
            "version": "0.1.0", "device": "cpu", "decoder": "ffmpeg", "decode": "all", "providers": ["CPU"],
            "models": {"eyes": {"name": "iris", "sha256": "ab"}, "detector": {"name": "centerface", "sha256": "cd"}},
            "settings_fingerprint": "0123456789abcdef", "settings": {"top": 3},
        },
        "video": {
            "path": path, "content_fingerprint": "ef", "container": "mp4", "codec": "h264", "width": 1280,
            "height": 720, "display_width": 1280, "display_height": 720, "sample_aspect_ratio": [1, 1], "rotation": 0,
            "fps": 23.976024, "first_pts_s": 0.0, "duration_s": 2.0, "frames": None, "bit_depth": 8,
            "color": {"primaries": "bt709", "transfer": "bt709", "matrix": "bt709", "range": "limited"},
        },
        "active_area": {"top": 0, "bottom": 0, "left": 0, "right": 0},
        "shots": [{"index": 0, "start_s": 0.0, "end_s": 2.0, "start_frame": 0, "end_frame": None,
                   "transition": "cut", "candidates": 1}],
        "characters": [{"id": "p1", "main": True, "faces": 4, "appearances": [0], "screen_time_s": 2.0,
                        "image": "characters/p1.jpg"}],
        "people": {"grouping": "HDBSCAN"},
        "images": [{
            "rank": 1, "time_s": 1.23456789, "frame": 30, "shot": 0, "score": 0.123456, "refetched": False,
            "components": {"sharpness": 0.5, "eyes": 0.98765}, "why": ["sharp"], "fallback": [], "characters": ["p1"],
            "faces": [{"box": [1.234, 2.0, 3.0, 4.0], "score": 0.9, "eye_openness": None,
                       "pose": {"yaw": -0.04, "pitch": 1.0, "roll": 2.0}, "emotion": None, "character": "p1"}],
            "crops": [{"format": "landscape", "path": "landscape/01.jpg", "width": 1920, "height": 1080,
                       "source_rect": [0.0, 0.0, 1280.0, 720.0], "scale": 1.5}],
        }],
        "funnel": {"frames": 48, "probes": 8, "candidates": 1,
                   "rejected": {"at_shot": {"dark": 1, "blurred": 2}, "at_end": {}}},
        "timings": {"wall_s": 2.0, "stages": {"decode": {"items": 48, "busy_s": 1.0}}},
        "warnings": [{"code": "fewer_images", "message": "only one image"}],
    }  # fmt: skip
    return {**tree, **changes}


def sample_manifest(video: Path = Path("film.mp4")) -> Manifest:
    """The same as a record."""
    return Manifest.model_validate(sample_tree(str(video)))
