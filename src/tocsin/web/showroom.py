"""What the components page shows: one specimen of each component in each state. Specimens, not data: nothing here is stored."""

from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.records import Accounts
from tocsin.web import charts, words
from tocsin.web.forms import Filters
from tocsin.web.paging import page_of


class SpecimenFilters(Filters):
    """A search box, a choice and a tick."""

    q = forms.CharField(label=_("Search"), required=False)
    severity = forms.ChoiceField(label=_("Severity"), required=False)
    open = forms.BooleanField(label=_("Open only"), required=False)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["severity"].choices = [("", _("any")), *words.choices("severity")]  # type: ignore[attr-defined]


class SpecimenForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("Name"), help_text=_("As it is written on letters."))
    language = forms.ChoiceField(label=_("Language"), choices=[("en", "English"), ("ur", "اردو")])
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))
    agreed = forms.BooleanField(label=_("I have checked this"), required=False)


def samples(request: HttpRequest) -> dict[str, Any]:
    """The context of the components page."""
    rows = [
        (
            f"198.18.{n // 256}.{n % 256}",
            ("info", "low", "medium", "high", "critical")[n % 5],
            ("new", "acknowledged")[n % 2],
        )
        for n in range(240)
    ]
    return {
        "tlp": list(Tlp),
        "pap": list(Pap),
        "severities": [value for value, _name in words.choices("severity")],
        "states": [value for value, _name in words.choices("state")],
        "types": [value for value, _name in words.choices("type")],
        "roles": [value for value, _name in words.choices("role")],
        "filters_form": SpecimenFilters.of(request),
        "page": page_of(rows, request, size=8),
        "balanced": Accounts(12_480, 11_902, 544, 34),
        "unbalanced": Accounts(12_480, 11_902, 544, 33),
        "nothing": Accounts(),
        "form": SpecimenForm(),
        "refused_form": SpecimenForm({"name": "", "language": "xx", "reason": ""}),
        "moment": datetime(2026, 11, 23, 4, 30, tzinfo=UTC),
        "line": "1764000000.114\tC7x\t198.18.4.9\t51022\t240.1.2.3\t53\tudp\tc2.bad-actor.example\tA\tNOERROR",
        "deceiving": "GET /invoice\u202efdp.exe HTTP/1.1 host=c2.bad-actor.example",
        "day_chart": _day_chart(),
        "bar_chart": charts.bars(
            str(_("Open findings by sector")),
            [(str(_("Banking")), 42), (str(_("Energy")), 17), (str(_("Health")), 9)],
            (str(_("Sector")), str(_("Findings"))),
        ),
        "empty_chart": charts.bars(str(_("Open findings by sector")), [], (str(_("Sector")), str(_("Findings")))),
    }


def _day_chart() -> charts.Chart:
    high, low = str(pgettext_lazy("severity", "high")), str(pgettext_lazy("severity", "low"))
    counts = [
        (date(2026, 11, day), series, 3 + day * (5 if series == low else 2) % 11)
        for day in range(10, 24)
        for series in (high, low)
    ]
    return charts.by_day(str(_("Hits by day")), counts, (str(_("Day")), str(_("Severity")), str(_("Hits"))))
