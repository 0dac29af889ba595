"""The shape of what lists are asked for."""

from typing import Any, Self

from django import forms
from django.http import HttpRequest


class Filters(forms.Form):
    """A list's search box and filters. They live in the address, so that a filtered list can be kept and sent.

    A field named ``q`` becomes the search box. A value that makes no sense is shown as such and otherwise ignored.
    """

    @classmethod
    def of(cls, request: HttpRequest, **arguments: Any) -> Self:
        """The filters that the address of ``request`` asks for."""
        return cls(request.GET, auto_id="filter-%s", **arguments)

    def given(self) -> dict[str, Any]:
        """The usable values by field name; empty ones are left out."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [], False)}
