"""Names that others may give (STIX 2.1 §3.1, §11): properties, types and extensions that the specification does not have."""

import re
from functools import lru_cache
from typing import Any

from tocsin.formats.stix.check.found import Found, Problem, must, should, step
from tocsin.formats.stix.check.kinds import anything, binary, hexadecimal

_PROPERTY = re.compile(r"[a-z][a-z0-9_]{2,}|id")
_TYPE = re.compile(r"[a-z][a-z0-9]*+(?:-[a-z0-9]++)*+-?")
_PREFIXED_PROPERTY = re.compile(r"x_.+_.+")
_PREFIXED_TYPE = re.compile(r"x-.+-.+")
_PREFIXED_EXTENSION = re.compile(r"x-.+-.+-ext")
_LONGEST = 250


@lru_cache(maxsize=1 << 12)
def _name_problems(name: str) -> tuple[Problem, ...]:
    if not _PROPERTY.fullmatch(name):
        return tuple(must("a property's name must begin with a letter and have 3 or more of a-z, 0-9 and _"))
    if len(name) > _LONGEST:
        # A MUST (§3.1) that the committee's own validator lets pass: we refuse nothing for it that all others keep.
        return tuple(should("name-length", f"should have a name of at most {_LONGEST} characters"))
    return ()


def property_of(name: str, value: Any) -> Found:
    """A property that the specification does not have: its name, and its value as far as the name says anything of it."""
    problems = _name_problems(name)
    found = anything(value)
    if found is None and name[-4:] in ("_hex", "_bin") and not problems:
        found = hexadecimal(value) if name.endswith("_hex") else binary(value)
    if problems or found:
        return [*problems, *(found or ())]
    return None


@lru_cache(maxsize=1 << 12)
def type_problem(name: str) -> str | None:
    """Why this cannot be the type of an object."""
    if not _TYPE.fullmatch(name) or not 3 <= len(name) <= _LONGEST:
        return "must begin with a letter and have 3 to 250 of a-z, 0-9 and -, no two hyphens together"
    return "is a name that the specification keeps for itself" if name == "action" else None


@lru_cache(maxsize=1 << 12)
def custom_property(name: str, *, is_extended: bool) -> tuple[Problem, ...]:
    """What is recommended of a custom property at the top of an object of a known type."""
    path = step(name)
    found: list[Problem] = should("strict-properties", "is not a property of this type", path)
    if not is_extended:
        found += should("extensions-use", "is a custom property that no toplevel-property-extension brings along", path)
    return tuple(found + _prefix(name, path, _PREFIXED_PROPERTY, "x_", "x_source_name"))


@lru_cache(maxsize=1 << 12)
def _nested_property(name: str) -> tuple[Problem, ...]:
    return (
        *should("strict-properties", "is not a property of this structure"),
        *should("extensions-use", "is a custom property: an extension should carry it"),
        *_prefix(name, "", _PREFIXED_PROPERTY, "x_", "x_source_name"),
    )


def unknown_nested(name: str, value: Any) -> Found:
    """A property that a structure of the specification does not have."""
    return [*_nested_property(name), *(property_of(name, value) or ())]


@lru_cache(maxsize=1 << 12)
def custom_type(name: str, *, is_extended: bool) -> tuple[Problem, ...]:
    """What is recommended of an object of a custom type."""
    found = should("strict-types", "is not a type of the specification", ".type")
    if not is_extended:
        found += should(
            "extensions-use", "is a custom type that no extension (new-sdo, new-sco, new-sro) brings along", ".type"
        )
    return tuple(found + _prefix(name, ".type", _PREFIXED_TYPE, "x-", "x-source-name"))


@lru_cache(maxsize=1 << 12)
def custom_extension(name: str, *, is_extended: bool) -> tuple[Problem, ...]:
    """What is recommended of an extension that the specification does not have, on an observable that has predefined ones."""
    path = ".extensions" + step(name)
    found: list[Problem] = []
    if not is_extended:
        found += should("extensions-use", "is a custom extension that is no property-extension", path)
    return tuple(found + _prefix(name, path, _PREFIXED_EXTENSION, "x-", "x-source-name-ext"))


def _prefix(name: str, path: str, form: re.Pattern[str], start: str, shape: str) -> list[Problem]:
    found: list[Problem] = []
    if not form.fullmatch(name):
        found += should("custom-prefix", f"should be named {shape}", path)
    if not name.startswith(start):
        found += should("custom-prefix-lax", f"should be named {start}…", path)
    return found
