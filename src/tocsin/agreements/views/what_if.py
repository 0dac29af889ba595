"""What if an agreement said something else: another text, tried on the exits of the last days."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from tocsin.agreements import forms, queries
from tocsin.agreements.rules.changes import Change, differences
from tocsin.agreements.rules.document import read_agreement
from tocsin.agreements.views.documents import file_lines, told_outcome
from tocsin.constituency.access import Permission, Viewer, needs, viewer_of

_MOST_ROWS = 200


@needs(Permission.AGREEMENTS_READ, Permission.LEDGER_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def what_if(request: HttpRequest) -> HttpResponse:
    """Choose a text, change it, see what would have left and what would have stayed. Nothing is changed."""
    viewer = viewer_of(request)
    names = [one.id for one in queries.agreements(viewer)]
    chosen = request.GET.get("agreement", "")
    if request.method != "POST":
        text = queries.agreement(viewer, chosen).text.decode("utf-8", "replace") if chosen in names else ""
        form = forms.WhatIfForm(initial={"text": text})
        return render(request, "agreements/what_if.html", {"form": form, "names": names, "chosen": chosen})
    form = forms.WhatIfForm(request.POST, request.FILES)
    context = {"form": form, "names": names, "chosen": chosen}
    if not form.is_valid():
        return render(request, "agreements/what_if.html", context, status=400)
    text, name = form.cleaned_data["bytes"], form.cleaned_data["name"]
    tried = _tried(viewer, text, name, form.cleaned_data["days"])
    form = forms.WhatIfForm(initial={"text": text.decode("utf-8", "replace"), "days": form.cleaned_data["days"]})
    return render(
        request,
        "agreements/what_if.html",
        {**context, "form": form, **tried},
        status=200 if "outcome" in tried else 400,
    )


def _tried(viewer: Viewer, text: bytes, name: str, days: int) -> dict[str, object]:
    reading = read_agreement(text, name)
    if reading.agreement is None:
        return {"reading": reading, "file": file_lines(text, reading.problems)}
    outcome = queries.what_if(viewer, text, days, name=name)
    rows = list(queries.what_if_rows(viewer, text, days, name=name, most=_MOST_ROWS + 1))
    stored = {one.id for one in queries.agreements(viewer)}
    changes: tuple[Change, ...] = ()
    if reading.agreement.id in stored:
        before = queries.agreement(viewer, reading.agreement.id)
        changes = differences(read_agreement(before.text, before.agreement.id), reading)
    return {
        **told_outcome(outcome),
        "days": days,
        "rows": rows[:_MOST_ROWS],
        "is_more": len(rows) > _MOST_ROWS,
        "changes": changes,
        "is_known": reading.agreement.id in stored,
    }
