"""IEP policies as files: ``.iepj`` of IEP 2.0 in and out, policies of IEP 1.0 in.

IEP 1.0 writes ``"MUST NOT"`` under ``"provider-attribution"``; it is translated, and what 2.0 has no word for stays as a restriction.
A reference is resolved only to FIRST's own standard policies; nothing is fetched.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from tocsin.agreements.rules.iep import (
    RESTRICTIONS_KEY,
    Policy,
    is_version_2,
    read_policy,
    referred_policy,
    written_policy,
)
from tocsin.agreements.rules.terms import Agreement

LARGEST_BYTES = 1 << 20
#: Drawn once: an agreement's defaults get the same policy id on every machine.
_NAMESPACE = UUID("5b8c2a74-93cf-5e0d-8f0a-2f6b1c7d9e35")

#: IEP 1.0 → 2.0 where the word differs.
_NEW_NAMES = {"provider_attribution": "attribution", "traffic_light_protocol": "tlp"}
#: Statements of IEP 1.0 that 2.0 dropped.
_DROPPED = ("encrypt_at_rest", "obfuscate_affected_parties", "commercial_use")
_STATEMENTS = (
    "encrypt_in_transit",
    "permitted_actions",
    "affected_party_notifications",
    "attribution",
    "unmodified_resale",
    "tlp",
)


@dataclass(frozen=True, slots=True)
class PolicyRead:
    """One policy of a file, or the reason why there is none. ``number`` counts from 1; ``from_version`` is what it was written in."""

    number: int
    policy: Policy | None
    problem: str | None
    from_version: str


def read_policies(data: bytes) -> tuple[PolicyRead, ...]:
    """Every policy of a file: one object, a list of them, or an object with a list under ``policies``.

    Raises ``ValueError`` where the bytes are no such file; a policy that cannot be read is among the answers, with its reason.
    """
    if len(data) > LARGEST_BYTES:
        raise ValueError(f"larger than {LARGEST_BYTES} bytes: no policy file is")
    try:
        found = json.loads(data, object_pairs_hook=unrepeated)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON ({error or 'nested too deeply'})") from error
    return tuple(_read(number, one) for number, one in enumerate(_listed(found), 1))


def unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose keys stand once each; for ``json.loads``. Raises ``ValueError`` naming a key that stands twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice[:40]!r} stands twice")
    return found


def _listed(found: Any) -> list[Any]:
    if isinstance(found, list):
        return found
    if isinstance(found, dict):
        for key in ("policies", "iep_policies"):
            if isinstance(found.get(key), list):
                return list(found[key])
        return [found]
    raise ValueError("a policy file is a JSON object or a list of them")


def _read(number: int, value: Any) -> PolicyRead:
    is_old = isinstance(value, Mapping) and _is_version_1(value)
    try:
        if isinstance(value, Mapping) and "id_ref" in value:
            policy = referred_policy(value["id_ref"])
        else:
            policy = read_policy(_translated(value) if is_old else value)
        return PolicyRead(number, policy, None, "1.0" if is_old else "2.0")
    except ValueError as error:
        return PolicyRead(number, None, str(error), "1.0" if is_old else "2.0")


def _is_version_1(value: Mapping[str, Any]) -> bool:
    """1.0 says so under ``version``; where nothing is said, its hyphens and blanks in names tell."""
    said = value.get("iep_version", value.get("version"))
    if said is not None:
        return not is_version_2(said) and str(said) in ("1", "1.0")
    return any("-" in key or " " in key for key in value)


def _translated(value: Mapping[str, Any]) -> dict[str, Any]:
    """A policy of IEP 1.0 as 2.0 would write it. An unknown word stays as it is, and is refused where it is read."""
    old = {_NEW_NAMES.get(name, name): said for name, said in _plain_names(value)}
    new: dict[str, Any] = {key: _plain_word(old[key]) for key in _STATEMENTS if old.get(key) is not None}
    new |= {key: old[key] for key in ("id", "name", "description") if key in old}
    for key in ("start_date", "end_date"):
        said = old.get(key)
        new[key] = f"{said}T00:00:00Z" if isinstance(said, str) and len(said) == len("2026-01-31") else said
    restrictions = [f"{key.replace('_', '-')}: {_plain_word(old[key])}" for key in _DROPPED if old.get(key) is not None]
    new[RESTRICTIONS_KEY] = [words for words in restrictions if not words.endswith(": may")]
    references = [old.get(key) for key in ("reference", "external_reference") if isinstance(old.get(key), str)]
    new["external_references"] = references or None
    return new


def _plain_names(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, said in value.items():
        yield name.strip().lower().replace("-", "_").replace(" ", "_"), said


def _plain_word(word: Any) -> Any:
    return "-".join(word.lower().replace("_", " ").split()) if isinstance(word, str) else word


def written_policies(policies: list[Policy]) -> bytes:
    """A policy file of IEP 2.0: a list. Statements on which a policy is silent are left out; no end is ``null``."""
    written = [
        {key: said for key, said in written_policy(policy).items() if said is not None or key == "end_date"}
        for policy in policies
    ]
    return json.dumps(written, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def policy_of(agreement: Agreement) -> Policy:
    """The defaults of an agreement as a policy that another system can apply to what comes without one."""
    said = agreement.defaults.iep or Policy()
    return Policy(
        encrypt_in_transit=said.encrypt_in_transit,
        permitted_actions=said.permitted_actions,
        affected_party_notifications=said.affected_party_notifications,
        attribution=said.attribution,
        unmodified_resale=said.unmodified_resale,
        tlp=agreement.defaults.tlp if said.tlp is None else type(said.tlp).strictest(said.tlp, agreement.defaults.tlp),
        start_date=agreement.legal.effective_from,
        end_date=agreement.legal.effective_until,
        id=str(uuid5(_NAMESPACE, f"{agreement.id}\t{agreement.revision}")),
        name=f"{agreement.id}, revision {agreement.revision}: defaults",
        description="What stands for a missing marking under this agreement.",
    )
