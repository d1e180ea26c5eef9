"""Faces to people. In: the faces of each shot's probes; out: tracks, characters (main or not), and scores of single
faces: eyes, expression, mouth, pose."""
