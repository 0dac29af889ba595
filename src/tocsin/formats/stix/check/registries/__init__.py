"""Names that IANA registers, as the specification demands or recommends them. Each list is read when it is first asked for."""

from functools import cache
from importlib.resources import files


@cache
def registered(name: str) -> dict[str, frozenset[str]]:
    """A registry by its sections; one without sections is all under ``""``."""
    sections: dict[str, list[str]] = {}
    section = ""
    for line in (files(__name__) / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif not line.startswith("#"):
            sections.setdefault(section, []).extend(line.split())
    return {section: frozenset(words) for section, words in sections.items()}


def character_sets() -> frozenset[str]:
    """Preferred names of character sets."""
    return registered("character-sets")[""]


def protocols() -> frozenset[str]:
    """Service names and transport protocols."""
    return registered("protocols")[""]


def flow_elements() -> frozenset[str]:
    """Information elements of IPFIX."""
    return registered("flow-elements")[""]


def is_media_type(name: str) -> bool:
    """Whether ``type/subtype`` is registered."""
    kind, _, subtype = name.partition("/")
    return subtype in registered("media-types").get(kind, ())
