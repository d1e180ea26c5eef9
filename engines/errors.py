"""What can be wrong with a model: it cannot be had, or it cannot be run."""

from __future__ import annotations


class ModelError(Exception):
    """A model is missing, broken or cannot be had; the message is one line that says what to do."""


class SessionError(Exception):
    """A model could not be run on what it was given; the message names the model."""
