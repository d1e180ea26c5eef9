"""Which rejections and limits are lifted while too few pictures pass, in which order, and which never are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lift:
    """One step: a rejection, or a limit on repetition, that is lifted. `why`: why it may be, and why not earlier."""

    name: str
    why: str


LIFTS: tuple[Lift, ...] = (
    Lift("not_main", "somebody else in a good picture adds more than the same face again"),
    Lift("more_per_person", "a good picture of somebody seen twice comes before pictures without anybody"),
    Lift("more_per_shot", "so does the same shot once more, but for half as much again as its share at most"),
    Lift("more_alike", "and somebody much like in a chosen picture, but no copy of it"),
    Lift("no_face", "a good picture without a face, in a film that is told in faces"),
    Lift("small_face", "the same; somebody is in it, but too small to be what it shows"),
    Lift("most_alike", "a film of one take has no others; a copy of a good picture is still a good picture"),
    Lift("most_per_shot", "whatever else there is is of this shot"),
    Lift("turned_away", "a profile or a bowed head shows a person, if not their face"),
    Lift("cut_face", "a crop may still make something of it"),
)
"""Lifted one after the other while fewer pictures pass than are asked for. Limits stay lifted; of the rejections only
one is lifted for a picture: one that was rejected for two reasons is never taken."""
LIMITS = frozenset({"more_per_person", "more_per_shot", "more_alike", "most_alike", "most_per_shot"})
"""Those of them that are no rejections but limits on repetition."""
LAST_RESORTS: tuple[Lift, ...] = (
    Lift("noisy", "a grainy picture still shows what the film is about"),
    Lift("looking_away", "the person is there, if looking aside or down"),
    Lift("extreme_expression", "an odd face still shows who is in it"),
)
"""Lifted, one alone, only while nothing at all is chosen. Then too few images are better than useless ones."""
NEVER_LIFTED: dict[str, str] = {
    "flat": "nothing can be seen",
    "bright": "burnt out",
    "dark": "nothing can be seen",
    "empty": "few tones: black with a rim, a wall, a shadow before the lens",
    "blurred": "looks like a mistake",
    "eyes_closed": "an insult to the person",
    "damaged": "may be smeared",
    "explicit": "not to be shown without a warning",
    "text_overlay": "a title, credit or caption, not a scene",
    "unchecked": "nobody looked at its pixels, after very many others had been refused for theirs",
}
"""Rejections that are lifted for nothing, with the reason; those that stand in no table are not lifted either."""

LIFTED_IN_ORDER = tuple(lift.name for lift in LIFTS)
LAST_RESORT = tuple(lift.name for lift in LAST_RESORTS)
