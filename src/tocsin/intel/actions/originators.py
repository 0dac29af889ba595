"""Whose information an object is."""

from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import transaction

from tocsin.constituency.access import Actor, Permission, require
from tocsin.constituency.audit import AuditAction, record
from tocsin.formats.stix.writing import identity_id
from tocsin.intel.models import PartyIdentity
from tocsin.intel.rules.objects import MAX_ID, Prepared
from tocsin.vocab.clock import now
from tocsin.vocab.errors import InputError


def own_party() -> str:
    """Our own key among the parties."""
    party: str = settings.TOCSIN.nation.party
    return party


class Originators:
    """Finds the originator of each object of a batch: the party that its ``created_by_ref`` stands for, else as the giver says.

    Nobody but ourselves can give an object of ours: an object that comes from outside and names us as its maker is ours only if we
    have stored it as ours before. Otherwise a forged line would turn a partner's secret into our own, free to go to our own circle.
    """

    def __init__(
        self, giver: str, given: str, objects: Sequence[Prepared], stored: Callable[[str], str | None]
    ) -> None:
        self._ours, self._given, self._stored = own_party(), given, stored
        self._is_us = giver == self._ours
        makers = {one.created_by for one in objects if one.created_by}
        makers |= {one.stix_id for one in objects if one.type == "identity"}
        rows = PartyIdentity.objects.filter(stix_id__in=makers).values_list("stix_id", "party")
        self._parties = dict(rows) | {identity_id(self._ours): self._ours}

    def of(self, one: Prepared) -> str:
        """The originator of an object."""
        maker = one.created_by or (one.stix_id if one.type == "identity" else None)
        party = self._parties.get(maker) if maker else None
        if party is None:
            # a cyber-observable names no maker: it stays whose it was when it first came
            party = self._given if maker else self._stored(one.stix_id) or self._given
        if party == self._ours and not self._is_us and self._stored(one.stix_id) != self._ours:
            return self._given
        return party


def identify_party(*, actor: Actor, stix_id: str, party: str) -> None:
    """Say that the STIX identity ``stix_id`` is the party ``party``: what it makes from now on is theirs.

    Objects that are kept already stay as they are.     Raises ``InputError`` on an id that is no identity's.
    """
    require(actor, Permission.SOURCES_WRITE)
    if not stix_id.startswith("identity--") or len(stix_id) > MAX_ID:
        raise InputError(f"{stix_id!r} is no STIX identity; its id begins with identity--.")
    with transaction.atomic():
        told = {"party": party, "said_by": actor.name[:200], "said_at": now()}
        PartyIdentity.objects.update_or_create(stix_id=stix_id, defaults=told)
        record(actor, AuditAction.PARTY_IDENTIFIED, stix_id, {"party": party})
