"""Pages of detection: runs and what they hit. Parse, ask, render."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tocsin.constituency.access import Permission, needs, viewer_of
from tocsin.detection import forms, queries
from tocsin.web.paging import numbered, walk, window


@needs(Permission.RUNS_READ)
def runs(request: HttpRequest) -> HttpResponse:
    """All runs, newest first."""
    asked = window(request)
    rows, total = queries.runs(viewer_of(request), page=asked.number, size=asked.limit)
    return render(request, "detection/runs.html", {"page": numbered(rows, total, asked)})


@needs(Permission.RUNS_READ)
def run(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One run: what was searched, how fast, and its hits with their evidence."""
    viewer = viewer_of(request)
    form = forms.HitFilters.of(request)
    found = queries.hits(viewer, form.search(run=uid), after=request.GET.get("after"))
    return render(
        request,
        "detection/run.html",
        {
            "run": queries.run(viewer, uid),
            "files": queries.run_files(viewer, uid),
            "form": form,
            "page": walk(request, found.rows, found.next),
        },
    )


@needs(Permission.RUNS_READ)
def hits(request: HttpRequest) -> HttpResponse:
    """Hits of all runs with their evidence, the newest run first."""
    form = forms.HitFilters.of(request)
    found = queries.hits(viewer_of(request), form.search(), after=request.GET.get("after"))
    return render(request, "detection/hits.html", {"form": form, "page": walk(request, found.rows, found.next)})
