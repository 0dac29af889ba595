"""The steps of a decision under one agreement, in the order of ``docs/why/decisions.md``, each with its number there.

The first step that refuses decides. A step gives its answer, or ``None`` where it has nothing against it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from tocsin.agreements.rules.answers import Answer, Duties, Exit, Result
from tocsin.agreements.rules.iep import Actions, Attribution, Must, MustNot, Policy
from tocsin.agreements.rules.subject import UNKNOWN, Subject
from tocsin.agreements.rules.terms import (
    Agreement,
    Category,
    Consent,
    Only,
    Onward,
    Outbound,
    Party,
    PersonalKind,
    Refusal,
    Status,
)
from tocsin.vocab.markings import Pap, Tlp


class Case:
    """One question to one agreement, and what the steps found out on the way."""

    __slots__ = (
        "agreement",
        "at",
        "category",
        "exit",
        "is_default_policy",
        "kinds",
        "lead",
        "onward",
        "pap",
        "policy",
        "recipient",
        "sender",
        "side",
        "subject",
        "tlp",
    )

    def __init__(
        self, agreement: Agreement, subject: Subject, sender: str, recipient: str, at: datetime, exit_: Exit | None
    ) -> None:
        self.agreement, self.subject, self.sender, self.recipient = agreement, subject, sender, recipient
        self.at, self.exit = at, exit_
        self.lead: tuple[str, ...] = ()
        self.onward: Onward | None = None
        self.kinds: tuple[PersonalKind, ...] = ()
        self.category: Category
        self.side: Party | None = agreement.side_of(recipient)
        self.is_default_policy = not subject.is_marked
        own = subject.iep if isinstance(subject.iep, Policy) else None
        self.policy: Policy | None = agreement.defaults.iep if self.is_default_policy else own
        self.pap = agreement.defaults.pap if subject.pap is None else subject.pap
        self.tlp: Tlp

    @property
    def originator(self) -> str:
        """Whose information it is; an originator that was not understood is nobody we know."""
        name = self.subject.originator
        return self.sender if name is None else "" if name is UNKNOWN else name

    @property
    def is_outward(self) -> bool:
        """Whether the recipient's side is elsewhere than the country whose law governs the agreement."""
        return self.side is None or self.side.country != self.agreement.legal.governing_law

    @property
    def is_embargo_running(self) -> bool:
        """Whether it may not be public yet."""
        until = self.subject.embargo_until
        return isinstance(until, datetime) and self.at < until

    def clause(self, path: str) -> str:
        """A path below the category."""
        return f"categories.{self.category.key}.{path}"

    def deny(self, *clauses: str) -> Answer:
        """No, and nobody can lift it."""
        return Answer(Result.DENY, self.lead + clauses)

    def hold(self, *clauses: str) -> Answer:
        """Not before a person has looked."""
        return Answer(Result.HOLD, self.lead + clauses)

    def refuse(self, how: Refusal, *clauses: str) -> Answer:
        """As the clause itself says."""
        return self.deny(*clauses) if how is Refusal.DENY else self.hold(*clauses)


def answer_of(case: Case) -> Answer:
    """What the agreement of the case says."""
    for step in _STEPS:
        answer = step(case)
        if answer is not None:
            return answer
    return _let_go(case)


def _in_force(case: Case) -> Answer | None:  # 1
    agreement, legal = case.agreement, case.agreement.legal
    if agreement.status is not Status.IN_FORCE:
        return case.deny("status")
    if case.at < legal.effective_from or (legal.effective_until is not None and case.at > legal.effective_until):
        return case.deny("legal.effective")
    return None


def _exclusions(case: Case) -> Answer | None:  # 2
    subject = case.subject
    if subject.exclude:
        community = case.agreement.communities.get(case.recipient)
        if case.recipient in subject.exclude or (
            community is not None and community.of != case.sender and community.of in subject.exclude
        ):
            return case.deny("third_party.originator_exclusions")
    return case.hold("ambiguity:exclude") if subject.is_exclude_odd else None


def _labels_known(case: Case) -> Answer | None:  # 3
    return case.hold("ambiguity:tlp") if case.subject.is_tlp_unknown else None


def _own_circle(case: Case) -> Answer | None:  # 4
    community = case.agreement.communities.get(case.recipient)
    if community is not None and community.of == case.sender and case.originator == case.sender:
        return Answer(Result.OUT_OF_SCOPE, (f"communities.{community.key}.of",))
    return None


def _effective_label(case: Case) -> Answer | None:  # 5 and 6
    subject = case.subject
    tlp = case.agreement.defaults.tlp if subject.tlp is None else subject.tlp
    assert isinstance(tlp, Tlp)  # noqa: S101 - step 3 has held what is unknown
    if case.policy is not None and case.policy.tlp is not None:
        tlp = case.policy.tlp if _is_above(case.policy.tlp, tlp) else tlp
    if subject.derived is not None and _is_above(subject.derived, tlp):
        tlp, case.lead = subject.derived, ("marking.derived",)
    case.tlp = tlp
    record = subject.tlp_of_record
    if isinstance(record, Tlp) and _is_above(record, tlp):
        return case.deny("marking.downgrade")
    return None


def _third_party(case: Case) -> Answer | None:  # 7
    if case.originator in case.agreement.parties:
        return None
    third_party = case.agreement.third_party
    if Consent.ORIGINATOR_CONSENT in third_party.allow_if and case.subject.originator_consent:
        return None
    if Consent.TLP_CLEAR_PUBLIC in third_party.allow_if and case.tlp is Tlp.CLEAR:
        return None
    return case.refuse(third_party.default, "third_party.default")


def _purpose(case: Case) -> Answer | None:  # 8
    purpose = case.subject.purpose
    if purpose is None or purpose in case.agreement.purposes:
        prohibited = purpose in case.agreement.prohibited_purposes
        return case.deny("prohibited_purposes") if prohibited else None
    if purpose in case.agreement.prohibited_purposes:
        return case.deny("prohibited_purposes")
    return case.hold("ambiguity:purpose")


def _kind_of_object(case: Case) -> Answer | None:  # 9 and 10
    category = None if case.subject.category is None else case.agreement.categories.get(case.subject.category)
    if category is None:
        return case.hold("ambiguity:category")
    case.category = category
    return None if case.subject.type in category.stix else case.hold("ambiguity:type")


def _recipient(case: Case) -> Answer | None:  # 11
    if case.recipient in case.agreement.communities:
        return _to_community(case)
    party = case.agreement.parties.get(case.recipient)
    return case.hold("ambiguity:party") if party is None else _to_party(case, party)


def _to_community(case: Case) -> Answer | None:
    community, path = case.agreement.communities[case.recipient], case.clause(f"onward.{case.recipient}")
    rule = case.category.onward.get(case.recipient)
    if rule is None or not rule.is_allowed:
        return case.deny(path)
    case.onward = rule
    if _is_above(case.tlp, community.tlp_max_in if rule.tlp_max is None else rule.tlp_max):
        return case.deny(f"communities.{community.key}.tlp_max_in" if rule.tlp_max is None else f"{path}.tlp_max")
    if rule.only is Only.AFFECTED_PARTY and not case.subject.recipient_is_victim:
        return case.deny(f"{path}.only")
    if case.subject.embargo_until is UNKNOWN:
        return case.hold("ambiguity:embargo")
    if case.is_embargo_running:
        return case.deny(case.clause("embargo")) if case.category.has_embargo else case.hold("ambiguity:embargo")
    return None


def _to_party(case: Case, party: Party) -> Answer | None:
    category, subject = case.category, case.subject
    if (case.sender, case.recipient) not in category.directions:
        return case.deny(case.clause("directions"))
    if _is_above(case.tlp, category.tlp_max):
        return case.deny(case.clause("tlp_max"))
    if _is_above(case.tlp, party.clearance_tlp):
        return case.deny(f"parties.{party.key}.clearance_tlp")
    for requirement, _ in category.requires:
        if not getattr(subject, requirement):
            return case.hold(case.clause(f"requires.{requirement}"))
    if category.k_anonymity is not None:
        if subject.cell_size is None:
            return case.hold("ambiguity:cell_size")
        if subject.cell_size < category.k_anonymity:
            return case.deny(case.clause("k_anonymity"))
    if case.exit is not None and not _is_carried(case.exit, case.agreement.transport.channels):
        return case.deny("transport.channels")
    return case.hold("ambiguity:embargo") if subject.embargo_until is UNKNOWN else None


def _is_carried(exit_: Exit, channels: tuple[str, ...]) -> bool:
    begins = _BEGINS.get(exit_)
    if begins is not None:
        return any(channel.startswith(begins) for channel in channels)
    return exit_ is not Exit.MAIL or any("mail" in channel for channel in channels)


_BEGINS = {
    Exit.TAXII: "taxii",
    Exit.MISP: "misp",
    Exit.API: "api",
    Exit.PORTAL: "portal",
    Exit.DOWNLOAD: "portal",
}


def _age(case: Case) -> Answer | None:  # 11, either recipient
    obtained = case.subject.obtained_at
    if obtained is None:
        return None
    if obtained is UNKNOWN:
        return case.hold("ambiguity:obtained_at")
    age = case.at - obtained
    days, clause = case.category.retention_days, case.clause("retention_days")
    if days is None:
        days, clause = case.agreement.defaults.retention_days, "defaults.retention_days"
    if days is not None and age >= timedelta(days=days):
        return case.deny(clause)
    if -age > timedelta(seconds=case.agreement.transport.clock_skew_max_s):
        return case.hold("transport.clock_skew_max_s")
    return None


def _markings(case: Case) -> Answer | None:  # 11, either recipient
    if case.pap is UNKNOWN:
        return case.hold("ambiguity:pap")
    if case.subject.iep is UNKNOWN:
        return case.hold("ambiguity:iep")
    policy = case.policy
    if policy is None:
        return None
    if policy.start_date is not None and case.at < policy.start_date:
        return case.hold(f"{_policy_path(case)}.start_date")
    if policy.end_date is not None and case.at > policy.end_date:
        return case.hold(f"{_policy_path(case)}.end_date")
    return None


def _policy_path(case: Case) -> str:
    return "defaults.iep" if case.is_default_policy else "object.iep"


#: What an exit does with an object beyond handing it over: the strictest PAP and the narrowest actions that allow it.
_VISIBLE = {Exit.BLOCK_LIST: (Pap.GREEN, Actions.DIRECT), Exit.LOOKUP: (Pap.AMBER, Actions.INDIRECT)}


def _use(case: Case) -> Answer | None:  # 11, either recipient, by exit
    policy = case.policy
    if case.exit in _VISIBLE:
        pap, actions = _VISIBLE[case.exit]
        assert isinstance(case.pap, Pap)  # noqa: S101 - what is unknown is held by now
        if case.pap.strictness > pap.strictness:
            return case.deny("defaults.pap" if case.subject.pap is None else "object.pap")
        if (
            policy is not None
            and policy.permitted_actions is not None
            and policy.permitted_actions.width < actions.width
        ):
            return case.deny(f"{_policy_path(case)}.permitted_actions")
    elif case.exit is Exit.NOTICE and policy is not None and policy.affected_party_notifications is MustNot.MUST_NOT:
        return case.deny(f"{_policy_path(case)}.affected_party_notifications")
    return None


def _state_actor(case: Case) -> Answer | None:  # 12
    if not case.subject.state_attribution:
        return None
    return case.refuse(case.agreement.actor_attribution.to_state, "actor_attribution.to_state")


def _personal_data(case: Case) -> Answer | None:  # 13
    subject, terms = case.subject, case.agreement.personal_data
    if subject.personal_data or subject.text is not None:
        found = subject.kinds
        case.kinds = tuple([kind for kind in terms.detectors if kind in found])
    if not case.is_outward or (subject.attacker_controlled and terms.keeps_attackers_own):
        return None
    if subject.text is UNKNOWN:
        return case.hold("ambiguity:text")
    if subject.is_personal_data_odd:
        return case.hold("ambiguity:personal_data")
    return _outbound(case, terms.outbound) if case.kinds else None


_OUTBOUND_CLAUSES = {kind: f"personal_data.outbound:{kind}" for kind in PersonalKind}


def _outbound(case: Case, action: Outbound) -> Answer:
    clauses = tuple([_OUTBOUND_CLAUSES[kind] for kind in case.kinds])
    if action is Outbound.DENY:
        return case.deny(*clauses)
    if action is Outbound.HOLD:
        return case.hold(*clauses)
    if PersonalKind.FREE_TEXT_NAME in case.kinds:
        return case.hold(_OUTBOUND_CLAUSES[PersonalKind.FREE_TEXT_NAME])
    return Answer(Result.TRANSFORM, case.lead + clauses, _duties(case, case.kinds))


_STEPS: tuple[Callable[[Case], Answer | None], ...] = (
    _in_force,
    _exclusions,
    _labels_known,
    _own_circle,
    _effective_label,
    _third_party,
    _purpose,
    _kind_of_object,
    _recipient,
    _age,
    _markings,
    _use,
    _state_actor,
    _personal_data,
)


def _let_go(case: Case) -> Answer:  # 14
    return Answer(Result.ALLOW, (*case.lead, f"categories.{case.category.key}"), _duties(case, ()))


def _duties(case: Case, redact: tuple[PersonalKind, ...]) -> Duties:
    agreement, policy, onward = case.agreement, case.policy, case.onward
    level = agreement.transport.encrypt_at_or_above
    duties = Duties(redact=tuple([kind.value for kind in redact]), delete_after=_days_kept(case))
    duties.delay_hours = 0 if onward is None else onward.delay_hours
    if onward is None and case.is_embargo_running:
        until = case.subject.embargo_until
        duties.embargo = until if isinstance(until, datetime) else None
    duties.encrypt = (level is not None and not _is_above(level, case.tlp)) or (
        policy is not None and policy.encrypt_in_transit is Must.MUST
    )
    if case.originator != case.sender and policy is not None:
        credit = agreement.provider_credit
        if credit is not None and policy.attribution in credit.only_if_iep:
            party = agreement.parties.get(case.originator)
            duties.lines = (credit.line.replace("{originator}", party.name if party else case.originator),)
        duties.no_credit = policy.attribution is Attribution.MUST_NOT and not case.is_default_policy
    return duties


def _days_kept(case: Case) -> int | None:
    terms, days = case.agreement.personal_data, case.category.retention_days
    if days is None:
        days = case.agreement.defaults.retention_days
    if case.kinds and not case.is_outward and terms.inbound_retention_days is not None:
        return terms.inbound_retention_days if days is None else min(days, terms.inbound_retention_days)
    return days


def _is_above(one: Tlp, other: Tlp) -> bool:
    return _TLP_RANK[one] > _TLP_RANK[other]


_TLP_RANK = {label: label.strictness for label in Tlp}
