"""How long a film is, as far as what is to be watched depends on it."""

from __future__ import annotations

from ..decode import film_end
from ..decode.container import open_container
from ..decode.film_end import AGREES_S
from ..decode.probe import picture_stream, track_end_s
from ..film import Film
from ..records import Notice, VideoInfo
from ..settings.model import Settings


def start_s(settings: Settings) -> float:
    """Where watching begins, in seconds from the first picture."""
    return max(settings.start_s or 0.0, settings.skip_first_s)


def measured_s(info: VideoInfo, settings: Settings) -> float | None:
    """How long the film is by its packets, seconds, where what is watched depends on that: where its end is left out,
    or where it would begin behind the end that its container claims. Else None, also where nobody knows. Where
    container and packets differ, all packets are read. Raises KeyartError when the file cannot be opened any more."""
    claimed_s = info.duration_s
    if settings.skip_last_s or (claimed_s is not None and 0 < claimed_s <= start_s(settings)):
        return film_end.length_s(info)
    return None


def length_notices(film: Film) -> list[Notice]:
    """What is to be said where the container promises more than packets were found, and nothing else has said it.
    Raises KeyartError when the file cannot be opened any more."""
    claimed_s, found_s, begin_s = film.info.duration_s, film.measured_s, film.info.first_pts_s
    if claimed_s is None or found_s is None or claimed_s - found_s <= AGREES_S:
        return []
    if any(notice.code == "cut_off" for notice in film.notices):
        return []
    end_s = begin_s + found_s
    if "matroska" in film.info.container:
        with open_container(film.info.path) as container:
            track_s = track_end_s(picture_stream(container))
        if track_s is not None and track_s - end_s <= AGREES_S:
            return []  # its sound goes on
    told = f"ends at {end_s:.2f} s although its container says {begin_s + claimed_s:.2f} s, used what is there"
    return [Notice("cut_off", told, end_s)]
