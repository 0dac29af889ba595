"""What the pages of the constituency can be asked for, and what people fill in there."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.constituency.access import Permission, Role
from tocsin.constituency.queries.organisations import Name
from tocsin.web import words
from tocsin.web.forms import Filters


class OrganisationFilters(Filters):
    """Part of a name, or an address or domain; sector and province."""

    q = forms.CharField(label=_("Search"), required=False, max_length=300, help_text=_("Name, address or domain"))
    sector = forms.ChoiceField(label=_("Sector"), required=False)
    province = forms.ChoiceField(label=_("Province"), required=False)
    past = forms.BooleanField(label=_("Past ones too"), required=False)

    def __init__(
        self,
        *arguments: Any,
        sectors: Sequence[Name] = (),
        provinces: Sequence[Name] = (),
        language: str = "en",
        **named: Any,
    ) -> None:
        super().__init__(*arguments, **named)
        for field, rows in (("sector", sectors), ("province", provinces)):
            choices = [("", _("all")), *((row.slug, row.name_in(language)) for row in rows)]
            self.fields[field].choices = choices  # type: ignore[attr-defined]


class WhoseQuestion(Filters):
    """An address or a domain, and a moment."""

    q = forms.CharField(label=_("Address or domain"), required=False, max_length=300)
    at = forms.DateTimeField(
        label=_("At"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class AuditFilters(Filters):
    """Who, what, to what, when."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200, help_text=_("Part of the subject"))
    actor = forms.CharField(label=_("Who"), required=False, max_length=200)
    action = forms.CharField(label=_("Action"), required=False, max_length=60)
    since = forms.DateTimeField(
        label=_("Since"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    until = forms.DateTimeField(
        label=_("Until"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )


class LanguageForm(forms.Form):
    """The language of one's own pages."""

    language = forms.ChoiceField(label=_("Language"), choices=[("en", "English"), ("ur", "اردو")])


class TokenForm(forms.Form):
    """A new API token: for which program, how long, for what."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Which program uses it."))
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=366, initial=90)
    scopes = forms.MultipleChoiceField(label=_("For what"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *arguments: Any, permissions: frozenset[Permission] = frozenset(), **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["scopes"].choices = [(p, p) for p in sorted(permission.value for permission in permissions)]  # type: ignore[attr-defined]


class PersonForm(forms.Form):
    """Somebody who joins the team."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=120)
    language = forms.ChoiceField(label=_("Language"), choices=[("en", "English"), ("ur", "اردو")])
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        widget=forms.CheckboxSelectMultiple,
        choices=[(role.value, words.word("role", role.value)) for role in Role],
    )
