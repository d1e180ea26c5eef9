"""A picture process that does as the name of the film says: a peer of `stream.serve.pictures.process`, without films.

hang: no answer. die: ends. killed: as for want of memory. once: the first that is asked is killed, and leaves a file
of that name. babble: says what is no message. refuse. hold: answers when
the pipe of that name is opened. mute (the first argument): is never ready. Everything else is a picture of one line:
its own process number and the name.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from stream.backfill.messages import path_in


def say(message: dict[str, object], data: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n" + data)
    sys.stdout.buffer.flush()


def main() -> None:
    requests = sys.stdin.buffer
    requests.readline()
    if "mute" in sys.argv:
        sys.exit("no room for me")
    say({"type": "ready"})
    for line in requests:
        request = json.loads(line)
        video = path_in(request["video"])
        match video.stem:
            case "hang":
                signal.pause()
            case "die":
                sys.exit("broken film")
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "once":
                if not video.exists():
                    video.touch()
                    os.kill(os.getpid(), signal.SIGKILL)
            case "babble":
                print("what?", flush=True)
                continue
            case "refuse":
                say({"type": "refused", "reason": "is empty, copy it again"})
                continue
            case "hold":
                with video.open("rb"):
                    pass
        picture = str(os.getpid()).encode() + b" " + os.fsencode(video.name)
        say({"type": "pictures", "sizes": [len(picture)]}, picture)


main()
