"""Templates made pages."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from ..access import Who
from ..texts import LANGUAGES, Texts
from .assets import assets


@cache
def _templates() -> Environment:
    made = Environment(loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined)
    made.trim_blocks = made.lstrip_blocks = True
    made.globals["asset"] = assets().path
    return made


def page(
    request: Request, texts: Texts, template: str, who: Who | None, view: dict[str, Any], status: int = 200
) -> Response:
    """A page for somebody. view: what the template needs beside what all have."""
    here = request.url.replace(scheme="", netloc="")
    languages = [(one, str(here.include_query_params(lang=one))) for one in LANGUAGES]
    shared = {"t": texts, "who": who, "languages": languages, "csrf": (who.csrf or "") if who else ""}
    return HTMLResponse(_templates().get_template(template).render(shared | view), status)
