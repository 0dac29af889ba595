"""Pages of detection: runs and what they hit. Parse, ask, render."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from tocsin.agreements.release import release
from tocsin.constituency.access import Permission, Viewer, needs, viewer_of
from tocsin.detection import forms, queries
from tocsin.web.downloads import as_csv
from tocsin.web.paging import numbered, walk, window

_COLUMNS = (
    "run",
    "file",
    "line",
    "observed_at",
    "indicator_type",
    "indicator_value",
    "indicator_version",
    "outcome",
    "known_good",
    "evidence",
)


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


@needs(Permission.RUNS_READ)
def download(request: HttpRequest) -> StreamingHttpResponse:
    """The hits that the address asks for, all of them, as CSV."""
    viewer = viewer_of(request)
    rows = release(
        actor=viewer,
        what=f"hits {request.GET.urlencode()}".strip(),
        permission=Permission.RUNS_READ,
        rows=_all_hits(viewer, forms.HitFilters.of(request).search()),
    )
    return as_csv("hits.csv", (*_COLUMNS, "organisations"), (_cells(row) for row in rows))


def _all_hits(viewer: Viewer, search: queries.HitSearch) -> Iterator[queries.HitView]:
    after: str | None = None
    while True:
        found = queries.hits(viewer, search, after=after, size=500)
        yield from found.rows
        after = found.next
        if after is None:
            return


def _cells(row: queries.HitView) -> list[Any]:
    affected = " ".join(party.organisation or "nobody" for party in row.parties)
    return [*(getattr(row, name) for name in _COLUMNS), affected]
