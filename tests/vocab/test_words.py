"""The words: markings, classes, identities, references, accounts."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.vocab.classification import CLASSIFICATIONS, RSIT, RSIT_VERSION, classification_name, classification_of
from tocsin.vocab.identity import INDICATOR_NAMESPACE, indicator_id, indicator_id_bytes, observation_id
from tocsin.vocab.markings import Pap, Tlp
from tocsin.vocab.observables import ObservableType
from tocsin.vocab.records import Accounts
from tocsin.vocab.references import read_reference, reference


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("TLP:AMBER+STRICT", Tlp.AMBER_STRICT),
        ("tlp:amber-strict", Tlp.AMBER_STRICT),
        ("Amber", Tlp.AMBER),
        (" tlp:white ", Tlp.CLEAR),
        ("TLP:CLEAR", Tlp.CLEAR),
        ("red", Tlp.RED),
    ],
)
def test_a_tlp_label_is_read_in_any_spelling(text: str, label: Tlp) -> None:
    assert Tlp.read(text) is label


@pytest.mark.parametrize("text", ["", "tlp:", "purple", "tlp:ex:chr", "amber+", "clear red"])
def test_an_unknown_label_is_refused_and_never_guessed_wider(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Tlp.read(text)


def test_the_strictest_label_wins_and_is_shown_as_first_writes_it() -> None:
    assert Tlp.strictest(Tlp.GREEN, Tlp.AMBER_STRICT, Tlp.AMBER) is Tlp.AMBER_STRICT
    assert Tlp.AMBER_STRICT.shown == "TLP:AMBER+STRICT"
    assert Pap.strictest(Pap.CLEAR, Pap.RED) is Pap.RED
    assert Pap.read("PAP:WHITE") is Pap.CLEAR


@given(st.sampled_from(list(Tlp)))
def test_what_is_shown_is_read_back(label: Tlp) -> None:
    assert Tlp.read(label.shown) is label


def test_rsit_has_eleven_classes_and_thirty_nine_types() -> None:
    assert (len(RSIT), len(CLASSIFICATIONS), RSIT_VERSION) == (11, 39, 1003)
    assert classification_of("c2-server") == "malicious-code/c2-server"
    assert classification_of("blacklist") is None
    assert classification_name("intrusion-attempts/ids-alert") == "Exploitation of Known Vulnerabilities"
    assert classification_name("from-the/future") == "from-the/future"


@pytest.mark.real
def test_our_table_is_the_published_taxonomy(real_data: Path) -> None:
    published = orjson.loads((real_data / "rsit" / "machinev1.json").read_bytes())
    named = {p["value"]: p["expanded"] for p in published["predicates"]}
    kinds = {v["predicate"]: {e["value"]: e["expanded"] for e in v["entry"]} for v in published["values"]}
    assert {group: (named[group], kinds[group]) for group in named} == RSIT


@given(st.sampled_from(list(ObservableType)), st.text())
def test_an_indicator_is_named_by_uuid5_as_anybody_computes_it(kind: ObservableType, value: str) -> None:
    expected = uuid.uuid5(INDICATOR_NAMESPACE, f"{kind.value}\t{value}")
    assert indicator_id(kind.value, value) == expected
    assert indicator_id_bytes(kind.value, value) == expected.bytes


def test_neighbouring_parts_of_an_observation_cannot_run_together() -> None:
    assert observation_id("ab", "c") != observation_id("a", "bc")
    assert observation_id(None, "a") != observation_id("a", None)
    assert len(observation_id("a")) == 16


def test_a_reference_is_read_back_whatever_its_case_and_grows_past_four_digits() -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    assert reference("FND", at, 42) == "FND-2026-0042"
    assert read_reference(" fnd-2026-12345 ") == ("FND", 2026, 12345)
    with pytest.raises(ValueError, match="not a reference"):
        read_reference("FND-42")


def test_accounts_say_whether_they_balance() -> None:
    assert Accounts(10, 7, 2, 1).is_balanced
    assert not Accounts(10, 7, 2, 0).is_balanced
    assert str(Accounts(10, 7, 2, 1)) == "received 10 = kept 7 + duplicate 2 + rejected 1"
