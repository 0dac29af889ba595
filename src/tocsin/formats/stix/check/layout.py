"""What the specification says of one type: its properties, which are required, and its rules."""

from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.formats.stix.check.kinds import Kind, Rule


@dataclass(frozen=True, slots=True)
class Layout:
    """One type. ``is_observable``: a cyber-observable (SCO), whose common properties and identifiers differ."""

    properties: Mapping[str, Kind]
    required: frozenset[str]
    rules: tuple[Rule, ...] = ()
    is_observable: bool = False
    #: Predefined extensions by their key.
    extensions: Mapping[str, Kind] | None = None
    #: Whether the type is one of the specification's own: properties that it does not have are custom.
    is_known: bool = True
