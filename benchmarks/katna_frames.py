"""Runs Katna on one film and writes the frames it chose: `python katna_frames.py FILE FOLDER`.

A script that is run by its path, because Katna needs another OpenCV than Keyart and may be installed in another
environment. Prints JSON: seconds, and the names of the images in Katna's order. Katna does not report their times.
"""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

TOP = 10


def main() -> None:
    """Chooses frames and writes them."""
    cv2: Any = importlib.import_module("cv2")
    katna: Any = importlib.import_module("Katna.video")
    base: Any = importlib.import_module("Katna.writer").Writer
    video, folder = Path(sys.argv[1]), Path(sys.argv[2])
    frames: list[Any] = []
    writer = type("Keeper", (base,), {"write": lambda self, path, data: frames.extend(data)})()
    started_s = time.perf_counter()
    katna.Video().extract_video_keyframes(no_of_frames=TOP, file_path=str(video), writer=writer)
    wall_s = time.perf_counter() - started_s
    names = [f"{number:02d}.png" for number in range(1, len(frames) + 1)]
    for name, frame in zip(names, frames, strict=True):
        cv2.imwrite(str(folder / name), frame)
    print("\n" + json.dumps({"wall_s": round(wall_s, 3), "images": names}))


if __name__ == "__main__":
    main()
