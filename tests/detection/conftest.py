"""A small nation with intelligence about it, taken in as anybody would: three partners, a warning list, one day."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.cast import cast, constituency
from tests.intel.conftest import enter

from tocsin.constituency.access import OPERATOR
from tocsin.detection import actions, queries
from tocsin.formats.feed import Options
from tocsin.intel import actions as intel

__all__ = ["cast", "constituency"]

MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)
AFTERNOON = datetime(2026, 11, 23, 15, tzinfo=UTC)
C2 = "malicious-code/c2-server"
INFECTED = "malicious-code/infected-system"


def stix(*indicators: Mapping[str, Any]) -> str:
    """A STIX bundle of indicators about domains, each with a ``name`` and whatever it says beside."""
    made = [
        {
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--00000000-0000-4000-8000-{number:012d}",
            "created": "2026-11-01T00:00:00Z",
            "modified": "2026-11-01T00:00:00Z",
            "pattern_type": "stix",
            "pattern": f"[domain-name:value = '{given['name']}']",
            "valid_from": "2026-11-01T00:00:00Z",
            **given,
        }
        for number, given in enumerate(indicators)
    ]
    return json.dumps({"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000", "objects": made})


#: Looked for in every test: stands, ended at noon, begins tomorrow, is for context only.
BUNDLE = stix(
    {"name": "ended.example", "valid_until": "2026-11-23T12:00:00Z"},
    {"name": "early.example", "valid_from": "2026-11-24T00:00:00Z"},
)
EVENT = {
    "Event": {
        "info": "a campaign",
        "Attribute": [
            {
                "type": "domain",
                "category": "Network activity",
                "to_ids": False,
                "value": "context.example",
                "uuid": "1",
            },
            {
                "type": "domain",
                "category": "Network activity",
                "to_ids": True,
                "value": "campaign.example",
                "uuid": "2",
            },
        ],
    }
}
GOOD = {
    "name": "Good sites",
    "version": 1,
    "type": "hostname",
    "matching_attributes": ["domain"],
    "list": ["good.example"],
}


class Intelligence:
    """Takes deliveries in from files with a given text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, source: str, feed: str, text: str, *, at: datetime = MORNING, **options: Any) -> None:
        """One delivery of one file."""
        path = self._folder / f"{source}.in"
        path.write_text(text, "utf-8")
        intel.ingest(actor=OPERATOR, source=source, feed=feed, paths=[path], at=at, options=Options(**options))


@pytest.fixture
def intelligence(constituency: None, tmp_path_factory: pytest.TempPathFactory) -> Intelligence:
    """Everything that the tests look for is known."""
    known = Intelligence(tmp_path_factory.mktemp("deliveries"))
    enter("partner", "plain/mixed", "stix/bundle", tlp="green")
    enter("misp", "misp/event", "misp/warning-lists")
    listed = "c2.example\ngood.example\n198.18.99.1\n198.18.20.66\n"
    known.take("partner", "plain/mixed", listed, feed_arguments={"classification": C2, "malware": "mirai"})
    known.take("partner", "stix/bundle", BUNDLE)
    known.take("misp", "misp/event", json.dumps(EVENT))
    known.take("misp", "misp/warning-lists", json.dumps(GOOD))
    return known


def line(at: datetime | None, client: str | None, server: str | None, **said: str) -> bytes:
    """One line of a JSON log."""
    told = {"ts": at and at.timestamp(), "id.orig_h": client, "id.resp_h": server, **said}
    return json.dumps({name: value for name, value in told.items() if value is not None}).encode() + b"\n"


def asked(at: datetime | None, client: str, name: str) -> bytes:
    """A client asks its resolver for a name."""
    return line(at, client, "198.18.30.53", query=name)


def run(*logs: Path | str, owner: str | None = None, **more: Any) -> actions.RunReport:
    """Run over these logs as the operator does."""
    return actions.run_logs(actor=OPERATOR, logs=logs, owner=owner, **more)


def hits_of(report: actions.RunReport) -> Sequence[queries.HitView]:
    """All hits of a run."""
    from uuid import UUID

    return queries.hits(OPERATOR, queries.HitSearch(run=UUID(report.uid)), size=1000).rows
