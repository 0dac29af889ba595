"""Pages of intel: what came in, from whom, and what we know to look for. Parse, ask, render."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from tocsin.agreements.release import release
from tocsin.constituency.access import Permission, Viewer, may, needs, viewer_of
from tocsin.intel import actions, forms, queries
from tocsin.vocab.errors import InputError, NotFound
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
#: References of one property that a page shows; a report may have thousands.
_MOST_REFERENCES = 100


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


@needs(Permission.INTEL_READ)
def objects(request: HttpRequest) -> HttpResponse:
    """Objects by their newest version, what was kept last first. A whole id leads straight to it."""
    viewer = viewer_of(request)
    form = forms.ObjectFilters.of(request)
    search = form.search()
    found = queries.objects(viewer, search, after=request.GET.get("after") or None)
    is_lookup = set(form.given()) == {"q"} and "HX-Request" not in request.headers
    if is_lookup and search.stix_id and found.rows:
        return redirect("intel:object", stix_id=found.rows[0].stix_id)
    return render(request, "intel/objects.html", {"form": form, "page": walk(request, found.rows, found.next)})


@needs(Permission.INTEL_READ)
def stix_object(request: HttpRequest, stix_id: str) -> HttpResponse:
    """One object: its versions, who gave them, what it points to, what else speaks of its values, and what is said about it."""
    viewer = viewer_of(request)
    detail = queries.stix_object(viewer, stix_id)
    context = {
        "detail": detail,
        "references": _references(detail.content),
        "say": _say_forms() if may(viewer, Permission.INTEL_INGEST) else None,
    }
    return render(request, "intel/object.html", context)


@needs(Permission.INTEL_INGEST)
@require_POST
def say(request: HttpRequest, stix_id: str, what: str) -> HttpResponse:
    """Say something about an object: seen, a false positive, withdrawn, the same as others, or no longer so."""
    viewer = viewer_of(request)
    if what not in _SAYING:
        raise NotFound("There is no such thing to say.")
    make, act, done = _SAYING[what]
    form = make(request.POST)
    if not form.is_valid():
        raise InputError("; ".join(str(error) for errors in form.errors.values() for error in errors))
    act(viewer, stix_id, form.cleaned_data)
    messages.success(request, str(done))
    return redirect("intel:object", stix_id=stix_id)


def _sight(viewer: Viewer, stix_id: str, said: dict[str, Any]) -> None:
    actions.sight(actor=viewer, about=stix_id, **said)


def _false_positive(viewer: Viewer, stix_id: str, said: dict[str, Any]) -> None:
    actions.report_false_positive(actor=viewer, about=stix_id, reason=said["reason"])


def _take_back(viewer: Viewer, stix_id: str, said: dict[str, Any]) -> None:
    # the reports stand on the page of what they are about: nobody takes back another object's from here
    ours = [one.stix_id for one in queries.stix_object(viewer, stix_id).false_positives if one.is_ours]
    if said["report"] not in ours:
        raise NotFound("There is no such report of ours.")
    actions.withdraw_false_positive(actor=viewer, stix_id=said["report"])


def _retract(viewer: Viewer, stix_id: str, said: dict[str, Any]) -> None:
    actions.retract(actor=viewer, stix_id=stix_id, reason=said["reason"])


def _merge(viewer: Viewer, stix_id: str, said: dict[str, Any]) -> None:
    actions.merge(actor=viewer, stix_ids=[stix_id, *said["others"].split()], reason=said["reason"])


def _undo_merge(viewer: Viewer, stix_id: str, said: dict[str, Any]) -> None:
    made = queries.stix_object(viewer, stix_id).merge
    if made is None:
        raise NotFound("It is not merged with anything.")
    actions.undo_merge(actor=viewer, uid=made.uid, reason=said["reason"])


#: What may be said -> the form, what it does, and what the page then says.
_SAYING: dict[str, tuple[type[Form], Callable[[Viewer, str, dict[str, Any]], None], Any]] = {
    "sighting": (forms.SightingForm, _sight, gettext_lazy("It is written down that it was seen.")),
    "false-positive": (forms.ReasonForm, _false_positive, gettext_lazy("It is reported as a false positive.")),
    "take-back": (forms.TakeBackForm, _take_back, gettext_lazy("The report is taken back.")),
    "retraction": (forms.ReasonForm, _retract, gettext_lazy("It is withdrawn; everybody who has it is told.")),
    "merge": (forms.MergeForm, _merge, gettext_lazy("They are read as one from now on.")),
    "undo-merge": (forms.ReasonForm, _undo_merge, gettext_lazy("They stand on their own again.")),
}


def _say_forms() -> dict[str, Form]:
    return {name.replace("-", "_"): made[0](auto_id=f"{name}-%s") for name, made in _SAYING.items()}


def _references(content: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """What an object points to: every property that names other objects, with their ids."""
    found = []
    for name, value in content.items():
        if name.endswith("_ref") and isinstance(value, str):
            found.append((name, [value]))
        elif name.endswith("_refs") and isinstance(value, list):
            found.append((name, [one for one in value if isinstance(one, str)][:_MOST_REFERENCES]))
    return found


def _cells(row: queries.IndicatorView) -> list[Any]:
    return [*(getattr(row, name) for name in _COLUMNS), *(" ".join(getattr(row, name)) for name in _LISTS)]
