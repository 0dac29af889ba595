"""Pages for our own people: partners, their clients and collections, what they collected. Parse, ask or act, render."""

from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tocsin.constituency.access import Permission, Viewer, may, needs, viewer_of
from tocsin.exchange import actions, forms, queries
from tocsin.exchange.queries.listing import PartnerRow
from tocsin.formats.stix.writing import moment_of
from tocsin.vocab import clock
from tocsin.vocab.errors import Conflict, InputError, NotFound
from tocsin.web.paging import page_of

_LATEST = 20
_MOST_RECEIPTS = 500


@needs(Permission.EXCHANGE_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def partners(request: HttpRequest) -> HttpResponse:
    """All partners; who may change the exchange enters one here."""
    viewer = viewer_of(request)
    form = forms.PartnerForm(request.POST or None) if may(viewer, Permission.EXCHANGE_WRITE) else None
    if request.method == "POST":
        if form is None:
            raise NotFound("There is nothing here for you.")
        if form.is_valid():
            try:
                actions.add_partner(actor=viewer, **form.cleaned_data)
                return redirect("exchange:partner", slug=form.cleaned_data["slug"])
            except (Conflict, InputError) as error:
                form.add_error(None, str(error))
    page = page_of(queries.partners(viewer), request)
    status = 400 if request.method == "POST" else 200
    return render(request, "exchange/partners.html", {"page": page, "partner_form": form}, status=status)


@needs(Permission.EXCHANGE_READ)
def partner(request: HttpRequest, slug: str) -> HttpResponse:
    """One partner: its door, its clients, its collections, how everything stands with it, what it collected last."""
    viewer = viewer_of(request)
    return render(request, "exchange/partner.html", _partner(request, viewer, slug))


@needs(Permission.EXCHANGE_WRITE)
@require_POST
def change_partner(request: HttpRequest, slug: str) -> HttpResponse:
    """Shut a partner out, or let it in again."""
    viewer = viewer_of(request)
    _row(viewer, slug)
    actions.change_partner(actor=viewer, slug=slug, is_enabled=request.POST.get("step") == "on")
    messages.success(request, _("It counts from the next request on."))
    return redirect("exchange:partner", slug=slug)


@needs(Permission.EXCHANGE_WRITE)
@require_POST
def make_client(request: HttpRequest, slug: str) -> HttpResponse:
    """A client with its credentials, which are shown this once."""
    viewer = viewer_of(request)
    shown = _partner(request, viewer, slug)
    form = forms.ClientForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        days = given.pop("days")
        try:
            made = actions.add_client(
                actor=viewer, partner=slug, expires_at=clock.now() + timedelta(days=days) if days else None, **given
            )
            return render(request, "exchange/client.html", {"made": made, "slug": slug, "door": shown["door"]})
        except (Conflict, InputError) as error:
            form.add_error(None, str(error))
    return render(request, "exchange/partner.html", {**shown, "client_form": form}, status=400)


@needs(Permission.EXCHANGE_WRITE)
@require_POST
def change_client(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Shut a client out, let it in again, or give it a new password, which is shown this once."""
    viewer, step = viewer_of(request), request.POST.get("step")
    shown = _partner(request, viewer, slug)
    if step not in ("on", "off", "password") or name not in {row.name for row in shown["clients"]}:
        raise NotFound("There is no such client.")
    if step == "password":
        made = actions.renew_password(actor=viewer, name=name)
        return render(request, "exchange/client.html", {"made": made, "slug": slug, "door": shown["door"]})
    actions.enable_client(actor=viewer, name=name, is_enabled=step == "on")
    messages.success(request, _("It counts from the next request on."))
    return redirect("exchange:partner", slug=slug)


@needs(Permission.EXCHANGE_READ)
def receipts(request: HttpRequest) -> HttpResponse:
    """What was served to whom, newest first."""
    viewer = viewer_of(request)
    form = forms.ReceiptFilters.of(request, partners=queries.partners(viewer))
    found = queries.receipts(viewer, partner=form.given().get("partner"), limit=_MOST_RECEIPTS)
    return render(request, "exchange/receipts.html", {"form": form, "page": page_of(found, request)})


@needs(Permission.EXCHANGE_READ)
def collected(request: HttpRequest) -> HttpResponse:
    """Who has collected an object, exactly."""
    form = forms.CollectedQuestion.of(request)
    given = form.given()
    rows = queries.collected_by(viewer_of(request), given["object"]) if "object" in given else []
    found = [(row, moment_of(row.version_us)) for row in rows]
    return render(request, "exchange/collected.html", {"form": form, "found": found, "asked": given.get("object")})


def _row(viewer: Viewer, slug: str) -> PartnerRow:
    row = next((one for one in queries.partners(viewer) if one.slug == slug), None)
    if row is None:
        raise NotFound("There is no such partner.")
    return row


def _partner(request: HttpRequest, viewer: Viewer, slug: str) -> dict[str, Any]:
    row, counts = _row(viewer, slug), queries.standing_counts(viewer, slug)
    path = f"/taxii2/{slug}/"
    public = settings.TOCSIN.server.public_url
    return {
        "partner": row,
        "door": urljoin(public, path) if public else request.build_absolute_uri(path),
        "clients": queries.clients(viewer, slug),
        "collections": queries.collections(viewer, slug),
        "standings": [(*state.partition(" ")[::2], number) for state, number in sorted(counts.items())],
        "receipts": queries.receipts(viewer, partner=slug, limit=_LATEST),
        "client_form": forms.ClientForm() if may(viewer, Permission.EXCHANGE_WRITE) else None,
    }
