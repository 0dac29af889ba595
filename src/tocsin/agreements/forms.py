"""What the pages of agreements can be asked for, and what a person fills in."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tocsin.agreements.queries import LONGEST_DAYS
from tocsin.agreements.rules.tree import LARGEST_BYTES
from tocsin.vocab.markings import Pap, Tlp
from tocsin.web import words
from tocsin.web.forms import Filters

_CODE = {"rows": 18, "spellcheck": "false", "dir": "ltr"}


class HoldFilters(Filters):
    """Which holds."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", words.word("state", "open")),
            ("released", words.word("state", "released")),
            ("refused", words.word("state", "refused")),
            ("all", _("all")),
        ],
    )
    recipient = forms.CharField(label=_("Recipient"), required=False, max_length=200)


class LedgerFilters(Filters):
    """Which entries."""

    q = forms.CharField(label=_("Search"), required=False, max_length=400, help_text=_("The id of an object, whole"))
    recipient = forms.CharField(label=_("Recipient"), required=False, max_length=200)
    agreement = forms.CharField(label=_("Agreement"), required=False, max_length=200)
    kind = forms.ChoiceField(label=_("About"), required=False, choices=[("", _("everything")), *words.choices("entry")])
    result = forms.ChoiceField(
        label=_("Decision"),
        required=False,
        choices=[("", _("any")), *(one for one in words.choices("decision") if one[0] != "deny")],
    )
    day = forms.DateField(label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))


class TextForm(forms.Form):
    """The text of an agreement: a file, typed, or ``kept`` from the step before (Base64, so that its bytes stay as they are)."""

    file = forms.FileField(label=_("File"), required=False, allow_empty_file=True)
    text = forms.CharField(label=_("The text"), required=False, strip=False, widget=forms.Textarea(attrs=_CODE))
    kept = forms.CharField(required=False, widget=forms.HiddenInput)
    kept_name = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    is_demo = forms.BooleanField(label=_("For a demonstration only: contacts may be placeholders"), required=False)

    def clean(self) -> dict[str, Any]:
        """``bytes`` and ``name`` of whichever was given."""
        data: dict[str, Any] = super().clean() or {}
        file = data.get("file")
        if file is not None:
            if file.size > LARGEST_BYTES:
                raise forms.ValidationError(_("The file is larger than any agreement."))
            found, name = file.read(), file.name
        elif data.get("kept"):
            found, name = _bytes_of(data["kept"]), data.get("kept_name") or "agreement.yaml"
        elif data.get("text", "").strip():
            found, name = data["text"].replace("\r\n", "\n").encode(), "agreement.yaml"
        else:
            raise forms.ValidationError(_("Choose a file, or put the text in."))
        return {**data, "bytes": found, "name": name}

    def carried(self) -> dict[str, str]:
        """What a page carries to the next step."""
        return {
            "text": base64.b64encode(self.cleaned_data["bytes"]).decode("ascii"),
            "name": self.cleaned_data["name"],
            "is_demo": "on" if self.cleaned_data.get("is_demo") else "",
        }


def _bytes_of(kept: str) -> bytes:
    try:
        return base64.b64decode(kept, validate=True)
    except (binascii.Error, ValueError):
        raise forms.ValidationError(_("Choose a file, or put the text in.")) from None


class WhatIfForm(TextForm):
    """A text that might be, and how many days to look back."""

    days = forms.IntegerField(label=_("Days to look back"), min_value=1, max_value=LONGEST_DAYS, initial=30)
    is_demo = None  # type: ignore[assignment]
    field_order = ("text", "file", "days")


class StatusForm(forms.Form):
    """Why an agreement is suspended, resumed or terminated."""

    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


_STEPS = [("release", _("Release")), ("refuse", _("Refuse"))]


class SeveralForm(forms.Form):
    """One decision and one reason for several holds."""

    step = forms.ChoiceField(label=_("Decision"), choices=_STEPS)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It is written down for good."),
    )


_YES_NO = [("", _("not said")), ("yes", _("yes")), ("no", _("no"))]
_LABELS: Mapping[str, Any] = {
    "tlp": _("TLP label"),
    "tlp_of_record": _("TLP label on record"),
    "derived_from_tlp": _("TLP labels of what it is made of"),
    "pap": _("PAP label"),
    "iep": _("Exchange policy (IEP, as JSON)"),
    "category": _("Category"),
    "type": _("Type"),
    "purpose": _("Purpose"),
    "exclude": _("Excluded recipients"),
    "cell_size": _("Hosts behind the count"),
    "embargo_until": _("Embargo until"),
    "obtained_at": _("Obtained at"),
    "text": _("Text"),
    "personal_data": _("Personal data it holds"),
    "originator_consent": _("The originator consents"),
    "originator": _("Originator"),
    "attacker_controlled": _("It is the attacker's own"),
    "owner_consent": _("The owner consents"),
    "case_id": _("Case number"),
    "state_attribution": _("It names a state as the actor"),
}
_FLAGS = ("originator_consent", "attacker_controlled", "owner_consent", "state_attribution")
_LISTS = ("exclude", "personal_data", "derived_from_tlp")
_LABEL_CHOICES: Mapping[str, list[tuple[str, str | Promise]]] = {
    "tlp": [("", _("not said")), *((one.shown.removeprefix("TLP:"), one.shown) for one in Tlp)],
    "pap": [("", _("not said")), *((one.shown.removeprefix("PAP:"), one.shown) for one in Pap)],
}


class DecisionForm(SeveralForm):
    """A decision, its reason, and what the approver says about what was unknown or required; empty is not said."""

    def __init__(self, *arguments: Any, answers: Sequence[str] = (), **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._answers = tuple(answers)
        for key in self._answers:
            self.fields[f"said_{key}"] = _answer_field(key)
        self.order_fields([*(f"said_{key}" for key in self._answers), "reason", "step"])

    def clean(self) -> dict[str, Any]:
        """An IEP policy has to be JSON."""
        data: dict[str, Any] = super().clean() or {}
        if policy := data.get("said_iep"):
            try:
                data["said_iep"] = orjson.loads(policy)
            except orjson.JSONDecodeError:
                self.add_error("said_iep", _("This is no JSON."))
        return data

    def said(self) -> dict[str, Any]:
        """What was said, by key of the subject."""
        values = {key: self.cleaned_data.get(f"said_{key}") for key in self._answers}
        return {key: _answer(key, value) for key, value in values.items() if value not in (None, "")}

    @property
    def answer_fields(self) -> list[forms.BoundField]:
        """The fields of what may be said."""
        return [self[f"said_{key}"] for key in self._answers]


def _answer_field(key: str) -> forms.Field:
    label = _LABELS.get(key, key)
    if key in _FLAGS:
        return forms.ChoiceField(label=label, required=False, choices=_YES_NO)
    if key in ("tlp", "tlp_of_record", "pap"):
        return forms.ChoiceField(label=label, required=False, choices=_LABEL_CHOICES["pap" if key == "pap" else "tlp"])
    if key == "cell_size":
        return forms.IntegerField(label=label, required=False, min_value=0, max_value=999_999_999)
    if key in ("iep", "text"):
        return forms.CharField(
            label=label, required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"})
        )
    hint = _("Several with commas between; a dash for none.") if key in _LISTS else ""
    if key in ("embargo_until", "obtained_at"):
        hint = "2026-11-24T12:00:00Z"
    return forms.CharField(label=label, required=False, max_length=400, help_text=hint)


def _answer(key: str, value: Any) -> Any:
    if key in _FLAGS:
        return value == "yes"
    if key in _LISTS:
        return [] if value.strip() in ("-", "–") else [one.strip() for one in value.split(",") if one.strip()]
    return value
