"""What the lists of intel can be asked for."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.intel.queries import IndicatorSearch, ObjectSearch, SourceView
from tocsin.intel.rules.objects import MAX_ID
from tocsin.vocab.markings import Tlp
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


#: The types of STIX 2.1 that people look for by name; others are found by value or id.
_OBJECT_TYPES = (
    *(
        "attack-pattern",
        "campaign",
        "course-of-action",
        "grouping",
        "identity",
        "incident",
        "indicator",
        "infrastructure",
    ),
    *("intrusion-set", "location", "malware", "malware-analysis", "note", "observed-data", "opinion", "relationship"),
    *("report", "sighting", "threat-actor", "tool", "vulnerability", "domain-name", "email-addr", "file", "ipv4-addr"),
    *("ipv6-addr", "url", "x509-certificate"),
)


class ObjectFilters(Filters):
    """A STIX id or a value that an object speaks of; its type, its giver, its label."""

    q = forms.CharField(
        label=_("Search"), required=False, max_length=2000, help_text=_("A STIX id, or a value in any spelling")
    )
    type = forms.ChoiceField(
        label=_("Type"), required=False, choices=[("", _("any")), *((one, one) for one in _OBJECT_TYPES)]
    )
    source = forms.CharField(label=_("Source"), required=False, max_length=120)
    marking = forms.ChoiceField(
        label=_("Marking"),
        required=False,
        choices=[
            ("", _("any")),
            *((label.value, label.shown) for label in Tlp),
            ("none", _("without a label")),
            ("unknown", _("cannot be read")),
        ],
    )

    def search(self) -> ObjectSearch:
        """The usable values as the query takes them. What looks like a STIX id is one."""
        given = self.given()
        text = given.get("q", "").strip()
        is_id = "--" in text and " " not in text and len(text) <= MAX_ID
        return ObjectSearch(
            stix_id=text if is_id else "",
            type=given.get("type", ""),
            value="" if is_id else text,
            source=given.get("source", ""),
            marking=given.get("marking", ""),
        )


class SightingForm(forms.Form):
    """Seen: how often, and on how many machines at least."""

    count = forms.IntegerField(label=_("How often"), min_value=1, max_value=999_999_999, initial=1)
    hosts = forms.IntegerField(
        label=_("On how many hosts"),
        required=False,
        min_value=0,
        max_value=999_999_999,
        help_text=_("Without it, an agreement that asks for k-anonymity holds the sighting."),
    )


class ReasonForm(forms.Form):
    """Why, for whoever gets what we say."""

    reason = forms.CharField(label=_("Reason"), max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))


class MergeForm(ReasonForm):
    """The others that this object is read as one with."""

    others = forms.CharField(
        label=_("The others"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "ltr"}),
        help_text=_("STIX ids with blanks between; all of one type."),
    )
    field_order = ("others", "reason")


class TakeBackForm(forms.Form):
    """Which report of ours."""

    report = forms.CharField(max_length=MAX_ID, widget=forms.HiddenInput)


def _choices_of(sources: Sequence[SourceView]) -> list[tuple[str, Any]]:
    return [("", _("all")), *((source.name, source.title) for source in sources)]
