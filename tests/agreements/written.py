"""Agreements for tests: our own sample, and the sample with some clauses changed."""

from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tocsin.agreements.rules.decision import Decision, Exit, Subject, decide
from tocsin.agreements.rules.document import Reading, read_agreement
from tocsin.agreements.rules.terms import Agreement
from tocsin.agreements.rules.times import read_time

SAMPLES = Path(__file__).parents[1] / "samples" / "agreements"
#: In the middle of the time for which the sample is in force.
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
#: Takes a key out.
GONE = object()


@cache
def sample_text() -> bytes:
    """The bytes of our own sample."""
    return (SAMPLES / "harbour.yaml").read_bytes()


@cache
def _sample() -> Any:
    return yaml.load(sample_text(), yaml.BaseLoader)  # noqa: S506 - texts only


def reading_with(**changes: Any) -> Reading:
    """The sample with clauses changed: ``categories__signals__tlp_max="RED"``; ``GONE`` takes one out."""
    terms = deepcopy(_sample())
    for path, value in changes.items():
        *above, last = path.split("__")
        place = terms
        for word in above:
            place = place[word]
        if value is GONE:
            place.pop(last, None)
        else:
            place[last] = value
    return read_agreement(yaml.safe_dump(terms, sort_keys=False, allow_unicode=True).encode(), "changed")


def agreement_with(**changes: Any) -> Agreement:
    """The sample with clauses changed, which must stay without errors."""
    reading = reading_with(**changes)
    assert reading.agreement is not None, reading.problems
    return reading.agreement


def asked(
    object_: dict[str, Any],
    way: str = "harbour>beacon",
    at: datetime | str = AT,
    by: Exit | None = None,
    *agreements: Agreement,
) -> Decision:
    """What is decided about an object on a way such as ``harbour>beacon``; under the sample if no agreement is given."""
    sender, _, recipient = way.partition(">")
    moment = at if isinstance(at, datetime) else read_time(at)
    return decide(Subject.of(object_), sender, recipient, agreements or (agreement_with(),), moment, by)


def signal(**more: Any) -> dict[str, Any]:
    """An indicator that goes to the vendor unless something is changed."""
    return {"type": "indicator", "category": "signals", "tlp": "GREEN", **more}
