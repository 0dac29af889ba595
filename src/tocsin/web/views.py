"""Pages without a subject: nothing here, something broke, every component with all its states."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from tocsin.web import showroom
from tocsin.web.context import viewer_of


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 (Django's signature)
    """404: the same words for what does not exist and for what this visitor may not see."""
    return render(request, "web/not_found.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 (Django's signature)
    """500: rendered without context processors, which might be what broke."""
    return HttpResponse(render_to_string("web/broken.html"), status=500)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 (Django's signature)
    """A form without the mark that shows it was ours: 404 for strangers, as everywhere; for others a word on what to do."""
    if viewer_of(request) is None:
        return not_found(request)
    return render(request, "web/forged.html", status=403)


def components(request: HttpRequest) -> HttpResponse:
    """Every component of the console with all its states, for people who build pages."""
    if viewer_of(request) is None:
        raise Http404
    return render(request, "web/components.html", showroom.samples(request))


components.needed = frozenset()  # type: ignore[attr-defined]  # every signed-in person
