"""What an indicator is, given all that is said about it. The SQL in ``actions.upsert`` says the same; a test compares the two.

- Marking: the strictest of all provenances, revoked ones included (FIRST TLP 2.0: an aggregate takes the strictest label).
- An indicator is revoked when every provenance is. Of one that is not, only provenances that still stand count below.
- Confidence: the highest. Looked for in logs (``to_ids``): if anyone says so.
- Validity: from the earliest beginning to the latest end; a provenance without one leaves that side open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.vocab.markings import Pap, Tlp


@dataclass(frozen=True, slots=True)
class Said:
    """What one provenance says, as far as it counts here."""

    tlp: Tlp
    pap: Pap
    confidence: int
    valid_from: datetime | None
    valid_until: datetime | None
    is_revoked: bool
    to_ids: bool


def effective(provenances: Sequence[Said]) -> Said:
    """The sum of one or more provenances."""
    standing = [said for said in provenances if not said.is_revoked] or provenances
    begins = [said.valid_from for said in standing]
    ends = [said.valid_until for said in standing]
    return Said(
        tlp=Tlp.strictest(*(said.tlp for said in provenances)),
        pap=Pap.strictest(*(said.pap for said in provenances)),
        confidence=max(said.confidence for said in standing),
        valid_from=None if None in begins else min(begin for begin in begins if begin is not None),
        valid_until=None if None in ends else max(end for end in ends if end is not None),
        is_revoked=all(said.is_revoked for said in provenances),
        to_ids=any(said.to_ids for said in standing),
    )


def is_news(before: Said, after: Said) -> bool:
    """Whether the change makes a new version: everything but a later end of validity, which is only the same said again."""
    if before.valid_until is not None and after.valid_until is not None and after.valid_until >= before.valid_until:
        return replace_until(before) != replace_until(after)
    return before != after


def replace_until(said: Said) -> tuple[object, ...]:
    """Everything but the end of validity."""
    return (said.tlp, said.pap, said.confidence, said.valid_from, said.is_revoked, said.to_ids)
