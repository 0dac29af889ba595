"""Pages of the constituency: organisations, whose is it, people, the audit log, one's own page, signing in and out."""

from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_http_methods, require_POST

from tocsin.constituency import actions, queries
from tocsin.constituency.access import Permission, Viewer, may, needs, open_to_strangers, viewer_of
from tocsin.constituency.forms import pages as forms
from tocsin.vocab.errors import InputError, NotFound
from tocsin.web.language import forget_choices
from tocsin.web.paging import numbered, window

#: Wrong links an address may try in a while. No link can be guessed; this keeps somebody who tries from keeping us busy.
_TRIES, _WHILE = 30, 300
#: Holdings shown on an organisation's own page; the rest has pages of its own.
_FIRST = 10

#: Where a person lands who just signed in: the first of these that they may see.
_LANDINGS = (
    (Permission.FINDINGS_READ, "/"),
    (Permission.INTEL_READ, "/deliveries/"),
    (Permission.CONSTITUENCY_READ, "/organisations/"),
    (Permission.PEOPLE_READ, "/people/"),
    (Permission.AUDIT_READ, "/audit/"),
)


@needs(Permission.CONSTITUENCY_READ)
def organisations(request: HttpRequest) -> HttpResponse:
    """Whom we serve, by slug; found by name, address or domain."""
    viewer, asked = viewer_of(request), window(request)
    language = translation.get_language() or settings.LANGUAGE_CODE
    form = forms.OrganisationFilters.of(
        request, sectors=queries.sectors(viewer), provinces=queries.provinces(viewer), language=language
    )
    given = form.given()
    found = queries.organisations(
        viewer,
        search=given.get("q", ""),
        sector=given.get("sector", ""),
        province=given.get("province", ""),
        only_active=not given.get("past", False),
        offset=asked.offset,
        limit=asked.limit,
    )
    page = numbered(found.rows, found.total, asked)
    return render(request, "constituency/organisations.html", {"form": form, "page": page})


@needs(Permission.CONSTITUENCY_READ)
def organisation(request: HttpRequest, slug: str) -> HttpResponse:
    """One organisation with all that is around it."""
    viewer = viewer_of(request)
    return render(
        request,
        "constituency/organisation.html",
        {
            "organisation": queries.organisation(viewer, slug),
            "networks": queries.networks(viewer, slug, limit=_FIRST).rows,
            "domains": queries.domains(viewer, slug, limit=_FIRST).rows,
        },
    )


@needs(Permission.CONSTITUENCY_READ)
def networks(request: HttpRequest, slug: str) -> HttpResponse:
    """All networks of one organisation, past ones too."""
    viewer, asked = viewer_of(request), window(request)
    found = queries.networks(viewer, slug, offset=asked.offset, limit=asked.limit)
    page = numbered(found.rows, found.total, asked)
    context = {"organisation": queries.organisation(viewer, slug), "page": page}
    return render(request, "constituency/networks.html", context)


@needs(Permission.CONSTITUENCY_READ)
def domains(request: HttpRequest, slug: str) -> HttpResponse:
    """All domains of one organisation, past ones too."""
    viewer, asked = viewer_of(request), window(request)
    found = queries.domains(viewer, slug, offset=asked.offset, limit=asked.limit)
    page = numbered(found.rows, found.total, asked)
    context = {"organisation": queries.organisation(viewer, slug), "page": page}
    return render(request, "constituency/domains.html", context)


@needs(Permission.CONSTITUENCY_READ)
def sectors(request: HttpRequest) -> HttpResponse:
    """All sectors with their numbers of organisations."""
    return render(request, "constituency/sectors.html", {"sectors": queries.sectors(viewer_of(request))})


@needs(Permission.CONSTITUENCY_READ)
def whose(request: HttpRequest) -> HttpResponse:
    """Whose an address or a domain is, and why nobody else's."""
    form = forms.WhoseQuestion.of(request)
    given = form.given()
    answer, problem = None, ""
    if "q" in given:
        try:
            answer = queries.whose(viewer_of(request), given["q"], given.get("at"))
        except InputError as error:
            problem = str(error)
    return render(request, "constituency/whose.html", {"form": form, "answer": answer, "problem": problem})


@needs(Permission.PEOPLE_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Everybody in the team; whoever administers people adds somebody here."""
    viewer, asked = viewer_of(request), window(request)
    form = None
    if may(viewer, Permission.PEOPLE_WRITE):
        form = forms.PersonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            actions.add_person(actor=viewer, **form.cleaned_data)
            return redirect("constituency:people")
    elif request.method == "POST":
        raise Http404
    found = queries.people(viewer, offset=asked.offset, limit=asked.limit)
    context = {"page": numbered(found.rows, found.total, asked), "person_form": form}
    return render(request, "constituency/people.html", context)


@needs(Permission.PEOPLE_WRITE)
@require_POST
def sign_in_link(request: HttpRequest) -> HttpResponse:
    """A one-time link for somebody, shown once."""
    email = request.POST.get("email", "")
    path = actions.make_sign_in_link(actor=viewer_of(request), person=email)
    address = settings.TOCSIN.server.public_url.rstrip("/") + path
    address = address if settings.TOCSIN.server.public_url else request.build_absolute_uri(path)
    return render(request, "constituency/sign_in_link.html", {"email": email, "address": address})


@needs(Permission.AUDIT_READ)
def audit(request: HttpRequest) -> HttpResponse:
    """Who did what to what, when."""
    form, asked = forms.AuditFilters.of(request), window(request)
    given = form.given()
    found = queries.audit_entries(
        viewer_of(request),
        actor=given.get("actor", ""),
        action=given.get("action", ""),
        subject=given.get("q", ""),
        since=given.get("since"),
        until=given.get("until"),
        offset=asked.offset,
        limit=asked.limit,
    )
    page = numbered(found.rows, found.total, asked)
    return render(request, "constituency/audit.html", {"form": form, "page": page})


@needs()
def me(request: HttpRequest) -> HttpResponse:
    """One's own page: language, permissions, tokens."""
    return _me(request, None)


@needs()
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Choose the language of one's own pages."""
    form = forms.LanguageForm(request.POST)
    if form.is_valid():
        actions.set_language(actor=viewer_of(request), language=form.cleaned_data["language"])
    response = redirect("constituency:me")
    forget_choices(response)
    return response


@needs(Permission.TOKENS_OWN)
@require_POST
def make_token(request: HttpRequest) -> HttpResponse:
    """A token of one's own, shown once."""
    viewer = viewer_of(request)
    form = forms.TokenForm(request.POST, permissions=viewer.permissions)
    if not form.is_valid():
        return _me(request, form)
    made = actions.make_token(actor=viewer, person=queries.me(viewer).email, **form.cleaned_data)
    return render(request, "constituency/token.html", {"made": made})


@needs(Permission.TOKENS_OWN)
@require_POST
def revoke_token(request: HttpRequest, uid: UUID) -> HttpResponse:
    """End a token of one's own."""
    actions.revoke_token(actor=viewer_of(request), uid=uid)
    return redirect("constituency:me")


def _me(request: HttpRequest, token_form: forms.TokenForm | None) -> HttpResponse:
    viewer = viewer_of(request)
    person = queries.me(viewer)
    context = {
        "person": person,
        "permissions": sorted(viewer.permissions),
        "language_form": forms.LanguageForm(initial={"language": person.language}),
    }
    if may(viewer, Permission.TOKENS_OWN):
        context["tokens"] = queries.tokens(viewer)
        context["token_form"] = token_form or forms.TokenForm(permissions=viewer.permissions)
    return render(request, "constituency/me.html", context)


@open_to_strangers("the link itself is what lets somebody in")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest, secret: str) -> HttpResponse:
    """Asks first and signs in on the button, so that a preview of the link in a chat or mail does not use it up."""
    viewer = viewer_of(request)
    address = str(request.META.get("REMOTE_ADDR", ""))
    if int(cache.get(_counter(address), 0)) >= _TRIES:
        raise Http404
    try:
        if request.method == "POST":
            return HttpResponseRedirect(landing(actions.sign_in(actor=viewer, request=request, secret=secret)))
        person = queries.sign_in_person(viewer, secret)
    except NotFound as error:
        if _count_try(address) == 1:
            actions.note_refused_sign_in(actor=viewer, address=address)
        raise Http404 from error
    return render(request, "constituency/sign_in.html", {"person": person})


@needs()
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """Asks, and on the button ends the session."""
    if request.method != "POST":
        return render(request, "constituency/sign_out.html")
    actions.sign_out(actor=viewer_of(request), request=request)
    return render(request, "constituency/signed_out.html")


def landing(viewer: Viewer) -> str:
    """The first page that the viewer may see."""
    return next((address for permission, address in _LANDINGS if may(viewer, permission)), "/me/")


def _counter(address: str) -> str:
    return f"sign-in:{address}"


def _count_try(address: str) -> int:
    """Count one wrong link; the count begins anew some minutes after its first."""
    cache.add(_counter(address), 0, _WHILE)
    try:
        return int(cache.incr(_counter(address)))
    except ValueError:  # it ran out between the two lines
        return 1
