"""The ledger: what left or was held, one entry with its inputs, checkpoints, and whether all of it still fits together."""

from datetime import UTC, datetime, time, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from tocsin.agreements import forms, queries
from tocsin.constituency.access import Permission, may, needs, viewer_of
from tocsin.vocab.errors import NotFound
from tocsin.web.paging import walk


@needs(Permission.LEDGER_READ)
def ledger(request: HttpRequest) -> HttpResponse:
    """Entries, newest first."""
    viewer, form = viewer_of(request), forms.LedgerFilters.of(request)
    found = queries.ledger(viewer, _search(form), after=request.GET.get("after") or None)
    context = {
        "form": form,
        "page": walk(request, found.rows, found.next),
        "size": queries.ledger_size(viewer),
        "checkpoint": queries.last_checkpoint(viewer),
    }
    return render(request, "agreements/ledger.html", context)


@needs(Permission.LEDGER_READ)
def entry(request: HttpRequest, number: int) -> HttpResponse:
    """One entry with everything that its hash covers; ``?replay=yes`` decides it again with the revision that it names."""
    viewer = viewer_of(request)
    if number >= 1 << 63:
        raise NotFound("The ledger has no such entry.")
    shown = queries.entry(viewer, number)
    replayed = queries.replay(viewer, number) if request.GET.get("replay") and shown.kind.is_decision else None
    context = {"entry": shown, "replayed": replayed, "sees_agreements": may(viewer, Permission.AGREEMENTS_READ)}
    return render(request, "agreements/entry.html", context)


@needs(Permission.LEDGER_READ)
def checkpoints(request: HttpRequest) -> HttpResponse:
    """The signed sentences that partners hold copies of."""
    found = queries.checkpoints(viewer_of(request), after=request.GET.get("after") or None)
    return render(request, "agreements/checkpoints.html", {"page": walk(request, found.rows, found.next)})


@needs(Permission.LEDGER_READ)
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Go through the whole ledger, and hold it against the checkpoints that were made here."""
    return render(request, "agreements/verified.html", {"verified": queries.verify_ledger(viewer_of(request))})


def _search(form: forms.LedgerFilters) -> queries.LedgerSearch:
    given = form.given()
    since: datetime | None = None
    if "day" in given:
        since = datetime.combine(given["day"], time(), timezone.get_current_timezone()).astimezone(UTC)
    return queries.LedgerSearch(
        object_id=given.get("q", ""),
        recipient=given.get("recipient", ""),
        agreement=given.get("agreement", ""),
        result=given.get("result", ""),
        kind=given.get("kind", ""),
        since=since,
        until=since + timedelta(days=1) if since else None,
    )
