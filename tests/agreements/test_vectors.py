"""The published decisions against the published agreement."""

import json
from pathlib import Path

import pytest

from tocsin.agreements.rules.decision import Subject, decide
from tocsin.agreements.rules.document import Reading, read_agreement
from tocsin.agreements.rules.times import read_time


@pytest.fixture(scope="module")
def reference(real_data: Path) -> Path:
    folder = real_data.parent / "reference"
    if not (folder / "decision-vectors.json").is_file():
        pytest.skip("the reference folder is not beside the third-party data")
    return folder


@pytest.fixture(scope="module")
def reading(reference: Path) -> Reading:
    return read_agreement((reference / "agreement.example.yaml").read_bytes(), "agreement.example.yaml")


def test_every_vector_is_decided_with_its_clauses_and_obligations(reference: Path, reading: Reading) -> None:
    vectors = json.loads((reference / "decision-vectors.json").read_text("utf-8"))["vectors"]
    assert len(vectors) == 28
    assert reading.agreement is not None
    for vector in vectors:
        found = decide(
            Subject.of(vector["object"]), vector["from"], vector["to"], [reading.agreement], read_time(vector["at"])
        )
        expected = (vector["result"], tuple(vector["clauses"]), tuple(vector["obligations"]))
        assert (found.result, found.clauses, found.obligations) == expected, vector


def test_every_clause_of_the_example_is_understood(reading: Reading) -> None:
    agreement = reading.agreement
    assert agreement is not None
    assert {problem.level for problem in reading.problems} == {"warning"}
    assert all("TODO" in problem.message for problem in reading.problems)
    assert not agreement.is_ready
    assert agreement.contacts[0].email is None
    assert agreement.reciprocity is not None
    assert agreement.reciprocity.floor_ratio == 0.1
    assert agreement.shared_incident is not None
    assert agreement.shared_incident.notify_within_hours == 24
    sla = agreement.categories["malware_samples"].sla
    assert sla is not None
    assert sla["low"] == 168
