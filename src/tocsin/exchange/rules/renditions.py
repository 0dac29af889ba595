"""An object as one partner may see it: personal data taken out, other partners under their pseudonyms. Bytes in, bytes out.

Stored bytes are served wherever nothing has to be changed; a rendition is made once and kept. Ids, types, references and times are
never redacted, or the object would be another one; what cannot be redacted without breaking the object is not given at all.
"""

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from tocsin.agreements.rules.personal import redact
from tocsin.formats.json_values import decode

#: Keys whose texts are the object's bones (STIX 2.1 §3.2) or words of a vocabulary.
_BONES = frozenset({"type", "id", "spec_version", "created", "modified", "revoked", "lang", "pattern_type", "hashes"})
_MARKING_KEYS = frozenset({"object_marking_refs", "granular_markings", "definition", "definition_type", "extensions"})


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is changed: kinds of personal data to take out, and for which circle names give way to pseudonyms (empty: none)."""

    redacted: tuple[str, ...] = ()
    circle: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether stored bytes are served as they are."""
        return not self.redacted and not self.circle

    def key(self) -> str:
        """The name under which a rendition is kept."""
        return f"{','.join(self.redacted)}|{self.circle}"


@dataclass(frozen=True, slots=True)
class Pseudonym:
    """Under which identity a circle sees a partner."""

    stix_id: str
    name: str


def pseudonym(key: bytes, circle: str, party: str, name: str = "") -> Pseudonym:
    """The same for ever for the same key, circle and party; nobody without the key can tell whose it is, nor join two circles.

    ``name`` is what the partner wished to be called, else ``Member`` and six signs of the id.
    """
    digest = hmac.new(key, f"{circle}\0{party}".encode(), sha256).digest()
    uid = UUID(bytes=digest[:16], version=4)
    return Pseudonym(f"identity--{uid}", name or f"Member {uid.hex[:6]}")


def render(raw: bytes, recipe: Recipe, pseudonyms: Mapping[str, Pseudonym], names: Mapping[str, Pseudonym]) -> bytes:
    """The object under a recipe. ``pseudonyms`` by the STIX id that they stand for, ``names`` by the words that give a partner away.

    Raises ``ValueError`` if the bytes are no JSON object.
    """
    found = decode(raw)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    if recipe.circle:
        found = _under_pseudonyms(found, pseudonyms, names)
    if recipe.redacted:
        found = _without(found, lambda text: redact(text, recipe.redacted))
    return orjson.dumps(found)


def _under_pseudonyms(
    found: dict[str, Any], pseudonyms: Mapping[str, Pseudonym], names: Mapping[str, Pseudonym]
) -> dict[str, Any]:
    own = pseudonyms.get(str(found.get("id")))
    if own is not None:
        return _identity(found, own)
    ids = {stix_id: hidden.stix_id for stix_id, hidden in pseudonyms.items()}
    instead = {name.casefold(): one.name for name, one in names.items()}
    words = re.compile(
        "|".join(rf"\b{re.escape(name)}\b" for name in sorted(names, key=len, reverse=True)), re.IGNORECASE
    )

    def hide(text: str) -> str:
        if text in ids:
            return ids[text]
        return words.sub(lambda hit: instead[hit[0].casefold()], text) if names else text

    # a pattern is what is looked for in the world, not what is said about anybody
    return {key: one if key == "pattern" else _mapped(one, hide) for key, one in found.items()}


def _identity(found: Mapping[str, Any], hidden: Pseudonym) -> dict[str, Any]:
    """The identity object of a partner: nothing of it is left but that it is one, and how it is marked."""
    kept = ("type", "spec_version", "created", "modified", "identity_class", "revoked", "object_marking_refs")
    told = {key: found[key] for key in kept if key in found}
    return told | {"id": hidden.stix_id, "name": hidden.name}


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """The value with every text changed, keys left alone."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(one, change) for one in value]
    if isinstance(value, dict):
        return {key: _mapped(one, change) for key, one in value.items()}
    return value


def _without(found: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    return {key: one if _is_bone(key) else _mapped(one, change) for key, one in found.items()}


def _is_bone(key: str) -> bool:
    return key in _BONES or key in _MARKING_KEYS or key.endswith(("_ref", "_refs"))


def redacted_kinds(obligations: Sequence[str]) -> tuple[str, ...]:
    """The kinds in obligations such as ``redact cnic``, sorted."""
    return tuple(sorted(word.removeprefix("redact ") for word in obligations if word.startswith("redact ")))
