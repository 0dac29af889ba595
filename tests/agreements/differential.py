"""The one decision and the oracle compared, on cases that reach every step of the order.

``python -m tests.agreements.differential CASES [SEED]`` (``make decisions``) does so on all processors, prints each kind of
difference with the smallest request that shows it, and how often every result and every clause was reached;
``python -m tests.agreements.differential set SEED NUMBER`` repeats one set of agreements.
"""

import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.agreements import cases, oracle

from tocsin.agreements.rules.decision import Exit, Subject, decide
from tocsin.agreements.rules.document import read_agreement
from tocsin.agreements.rules.terms import Agreement

#: Requests asked under the same agreements; each set of agreements is read once by either side.
REQUESTS_A_SET = 500
#: Every so many sets there is no agreement at all.
EMPTY_EVERY = 100

#: Every clause that the page names, with the names of categories, recipients and kinds taken out.
CLAUSES = (
    "actor_attribution.to_state",
    "agreements",
    "ambiguity:category",
    "ambiguity:cell_size",
    "ambiguity:embargo",
    "ambiguity:exclude",
    "ambiguity:iep",
    "ambiguity:obtained_at",
    "ambiguity:pap",
    "ambiguity:party",
    "ambiguity:personal_data",
    "ambiguity:purpose",
    "ambiguity:text",
    "ambiguity:tlp",
    "ambiguity:type",
    "categories.C",
    "categories.C.directions",
    "categories.C.embargo",
    "categories.C.k_anonymity",
    "categories.C.onward.X",
    "categories.C.onward.X.only",
    "categories.C.onward.X.tlp_max",
    "categories.C.requires.approval",
    "categories.C.requires.case_id",
    "categories.C.requires.owner_consent",
    "categories.C.retention_days",
    "categories.C.tlp_max",
    "communities.X.of",
    "communities.X.tlp_max_in",
    "defaults.iep.affected_party_notifications",
    "defaults.iep.permitted_actions",
    "defaults.pap",
    "defaults.retention_days",
    "legal.effective",
    "marking.derived",
    "marking.downgrade",
    "object.iep.affected_party_notifications",
    "object.iep.end_date",
    "object.iep.permitted_actions",
    "object.iep.start_date",
    "object.pap",
    "parties.X.clearance_tlp",
    "personal_data.outbound:cnic",
    "personal_data.outbound:email_local_part",
    "personal_data.outbound:free_text_name",
    "personal_data.outbound:passport_pk",
    "personal_data.outbound:pk_iban",
    "personal_data.outbound:pk_mobile",
    "prohibited_purposes",
    "status",
    "third_party.default",
    "third_party.originator_exclusions",
    "transport.channels",
    "transport.clock_skew_max_s",
)
OBLIGATIONS = ("redact", "delay", "embargo", "encrypt", "delete_after", "credit", "no_credit")

_NAMES = tuple(
    (re.compile(pattern), general)
    for pattern, general in (
        (r"^categories\.\w+", "categories.C"),
        (r"onward\.\w+", "onward.X"),
        (r"^(communities|parties)\.\w+", r"\1.X"),
    )
)


@dataclass
class Outcome:
    """What a number of cases came to."""

    cases: int = 0
    results: Counter[str] = field(default_factory=Counter)
    clauses: Counter[str] = field(default_factory=Counter)
    obligations: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        """Another number of cases, taken in."""
        self.cases += other.cases
        self.results += other.results
        self.clauses += other.clauses
        self.obligations += other.obligations
        self.differences += other.differences

    def general_clauses(self) -> Counter[str]:
        """How often each clause was said, whatever the category, the recipient or the community."""
        general: Counter[str] = Counter()
        for clause, count in self.clauses.items():
            for pattern, name in _NAMES:
                clause = pattern.sub(name, clause)
            general[clause] += count
        return general

    def table(self) -> str:
        """The coverage, to be read by a person."""
        lines = [f"{count / self.cases:9.2%}  {result}" for result, count in self.results.most_common()]
        for counted in (self.obligations, self.general_clauses()):
            lines += [f"{count:9}  {name}" for name, count in counted.most_common()]
        return "\n".join(lines)


@dataclass(frozen=True)
class Together:
    """Agreements that are asked together, as both sides read them."""

    texts: tuple[str, ...]
    ours: tuple[Agreement, ...]
    theirs: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, terms: Sequence[cases.Terms]) -> "Together":
        """Reads them; an agreement that cannot be read is an error in the generator and ends the comparison."""
        texts = tuple(cases.as_yaml(one) for one in terms)
        ours = []
        for text in texts:
            reading = read_agreement(text.encode(), "generated.yaml")
            problems = [problem for problem in reading.problems if problem.level == "error"]
            assert reading.agreement is not None, f"{problems}\n{text}"
            assert not problems, f"{problems}\n{text}"
            ours.append(reading.agreement)
        return cls(texts, tuple(ours), tuple(oracle.read(text) for text in texts))


def answer(request: cases.Request, agreements: Sequence[Agreement]) -> oracle.Answer:
    """What Tocsin decides, in the form in which the oracle answers."""
    exit_ = request["exit"]
    decision = decide(
        Subject.of(request["object"]),
        request["from"],
        request["to"],
        agreements,
        oracle.time(request["at"]),
        Exit(exit_) if exit_ else None,
    )
    return {
        "result": str(decision.result),
        "clauses": list(decision.clauses),
        "obligations": list(decision.obligations),
    }


def compared(together: Together, requests: Sequence[cases.Request]) -> Outcome:
    """Both answers to each request. Tocsin is given the agreements in the opposite order, which must change nothing."""
    found = Outcome()
    backwards = together.ours[::-1]
    for request in requests:
        expected = oracle.judge(request, together.theirs)
        given = answer(request, backwards)
        found.cases += 1
        found.results[expected["result"]] += 1
        found.clauses.update(expected["clauses"])
        found.obligations.update(obligation.partition(" ")[0] for obligation in expected["obligations"])
        if given != expected:
            found.differences.append(told(together, request))
    return found


def a_set(seed: int, number: int, count: int = REQUESTS_A_SET) -> Outcome:
    """One set of agreements and requests under it."""
    random = Random(f"{seed}/{number}")  # noqa: S311
    terms = cases.agreements(random) if number % EMPTY_EVERY else []
    drafts = terms or [cases.agreement(random)]
    return compared(Together.of(terms), list(cases.requests(random, drafts, count)))


# --- The smallest case that shows a difference --------------------------------------------------------------------------------


def _differs(together: Together, request: cases.Request) -> bool:
    return answer(request, together.ours[::-1]) != oracle.judge(request, together.theirs)


def _fewer_agreements(together: Together, request: cases.Request) -> Together:
    for number in reversed(range(len(together.texts))):
        rest = [index for index in range(len(together.texts)) if index != number]
        smaller = Together(
            tuple(together.texts[index] for index in rest),
            tuple(together.ours[index] for index in rest),
            tuple(together.theirs[index] for index in rest),
        )
        if _differs(smaller, request):
            together = smaller
            return _fewer_agreements(together, request)
    return together


def _smaller_requests(request: cases.Request) -> Iterator[cases.Request]:
    asked = request["object"]
    for key in asked:
        yield {**request, "object": {other: value for other, value in asked.items() if other != key}}
        if isinstance(asked[key], list | dict):
            for part in asked[key]:
                value = (
                    [other for other in asked[key] if other != part]
                    if isinstance(asked[key], list)
                    else {k: v for k, v in asked[key].items() if k != part}
                )
                yield {**request, "object": {**asked, key: value}}
    if request["exit"]:
        yield {**request, "exit": None}


def smallest(request: cases.Request, differs: Callable[[cases.Request], bool]) -> cases.Request:
    """The request with everything left out without which it still differs."""
    for smaller in _smaller_requests(request):
        if differs(smaller):
            return smallest(smaller, differs)
    return request


def told(together: Together, request: cases.Request) -> str:
    """A difference for people: agreements, request and both answers, as small as can be."""
    together = _fewer_agreements(together, request)
    request = smallest(request, lambda one: _differs(together, one))
    return "\n".join(
        [
            *(f"--- agreement\n{text}" for text in together.texts),
            f"request {json.dumps(request, ensure_ascii=False)}",
            f"oracle  {json.dumps(oracle.judge(request, together.theirs))}",
            f"tocsin  {json.dumps(answer(request, together.ours[::-1]))}",
        ]
    )


# --- Command line -------------------------------------------------------------------------------------------------------------


def _set_of(pair: tuple[int, int]) -> Outcome:
    return a_set(*pair)


def _kind(difference: str) -> str:
    """What makes two differences the same in kind: both answers, without the names."""
    answers = "\n".join(difference.splitlines()[-2:])
    for pattern, general in ((r"categories\.\w+", "categories.C"), (r"onward\.\w+", "onward.X"), (r"\d+", "N")):
        answers = re.sub(pattern, general, answers)
    return answers


def main(arguments: list[str]) -> int:
    """Compares and prints; 1 where anything differs."""
    total, began = Outcome(), time.monotonic()
    if arguments[:1] == ["set"]:
        total = a_set(int(arguments[1]), int(arguments[2]))
    else:
        count, seed = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 1
        pairs = [(seed, number) for number in range(-(-count // REQUESTS_A_SET))]
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            for outcome in pool.map(_set_of, pairs, chunksize=10):
                total.add(outcome)
    kinds: dict[str, list[str]] = {}
    for difference in total.differences:
        kinds.setdefault(_kind(difference), []).append(difference)
    for same in sorted(kinds.values(), key=len):
        print(f"==== {len(same)} like this\n{min(same, key=len)}\n")
    print(total.table())
    took = time.monotonic() - began
    print(f"{total.cases} cases, {len(total.differences)} differences of {len(kinds)} kinds, {took:.0f} s")
    return 1 if total.differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
