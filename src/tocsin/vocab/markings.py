"""Markings: TLP 2.0 (who may know) and PAP (what may be done). Stored lower case, shown as FIRST writes them."""

from enum import StrEnum
from typing import Self


class _Marking(StrEnum):
    """A marking whose members are written from the widest to the strictest."""

    @property
    def strictness(self) -> int:
        """0 is the widest; a larger number is stricter."""
        return list(type(self)).index(self)

    @classmethod
    def strictest(cls, *labels: Self) -> Self:
        """The strictest of one or more labels (FIRST TLP 2.0: an aggregate takes the strictest of its parts)."""
        return max(labels, key=lambda label: label.strictness)


class Tlp(_Marking):
    """FIRST Traffic Light Protocol 2.0."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"

    @property
    def shown(self) -> str:
        """As FIRST writes it in every language: ``TLP:AMBER+STRICT``."""
        return f"TLP:{self.value.upper()}"

    @classmethod
    def read(cls, text: str) -> "Tlp":
        """A label in any spelling: ``TLP:AMBER+STRICT``, ``tlp:amber``, ``white`` (TLP 1, read as clear).

        Raises ``ValueError`` on anything else: an unknown label is never guessed to be wider.
        """
        label = text.strip().lower().removeprefix("tlp:").strip().replace("_", "+").replace("-", "+")
        return cls.CLEAR if label == "white" else cls(label)


class Pap(_Marking):
    """Permissible Actions Protocol (MISP taxonomy ``PAP``, version 3)."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"

    @property
    def shown(self) -> str:
        """``PAP:AMBER``."""
        return f"PAP:{self.value.upper()}"

    @classmethod
    def read(cls, text: str) -> "Pap":
        """A label in any spelling; ``white`` is read as clear. Raises ``ValueError`` on anything else."""
        label = text.strip().lower().removeprefix("pap:").strip()
        return cls.CLEAR if label == "white" else cls(label)
