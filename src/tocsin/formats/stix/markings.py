"""TLP of STIX objects: the ids that the specifications fix, and marking definitions that a bundle brings along.

Sources: STIX 2.1 §7.2.1.4 (TLP 1) and the OASIS extension definition ``60a3c5c5-…`` (TLP 2.0, 2022-10-01).
"""

from collections.abc import Mapping
from typing import Any

from tocsin.vocab.markings import Tlp

_PREFIX = "marking-definition--"
TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

#: Marking definition -> label. TLP 1 had no AMBER+STRICT; its AMBER means what AMBER means today.
TLP_MARKINGS: dict[str, Tlp] = {
    _PREFIX + "613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp.CLEAR,
    _PREFIX + "34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp.GREEN,
    _PREFIX + "f88d31f6-486f-44da-b317-01333bde0b82": Tlp.AMBER,
    _PREFIX + "5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp.RED,
    _PREFIX + "94868c89-83c2-464b-929b-a1a8aa3c8487": Tlp.CLEAR,
    _PREFIX + "bab4a63c-aed9-4cf5-a766-dfca5abac2bb": Tlp.GREEN,
    _PREFIX + "55d920b0-5e8b-4f79-9ee9-91f868d9b421": Tlp.AMBER,
    _PREFIX + "939a9414-2ddd-4d32-a0cd-375ea402b003": Tlp.AMBER_STRICT,
    _PREFIX + "e828b379-4e03-4974-9ac4-e53a884c97c1": Tlp.RED,
}


def tlp_of_definition(definition: Mapping[str, Any]) -> Tlp | None:
    """The label that a marking definition of a bundle stands for; ``None`` if it is no TLP (a statement, another policy)."""
    words: list[Any] = [definition.get("tlp_2_0")]
    for key, inner in (("extensions", TLP_EXTENSION), ("definition", None)):
        part = definition.get(key)
        part = part.get(inner) if inner and isinstance(part, Mapping) else part
        if isinstance(part, Mapping):
            words += [part.get("tlp_2_0"), part.get("tlp")]
    for word in words:
        if isinstance(word, str):
            try:
                return Tlp.read(word)
            except ValueError:
                continue
    return None
