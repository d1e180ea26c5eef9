"""In which language a request is answered."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response

from ..texts import LANGUAGES, Texts, language_of

COOKIE = "keyart_lang"
_A_YEAR_S = 365 * 24 * 3600


def texts_of(request: Request) -> Texts:
    """The texts for a request: by `?lang=`, else the cookie, else what the browser prefers."""
    asked, remembered = request.query_params.get("lang"), request.cookies.get(COOKIE)
    return Texts(language_of(asked, remembered, request.headers.get("Accept-Language", "")))


def remember(request: Request, answer: Response) -> None:
    """Keep a language that was asked for by `?lang=`."""
    asked = request.query_params.get("lang")
    if asked in LANGUAGES:
        answer.set_cookie(COOKIE, asked, max_age=_A_YEAR_S, samesite="strict", httponly=True, path="/")


ATexts = Annotated[Texts, Depends(texts_of)]
