"""What an object is, given everybody who says so: the sum over its newest versions and their sources. Originals stay as they are.

- It is revoked when every source's version is; of one that is not, only those that still stand count below.
- Confidence: the highest. Validity: from the earliest beginning to the latest end; one without an end leaves it open.
- Marking: the strictest of all, revoked ones included; one that cannot be read is ``unknown`` and above all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.intel.rules.subjects import strictest


@dataclass(frozen=True, slots=True)
class Standing:
    """What one source says, or the sum. ``marking`` is empty where there is none."""

    confidence: int | None
    valid_from: datetime | None
    valid_until: datetime | None
    is_revoked: bool
    marking: str


def summed(said: Sequence[Standing]) -> Standing:
    """The sum of one or more."""
    standing = [one for one in said if not one.is_revoked] or said
    begins = [one.valid_from for one in standing]
    ends = [one.valid_until for one in standing]
    return Standing(
        confidence=max((one.confidence for one in standing if one.confidence is not None), default=None),
        valid_from=min((begin for begin in begins if begin is not None), default=None),
        valid_until=None if None in ends else max(end for end in ends if end is not None),
        is_revoked=all(one.is_revoked for one in said),
        marking=strictest(one.marking for one in said) or "",
    )
