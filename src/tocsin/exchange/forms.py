"""What the pages of the exchange can be asked for, and what a person fills in."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.exchange.queries.listing import PartnerRow
from tocsin.web.forms import Filters


class ReceiptFilters(Filters):
    """Which partner's receipts."""

    partner = forms.ChoiceField(label=_("Partner"), required=False)

    def __init__(self, *arguments: Any, partners: Sequence[PartnerRow] = (), **named: Any) -> None:
        super().__init__(*arguments, **named)
        choices = [("", _("all")), *((row.slug, row.title) for row in partners)]
        self.fields["partner"].choices = choices  # type: ignore[attr-defined]


class CollectedQuestion(Filters):
    """Which object."""

    object = forms.CharField(label=_("The id of an object, whole"), required=False, max_length=300)


class PartnerForm(forms.Form):
    """Somebody whom agreements name."""

    slug = forms.SlugField(label=_("Short name"), max_length=60, help_text=_("It stands in the address of its door."))
    title = forms.CharField(label=_("Name"), max_length=200)
    party = forms.CharField(
        label=_("Key in agreements"), max_length=120, help_text=_("Under parties or communities of the agreements.")
    )
    circle = forms.CharField(
        label=_("Circle"),
        required=False,
        max_length=120,
        help_text=_("The community whose members it sees under pseudonyms only."),
    )
    pseudonym = forms.CharField(label=_("Pseudonym"), required=False, max_length=120)


class ClientForm(forms.Form):
    """A program of a partner, and what lets it in."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Its user name in HTTP Basic."))
    with_password = forms.BooleanField(label=_("A password"), required=False, initial=True)
    with_token = forms.BooleanField(label=_("A bearer token"), required=False)
    fingerprint = forms.CharField(label=_("SHA-256 fingerprint of its certificate"), required=False, max_length=100)
    days = forms.IntegerField(
        label=_("Days"), required=False, min_value=1, max_value=3660, help_text=_("Empty: until it is shut out.")
    )
