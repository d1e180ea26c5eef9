"""Errors of models: a model is not available, or it cannot be run."""

from __future__ import annotations


class ModelError(Exception):
    """A model is missing, damaged or cannot be fetched. The message is one line that says what to do."""


class SessionError(Exception):
    """A model could not be run on its inputs. The message names the model."""
