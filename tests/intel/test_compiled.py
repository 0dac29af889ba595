"""The set that detection searches with."""

import io
import json
from collections.abc import Callable
from typing import Any

from tests.intel.conftest import MONDAY, TUESDAY, enter
from tests.intel.test_ingest import bundle

from tocsin.constituency.access import OPERATOR
from tocsin.engine.sets import IndicatorSet
from tocsin.formats.feed import Options
from tocsin.intel import actions, queries

Take = Callable[..., Any]


def found(log: bytes) -> list[str]:
    """Values of the stored indicators that the current set finds in a log."""
    compiled = actions.compile_current_set(actor=OPERATOR)
    with IndicatorSet.open(compiled.path) as indicators:
        hits = [hit.indicator for hit in indicators.scan(io.BytesIO(log))]
    keys = queries.indicators_by_position(OPERATOR, compiled, hits)
    known = queries.known_indicators(OPERATOR, keys.values())
    return [known[keys[hit]].value for hit in hits]


def test_rows_of_the_set_lead_back_to_the_indicators(take: Take) -> None:
    enter("one", "plain/mixed")
    take("one", "plain/mixed", "evil.example\n198.18.0.1\nbad.example/x\n")
    log = b"get http://bad.example/x from 198.18.0.1\nask evil.example\n"
    assert sorted(found(log)) == ["198.18.0.1", "bad.example/x", "evil.example"]


def test_a_set_is_compiled_once_for_a_state_of_the_table(take: Take) -> None:
    enter("one", "plain/domains", valid_for=30)
    take("one", "plain/domains", "evil.example\n")
    first = actions.compile_current_set(actor=OPERATOR)
    assert actions.compile_current_set(actor=OPERATOR) == first
    take("one", "plain/domains", "# the same a day later\nevil.example\n", at=TUESDAY)
    assert actions.compile_current_set(actor=OPERATOR) == first, "seen again is no reason to compile"
    take("one", "plain/domains", "evil.example\nnew.example\n", at=TUESDAY)
    second = actions.compile_current_set(actor=OPERATOR)
    assert (first.indicators, second.indicators) == (1, 2)
    assert first.digest != second.digest


def test_an_empty_table_makes_an_empty_set(db: Any) -> None:
    assert found(b"evil.example\n") == []


def test_what_is_withdrawn_or_only_context_is_not_looked_for(take: Take) -> None:
    enter("one", "stix/bundle")
    enter("two", "misp/event")
    take("one", "stix/bundle", bundle({"name": "evil.example"}, {"name": "gone.example"}), name="a.json")
    take(
        "one", "stix/bundle", bundle({"name": "evil.example"}, {"name": "gone.example", "revoked": True}), name="b.json"
    )
    context = {"type": "domain", "value": "context.example", "to_ids": False}
    take("two", "misp/event", json.dumps({"Event": {"info": "x", "Attribute": [context]}}), name="c.json")
    assert found(b"evil.example gone.example context.example\n") == ["evil.example"]


def test_what_has_expired_is_still_found_and_says_when_it_stood(take: Take) -> None:
    enter("one", "plain/domains", valid_for=1)
    take("one", "plain/domains", "old.example\n", at=MONDAY)
    compiled = actions.compile_current_set(actor=OPERATOR)
    keys = queries.indicators_by_position(OPERATOR, compiled, [0])
    (known,) = queries.known_indicators(OPERATOR, keys.values()).values()
    assert known.is_valid_at(MONDAY)
    assert not known.is_valid_at(TUESDAY), "valid_until is the first moment at which it no longer stands"
    assert found(b"old.example\n") == ["old.example"]


def test_a_certificates_fingerprint_is_looked_for_as_a_hash(take: Take) -> None:
    enter("two", "misp/event")
    attribute = {"type": "x509-fingerprint-sha1", "value": "b" * 40, "to_ids": True}
    take("two", "misp/event", json.dumps({"Event": {"info": "x", "Attribute": [attribute]}}), name="c.json")
    assert found(b"tls cert " + b"B" * 40 + b"\n") == ["b" * 40]


def test_the_most_confident_word_that_stands_speaks_for_the_indicator(take: Take) -> None:
    enter("sure", "plain/domains", confidence=90)
    enter("unsure", "plain/domains", confidence=20)
    take("unsure", "plain/domains", "evil.example\n")
    rat = Options(feed_arguments={"malware": "rat", "classification": "c2-server"})
    take("sure", "plain/domains", "evil.example\n", options=rat)
    compiled = actions.compile_current_set(actor=OPERATOR)
    keys = queries.indicators_by_position(OPERATOR, compiled, [0])
    (known,) = queries.known_indicators(OPERATOR, keys.values()).values()
    assert (known.malware, known.sources, known.confidence) == ("rat", ("sure", "unsure"), 90)
    assert known.classification == "malicious-code/c2-server"
