"""What holds for any agreements and any object: more conditions never let more go."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.agreements.written import AT, GONE, agreement_with, reading_with, sample_text, signal

from tocsin.agreements.rules.decision import Decision, Exit, Result, Subject, decide
from tocsin.agreements.rules.document import read_agreement
from tocsin.agreements.rules.terms import Agreement

LABELS = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
_VARIANTS: list[dict[str, Any]] = [
    {},
    {"status": "suspended"},
    {"third_party": {"default": "deny", "originator_exclusions": "honour"}},
    {"categories__signals__tlp_max": "RED", "parties__beacon__clearance_tlp": "RED"},
    {"categories__signals__onward": {"ports": "deny"}},
    {"categories__signals__onward__customers": {"tlp_max": "AMBER", "delay_hours": "1"}},
    {"personal_data__outbound__action": "deny"},
    {"personal_data__detectors": ["cnic"]},
    {"provider_credit": GONE, "defaults__retention_days": "7"},
    {"transport__channels": ["portal"], "transport__encrypt_at_or_above": "CLEAR"},
    {"actor_attribution": {"to_state": {"action": "hold"}}},
    {"communities__customers__of": "harbour"},
]
AGREEMENTS = [agreement_with(**changes) for changes in _VARIANTS]
SOME = st.lists(st.sampled_from(AGREEMENTS), min_size=1, max_size=4)
SUBJECTS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["indicator", "indicator", "x-victim", "sighting", "vulnerability"]),
        "category": st.sampled_from(["signals", "signals", "signals", "victims", "counts", "flaws"]),
    },
    optional={
        "tlp": st.sampled_from(LABELS),
        "pap": st.sampled_from(["CLEAR", "AMBER", "?"]),
        "iep": st.sampled_from([{"attribution": "must-not"}, {"attribution": "must", "tlp": "green"}, {"tlp": "red"}]),
        "originator": st.sampled_from(["harbour", "beacon", "quay", "stranger"]),
        "originator_consent": st.booleans(),
        "exclude": st.lists(st.sampled_from(["beacon", "customers", "harbour"]), max_size=2),
        "tlp_of_record": st.sampled_from(LABELS),
        "derived_from_tlp": st.lists(st.sampled_from(LABELS), max_size=2),
        "text": st.sampled_from(["", "CNIC 35202-1234567-1", "someone@victim.example"]),
        "personal_data": st.lists(st.sampled_from(["cnic", "free_text_name"]), max_size=2),
        "state_attribution": st.booleans(),
        "recipient_is_victim": st.booleans(),
        "cell_size": st.integers(0, 9),
        "embargo_until": st.sampled_from(["2026-12-01T00:00:00Z", "2026-01-01T00:00:00Z"]),
        "obtained_at": st.sampled_from(["2026-11-01T00:00:00Z", "2026-02-01T00:00:00Z", "2027-01-01T00:00:00Z"]),
    },
)
ENDS = st.tuples(
    st.sampled_from(["harbour", "beacon", "quay"]), st.sampled_from(["beacon", "harbour", "ports", "customers"])
)
EXITS = st.sampled_from([None, *Exit])


def _asked(subject: dict[str, Any], ends: tuple[str, str], agreements: list[Agreement], by: Exit | None) -> Decision:
    return decide(Subject.of(subject), *ends, agreements, AT, by)


def _is_at_least_as_strict(one: Decision, other: Decision) -> bool:
    """One is not wider: its result is as strict, and where both let the object go, nothing it owes is less."""
    if one.result is Result.OUT_OF_SCOPE or other.result is Result.OUT_OF_SCOPE:
        return one.result.place <= other.result.place
    if one.result.place > other.result.place:
        return False
    if not one.result.lets_go or not other.result.lets_go:
        return True
    return all(_owes(word, one.obligations) for word in other.obligations)


def _owes(word: str, obligations: tuple[str, ...]) -> bool:
    name, _, value = word.partition(" ")
    same = [one.partition(" ")[2] for one in obligations if one.partition(" ")[0] == name]
    if name == "delay":
        return any(int(one[:-1]) >= int(value[:-1]) for one in same)
    if name == "delete_after":
        return any(int(one[:-1]) <= int(value[:-1]) for one in same)
    return value in same


@given(SUBJECTS, ENDS, SOME, st.sampled_from(AGREEMENTS), EXITS)
def test_one_agreement_more_never_widens(
    subject: dict[str, Any], ends: tuple[str, str], some: list[Agreement], more: Agreement, by: Exit | None
) -> None:
    assert _is_at_least_as_strict(_asked(subject, ends, [*some, more], by), _asked(subject, ends, some, by))


@given(SUBJECTS, ENDS, SOME, EXITS, st.randoms())
def test_the_order_of_agreements_changes_nothing(
    subject: dict[str, Any], ends: tuple[str, str], some: list[Agreement], by: Exit | None, random: Any
) -> None:
    shuffled = random.sample(some, len(some))
    assert _asked(subject, ends, some, by) == _asked(subject, ends, shuffled, by)


@given(SUBJECTS, ENDS, SOME, EXITS, st.sampled_from(LABELS), st.sampled_from(LABELS))
def test_a_higher_label_never_widens(
    subject: dict[str, Any], ends: tuple[str, str], some: list[Agreement], by: Exit | None, one: str, other: str
) -> None:
    # The label of record moves along: a label below it is refused for another reason than its height.
    lower, higher = sorted((one, other), key=LABELS.index)
    subject.pop("tlp_of_record", None)
    below, above = (_asked(subject | {"tlp": label}, ends, some, by) for label in (lower, higher))
    # An earlier step may hold what a later one would have denied: nothing leaves either way, and after a hold it is decided anew.
    assert _is_at_least_as_strict(above, below) or not (above.result.lets_go or below.result.lets_go)


def test_what_a_higher_label_holds_first_is_denied_once_the_hold_is_lifted() -> None:
    agreement = agreement_with(categories__signals__directions=["beacon>harbour"])
    stranger = signal(originator="stranger", tlp="CLEAR")
    way = ("harbour", "beacon")
    assert _asked(stranger, way, [agreement], None).clauses == ("categories.signals.directions",)
    assert _asked(stranger | {"tlp": "GREEN"}, way, [agreement], None) == Decision(
        Result.HOLD, ("third_party.default",)
    )
    lifted = stranger | {"tlp": "GREEN", "originator_consent": True}
    assert _asked(lifted, way, [agreement], None) == Decision(Result.DENY, ("categories.signals.directions",))


@given(SUBJECTS, ENDS, SOME, EXITS, st.sampled_from(["beacon", "customers", "ports", "stranger", "harbour"]))
def test_one_exclusion_more_never_widens(
    subject: dict[str, Any], ends: tuple[str, str], some: list[Agreement], by: Exit | None, name: str
) -> None:
    more = subject | {"exclude": [*subject.get("exclude", []), name]}
    assert _is_at_least_as_strict(_asked(more, ends, some, by), _asked(subject, ends, some, by))


_NAMES = {"harbour": "zz-one", "beacon": "aa-two", "quay": "mm-three", "ports": "yy-four", "customers": "bb-five"}


def _renamed(text: str) -> str:
    for old, new in _NAMES.items():
        text = text.replace(old, new)
    return text


@given(SUBJECTS, ENDS, EXITS)
def test_renaming_the_parties_changes_no_result(
    subject: dict[str, Any], ends: tuple[str, str], by: Exit | None
) -> None:
    text = (
        sample_text()
        .decode()
        .replace("sector:ports", "sector:p")
        .replace("customer:*", "c:*")
        .replace("agr--harbour", "a")
    )
    other = read_agreement(_renamed(text).encode(), "renamed").agreement
    assert other is not None
    renamed = {key: _renamed(value) if key == "originator" else value for key, value in subject.items()}
    if "exclude" in renamed:
        renamed["exclude"] = [_renamed(name) for name in renamed["exclude"]]
    here = _asked(subject, ends, [agreement_with()], by)
    there = decide(Subject.of(renamed), _renamed(ends[0]), _renamed(ends[1]), [other], AT, by)
    assert there.result == here.result
    assert there.clauses == tuple(_renamed(clause) for clause in here.clauses)
    assert there.obligations == here.obligations or "credit" in " ".join(here.obligations)


def test_a_suspension_between_two_decisions_is_heard_at_once() -> None:
    before, after = agreement_with(), reading_with(status="suspended", revision="5").agreement
    assert after is not None
    subject = Subject.of(signal())
    assert decide(subject, "harbour", "beacon", [before], AT).result is Result.ALLOW
    assert decide(subject, "harbour", "beacon", [after], AT) == Decision(Result.DENY, ("status",))
