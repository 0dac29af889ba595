"""The one decision and an independent oracle agree: on the vectors, on a million generated cases, on every way to hide a number.

``make decisions`` compares more, and with other seeds.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.agreements import differential, oracle

SHARES = 10
CASES_A_SHARE = 100_000
#: How often each clause is said at least, in a share of the million.
LEAST = 40


@pytest.fixture(scope="session")
def reference(real_data: Path) -> Path:
    """The folder with the illustrative agreement and its vectors."""
    return real_data.parent / "reference"


def test_the_oracle_answers_every_vector(reference: Path) -> None:
    agreement = oracle.read((reference / "agreement.example.yaml").read_text("utf-8"))
    vectors = json.loads((reference / "decision-vectors.json").read_text("utf-8"))["vectors"]
    assert len(vectors) == 28
    for vector in vectors:
        expected = {key: vector[key] for key in ("result", "clauses", "obligations")}
        assert oracle.judge(vector, [agreement]) == expected, vector["n"]


def _share(number: int) -> differential.Outcome:
    total = differential.Outcome()
    sets = CASES_A_SHARE // differential.REQUESTS_A_SET
    for one in range(number * sets, (number + 1) * sets):
        total.add(differential.a_set(41, one))
    return total


@pytest.mark.parametrize("number", range(SHARES))
def test_a_million_cases_are_decided_as_the_oracle_decides(number: int, settings: Any) -> None:
    """In shares, so that all processors are used. Each share reaches every result and every clause, or it would prove little."""
    if "postgresql" in settings.DATABASES["default"]["ENGINE"]:
        pytest.skip("no database is asked: once is enough")
    total = _share(number)
    assert total.cases == CASES_A_SHARE
    assert total.differences[:3] == []
    assert all(total.results[result] >= total.cases * 0.05 for result in oracle.STRICTEST_FIRST), total.table()
    clauses = total.general_clauses()
    assert {clause for clause in differential.CLAUSES if clauses[clause] < LEAST} == set(), total.table()
    assert {one for one in differential.OBLIGATIONS if total.obligations[one] < LEAST} == set(), total.table()


def test_every_clause_that_is_said_is_one_that_the_page_names() -> None:
    said: Counter[str] = Counter()
    for number in range(40):
        said += differential.a_set(42, number).general_clauses()
    assert {clause for clause in said if clause not in differential.CLAUSES} == set()


def test_a_difference_would_be_seen_and_told_with_its_smallest_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is compared too: one that hears only one side would always agree."""
    judge = oracle.judge

    def deaf_to_exclusions(request: Any, agreements: Any) -> oracle.Answer:
        asked = {key: value for key, value in request["object"].items() if key != "exclude"}
        return judge({**request, "object": asked}, agreements)

    monkeypatch.setattr(oracle, "judge", deaf_to_exclusions)
    found = [difference for number in range(8) for difference in differential.a_set(43, number, 100).differences]
    assert found
    request = json.loads(found[0].splitlines()[-3].removeprefix("request "))
    assert set(request["object"]) <= {"exclude", "category", "type", "tlp", "originator"}
    assert "exclude" in request["object"]
