"""What the lists of detection can be asked for."""

from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.detection.queries import HitSearch
from tocsin.detection.rules import Outcome
from tocsin.web import words
from tocsin.web.forms import Filters


class HitFilters(Filters):
    """A part of the indicator's value, what became of the hit, and whom it concerns."""

    q = forms.CharField(label=_("Search"), required=False, max_length=500, help_text=_("Part of the indicator's value"))
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        required=False,
        choices=[("", _("any")), *((o.value, words.word("state", o.value)) for o in Outcome)],
    )
    organisation = forms.SlugField(label=_("Organisation"), required=False, max_length=80, widget=forms.HiddenInput)
    indicator = forms.UUIDField(label=_("Indicator"), required=False, widget=forms.HiddenInput)

    def search(self, run: UUID | None = None) -> HitSearch:
        """The usable values as the query takes them."""
        given = self.given()
        return HitSearch(
            run=run,
            outcome=given.get("outcome", ""),
            organisation=given.get("organisation", ""),
            indicator=given.get("indicator"),
            text=given.get("q", ""),
        )
