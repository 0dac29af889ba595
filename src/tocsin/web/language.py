"""Which language and which theme a page takes: this browser's choice, then the person's, then the nation's.

``?language=ur`` and ``?theme=dark`` on any address choose for this browser and come back to the same address without them,
so that both work without JavaScript and for visitors who are not signed in.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation

THEMES = ("auto", "light", "dark")
LANGUAGE_COOKIE = "tocsin_language"
THEME_COOKIE = "tocsin_theme"
_YEAR = 365 * 24 * 3600


def languages() -> tuple[str, ...]:
    """The codes of the languages that pages exist in."""
    return tuple(code for code, _name in settings.LANGUAGES)


def language_of(request: HttpRequest) -> str:
    """The language for this request; always one of :func:`languages`."""
    return _first_of(
        languages(), request.COOKIES.get(LANGUAGE_COOKIE), _of_person(request, "language"), settings.LANGUAGE_CODE
    )


def theme_of(request: HttpRequest) -> str:
    """The theme for this request; always one of ``THEMES``."""
    return _first_of(THEMES, request.COOKIES.get(THEME_COOKIE), _of_person(request, "theme"), "auto")


def forget_choices(response: HttpResponse) -> None:
    """Let the person's own settings count again in this browser (after they have just been changed)."""
    response.delete_cookie(LANGUAGE_COOKIE)
    response.delete_cookie(THEME_COOKIE)


class PersonLanguage:
    """Middleware: activates the language for the time of one request and takes choices from the address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer in the right language, or the way back after a choice."""
        chosen = _chosen(request)
        if chosen is not None:
            return chosen
        language = language_of(request)
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


def _chosen(request: HttpRequest) -> HttpResponse | None:
    if request.method != "GET" or not {"language", "theme"} & request.GET.keys():
        return None
    query = request.GET.copy()
    wanted = {LANGUAGE_COOKIE: query.pop("language", [""])[-1], THEME_COOKIE: query.pop("theme", [""])[-1]}
    allowed: dict[str, tuple[str, ...]] = {LANGUAGE_COOKIE: languages(), THEME_COOKIE: THEMES}
    if not any(wanted[cookie] in allowed[cookie] for cookie in wanted):
        return None
    rest = query.urlencode()
    # lstrip: '//host/' at the head of a path would be taken for another host.
    response = HttpResponseRedirect("/" + request.path.lstrip("/") + (f"?{rest}" if rest else ""))
    for cookie, value in wanted.items():
        if value in allowed[cookie]:
            response.set_cookie(
                cookie, value, max_age=_YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=True
            )
    return response


def _of_person(request: HttpRequest, name: str) -> str | None:
    return getattr(getattr(request, "user", None), name, None)


def _first_of(allowed: tuple[str, ...], *candidates: str | None) -> str:
    return next(candidate for candidate in (*candidates, allowed[0]) if candidate in allowed)
