"""What is said of a film that gives fewer images than were asked for: how many pictures were turned down, and why."""

from __future__ import annotations

from collections.abc import Mapping

_FOR = {
    "dark": "as too dark",
    "bright": "as burnt out",
    "flat": "without contrast",
    "empty": "with nothing to see",
    "blurred": "as blurred",
    "noisy": "as noisy",
    "eyes_closed": "for closed eyes",
    "looking_away": "for eyes that look away",
    "extreme_expression": "for an odd expression",
    "text_overlay": "for text",
    "card": "as title cards",
    "static": "as static",
    "burnt_out": "as burnt out",
    "test_card": "as test cards",
    "explicit": "as explicit",
    "damaged": "beside damaged ones",
    "unchecked": "unseen after so many others had been",
    "turned_away": "with a face turned away",
    "cut_face": "with a face cut by the edge",
    "small_face": "with a small face",
    "no_face": "without a face",
    "not_main": "without a main character",
    "duplicate": "as too much like others",
}
"""Reason → how it is said after a number of pictures."""


def shortage_message(images: int, wanted: int, turned_down: Mapping[str, int]) -> str:
    """One line: how many of the `wanted` images there are, and what became of the other pictures.

    `turned_down`: reason → pictures that were not taken for it; one with two reasons counts for both.
    """
    return _message(f"only {images} of {wanted} images" if images else "no image", turned_down)


def no_image_message(turned_down: Mapping[str, int]) -> str:
    """One line for a film that gives none: what became of its pictures. `turned_down`: see `shortage_message`."""
    if not any(turned_down.values()):
        return "no image, nothing of it can be used"
    return _message("no image", turned_down)


def _message(short: str, turned_down: Mapping[str, int]) -> str:
    counts = sorted(turned_down.items(), key=lambda counted: (-counted[1], counted[0]))
    said = [f"{count} {_FOR.get(reason, 'for ' + reason.replace('_', ' '))}" for reason, count in counts if count > 0]
    if not said:
        return f"{short}, the film has no more pictures that can be told apart"
    return f"{short}; pictures turned down: {', '.join(said)}"
