"""Every write of the constituency: keyword-only, the actor first, one transaction, audited."""

from tocsin.constituency.actions.loading import LoadReport, load
from tocsin.constituency.actions.people import add_person, change_person, set_language
from tocsin.constituency.actions.registries import RegistryReport, load_registry
from tocsin.constituency.actions.signing_in import make_sign_in_link, note_refused_sign_in, sign_in, sign_out
from tocsin.constituency.actions.tokens import make_token, revoke_token

__all__ = [
    "LoadReport",
    "RegistryReport",
    "add_person",
    "change_person",
    "load",
    "load_registry",
    "make_sign_in_link",
    "make_token",
    "note_refused_sign_in",
    "revoke_token",
    "set_language",
    "sign_in",
    "sign_out",
]
