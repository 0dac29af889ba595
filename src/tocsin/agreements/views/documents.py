"""Agreements: all of them, one clause by clause, taking a text in, suspending and resuming."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tocsin.agreements import actions, forms, queries
from tocsin.agreements.rules.changes import Change, Effect, differences
from tocsin.agreements.rules.clauses import Clause
from tocsin.agreements.rules.document import Problem, Reading, read_agreement
from tocsin.agreements.rules.terms import Agreement, Category, Onward, Status
from tocsin.constituency.access import Permission, Viewer, may, needs, viewer_of
from tocsin.vocab.errors import Conflict, InputError, NotFound
from tocsin.web.paging import page_of

#: How far a new text is tried on what was decided already, before it counts.
_TRIED_DAYS = 30


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of an agreement's file, with what is wrong in it."""

    number: int
    text: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """What a category says about one way or one circle, and the onward rule if there is one."""

    key: str
    is_open: bool
    rule: Onward | None = None


@dataclass(frozen=True, slots=True)
class CategoryLine:
    """A category with its ways and circles, in the order of the table's columns."""

    category: Category
    ways: tuple[Way, ...]
    circles: tuple[Way, ...]


@needs(Permission.AGREEMENTS_READ)
def agreements(request: HttpRequest) -> HttpResponse:
    """Every agreement as it stands."""
    viewer = viewer_of(request)
    return render(
        request,
        "agreements/agreements.html",
        {
            "page": page_of(queries.agreements(viewer), request),
            "approvers": queries.approvers(viewer),
            "may_import": may(viewer, Permission.AGREEMENTS_WRITE),
        },
    )


@needs(Permission.AGREEMENTS_READ)
def agreement(request: HttpRequest, name: str) -> HttpResponse:
    """One revision: in words, as a table of ways, clause by clause with its lines, and how it differs from the one before."""
    viewer = viewer_of(request)
    asked = request.GET.get("revision", "")
    detail = queries.agreement(viewer, name, int(asked) if asked.isascii() and asked.isdigit() else None)
    reading = read_agreement(detail.text, name)
    context = {
        "detail": detail,
        "terms": reading.agreement,
        "lines": _places(detail.clauses),
        "columns": _columns(reading.agreement),
        "categories": _categories(reading.agreement),
        "file": file_lines(detail.text),
        "is_newest": detail.revision.revision == detail.agreement.revision,
        "is_first": detail.revision.revision == min(one.revision for one in detail.revisions),
        "may_try": may(viewer, Permission.LEDGER_READ),
        "steps": _steps(viewer, detail.agreement.status),
        "status_form": forms.StatusForm(),
    }
    return render(request, "agreements/agreement.html", context)


@needs(Permission.AGREEMENTS_WRITE)
@require_POST
def change_status(request: HttpRequest, name: str) -> HttpResponse:
    """Suspend, resume or terminate, with the reason."""
    viewer = viewer_of(request)
    form, step = forms.StatusForm(request.POST), _STEPS.get(request.POST.get("step", ""))
    if step is None:
        raise NotFound("There is no such step.")
    if not form.is_valid():
        raise InputError(_("A reason is needed: it is written down for good."))
    step(actor=viewer, agreement=name, reason=form.cleaned_data["reason"])
    messages.success(request, _("It is written down, and counts from now on."))
    return redirect("agreements:agreement", name=name)


@needs(Permission.AGREEMENTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def take_in(request: HttpRequest) -> HttpResponse:
    """A new text: first looked at (problems, differences, what it would have done), then taken in."""
    viewer = viewer_of(request)
    if request.method != "POST":
        return render(request, "agreements/import.html", {"form": forms.TextForm()})
    form = forms.TextForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "agreements/import.html", {"form": form}, status=400)
    name, text = form.cleaned_data["name"], form.cleaned_data["bytes"]
    problem = ""
    if request.POST.get("step") == "apply":
        try:
            done = actions.import_agreement(actor=viewer, text=text, name=name, is_demo=form.cleaned_data["is_demo"])
        except (Conflict, InputError) as error:
            problem = str(error)
        else:
            said = (
                _("Revision %(number)s counts from now on.")
                if done.is_stored
                else _("Revision %(number)s was there already.")
            )
            messages.success(request, said % {"number": done.revision})
            return redirect("agreements:agreement", name=done.agreement)
    reading = read_agreement(text, name)
    context = _preview(viewer, reading, text) | {"form": form, "problem": problem, "kept": form.carried()}
    return render(request, "agreements/import.html", context, status=400 if problem or reading.errors else 200)


def file_lines(text: bytes, problems: Iterable[Problem] = ()) -> list[FileLine]:
    """A file line by line; what cannot be read as UTF-8 is shown as a mark."""
    found: dict[int, list[Problem]] = {}
    for one in problems:
        found.setdefault(one.line, []).append(one)
    lines = text.decode("utf-8-sig", "replace").split("\n")
    return [FileLine(at, line.rstrip("\r"), tuple(found.get(at, ()))) for at, line in enumerate(lines, 1)]


def _preview(viewer: Viewer, reading: Reading, text: bytes) -> dict[str, object]:
    shown: dict[str, object] = {"reading": reading, "file": file_lines(text, reading.problems)}
    new = reading.agreement
    if new is None:
        return shown
    before = _stored(viewer, new.id)
    if before is not None:
        changes = differences(read_agreement(before.text, new.id), reading)
        shown |= {"before": before, "changes": changes, "widening": _widening(changes)}
    if may(viewer, Permission.LEDGER_READ):
        outcome = queries.what_if(viewer, text, _TRIED_DAYS, name=reading.name)
        shown |= {**told_outcome(outcome), "days": _TRIED_DAYS}
    return shown | {"new": new}


def told_outcome(outcome: queries.WhatIf) -> dict[str, object]:
    """What a page tells of a what-if: how many exits would have gone how, in the order of the outcomes, and those that changed."""
    counts = [(one.value, outcome.count(one)) for one in queries.Outcome]
    is_shifted = any(shift.outcome is not queries.Outcome.SAME for shift in outcome.shifts)
    return {"outcome": outcome, "counts": counts, "is_shifted": is_shifted}


def _widening(changes: Iterable[Change]) -> int:
    return sum(change.effect is Effect.WIDENS for change in changes)


def _stored(viewer: Viewer, name: str) -> queries.AgreementDetail | None:
    try:
        return queries.agreement(viewer, name)
    except NotFound:
        return None


def _places(clauses: Iterable[Clause]) -> dict[str, int]:
    """The first line of every path and of everything above it."""
    found: dict[str, int] = {}
    for clause in clauses:
        words = clause.path.replace("[", ".").replace("]", "").split(".")
        for count in range(1, len(words) + 1):
            found.setdefault(".".join(words[:count]), clause.line)
    return found


def _columns(terms: Agreement | None) -> dict[str, list[str]]:
    if terms is None:
        return {"ways": [], "circles": []}
    ways = sorted({way for one in terms.categories.values() for way in one.directions})
    return {"ways": [f"{sender} → {recipient}" for sender, recipient in ways], "circles": list(terms.communities)}


def _categories(terms: Agreement | None) -> list[CategoryLine]:
    if terms is None:
        return []
    ways = sorted({way for one in terms.categories.values() for way in one.directions})
    return [
        CategoryLine(
            one,
            tuple(Way(f"{sender} → {recipient}", (sender, recipient) in one.directions) for sender, recipient in ways),
            tuple(_circle(one, key) for key in terms.communities),
        )
        for one in terms.categories.values()
    ]


def _circle(category: Category, key: str) -> Way:
    rule = category.onward.get(key)
    return Way(key, rule is not None and rule.is_allowed, rule)


_STEPS = {
    "suspend": actions.suspend_agreement,
    "resume": actions.resume_agreement,
    "terminate": actions.terminate_agreement,
}


def _steps(viewer: Viewer, status: str) -> tuple[str, ...]:
    """What may be done with an agreement that stands so."""
    if not may(viewer, Permission.AGREEMENTS_WRITE) or status == Status.TERMINATED:
        return ()
    return ("resume", "terminate") if status == Status.SUSPENDED else ("suspend", "terminate")
