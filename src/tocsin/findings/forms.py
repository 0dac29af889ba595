"""What the lists of findings can be asked for, and what a person fills in."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.constituency.queries.organisations import SectorRow
from tocsin.findings.queries import FindingSearch
from tocsin.findings.rules import Severity, State
from tocsin.web import words
from tocsin.web.forms import Filters


class FindingFilters(Filters):
    """Part of an asset, reference, malware or name; and everything that findings are sorted into."""

    q = forms.CharField(
        label=_("Search"), required=False, max_length=300, help_text=_("Address, reference, malware or organisation")
    )
    severity = forms.ChoiceField(
        label=_("Severity"),
        required=False,
        choices=[("", _("any")), *((s.value, words.word("severity", s.value)) for s in reversed(Severity))],
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("open")), ("all", _("all")), *((s.value, words.word("state", s.value)) for s in State)],
    )
    sector = forms.ChoiceField(label=_("Sector"), required=False)
    classification = forms.ChoiceField(
        label=_("Class"),
        required=False,
        choices=[("", _("any")), *((c, n) for c, n in words.choices("class") if "/" in c)],
    )
    organisation = forms.SlugField(label=_("Organisation"), required=False, max_length=80, widget=forms.HiddenInput)
    source = forms.CharField(label=_("Source"), required=False, max_length=120, widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, sectors: Sequence[SectorRow] = (), language: str = "en", **named: Any) -> None:
        super().__init__(*arguments, **named)
        choices = [("", _("all")), *((row.slug, row.name_in(language)) for row in sectors)]
        self.fields["sector"].choices = choices  # type: ignore[attr-defined]

    def search(self) -> FindingSearch:
        """The usable values as the query takes them; without a state, what somebody still has to do something about."""
        given = self.given()
        state = given.get("state", "")
        return FindingSearch(
            text=given.get("q", ""),
            organisation=given.get("organisation", ""),
            sector=given.get("sector", ""),
            classification=given.get("classification", ""),
            severity=given.get("severity", ""),
            state="" if state == "all" else state,
            only_open=not state,
            source=given.get("source", ""),
        )


class TriageForm(forms.Form):
    """A judgement and its reason."""

    state = forms.ChoiceField(label=_("New state"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For whoever comes next."),
    )

    def __init__(self, *arguments: Any, next_states: Sequence[str] = (), **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["state"].choices = [(state, words.word("state", state)) for state in next_states]  # type: ignore[attr-defined]
