"""Pages of intel: what came in, from whom, and what we know to look for. Parse, ask, render."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render

from tocsin.agreements.release import release
from tocsin.constituency.access import Permission, needs, viewer_of
from tocsin.intel import forms, queries
from tocsin.web.downloads import as_csv
from tocsin.web.paging import having, page_of, walk

_COLUMNS = (
    "type",
    "value",
    "tlp",
    "pap",
    "confidence",
    "valid_from",
    "valid_until",
    "is_revoked",
    "first_seen_at",
    "last_seen_at",
)
_LISTS = ("malware", "sources")


@needs(Permission.INTEL_READ)
def deliveries(request: HttpRequest) -> HttpResponse:
    """All deliveries, newest first, with their books."""
    viewer = viewer_of(request)
    form = forms.DeliveryFilters.of(request, sources=queries.sources(viewer))
    found = queries.deliveries(viewer, source=form.given().get("source"), after=request.GET.get("after"))
    return render(request, "intel/deliveries.html", {"form": form, "page": walk(request, found.rows, found.next)})


@needs(Permission.INTEL_READ)
def delivery(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One delivery: its books, its files, and every row that was refused with its place and reason."""
    viewer = viewer_of(request)
    rejected = queries.rejected_rows(viewer, uid, after=request.GET.get("after"))
    return render(
        request,
        "intel/delivery.html",
        {
            "delivery": queries.delivery(viewer, uid),
            "files": queries.delivery_files(viewer, uid),
            "page": walk(request, rejected.rows, rejected.next),
        },
    )


@needs(Permission.INTEL_READ)
def sources(request: HttpRequest) -> HttpResponse:
    """All sources with their defaults."""
    form = forms.Search.of(request)
    found = having(queries.sources(viewer_of(request)), form.given().get("q", ""), "name", "title", "feeds")
    return render(request, "intel/sources.html", {"form": form, "page": page_of(found, request)})


@needs(Permission.INTEL_READ)
def source(request: HttpRequest, name: str) -> HttpResponse:
    """One source and its latest deliveries."""
    viewer = viewer_of(request)
    latest = queries.deliveries(viewer, source=name, size=10)
    return render(request, "intel/source.html", {"source": queries.source(viewer, name), "latest": latest.rows})


@needs(Permission.INTEL_READ)
def indicators(request: HttpRequest) -> HttpResponse:
    """Search for indicators. A search for exactly one known value leads straight to it."""
    viewer = viewer_of(request)
    form = forms.IndicatorFilters.of(request, sources=queries.sources(viewer))
    given = form.given()
    is_lookup = set(given) == {"q"} and "after" not in request.GET and "HX-Request" not in request.headers
    exact = queries.find_indicator(viewer, given["q"]) if is_lookup else None
    if exact is not None:
        return redirect("intel:indicator", uid=exact.indicator.uid)
    found = queries.indicators(viewer, form.search(), after=request.GET.get("after"))
    return render(request, "intel/indicators.html", {"form": form, "page": walk(request, found.rows, found.next)})


@needs(Permission.INTEL_READ)
def download(request: HttpRequest) -> StreamingHttpResponse:
    """The indicators that the address asks for, all of them, as CSV."""
    viewer = viewer_of(request)
    form = forms.IndicatorFilters.of(request, sources=queries.sources(viewer))
    rows = release(
        actor=viewer,
        what=f"indicators {request.GET.urlencode()}".strip(),
        permission=Permission.INTEL_READ,
        rows=queries.all_indicators(viewer, form.search()),
    )
    return as_csv("indicators.csv", (*_COLUMNS, *_LISTS), (_cells(row) for row in rows))


@needs(Permission.INTEL_READ)
def indicator(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One indicator: what is said of it, by whom, since when, and how it may be used."""
    return render(request, "intel/indicator.html", {"detail": queries.indicator(viewer_of(request), uid)})


@needs(Permission.INTEL_READ)
def warning_lists(request: HttpRequest) -> HttpResponse:
    """All warning lists with their reach."""
    form = forms.Search.of(request)
    found = having(queries.warning_lists(viewer_of(request)), form.given().get("q", ""), "name", "source")
    return render(request, "intel/warning_lists.html", {"form": form, "page": page_of(found, request)})


@needs(Permission.INTEL_READ)
def warning_list(request: HttpRequest, slug: str) -> HttpResponse:
    """One warning list and its entries."""
    viewer = viewer_of(request)
    entries = queries.warning_list_entries(viewer, slug, after=request.GET.get("after"))
    context = {"warning_list": queries.warning_list(viewer, slug), "page": walk(request, entries.rows, entries.next)}
    return render(request, "intel/warning_list.html", context)


def _cells(row: queries.IndicatorView) -> list[Any]:
    return [*(getattr(row, name) for name in _COLUMNS), *(" ".join(getattr(row, name)) for name in _LISTS)]
