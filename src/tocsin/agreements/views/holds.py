"""What waits for a person: the queue, one hold, several at once."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from tocsin.agreements import actions, forms, queries
from tocsin.constituency.access import Permission, Viewer, may, needs, viewer_of
from tocsin.vocab.errors import Conflict, InputError, NotFound
from tocsin.web.paging import walk

#: More at once nobody has looked at.
_MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class HeldBy:
    """A clause that holds: what it is set to and where, in the agreements that have it."""

    path: str
    found: tuple[tuple[str, int, str, int], ...]


@needs(Permission.LEDGER_READ)
def holds(request: HttpRequest) -> HttpResponse:
    """The queue, what has waited longest first; what was decided, the newest first."""
    viewer, form = viewer_of(request), forms.HoldFilters.of(request)
    given = form.given()
    state = given.get("state", "open")
    found = queries.holds(
        viewer,
        state="" if state == "all" else state,
        recipient=given.get("recipient", ""),
        after=request.GET.get("after") or None,
        is_oldest_first=state == "open",
    )
    context = {
        "form": form,
        "page": walk(request, found.rows, found.next),
        "waiting": queries.open_holds(viewer),
        "may_decide": may(viewer, Permission.HOLDS_DECIDE) and state == "open",
    }
    return render(request, "agreements/holds.html", context)


@needs(Permission.LEDGER_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One hold: what, to whom, why, what is known; a POST is a decision of a named person."""
    viewer = viewer_of(request)
    detail = queries.hold(viewer, uid)
    form, problem = None, ""
    if may(viewer, Permission.HOLDS_DECIDE):
        form = forms.DecisionForm(request.POST or None, answers=detail.answers)
        if request.method == "POST" and form.is_valid():
            try:
                _decide(viewer, uid, form)
            except (Conflict, InputError) as error:
                problem = str(error)
            else:
                messages.success(request, _("It is decided, and written into the ledger."))
                return redirect("agreements:hold", uid=uid)
    elif request.method == "POST":
        raise NotFound("There is no such hold.")
    context = {"detail": detail, "clauses": _held_by(viewer, detail), "form": form, "problem": problem}
    return render(request, "agreements/hold.html", context, status=400 if request.method == "POST" else 200)


@needs(Permission.HOLDS_DECIDE, Permission.LEDGER_READ)
@require_POST
def several(request: HttpRequest) -> HttpResponse:
    """Several holds with one reason: first shown all together, then decided one by one, each with an entry of its own."""
    viewer = viewer_of(request)
    chosen = _chosen(request)
    details = [queries.hold(viewer, uid) for uid in chosen]
    form = forms.SeveralForm(request.POST if "reason" in request.POST else None)
    if form.is_bound and form.is_valid():
        step, reason = form.cleaned_data["step"], form.cleaned_data["reason"]
        failed = [(one, said) for one in details if (said := _decided(viewer, one.hold.uid, step, reason))]
        done = len(details) - len(failed)
        if done:
            said = ngettext("%(number)s hold is decided.", "%(number)s holds are decided.", done)
            messages.success(request, said % {"number": done})
        if not failed:
            return redirect("agreements:holds")
        return render(request, "agreements/several.html", {"failed": failed, "form": None}, status=409)
    return render(request, "agreements/several.html", {"details": details, "form": form})


def _chosen(request: HttpRequest) -> list[UUID]:
    try:
        chosen = [UUID(text) for text in request.POST.getlist("hold")]
    except ValueError:
        raise NotFound("There is no such hold.") from None
    if not chosen:
        raise InputError(_("Choose at least one hold."))
    if len(chosen) > _MOST_AT_ONCE:
        raise InputError(_("Not more than %(number)s at once.") % {"number": _MOST_AT_ONCE})
    return list(dict.fromkeys(chosen))


def _decide(viewer: Viewer, uid: UUID, form: forms.DecisionForm) -> None:
    reason = form.cleaned_data["reason"]
    if form.cleaned_data["step"] == "release":
        actions.approve_hold(actor=viewer, uid=uid, reason=reason, said=form.said())
    else:
        actions.refuse_hold(actor=viewer, uid=uid, reason=reason)


def _decided(viewer: Viewer, uid: UUID, step: str, reason: str) -> str:
    """Why it could not be decided; nothing if it was."""
    try:
        if step == "release":
            actions.approve_hold(actor=viewer, uid=uid, reason=reason)
        else:
            actions.refuse_hold(actor=viewer, uid=uid, reason=reason)
    except (Conflict, InputError, NotFound) as error:
        return str(error)
    return ""


def _held_by(viewer: Viewer, detail: queries.HoldDetail) -> list[HeldBy]:
    """Each clause with what the agreements, in the revisions that held it, say there."""
    if not may(viewer, Permission.AGREEMENTS_READ):
        return [HeldBy(path, ()) for path in detail.hold.clauses]
    told = [queries.agreement(viewer, basis.id, basis.revision) for basis in detail.hold.agreements]
    return [
        HeldBy(
            path,
            tuple(
                (one.agreement.id, one.revision.revision, clause.value, clause.line)
                for one in told
                for clause in one.clauses
                if clause.path == path or clause.path.startswith((f"{path}.", f"{path}["))
            )[:6],
        )
        for path in detail.hold.clauses
    ]
