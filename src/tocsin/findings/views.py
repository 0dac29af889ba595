"""Pages of findings: the situation, the queue, one finding. Parse, ask or act, render."""

from collections.abc import Iterator
from datetime import date
from itertools import count
from operator import attrgetter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.agreements.release import release
from tocsin.constituency import queries as constituency
from tocsin.constituency.access import Permission, Viewer, may, needs, viewer_of
from tocsin.detection import queries as detection
from tocsin.findings import actions, forms, queries
from tocsin.findings.rules import Severity, State
from tocsin.intel import queries as intel
from tocsin.web import charts, words
from tocsin.web.downloads import as_csv
from tocsin.web.paging import numbered, window

_COLUMNS = (
    "reference",
    "organisation",
    "name_en",
    "name_ur",
    "sector",
    "classification",
    "identifier",
    "malware",
    "asset",
    "severity",
    "state",
    "tlp",
    "pap",
    "observations",
    "first_seen_at",
    "last_seen_at",
)
_URGENT = (Severity.CRITICAL.value, Severity.HIGH.value)


@needs()
def situation(request: HttpRequest) -> HttpResponse:
    """What changed and what matters, as far as the viewer's roles reach."""
    viewer = viewer_of(request)
    context: dict[str, Any] = {}
    if may(viewer, Permission.FINDINGS_READ):
        context |= _findings_part(viewer)
    if may(viewer, Permission.RUNS_READ):
        context |= {"detection": detection.counts(viewer), "runs": detection.runs(viewer, size=5)[0]}
    if may(viewer, Permission.INTEL_READ):
        context |= {"intel": intel.situation(viewer), "deliveries": intel.deliveries(viewer, size=5).rows}
    return render(request, "findings/situation.html", context)


@needs(Permission.FINDINGS_READ)
def findings(request: HttpRequest) -> HttpResponse:
    """The queue: open findings, the worst and latest first, unless the address asks for others."""
    viewer, asked = viewer_of(request), window(request)
    form = _filters(request, viewer)
    rows, total = queries.findings(viewer, form.search(), page=asked.number, size=asked.limit)
    return render(request, "findings/findings.html", {"form": form, "page": numbered(rows, total, asked)})


@needs(Permission.FINDINGS_READ)
def download(request: HttpRequest) -> StreamingHttpResponse:
    """The findings that the address asks for, all of them, as CSV."""
    viewer = viewer_of(request)
    rows = release(
        actor=viewer,
        what=f"findings {request.GET.urlencode()}".strip(),
        permission=Permission.FINDINGS_READ,
        rows=_all_findings(viewer, _filters(request, viewer).search()),
    )
    return as_csv("findings.csv", _COLUMNS, (attrgetter(*_COLUMNS)(row) for row in rows))


@needs(Permission.FINDINGS_READ)
def finding(request: HttpRequest, reference: str) -> HttpResponse:
    """One finding: whose, what, the evidence, the history; a POST is a judgement."""
    viewer = viewer_of(request)
    detail = queries.finding(viewer, reference)
    form = _triage_form(request, viewer, detail.next_states)
    status = 200
    if form is not None and request.method == "POST":
        status = 400
        if form.is_valid():
            state = State(form.cleaned_data["state"])
            actions.triage(
                actor=viewer, reference=detail.finding.reference, state=state, reason=form.cleaned_data["reason"]
            )
            messages.success(request, _("The finding is now: %(state)s.") % {"state": words.word("state", state.value)})
            return redirect("findings:finding", reference=detail.finding.reference)
    behind = queries.observations(viewer, reference)
    hits = (
        detection.hits_of_observations(viewer, [one.uid for one in behind]) if may(viewer, Permission.RUNS_READ) else []
    )
    context = {"detail": detail, "form": form, "observations": behind, "hits": hits}
    return render(request, "findings/finding.html", context, status=status)


def _filters(request: HttpRequest, viewer: Viewer) -> forms.FindingFilters:
    sectors = constituency.sectors(viewer) if may(viewer, Permission.CONSTITUENCY_READ) else ()
    return forms.FindingFilters.of(request, sectors=sectors, language=translation.get_language() or "en")


def _all_findings(viewer: Viewer, search: queries.FindingSearch) -> Iterator[queries.FindingView]:
    for number in count(1):
        rows, _total = queries.findings(viewer, search, page=number, size=500)
        yield from rows
        if len(rows) < 500:
            return


def _triage_form(request: HttpRequest, viewer: Viewer, next_states: tuple[str, ...]) -> forms.TriageForm | None:
    if not next_states or not may(viewer, Permission.FINDINGS_TRIAGE):
        return None
    return forms.TriageForm(request.POST or None, next_states=next_states)


def _findings_part(viewer: Viewer) -> dict[str, Any]:
    figures = queries.counts(viewer)
    by_severity = dict(figures.by_severity)
    urgent, _total = queries.findings(viewer, queries.FindingSearch(only_open=True), size=8)
    return {
        "figures": figures,
        "urgent_number": sum(by_severity.get(severity, 0) for severity in _URGENT),
        "severities": [(s.value, by_severity.get(s.value, 0)) for s in reversed(Severity)],
        "urgent": urgent,
        "newest_day": figures.by_day[-1] if figures.by_day else None,
        "charts": _charts(figures),
    }


def _charts(figures: queries.FindingCounts) -> dict[str, charts.Chart]:
    own = 2 if translation.get_language() == "ur" else 1
    findings_word = _("Findings")
    return {
        "by_day": charts.by_day(
            _("New findings by day"),
            [(date.fromisoformat(day), findings_word, number) for day, number in figures.by_day],
            (_("Day"), _("What"), findings_word),
        ),
        "by_sector": charts.bars(
            _("Open findings by sector"),
            [(names[own] or _("no sector"), number) for *names, number in figures.by_sector],
            (_("Sector"), findings_word),
        ),
        "by_class": charts.bars(
            _("Open findings by class"),
            [(str(words.word("class", name)), number) for name, number in figures.by_classification[:8]],
            (_("Class"), findings_word),
        ),
    }
