"""Faces to people. In: the faces of each shot's probes; out: tracks, characters (main or not), and scores of single
faces: eyes, expression, mouth, pose.

"E01–E05: the same from A to B times" beside a number here means: it was multiplied by 0.5, 0.7, 0.85, 0.9, 1.1, 1.2,
1.5 and 2, by itself, and the 190 face tracks of the five composed episodes were linked and grouped anew (2026-11-28).
Within that range BCubed F1 stays .998 and the main characters stay right in all five. For cosines the distance to 1 was
multiplied. Five films of talking heads, with six to eight people each, say little about other films.
"""
