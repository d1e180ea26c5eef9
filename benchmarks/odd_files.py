"""Does each file of a folder end well? `python -m benchmarks.odd_files DIR [--most-s 120 --most-mib 3000] [--peers]`

Every file is given to `keyart extract` in a process of its own, with an end to its time and memory. It must give a
whole result, or one line that says why not, and leave nothing half done. Printed is a table and one line of JSON; exit
0 only if nothing ended otherwise. Where `ffprobe` is installed, times and displayed size are compared with what it
says; that is told, but decides nothing, because the two may choose another video stream or repair other times. With
--peers also what FFmpeg's `thumbnail` filter and PySceneDetect make of each file.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stream.manifest import Manifest, read_manifest

from .ffprobe import differences, find_ffprobe, probed
from .limited import Ended, run_limited
from .odd_peers import peers_say

_BAD = ("traceback", "hang", "too large", "half output")
_NOT_FILMS = {".md", ".json", ".txt"}
_OURS = "failed inside Keyart"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file. kind: done, refused, or one of `_BAD`. said: the reason, or what is wrong. apart: how
    the manifest differs from `ffprobe`."""

    file: Path
    kind: str
    said: str
    wall_s: float
    peak_mib: float
    images: int = 0
    shots: int = 0
    apart: tuple[str, ...] = ()


def outcome_of(film: Path, most_s: float, most_mib: float, ffprobe: str | None) -> Outcome:
    """Run `keyart extract` on one file."""
    with tempfile.TemporaryDirectory(prefix="keyart-odd-") as folder:
        out = Path(folder) / "out"
        command = [sys.executable, "-m", "stream.cli", "extract", str(film), "--out", str(out), "--quiet"]
        ended = run_limited(command, most_s, most_mib)
        kind, said, manifest = judged(ended, out, film.name)
        images, shots = (len(manifest.images), len(manifest.shots)) if manifest is not None else (0, 0)
        apart = _apart(ffprobe, film, manifest) if ffprobe is not None and manifest is not None else ()
        return Outcome(film, kind, said, ended.wall_s, ended.peak_mib, images, shots, apart)


def judged(ended: Ended, out: Path, name: str) -> tuple[str, str, Manifest | None]:
    """The kind of an end, what is said of it, and the manifest where it is done."""
    lines = [line for line in ended.stderr.splitlines() if line.strip()]
    left = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if ended.over is not None:
        return ("hang" if ended.over == "time" else "too large"), f"ended for its {ended.over}", None
    if "Traceback" in ended.stderr or _OURS in ended.stderr or ended.code not in (0, 1):
        return "traceback", f"exit code {ended.code}: {lines[-1] if lines else 'nothing said'}", None
    if ended.code == 1:
        if left:
            return "half output", f"refused, but left {', '.join(left)}", None
        reasons = [line for line in lines if name in line]
        if len(reasons) != 1 or len(lines) > 1:
            return "traceback", f"refused with {len(lines)} lines: {lines[:2]}", None
        return "refused", reasons[0].split(f"{name}: ", 1)[-1], None
    if left != [name] or not (out / name / "manifest.json").is_file():
        return "half output", f"done, but there is {', '.join(left) or 'nothing'}", None
    manifest = read_manifest(out / name / "manifest.json")
    named = [crop.path for image in manifest.images for crop in image.crops]
    missing = [path for path in named if not (out / name / path).is_file()]
    if missing or not manifest.images:
        return "half output", f"without {missing[0]}" if missing else "done without an image", None
    return "done", ", ".join(dict.fromkeys(warning.code for warning in manifest.warnings)), manifest


def _apart(ffprobe: str, film: Path, manifest: Manifest) -> tuple[str, ...]:
    said = probed(ffprobe, film)
    if said is None:
        return ("not seen by ffprobe",)
    size = manifest.video.display_width, manifest.video.display_height
    return tuple(differences(said, [image.time_s for image in manifest.images], size))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.odd_files", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most-s", type=float, default=120.0, help="seconds a file may take")
    parser.add_argument("--most-mib", type=float, default=3000.0, help="memory its process may take, MiB")
    parser.add_argument("--peers", action="store_true", help="run FFmpeg's thumbnail filter and PySceneDetect, too")
    asked = parser.parse_args(arguments)
    ffprobe, outcomes, peers = find_ffprobe(), list[Outcome](), dict[str, dict[str, str]]()
    films = [path for path in sorted(asked.folder.rglob("*")) if path.is_file() and path.suffix not in _NOT_FILMS]
    for film in films:
        one = outcome_of(film, asked.most_s, asked.most_mib, ffprobe)
        outcomes.append(one)
        apart = f"  [ffprobe: {'; '.join(one.apart)}]" if one.apart else ""
        name = film.relative_to(asked.folder).as_posix()
        figures = f"{one.images:3} images {one.wall_s:6.1f} s {one.peak_mib:6.0f} MiB"
        print(f"{name:28} {one.kind:11} {figures}  {one.said}{apart}", flush=True)
        if asked.peers:
            answers = peers_say(film, asked.most_s, asked.most_mib)
            peers[name] = {"keyart": f"{one.shots} shots" if one.kind == "done" else one.kind, **answers}
            print(f"{'':28} {'; '.join(f'{peer}: {answer}' for peer, answer in peers[name].items())}", flush=True)
    counts = Counter(one.kind for one in outcomes)
    bad = sum(counts[kind] for kind in _BAD)
    ends = {kind.replace(" ", "_"): counts[kind] for kind in ("done", "refused", *_BAD)}
    apart_too = {one.file.name: one.apart for one in outcomes if one.apart}
    holds = bad == 0 and bool(films)
    told = {"peers": peers} if asked.peers else {}
    print(json.dumps({"holds": holds, "files": len(films), **ends, "apart_from_ffprobe": apart_too, **told}))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
