"""What FFmpeg's `thumbnail` filter and PySceneDetect make of a file, each in a process of its own: an answer, a
refusal, or no end. `python -m benchmarks.odd_peers FILE` prints how many shots PySceneDetect finds."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from stream.errors import KeyartError

from . import shots
from .limited import Ended, run_limited

_ADAPTIVE = "PySceneDetect adaptive"


def peers_say(film: Path, most_s: float, most_mib: float) -> dict[str, str]:
    """Peer → its answer: "a picture", "N shots", "refused: …", or how it ended. Those not installed are left out."""
    found = {}
    if (ffmpeg := shutil.which("ffmpeg")) is not None:
        command = [ffmpeg, "-nostdin", "-v", "error", "-i", f"file:{film}", "-an", "-vf", "thumbnail", "-frames:v", "1"]
        ended = run_limited([*command, "-f", "rawvideo", "-y", "/dev/null"], most_s, most_mib)
        found["thumbnail"] = _answer(ended, "a picture")
    if find_spec("scenedetect") is not None:
        ended = run_limited([sys.executable, "-m", "benchmarks.odd_peers", str(film)], most_s, most_mib)
        found["PySceneDetect"] = _answer(ended, f"{ended.stdout.strip()} shots")
    return found


def _answer(ended: Ended, answer: str) -> str:
    if ended.over is not None:
        return "no end" if ended.over == "time" else "too large"
    if ended.code == 0:
        return answer
    lines = [line for line in ended.stderr.splitlines() if line.strip()]
    if not lines:
        return f"ended with {ended.code}"
    said = lines[-1] if lines[0].startswith("Traceback") else lines[0]
    return f"refused: {said.strip()[:60]}"


def main(arguments: list[str]) -> int:
    """Print the number of shots of one file; 1 with a line for what PySceneDetect does not open."""
    try:
        print(1 + len(shots.scenedetect_starts(Path(arguments[0]), shots.scenedetect_detectors()[_ADAPTIVE])))
    except (KeyartError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
