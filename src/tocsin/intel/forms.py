"""What the lists of intel can be asked for."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.intel.queries import IndicatorSearch, SourceView
from tocsin.vocab.observables import ObservableType
from tocsin.web import words
from tocsin.web.forms import Filters


class Search(Filters):
    """A search box alone."""

    q = forms.CharField(label=_("Search"), required=False, max_length=500)


class DeliveryFilters(Filters):
    """Which source's deliveries."""

    source = forms.ChoiceField(label=_("Source"), required=False)

    def __init__(self, *arguments: Any, sources: Sequence[SourceView] = (), **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["source"].choices = _choices_of(sources)  # type: ignore[attr-defined]


class IndicatorFilters(Filters):
    """A value or its beginning in any spelling, and what its sources say of it."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=2000,
        help_text=_("Value or its beginning, defanged too: evil[.]example"),
    )
    type = forms.ChoiceField(label=_("Type"), required=False, choices=[("", _("any")), *words.choices("type")])
    source = forms.ChoiceField(label=_("Source"), required=False)
    malware = forms.CharField(label=_("Malware family"), required=False, max_length=200)
    tag = forms.CharField(label=_("Tag"), required=False, max_length=200)

    def __init__(self, *arguments: Any, sources: Sequence[SourceView] = (), **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["source"].choices = _choices_of(sources)  # type: ignore[attr-defined]

    def search(self) -> IndicatorSearch:
        """The usable values as the query takes them."""
        given = self.given()
        return IndicatorSearch(
            text=given.get("q", ""),
            type=ObservableType(given["type"]) if "type" in given else None,
            source=given.get("source", ""),
            malware=given.get("malware", ""),
            tag=given.get("tag", ""),
        )


def _choices_of(sources: Sequence[SourceView]) -> list[tuple[str, Any]]:
    return [("", _("all")), *((source.name, source.title) for source in sources)]
