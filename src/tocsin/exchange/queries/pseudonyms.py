"""Under which names partners appear to each other."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic

from django.conf import settings

from tocsin.constituency.access import Viewer
from tocsin.exchange.models import Partner
from tocsin.exchange.rules.renditions import Pseudonym, Recipe, pseudonym
from tocsin.intel.models import PartyIdentity

_FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Veil:
    """What gives other partners away, and what stands in its place: identities by STIX id, names by the words themselves."""

    by_id: dict[str, Pseudonym] = field(default_factory=dict)
    by_name: dict[str, Pseudonym] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Another veil has another one: a rendition under the old is not taken for one under the new."""
        told = sorted((word, one.stix_id, one.name) for word, one in (*self.by_id.items(), *self.by_name.items()))
        return sha256(repr(told).encode()).hexdigest()[:12]


_VEILS: dict[tuple[str, str, str], tuple[float, Veil]] = {}


def veil(viewer: Viewer, party: str, circle: str) -> Veil:  # noqa: ARG001 (asked by doors that have decided who looks)
    """All partners but this one and ourselves as ``circle`` sees them; nothing where there is no circle."""
    if not circle:
        return Veil()
    key = (str(settings.DATABASES["default"]["NAME"]), party, circle)
    until, kept = _VEILS.get(key, (0.0, Veil()))
    if monotonic() < until:
        return kept
    made = _veil(party, circle)
    _VEILS[key] = (monotonic() + _FRESH_SECONDS, made)
    return made


def hidden_identities(viewer: Viewer, party: str, circle: str) -> dict[str, str]:
    """STIX ids of other partners' identities, and those under which this party's circle knows them."""
    return {stix_id: one.stix_id for stix_id, one in veil(viewer, party, circle).by_id.items()}


def rendition_key(viewer: Viewer, party: str, recipe: Recipe) -> str:
    """The name under which renditions by this recipe are kept."""
    return f"{recipe.key()}|{veil(viewer, party, recipe.circle).digest}" if recipe.circle else recipe.key()


def _veil(party: str, circle: str) -> Veil:
    own = {party, str(settings.TOCSIN.nation.party)}
    key = str(settings.SECRET_KEY).encode()
    others = [one for one in Partner.objects.order_by("pk") if one.party not in own]
    hidden = {one.party: pseudonym(key, circle, one.party, one.pseudonym) for one in others}
    identities = PartyIdentity.objects.exclude(party__in=own).values_list("stix_id", "party")
    by_id = {stix_id: hidden.get(party) or pseudonym(key, circle, party) for stix_id, party in identities}
    by_name = {name: hidden[one.party] for one in others for name in _names(one.title, one.party)}
    return Veil(by_id, by_name)


def _names(*texts: str) -> Iterable[str]:
    """Short words would be found inside others."""
    return {text for text in texts if len(re.sub(r"\W", "", text)) >= 4}
