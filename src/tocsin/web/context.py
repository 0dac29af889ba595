"""What every template may rely on."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.module_loading import import_string

from tocsin.web import navigation
from tocsin.web.language import THEMES, theme_of


def viewer_of(request: HttpRequest) -> Any:
    """Who looks, or ``None`` for a stranger. The project names the function that knows (``settings.VIEWER_OF``)."""
    viewer = import_string(settings.VIEWER_OF)(request)
    return None if viewer.kind == "stranger" else viewer


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor: viewer, menu, language, direction, theme and the nation's name."""
    viewer = viewer_of(request)
    language = translation.get_language() or settings.LANGUAGE_CODE
    return {
        "viewer": viewer,
        "menu": navigation.shown(request, viewer),
        "nation": settings.TOCSIN.nation,
        "time_zone": settings.TIME_ZONE,
        "page_language": language,
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
        "other_languages": [(code, name) for code, name in settings.LANGUAGES if code != language],
        "theme": theme_of(request),
        "themes": THEMES,
    }
