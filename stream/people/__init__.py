"""Faces to people. In: the faces of each shot's probes; out: tracks, characters (main or not), and how a face is
judged: eyes, expression, looks."""
