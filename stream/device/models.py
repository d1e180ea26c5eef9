"""The zoo that the settings mean."""

from __future__ import annotations

import os
from pathlib import Path

from engines.reader import READER_ROLES as READER_ROLES
from engines.zoo import FOLDER_VARIABLE, Zoo

from ..settings.model import Settings

ROLES = (*READER_ROLES, "text_detection")
"""What the main job needs; the other roles are pulled by what uses them."""


def zoo_of(settings: Settings) -> Zoo:
    """The models of `settings.model_set`, looked for in `settings.models` first.

    `KEYART_MODELS` also names the folder where pulled models are kept, so it need not exist before the first pull;
    a folder given by flag or file must. Raises ModelError.
    """
    local = settings.models
    if local is not None and not local.exists() and str(local) == os.environ.get(FOLDER_VARIABLE):
        local = None
    return Zoo.default(settings.model_set, None if local is None else Path(local))
