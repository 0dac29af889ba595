"""Every read of the constituency; the first argument is who looks."""

from tocsin.constituency.queries.organisations import (
    contacts,
    domains,
    networks,
    organisation,
    organisations,
    provinces,
    sectors,
)
from tocsin.constituency.queries.ownership import attributor, revision, revisions, whose
from tocsin.constituency.queries.paging import Page
from tocsin.constituency.queries.people import audit_entries, me, people, person, sign_in_person, tokens

__all__ = [
    "Page",
    "attributor",
    "audit_entries",
    "contacts",
    "domains",
    "me",
    "networks",
    "organisation",
    "organisations",
    "people",
    "person",
    "provinces",
    "revision",
    "revisions",
    "sectors",
    "sign_in_person",
    "tokens",
    "whose",
]
