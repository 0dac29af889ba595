"""The answer about one object or one bundle: what was found, sorted into errors and warnings."""

from collections.abc import Mapping
from typing import Any

from tocsin.formats.stix.check.bundles import problems_of_bundle
from tocsin.formats.stix.check.found import Checked, Problem, kind_of, must
from tocsin.formats.stix.check.objects import problems_of
from tocsin.formats.stix.check.rules import USUAL_RULES, Rules
from tocsin.formats.stix.check.strict_json import check_decoded, read_strictly


def check_object(raw: bytes | Mapping[str, Any], rules: Rules = USUAL_RULES) -> Checked:
    """Check one object, as bytes of JSON or decoded. Never raises for anything that is wrong with it.

    Without ``spec_version`` it is read as STIX 2.0 (2.1 §3.2), but observables, and types that 2.0 did not have, as 2.1. A bundle is
    checked with all that is in it; its problems have paths such as ``$.objects[3].name``.
    """
    try:
        if isinstance(raw, bytes | bytearray | memoryview):
            value = read_strictly(bytes(raw))
        else:
            value = raw if isinstance(raw, dict) or not isinstance(raw, Mapping) else dict(raw)
            check_decoded(value)
    except (ValueError, RecursionError) as error:
        return Checked(None, None, False, tuple(must(f"cannot be read: {error or 'nested too deep'}")))
    if type(value) is not dict:
        return Checked(None, None, False, tuple(must(f"must be an object, not {kind_of(value)}")))
    return answer(value, _problems_of(value, rules), rules)


def answer(value: Mapping[str, Any], problems: list[Problem], rules: Rules) -> Checked:
    """What was found, sorted by weight, with the name of what it was found in."""
    kind, identifier = value.get("type"), value.get("id")
    errors, warnings = rules.sort(problems)
    return Checked(
        identifier if isinstance(identifier, str) else None,
        kind if isinstance(kind, str) else None,
        not errors,
        errors,
        warnings,
    )


def _problems_of(value: dict[str, Any], rules: Rules) -> list[Problem]:
    return problems_of_bundle(value, rules) if value.get("type") == "bundle" else problems_of(value, rules)
