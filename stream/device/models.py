"""The model zoo for given settings."""

from __future__ import annotations

import os
from pathlib import Path

from engines.reader import READER_ROLES as READER_ROLES
from engines.zoo import FOLDER_VARIABLE, Zoo

from ..records import Notice
from ..settings.model import Settings

LINE_READERS = ("hangul_recognition", "text_recognition")
"""Roles of the models that read lines of text."""

ROLES = (*READER_ROLES, "text_detection", *LINE_READERS, "maturity", "shots")
"""Roles of the models that `keyart extract` may need. The models of other roles are pulled by what uses them."""

EPISODE_ROLES = ("text_detection", *LINE_READERS, "text_direction")
"""Roles of the models that read the episode number in the picture."""


def roles_of(settings: Settings) -> tuple[str, ...]:
    """The roles whose models `keyart extract` needs with these settings."""
    roles = (*ROLES, *(role for role in EPISODE_ROLES if role not in ROLES)) if settings.episode.enabled else ROLES
    without = {"maturity": not settings.maturity.enabled, "shots": not settings.shots.second_opinion}
    without |= dict.fromkeys(LINE_READERS, not (settings.text.enabled or settings.episode.enabled))
    return tuple(role for role in roles if not without.get(role, False))


def notices_of_models(zoo: Zoo, settings: Settings) -> list[Notice]:
    """That the folder which the settings name lacks models, and where they come from. Raises ModelError when a model in
    it is damaged."""
    roles = roles_of(settings)
    lacking = zoo.elsewhere(roles)
    if not lacking:
        return []
    sought = [role for role in roles if not zoo.comes_with_keyart(role)]
    what = "any model" if len(lacking) == len(sought) else f"the models for {', '.join(lacking)}"
    message = f"{settings.models} does not have {what}, they come from {zoo.folder}"
    return [Notice("models_elsewhere", message)]


def zoo_of(settings: Settings) -> Zoo:
    """The models of `settings.model_set`, looked for in `settings.models` first.

    The folder named by `KEYART_MODELS` need not exist, because the first pull creates it; a folder given by flag or
    file must. Raises ModelError.
    """
    local = settings.models
    if local is not None and not local.exists() and str(local) == os.environ.get(FOLDER_VARIABLE):
        local = None
    return Zoo.default(settings.model_set, None if local is None else Path(local))
